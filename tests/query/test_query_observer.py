import math

import pytest

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query import QueryOptions


def test_subscribe_fetches_and_the_result_is_loading(client, loop, source, seen):
    query = client.observe(query_key=("a",), query_fn=source("x"))
    assert (query.status, query.fetch_status) == ("pending", "idle")
    listener = seen()
    query.subscribe(listener)
    assert query.result.is_loading
    loop.advance(1)
    assert (query.data, listener) == ("x", ["pending/fetching", "success/idle"])


def test_observers_of_one_key_share_one_fetch(client, loop, source):
    fn = source("x")
    one, two = (client.observe(query_key=("a",), query_fn=fn) for _ in range(2))
    one.subscribe(lambda _: None)
    two.subscribe(lambda _: None)
    loop.advance(1)
    assert fn.calls == 1
    assert one.data is two.data


@pytest.mark.parametrize(("on_mount", "calls"), [(True, 1), (False, 1), ("always", 2)])
def test_refetch_on_mount_fetches_fresh_data_only_if_always(client, loop, source, on_mount, calls):
    fn = source("x")
    options = QueryOptions(("a",), fn, stale_time=math.inf, refetch_on_mount=on_mount)
    client.fetch_query(options)
    loop.advance(1)
    client.observe(options).subscribe(lambda _: None)
    loop.advance(1)
    assert fn.calls == calls


@pytest.mark.parametrize(("on_mount", "calls"), [(True, 2), (False, 1), ("always", 2)])
def test_refetch_on_mount_fetches_stale_data_unless_false(client, loop, source, on_mount, calls):
    fn = source("x")
    options = QueryOptions(("a",), fn, refetch_on_mount=on_mount)
    client.fetch_query(options)
    loop.advance(1)
    client.observe(options).subscribe(lambda _: None)
    loop.advance(1)
    assert fn.calls == calls


def test_stale_time_notifies_observers_when_it_is_over(client, loop, source):
    fn = source("x")
    query = client.observe(query_key=("a",), query_fn=fn, stale_time=10)
    stale_at = []
    query.subscribe(lambda result: stale_at.append((result.is_stale, loop.clock.monotonic())))
    loop.advance(30)
    assert stale_at == [(True, 0.0), (False, 1.0), (True, pytest.approx(11.001))]
    assert fn.calls == 1


def test_stale_time_is_each_observer_s_own(client, loop, source):
    client.set_query_data(("a",), "x")
    loop.advance(5)
    short, long, never = (
        client.observe(query_key=("a",), stale_time=time) for time in (1, 60, "static")
    )
    client.invalidate_queries(("a",))
    assert (short.is_stale, long.is_stale, never.is_stale) == (True, True, False)
    client.set_query_data(("a",), "y")
    loop.advance(5)
    assert (short.is_stale, long.is_stale, never.is_stale) == (True, False, False)


def test_disabled_query_is_fetched_once_enabled(client, loop, source):
    fn = source("x")
    query = client.observe(query_key=("a",), query_fn=fn, enabled=False)
    query.subscribe(lambda _: None)
    client.invalidate_queries()
    loop.advance(5)
    assert (fn.calls, query.status, query.is_stale) == (0, "pending", False)
    with pytest.raises(QueryError, match="not enabled"):
        query.wait()
    query.set_options(query_key=("a",), query_fn=fn, enabled=True)
    loop.advance(1)
    assert query.data == "x"


def test_set_options_with_another_key_moves_the_observer(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source("A"))
    query.subscribe(lambda _: None)
    loop.advance(1)
    query.set_options(query_key=("b",), query_fn=source("B"))
    assert (query.data, query.result.is_loading) == (None, True)
    loop.advance(1)
    assert query.data == "B"
    assert not client.query_cache.get(("a",)).is_active


def test_gc_time_counts_from_the_last_observer(client, loop, source):
    options = QueryOptions(("a",), source("x"), gc_time=600)
    stop = client.observe(options).subscribe(lambda _: None)
    loop.advance(1000)
    assert client.get_query_data(("a",)) == "x"
    stop()
    loop.advance(599)
    assert client.get_query_data(("a",)) == "x"
    loop.advance(1)
    assert client.query_cache.get(("a",)) is None


def test_gc_time_is_stopped_by_a_new_observer(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source("x"), gc_time=10)
    query.subscribe(lambda _: None)()
    loop.advance(9)
    query.subscribe(lambda _: None)
    loop.advance(100)
    assert client.get_query_data(("a",)) == "x"


def test_gc_time_of_infinity_keeps_the_entry(client, loop):
    client.observe(query_key=("a",), gc_time=math.inf)
    client.set_query_data(("a",), 1)
    loop.advance(1e6)
    assert client.get_query_data(("a",)) == 1


def test_unsubscribe_twice_is_harmless(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source("x"))
    stop = query.subscribe(lambda _: None)
    stop()
    stop()
    assert client.query_cache.get(("a",)).observers == []


def test_removed_query_leaves_observers_their_last_result(client, loop, source):
    fn = source("x", "y")
    query = client.observe(query_key=("a",), query_fn=fn)
    query.subscribe(lambda _: None)
    loop.advance(1)
    client.remove_queries(("a",))
    assert (query.data, client.query_cache.get_all()) == ("x", ())
    query.refetch()
    loop.advance(1)
    assert (query.data, client.get_query_data(("a",))) == ("y", "y")


def test_repr_shows_keys_and_status_only(client):
    client.set_query_data(("a", 1), "secret")
    assert repr(client.observe(query_key=("a", 1))) == "QueryObserver(['a', 1], success/idle)"
    assert repr(client) == "QueryClient(QueryCache(1 queries), MutationCache(0 mutations))"


def test_data_with_a_failing_eq_is_compared_by_identity(client, loop, source):
    class Awkward:
        def __eq__(self, other):
            raise ValueError("ambiguous")

        def __hash__(self):
            return 1

    query = client.observe(query_key=("a",), query_fn=source(Awkward(), Awkward()))
    query.subscribe(lambda _: None)
    loop.advance(1)
    query.refetch()
    loop.advance(1)
    assert query.status == "success"


def test_unsubscribe_twice_leaves_a_second_subscription_of_the_listener(client, loop, source):
    received = []
    observer = client.observe(query_key=("a",), query_fn=source(1))
    end, _ = observer.subscribe(received.append), observer.subscribe(received.append)
    loop.settle()
    received.clear()
    end()
    end()
    client.set_query_data(("a",), 2)
    assert [result.data for result in received] == [2]
