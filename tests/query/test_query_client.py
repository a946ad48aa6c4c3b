import pytest

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query import UNSET, QueryOptions


def watched(client, key, fn, **options):
    query = client.observe(query_key=key, query_fn=fn, stale_time=1e9, **options)
    query.subscribe(lambda _: None)
    return query


def test_invalidate_refetches_observed_queries_and_marks_the_others_stale(client, loop, source):
    active, inactive = source("a1", "a2"), source("i1")
    query = watched(client, ("agents", "list"), active)
    client.prefetch_query(query_key=("agents", "detail", "1"), query_fn=inactive)
    loop.advance(1)
    done = client.invalidate_queries(("agents",))
    assert not done.done()
    loop.advance(1)
    assert done.done()
    assert (query.data, inactive.calls) == ("a2", 1)
    assert client.get_query_state(("agents", "detail", "1")).is_invalidated


@pytest.mark.parametrize(
    ("refetch_type", "calls"),
    [("none", (1, 1)), ("active", (2, 1)), ("inactive", (1, 2)), ("all", (2, 2))],
)
def test_refetch_type_decides_which_queries_are_fetched(client, loop, source, refetch_type, calls):
    active, inactive = source("a"), source("i")
    watched(client, ("x", 1), active)
    client.prefetch_query(query_key=("x", 2), query_fn=inactive)
    loop.advance(1)
    client.invalidate_queries(("x",), refetch_type=refetch_type)
    loop.advance(1)
    assert (active.calls, inactive.calls) == calls


def test_invalidate_leaves_other_keys_alone(client, loop, source):
    fn = source("a")
    query = watched(client, ("agents",), fn)
    loop.advance(1)
    client.invalidate_queries(("pipelines",))
    client.invalidate_queries(("agents", "list"))
    assert (query.is_stale, fn.calls) == (False, 1)


def test_exact_filter_matches_only_the_equal_key(client):
    for key in (("a",), ("a", 1)):
        client.set_query_data(key, 0)
    client.remove_queries(("a",), exact=True)
    assert [query.key for query in client.query_cache.get_all()] == [("a", 1)]


def test_filters_combine(client, loop, source):
    watched(client, ("a", 1), source("x"))
    client.set_query_data(("a", 2), "y")
    found = []
    client.remove_queries(
        ("a",), type="inactive", predicate=lambda query: found.append(query.key) or False
    )
    assert found == [("a", 2)]
    assert client.is_fetching(("a",)) == 1


def test_invalidate_restarts_a_running_refetch(client, loop, source):
    fn = source("one", "two", "three")
    query = watched(client, ("a",), fn)
    loop.advance(1)
    first = query.refetch()
    loop.advance(0.5)
    client.invalidate_queries()
    loop.advance(0.9)
    assert query.data == "one"
    loop.advance(0.1)
    assert (query.data, first.wait(0), fn.calls) == ("three", "three", 3)


def test_set_query_data_writes_and_clears_error_and_invalidation(client, loop, source):
    client.prefetch_query(query_key=("a",), query_fn=source(ValueError("x")))
    loop.advance(1)
    assert client.set_query_data(("a",), lambda old: [old, 1]) == [None, 1]
    state = client.get_query_state(("a",))
    assert (state.status, state.error, state.is_invalidated) == ("success", None, False)
    assert state.data_updated_at == loop.clock.now().timestamp()


def test_set_query_data_writes_nothing_for_unset(client):
    assert client.set_query_data(("a",), lambda old: UNSET) is None
    assert client.query_cache.get(("a",)) is None


def test_set_query_data_notifies_observers(client, loop, source):
    query = watched(client, ("a",), source("x"))
    received = []
    query.subscribe(received.append)
    loop.advance(1)
    client.set_query_data(("a",), lambda old: old + "!")
    assert [result.data for result in received] == ["x", "x!"]


def test_get_query_data_creates_no_entry(client):
    assert client.get_query_data(("a",), "nothing") == "nothing"
    assert client.query_cache.get_all() == ()


@pytest.mark.parametrize(
    "call", ["invalidate_queries", "refetch_queries", "cancel_queries", "remove_queries"]
)
def test_unknown_filter_is_refused_with_a_suggestion(client, call):
    with pytest.raises(QueryError, match="did you mean 'exact'"):
        getattr(client, call)(("a",), exct=True)
    with pytest.raises(QueryError, match="query_key must be a list"):
        getattr(client, call)("agents")


def test_clear_empties_the_caches_and_ends_waits(client, loop, source):
    waiting = client.fetch_query(query_key=("a",), query_fn=source("x"))
    client.clear()
    with pytest.raises(QueryError, match="cancelled"):
        waiting.wait(0)
    assert client.query_cache.get_all() == ()
    loop.advance(10)
    assert client.get_query_data(("a",)) is None


def test_cache_listeners_are_notified_of_entries(client, loop, source):
    received = []
    stop = client.query_cache.subscribe(lambda event: received.append(event.type))
    client.prefetch_query(QueryOptions(("a",), source("x"), gc_time=0))
    loop.advance(5)
    assert received == ["added", "updated", "updated", "removed"]
    stop()
    client.set_query_data(("b",), 1)
    assert len(received) == 4


def test_reset_returns_to_the_initial_state_and_fetches_observed_queries(client, loop, source):
    query = watched(client, ("a",), source("one", "two"))
    client.set_query_data(("b",), "x")
    loop.advance(1)
    client.reset_queries()
    assert (query.data, query.result.is_loading) == (None, True)
    assert client.get_query_state(("b",)).status == "pending"
    loop.advance(1)
    assert query.data == "two"
