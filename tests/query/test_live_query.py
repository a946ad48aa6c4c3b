"""LiveQuery: traits, waiting, observing."""

import asyncio

import pytest
from traitlets import Any, HasTraits, TraitError, Unicode, dlink, link

from kaizen_widgets.query.live_query import RESULT_TRAITS


class Sink(HasTraits):
    value = Any()
    text = Unicode()


@pytest.fixture
def live(client, source):
    def make(*outcomes, **options):
        return client.live(query_key=("a",), query_fn=source(*outcomes), **options)

    return make


def test_traits_change_once_and_in_order(live, loop):
    query, received = live([1], stale_time=5), []
    query.observe(lambda change: received.append((change.name, change.new)), names=RESULT_TRAITS)
    loop.advance(1)
    loop.advance(6)
    names = [name for name, _ in received]
    assert names == [
        "fetch_status",
        *("data", "status", "fetch_status", "is_stale", "updated_at"),
        "is_stale",
    ]
    assert [new for name, new in received if name == "is_stale"] == [False, True]


def test_trait_observer_reads_the_result_it_is_notified_of(live, client, loop):
    query, read = live("one"), []
    query.observe(lambda change: client.set_query_data(("a",), "later"), names="data")
    query.observe(lambda change: read.append((change.new, query.data)), names="data")
    loop.advance(1)
    assert read == [("one", "one"), ("later", "later")]


def test_observed_trait_keeps_the_query_in_the_cache(live, client, loop):
    query = live("x", gc_time=10)

    def handler(change):
        pass

    query.observe(handler, names="status")
    loop.advance(100)
    assert len(client.query_cache.get(("a",)).observers) == 1
    query.unobserve(handler, names="status")
    assert client.query_cache.get(("a",)).observers == []
    loop.advance(10)
    assert client.query_cache.get(("a",)) is None
    assert query.data == "x"


def test_unobserve_all_unsubscribes_from_the_query(live, client):
    query = live("x")
    query.observe(print, names="data")
    query.observe(print)
    query.unobserve_all()
    assert client.query_cache.get(("a",)).observers == []


def test_dlink_follows_the_query(live, loop):
    query, sink = live([1, 2]), Sink()
    one_way = dlink((query, "data"), (sink, "text"), lambda data: str(data))
    loop.advance(1)
    assert sink.text == "[1, 2]"
    one_way.unlink()
    assert query.observer.query.observers == []


def test_link_writes_into_the_cache(live, client, loop):
    query, sink = live("from the server"), Sink()
    both = link((query, "data"), (sink, "value"))
    loop.advance(1)
    assert sink.value == "from the server"
    sink.value = "by hand"
    assert client.get_query_data(("a",)) == query.data == "by hand"
    both.unlink()


@pytest.mark.parametrize("name", [name for name in RESULT_TRAITS if name != "data"])
def test_trait_other_than_data_cannot_be_assigned(live, name):
    with pytest.raises(TraitError, match="comes from the query"):
        setattr(live("x"), name, None)


def test_selected_data_cannot_be_assigned(live, client):
    query = live("x", select=str)
    with pytest.raises(TraitError, match="select"):
        query.data = "y"
    assert client.get_query_data(("a",)) is None


def test_assigned_function_is_data(live):
    query = live("x")
    query.data = len
    assert query.data is len


def test_live_query_without_observers_reads_the_cache(live, client, loop):
    query = live("x", stale_time=5).start()
    assert (query.status, query.fetch_status, query.is_stale) == ("pending", "fetching", True)
    loop.advance(1)
    assert (query.data, query.is_stale, query.error) == ("x", False, None)
    assert query.updated_at == loop.clock.now()
    client.invalidate_queries()
    assert query.is_stale
    assert repr(query) == "LiveQuery(['a'], success/idle)"


def test_live_query_can_be_waited_for_awaited_refetched_and_cancelled(live, loop):
    query = live("one", "two", ValueError("no"), retry=False, stale_time=60)

    async def read():
        return await query

    assert loop.run(read()) == "one"
    assert query.wait(0) == "one"
    again = query.refetch()
    loop.advance(1)
    assert again.wait(0) == "two"
    query.refetch()
    query.cancel()
    assert (query.data, query.fetch_status) == ("two", "idle")
    failing = query.refetch()
    loop.advance(1)
    with pytest.raises(ValueError, match="no"):
        failing.wait(0)
    assert (query.data, query.status, str(query.error)) == ("two", "error", "no")


def test_wait_times_out_and_the_fetch_continues(live, loop):
    query = live("x")
    with pytest.raises(TimeoutError):
        query.wait(0)
    loop.advance(1)
    assert query.data == "x"


def test_trait_observer_that_raises_is_logged_and_others_are_called(live, loop, caplog):
    query, received = live("x"), []

    def fails(change):
        raise RuntimeError("mine")

    query.observe(fails, names="data")
    query.subscribe(lambda result: received.append(result.data))
    loop.advance(1)
    assert (query.data, received[-1]) == ("x", "x")
    assert "mine" in caplog.text


def test_subclass_may_observe_with_a_decorator(client, loop, source):
    from traitlets import observe

    from kaizen_widgets.query import LiveQuery

    received = []

    class Mine(LiveQuery):
        @observe("data")
        def _changed(self, change):
            received.append(change.new)

    Mine(client.observe(query_key=("a",), query_fn=source("x")))
    loop.advance(1)
    assert received == ["x"]


def test_client_uses_the_loop_of_the_process_by_default():
    from kaizen_widgets.query import QueryClient

    client = QueryClient()
    query = client.live(query_key=("a",), query_fn=lambda: asyncio.sleep(0, "x"))
    assert query.wait(30) == "x"
    client.clear()
