import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query import MutationOptions


def test_mutation_returns_its_result(client, loop, seen):
    async def fn(variables):
        await sleep(loop.clock, 1)
        return variables * 2

    mutation = client.mutation(mutation_fn=fn)
    assert mutation.status == "idle"
    mutation.run(21)
    assert (mutation.status, mutation.state.variables, client.is_mutating()) == ("pending", 21, 1)
    loop.advance(1)
    assert (mutation.wait(0), mutation.status, client.is_mutating()) == (42, "success", 0)


def test_mutation_callbacks_are_awaited_in_order(client, loop):
    order = []

    def said(name, result=None):
        async def callback(*arguments):
            await sleep(loop.clock, 1)
            order.append((name, arguments))
            return result

        return callback

    mutation = client.mutate(
        MutationOptions(
            mutation_fn=said("fn", "data"),
            on_mutate=said("mutate", "context"),
            on_success=said("success"),
            on_settled=said("settled"),
            on_error=said("error"),
        ),
        "v",
    )
    loop.advance(3.5)
    assert mutation.status == "pending"
    loop.advance(1)
    assert mutation.status == "success"
    assert order == [
        ("mutate", ("v",)),
        ("fn", ("v",)),
        ("success", ("data", "v", "context")),
        ("settled", ("data", None, "v", "context")),
    ]


def test_mutation_error_reaches_its_callbacks_and_waiters(client, loop):
    error, order = ValueError("no"), []

    def fn(_):
        raise error

    mutation = client.mutate(
        MutationOptions(
            mutation_fn=fn,
            on_mutate=lambda v: "context",
            on_error=lambda *a: order.append(("error", *a)),
            on_settled=lambda *a: order.append(("settled", *a)),
        ),
        "v",
    )
    loop.settle()
    assert order == [("error", error, "v", "context"), ("settled", None, error, "v", "context")]
    with pytest.raises(ValueError, match="no"):
        mutation.wait(0)
    assert (mutation.status, mutation.state.failure_count) == ("error", 1)


def test_optimistic_update_is_rolled_back(client, loop):
    client.set_query_data(("a",), "before")

    def write(new):
        old = client.get_query_data(("a",))
        client.set_query_data(("a",), new)
        return old

    async def fn(_):
        await sleep(loop.clock, 1)
        raise ValueError("refused")

    client.mutate(
        MutationOptions(
            mutation_fn=fn,
            on_mutate=write,
            on_error=lambda error, new, old: client.set_query_data(("a",), old),
        ),
        "after",
    )
    loop.settle()
    assert client.get_query_data(("a",)) == "after"
    loop.advance(1)
    assert client.get_query_data(("a",)) == "before"


@pytest.mark.parametrize("fails", [False, True])
def test_invalidates_applies_after_success_and_after_failure(client, loop, source, fails):
    listed, other = source("l1", "l2"), source("o")
    for key, fn in ((("agents", "list"), listed), (("pipelines",), other)):
        client.observe(query_key=key, query_fn=fn).subscribe(lambda _: None)
    loop.advance(1)
    client.mutate(
        MutationOptions(mutation_fn=lambda _: 1 // (not fails), invalidates=[("agents",)])
    )
    loop.advance(1)
    assert (listed.calls, other.calls) == (2, 1)


def test_invalidates_may_depend_on_the_variables(client, loop):
    for key in (("a", 1), ("a", 2)):
        client.set_query_data(key, 0)
    client.mutate(
        MutationOptions(mutation_fn=lambda v: v, invalidates=lambda data, v: [("a", v)]), 2
    )
    loop.settle()
    assert [query.state.is_invalidated for query in client.query_cache.get_all()] == [False, True]


def test_mutation_is_retried_only_if_its_options_say_so(client, loop, source):
    calls = []

    def fn(_):
        calls.append(loop.clock.monotonic())
        raise ValueError

    client.mutate(MutationOptions(mutation_fn=fn))
    loop.advance(60)
    assert len(calls) == 1
    client.mutate(MutationOptions(mutation_fn=fn, retry=2))
    loop.advance(60)
    assert calls[1:] == [60.0, 61.0, 63.0]


@pytest.mark.parametrize("name", ["on_mutate", "on_success", "on_settled"])
def test_mutation_callback_that_raises_makes_it_fail(client, loop, name):
    mutation = client.mutation(mutation_fn=lambda _: 1, **{name: lambda *a: 1 / 0}).run()
    loop.settle()
    assert isinstance(mutation.error, ZeroDivisionError)


def test_mutation_leaves_the_cache_after_gc_time(client, loop):
    mutation = client.mutate(MutationOptions(mutation_fn=lambda _: 1, gc_time=10))
    stop = mutation.subscribe(lambda _: None)
    loop.advance(100)
    assert client.mutation_cache.get_all() == (mutation,)
    stop()
    loop.advance(10)
    assert client.mutation_cache.get_all() == ()


def test_mutation_runs_once_and_needs_a_function(client, loop):
    with pytest.raises(QueryError, match="mutation_fn"):
        client.mutation().run()
    mutation = client.mutate(MutationOptions(mutation_fn=lambda _: 1))
    with pytest.raises(QueryError, match="runs once"):
        mutation.run()
    loop.settle()
    assert mutation.wait(0) == 1


def test_mutation_listeners_get_each_state(client, loop):
    mutation = client.mutation(mutation_fn=lambda v: v, mutation_key=("agents", "create"))
    received = []
    mutation.subscribe(lambda state: received.append(state.status))
    mutation.run(1)
    loop.settle()
    assert received == ["pending", "success"]
    assert repr(mutation) == "Mutation(['agents', 'create'], success)"
    assert client.mutation_cache.find_all(("agents",)) == (mutation,)
    assert client.mutation_cache.find_all(("pipelines",)) == ()
