import asyncio

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query import UNSET, QueryOptions


def test_fetch_query_returns_fresh_data_without_fetching(client, loop, source):
    fn = source("one", "two")
    options = QueryOptions(("a",), fn, stale_time=10)
    first = client.fetch_query(options)
    loop.advance(1)
    assert first.wait(0) == "one"
    loop.advance(9)
    assert client.fetch_query(options).wait(0) == "one"
    loop.advance(1)
    client.fetch_query(options)
    assert fn.calls == 1
    loop.advance(1)
    assert (fn.calls, client.get_query_data(("a",))) == (2, "two")


def test_fetch_is_shared_by_all_callers_of_a_key(client, loop, source):
    fn = source("data")
    waiting = [client.fetch_query(query_key=["a", {"x": 1}], query_fn=fn) for _ in range(20)]
    loop.advance(1)
    assert {pending.wait(0) for pending in waiting} == {"data"}
    assert fn.calls == 1


def test_cancelled_handle_leaves_other_waiters_alone(client, loop, source):
    fn = source("data")
    first, second = (client.fetch_query(query_key=("a",), query_fn=fn) for _ in range(2))
    first.cancel()
    loop.advance(1)
    assert second.wait(0) == "data"


def test_fetch_query_raises_without_retrying(client, loop, source):
    fn = source(ValueError("no"))
    pending = client.fetch_query(query_key=("a",), query_fn=fn)
    loop.advance(60)
    with pytest.raises(ValueError, match="no"):
        pending.wait(0)
    assert fn.calls == 1
    assert client.get_query_state(("a",)).status == "error"


def test_prefetch_query_gives_none_after_an_error(client, loop, source):
    pending = client.prefetch_query(query_key=("a",), query_fn=source(ValueError("no")))
    loop.advance(1)
    assert pending.wait(0) is None


def test_retry_of_an_observed_fetch_waits_longer_each_time(make_client, loop, source):
    client = make_client(queries=QueryOptions(retry=2))
    fn = source(ValueError("1"), ValueError("2"), "data", after=0)
    counts = []
    query = client.observe(query_key=("a",), query_fn=fn)
    query.subscribe(lambda result: counts.append((loop.clock.monotonic(), result.failure_count)))
    loop.advance(10)
    assert counts == [(0.0, 0), (0.0, 1), (1.0, 2), (3.0, 0)]
    assert query.data == "data"


def test_retry_ends_with_the_last_error(client, loop, source):
    fn = source(ValueError("again"), after=0)
    query = client.observe(query_key=("a",), query_fn=fn, retry=1, retry_delay=5)
    query.subscribe(lambda _: None)
    loop.advance(5)
    assert (fn.calls, query.status, str(query.error)) == (2, "error", "again")
    assert query.result.failure_count == 2


def test_retry_function_decides_whether_to_retry(client, loop, source):
    fn = source(ValueError("1"), KeyError("2"), "never", after=0)
    query = client.observe(
        query_key=("a",),
        query_fn=fn,
        retry=lambda n, e: isinstance(e, ValueError),
        retry_delay=lambda n, e: 2,
    )
    query.subscribe(lambda _: None)
    loop.advance(2)
    assert (fn.calls, query.status) == (2, "error")


@pytest.mark.parametrize(
    "broken", [{"retry": lambda n, e: 1 / 0}, {"retry": 1, "retry_delay": lambda n, e: 1 / 0}]
)
def test_retry_function_that_raises_ends_the_fetch(client, loop, source, broken):
    query = client.observe(query_key=("a",), query_fn=source(ValueError("x"), after=0), **broken)
    query.start()
    loop.settle()
    assert isinstance(query.error, ZeroDivisionError)


def test_retries_stop_when_the_last_observer_leaves(client, loop, source):
    fn = source(ValueError("x"), after=0)
    stop = client.observe(query_key=("a",), query_fn=fn).subscribe(lambda _: None)
    loop.settle()
    stop()
    loop.advance(60)
    assert fn.calls == 1
    assert client.get_query_state(("a",)).status == "error"


def test_refetch_keeps_the_old_data_also_when_it_fails(client, loop, source, seen):
    fn = source("old", ValueError("x"))
    query = client.observe(query_key=("a",), query_fn=fn, retry=False)
    listener = seen()
    query.subscribe(listener)
    loop.advance(1)
    query.refetch()
    assert (query.data, query.status, query.fetch_status) == ("old", "success", "fetching")
    loop.advance(1)
    assert listener == ["pending/fetching", "success/idle", "success/fetching", "error/idle"]
    assert query.data == "old"
    assert query.result.is_refetch_error
    assert query.is_stale


def test_cancel_returns_to_the_state_before(client, loop, source):
    fn = source("one", "two")
    query = client.observe(query_key=("a",), query_fn=fn)
    query.subscribe(lambda _: None)
    loop.advance(1)
    waiting = query.refetch()
    client.cancel_queries(("a",))
    loop.advance(5)
    assert waiting.wait(0) == "one"
    assert (query.data, query.status, query.fetch_status, fn.finished) == (
        "one",
        "success",
        "idle",
        1,
    )


def test_cancel_without_data_raises_for_waiters(client, loop, source):
    waiting = client.fetch_query(query_key=("a",), query_fn=source("one"))
    client.cancel_queries(("a",))
    with pytest.raises(QueryCancelledError):
        waiting.wait(0)
    assert client.get_query_state(("a",)).status == "pending"


def test_late_result_never_overwrites_a_newer_one(client, loop):
    answers = iter([("slow", 5), ("quick", 1)])

    async def stubborn():
        data, after = next(answers)
        try:
            await sleep(loop.clock, after)
        except BaseException:
            return data  # Refuses to be cancelled.
        return data

    client.set_query_data(("a",), "before")
    query = client.observe(query_key=("a",), query_fn=stubborn)
    first, second = query.refetch(), query.refetch()
    loop.advance(10)
    assert first.wait(0) == second.wait(0) == query.data == "quick"


def test_cancel_returns_to_data_written_during_the_fetch(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source("fetched")).start()
    client.set_query_data(("a",), "by hand")
    assert query.fetch_status == "fetching"
    client.cancel_queries()
    assert (query.data, query.fetch_status) == ("by hand", "idle")


def test_none_is_data_and_unset_is_an_error(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source(None)).start()
    loop.advance(1)
    assert (query.status, query.result.has_data, query.data) == ("success", True, None)
    query = client.observe(query_key=("b",), query_fn=source(UNSET), retry=False).start()
    loop.advance(1)
    assert (query.status, query.result.has_data) == ("error", False)


def test_query_without_a_function_cannot_be_fetched(client, loop):
    pending = client.fetch_query(query_key=("a",))
    loop.settle()
    with pytest.raises(QueryError, match="no query_fn"):
        pending.wait(0)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_error_of_a_function_leaves_other_queries_alone(client, loop, source, error):
    def bad():
        raise error

    failing = client.observe(query_key=("bad",), query_fn=bad, retry=False).start()
    good = client.observe(query_key=("good",), query_fn=source("fine")).start()
    loop.advance(1)
    assert failing.error is error
    assert good.data == "fine"


def test_listener_that_raises_is_logged_and_others_are_called(client, loop, source, caplog):
    received = []
    query = client.observe(query_key=("a",), query_fn=source("x"))
    query.subscribe(lambda _: 1 / 0)
    query.subscribe(received.append)
    loop.advance(1)
    assert [result.data for result in received] == ["x"]
    assert "ZeroDivisionError" in caplog.text


def test_query_function_may_take_its_context(client, loop):
    def fn(context):
        return [list(context.query_key), context.meta["unit"], context.client is client]

    pending = client.fetch_query(query_key=("a", 1), query_fn=fn, meta={"unit": "s"})
    loop.settle()
    assert pending.wait(0) == [["a", 1], "s", True]


def test_signal_stops_the_function_when_the_last_observer_leaves(client, loop):
    signals, finished = [], []

    async def fn(context):
        signals.append(context.signal)
        await sleep(loop.clock, 5)
        finished.append(1)

    query = client.observe(query_key=("a",), query_fn=fn)
    stop = query.subscribe(lambda _: None)
    loop.advance(1)
    stop()
    loop.advance(10)
    assert signals[0].aborted
    assert not finished
    assert (query.status, query.fetch_status) == ("pending", "idle")


def test_function_without_the_signal_fills_the_cache_after_the_last_observer_left(
    client, loop, source
):
    query = client.observe(query_key=("a",), query_fn=source("kept", after=5))
    query.subscribe(lambda _: None)()
    loop.advance(5)
    assert client.get_query_data(("a",)) == "kept"


def test_ensure_query_data_returns_existing_data(client, loop, source):
    fn = source("fetched")
    options = QueryOptions(("a",), fn)
    pending = client.ensure_query_data(options)
    loop.advance(1)
    assert pending.wait(0) == "fetched"
    loop.advance(100)
    assert client.ensure_query_data(options).wait(0) == "fetched"
    assert fn.calls == 1
    client.ensure_query_data(options, revalidate_if_stale=True)
    loop.advance(1)
    assert fn.calls == 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"stale_tme": 5}, "did you mean 'stale_time'"),
        ({"query_fn": 5}, "query_fn"),
        ({"stale_time": "soon"}, "stale_time"),
        ({"gc_time": -1}, "gc_time"),
        ({"retry": -1}, "retry"),
        ({"retry_delay": float("nan")}, "retry_delay"),
        ({"enabled": "yes"}, "enabled"),
        ({"refetch_on_mount": "never"}, "refetch_on_mount"),
        ({"query_key": "agents"}, "query_key"),
        ({"query_key": ()}, "query_key"),
    ],
)
def test_wrong_option_is_named_in_the_error(client, options, named):
    with pytest.raises(QueryError, match=named):
        client.fetch_query(**{"query_key": ("a",)} | options)


def test_retry_of_a_page_keeps_the_pages_before_it(client, loop):
    asked = []

    async def page(context):
        asked.append(context.page_param)
        if asked == [0, 1]:
            raise ValueError("once")
        return {"n": context.page_param}

    options = QueryOptions(
        ("p",),
        page,
        initial_page_param=0,
        get_next_page_param=lambda last, *_: last["n"] + 1,
        retry=1,
        retry_delay=1,
        pages=3,
    )
    outcome = client.fetch_infinite_query(options)
    loop.advance(2)
    assert asked == [0, 1, 1, 2]
    assert [one["n"] for one in outcome.wait(0)["pages"]] == [0, 1, 2]


def test_signal_is_aborted_if_the_last_observer_left_before_the_call(client, loop):
    done = []

    async def function(context):
        assert context.signal.aborted
        await asyncio.sleep(0)
        done.append(1)

    client.observe(query_key=("a",), query_fn=function).subscribe(lambda _: None)()
    loop.settle()
    assert done == []
    assert client.query_cache.get(("a",)).state.fetch_status == "idle"


def test_set_query_data_creates_no_entry_if_the_updater_returns_none(client):
    assert client.set_query_data(("a",), lambda old: old and [*old, 1]) is None
    assert client.query_cache.get(("a",)) is None
    client.set_query_data(("a",), None)
    assert client.set_query_data(("a",), lambda old: None) is None
    assert client.get_query_data(("a",), "missing") is None
