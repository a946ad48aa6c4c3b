"""Callbacks may take fewer arguments than they are offered, wherever the query cache calls one."""

import functools

import pytest

from kaizen_widgets.core.callbacks import call_fitting, fit_callback
from kaizen_widgets.query import (
    MutationCallbacks,
    MutationOptions,
    QueriesObserver,
    QueryCallbacks,
    QueryClient,
    QueryOptions,
)


class Method:
    def one(self, first):
        return (first,)

    def __call__(self, first, second):
        return first, second


@functools.wraps(lambda first: None)
def wrapped(*arguments):
    return arguments


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: (), ()),
        (lambda first: (first,), (1,)),
        (lambda first, second=0: (first, second), (1, 2)),
        (lambda first, second, third: (first, second, third), (1, 2, 3)),
        (lambda *arguments: arguments, (1, 2, 3)),
        (lambda first, *rest, named=0: (first, *rest), (1, 2, 3)),
        (lambda first, *, named=0: (first,), (1,)),
        (Method().one, (1,)),
        (Method(), (1, 2)),
        (functools.partial(lambda first, second: (first, second), 0), (0, 1)),
        (wrapped, (1,)),
        (max, 3),
    ],
)
def test_call_fitting_passes_as_many_arguments_as_the_function_takes(function, expected):
    assert call_fitting(function, 1, 2, 3) == expected
    assert fit_callback(function, 3)(1, 2, 3) == expected


def test_fit_callback_returns_a_function_that_takes_all_arguments_unchanged():
    def listener(result):
        pass

    assert fit_callback(listener, 1) is listener


def test_call_fitting_raises_the_type_error_of_the_function_itself():
    def wrong(first, second):
        return first + second

    with pytest.raises(TypeError, match="unsupported operand"):
        call_fitting(wrong, 1, "2", 3)
    with pytest.raises(TypeError, match="second"):
        call_fitting(wrong, 1)


def test_placeholder_data_may_take_the_previous_data_only(client, loop, source):
    query = client.observe(
        query_key=("a",), query_fn=source("A"), placeholder_data=lambda previous: previous
    )
    query.subscribe(lambda: None)
    loop.advance(1)
    query.set_options(
        query_key=("b",), query_fn=source("B"), placeholder_data=lambda previous: previous
    )
    assert (query.data, query.result.is_placeholder_data) == ("A", True)


@pytest.mark.parametrize(
    ("option", "function"),
    [
        ("enabled", lambda: True),
        ("stale_time", lambda: 60),
        ("refetch_interval", lambda: False),
        ("refetch_on_mount", lambda: True),
        ("retry_on_mount", lambda: True),
        ("select", lambda: "data"),
        ("structural_sharing", lambda: "data"),
        ("placeholder_data", lambda: "placeholder"),
        ("initial_data_updated_at", lambda: 0.0),
    ],
)
def test_query_options_may_be_functions_without_parameters(client, loop, source, option, function):
    query = client.observe(query_key=("a",), query_fn=source("data"), **{option: function})
    query.subscribe(lambda: None)
    loop.advance(1)
    assert (query.status, query.data) == ("success", "data")


def test_retry_functions_may_take_the_failures_only(client, loop, source):
    fn = source(ValueError("x"), "data", after=0)
    query = client.observe(
        query_key=("a",), query_fn=fn, retry=lambda failures: failures < 1, retry_delay=lambda: 2
    )
    query.start()
    loop.advance(2)
    assert (query.data, fn.calls) == ("data", 2)


def test_page_param_functions_may_take_the_last_page_only(client, loop):
    query = client.observe_infinite(
        query_key=("a",),
        query_fn=lambda context: context.page_param,
        initial_page_param=1,
        get_next_page_param=lambda last: last + 1,
        get_previous_page_param=lambda: None,
    ).start()
    loop.settle()
    query.fetch_next_page()
    loop.settle()
    assert (query.data["pages"], query.has_previous_page) == ([1, 2], False)


def test_updaters_filters_and_listeners_may_take_fewer_arguments(client, loop):
    received = []
    client.query_cache.subscribe(lambda: received.append("query"))
    client.mutation_cache.subscribe(lambda: received.append("mutation"))
    client.online.subscribe(lambda: received.append("online"))
    QueriesObserver(client, [QueryOptions(("a",))]).subscribe(lambda: received.append("queries"))
    client.set_query_data(("a",), lambda: 1)
    assert client.get_queries_data(predicate=lambda: True) == [(("a",), 1)]
    assert client.mutation_cache.find_all(predicate=lambda: False) == ()
    client.online.set_online(False)
    client.mutation(mutation_fn=lambda: 1)
    assert {"query", "mutation", "online", "queries"} == set(received)


@pytest.mark.parametrize("fails", [False, True])
def test_mutation_callbacks_may_take_fewer_arguments(loop, fails):
    called = []

    def note(name):
        return lambda: called.append(name)

    client = QueryClient(
        loop=loop,
        clock=loop.clock,
        on_mutation=MutationCallbacks(
            note("all mutate"), note("all success"), note("all error"), note("all settled")
        ),
    )
    client.set_query_data(("list",), [])
    observer = client.observe_mutation(
        MutationOptions(
            mutation_fn=lambda: 1 // (not fails),
            on_mutate=note("mutate"),
            on_success=note("success"),
            on_error=note("error"),
            on_settled=note("settled"),
            invalidates=lambda: [("list",)],
        )
    )
    observer.subscribe(lambda: None)
    observer.mutate(
        "v",
        on_success=note("own success"),
        on_error=lambda error: called.append("own error"),
        on_settled=lambda data, error: called.append("own settled"),
    )
    loop.settle()
    end = "error" if fails else "success"
    assert called == [
        *("all mutate", "mutate", f"all {end}", end, "all settled", "settled"),
        *(f"own {end}", "own settled"),
    ]
    state = client.get_query_state(("list",))
    assert state is not None
    assert state.is_invalidated


def test_callbacks_for_all_queries_may_take_fewer_arguments(loop, source):
    called = []
    client = QueryClient(
        loop=loop,
        clock=loop.clock,
        on_query=QueryCallbacks(
            on_success=lambda data: called.append(data), on_settled=lambda: called.append("settled")
        ),
    )
    client.fetch_query(query_key=("a",), query_fn=source("x"))
    loop.advance(1)
    assert called == ["x", "settled"]
