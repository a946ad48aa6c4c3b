"""Options, infinite queries and hydration, where the recorded cases of query-core do not reach."""

import json
import math

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query import (
    SKIP,
    MutationOptions,
    QueriesObserver,
    QueryOptions,
    dehydrate,
    hydrate,
)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"network_mode": "offline"}, "network_mode"),
        ({"refetch_interval": "often"}, "refetch_interval"),
        ({"select": 5}, "select"),
        ({"structural_sharing": "yes"}, "structural_sharing"),
        ({"notify_on_change_props": ["dta"]}, "did you mean 'data'"),
        ({"notify_on_change_props": "data"}, "notify_on_change_props"),
        ({"max_pages": 0}, "max_pages"),
        ({"refetch_on_reconnect": "never"}, "refetch_on_reconnect"),
    ],
)
def test_wrong_option_is_named_in_the_error(client, options, named):
    with pytest.raises(QueryError, match=named):
        client.observe(query_key=("a",), **options)


@pytest.mark.parametrize(
    ("options", "named"), [({"scope": 5}, "scope"), ({"network_mode": 1}, "network_mode")]
)
def test_wrong_option_of_a_mutation_is_named_in_the_error(client, options, named):
    with pytest.raises(QueryError, match=named):
        client.mutation(mutation_fn=lambda v: v, **options)


def test_wrong_filter_is_named_in_the_error(client):
    with pytest.raises(QueryError, match="did you mean 'stale'"):
        client.invalidate_queries(("a",), stael=True)
    with pytest.raises(QueryError, match="status"):
        client.is_mutating(predicate=lambda m: True, statuss="x")


def test_infinite_query_names_the_missing_option(client):
    with pytest.raises(QueryError, match="get_next_page_param"):
        client.observe_infinite(query_key=("a",), query_fn=lambda c: 1, initial_page_param=0)
    with pytest.raises(QueryError, match="initial_page_param"):
        client.fetch_infinite_query(query_key=("a",), query_fn=lambda c: 1)


@pytest.mark.parametrize(
    "option", ["enabled", "stale_time", "refetch_interval", "select", "placeholder_data"]
)
def test_option_that_raises_leaves_other_queries_alone(client, loop, source, option):
    def broken(*_):
        raise ValueError("broken option")

    query = client.observe(query_key=("a",), query_fn=source("x"), **{option: broken})
    query.subscribe(lambda _: None)
    other = client.observe(query_key=("b",), query_fn=source("y")).start()
    loop.advance(1)
    assert client.get_query_data(("a",)) == "x"
    assert other.data == "y"
    assert query.status == ("error" if option == "select" else "success")


def test_page_param_function_that_raises_means_no_further_page(client, loop):
    query = client.observe_infinite(
        query_key=("a",),
        query_fn=lambda context: context.page_param,
        initial_page_param=0,
        get_next_page_param=lambda *_: 1 // 0,
    )
    query.subscribe(lambda _: None)
    loop.settle()
    assert (query.data, query.has_next_page) == ({"pages": [0], "page_params": [0]}, False)


def test_structural_sharing_function_that_raises_fails_the_fetch(client, loop, source):
    query = client.observe(
        query_key=("a",),
        query_fn=source("x"),
        retry=False,
        structural_sharing=lambda old, new: 1 // 0,
    ).start()
    loop.advance(1)
    assert isinstance(query.error, ZeroDivisionError)


def test_skipped_query_only_reads_the_cache(client, loop):
    query = client.observe(query_key=("a",), query_fn=SKIP)
    query.subscribe(lambda _: None)
    client.set_query_data(("a",), 1)
    loop.settle()
    assert (query.data, query.result.is_enabled) == (1, False)


def test_mutations_made_offline_are_sent_in_order_when_back_online(client, loop):
    sent = []
    client.mount()
    client.online.set_online(False)
    edits = client.observe_mutation(mutation_fn=sent.append, scope="edits")
    waiting = [edits.mutate(n) for n in range(3)]
    loop.advance(60)
    assert (sent, edits.result.is_paused) == ([], True)
    client.online.set_online(True)
    loop.settle()
    assert sent == [0, 1, 2]
    assert [one.done() for one in waiting] == [True] * 3


def test_unmounted_client_ignores_focus(client, loop, source):
    fn = source("x")
    client.mount()
    client.unmount()
    client.observe(query_key=("a",), query_fn=fn).subscribe(lambda _: None)
    loop.advance(1)
    client.focus.set_focused(False)
    client.focus.set_focused(True)
    loop.advance(5)
    assert fn.calls == 1


def test_queries_observer_combines_results(client, loop, source):
    options = [QueryOptions((name,), source(name)) for name in "ab"]
    both = QueriesObserver(client, options, combine=lambda results: [r.data for r in results])
    received = []
    stop = both.subscribe(received.append)
    loop.advance(1)
    assert (received[-1], both.result) == (["a", "b"], ["a", "b"])
    kept = both.observers[1]
    both.set_queries([options[1]])
    loop.advance(1)
    assert (both.result, both.observers) == (["b"], (kept,))
    stop()
    assert not any(query.observers for query in client.query_cache.get_all())


def test_hydrated_paused_mutation_gets_its_default_function(make_client, loop):
    one, two, sent = make_client(), make_client(), []
    one.online.set_online(False)
    options = MutationOptions(lambda v: None, mutation_key=("edit",), scope="s")
    one.observe_mutation(options).mutate({"n": 1})
    one.set_query_data(("a", 1), [1, None])
    saved = json.loads(json.dumps(dehydrate(one)))
    two.set_mutation_defaults(("edit",), mutation_fn=sent.append)
    hydrate(two, saved)
    loop.settle()
    assert (two.get_query_data(("a", 1)), sent) == ([1, None], [])
    two.resume_paused_mutations()
    loop.settle()
    assert sent == [{"n": 1}]


@pytest.mark.parametrize("saved", [{}, {"queries": [{}], "mutations": []}, {"queries": 5}])
def test_hydrate_refuses_a_state_that_is_not_one(client, saved):
    with pytest.raises(QueryError, match="nothing was restored"):
        hydrate(client, saved)
    assert client.query_cache.get_all() == ()


def test_late_result_of_a_cancelled_function_is_dropped(client, loop):
    async def stubborn():
        try:
            await sleep(loop.clock, 1)
        except BaseException:
            return "late"
        return "in time"

    query = client.observe(query_key=("a",), query_fn=stubborn, stale_time=math.inf)
    query.subscribe(lambda _: None)
    client.cancel_queries(("a",), revert=False)
    loop.advance(5)
    assert (query.status, query.data) == ("error", None)
