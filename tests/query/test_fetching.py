import asyncio

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query import UNSET, QueryOptions


def test_a_fetch_gives_data_and_fresh_data_is_not_fetched_again(client, loop, source):
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


def test_requests_for_one_key_share_one_fetch(client, loop, source):
    fn = source("data")
    waiting = [client.fetch_query(query_key=["a", {"x": 1}], query_fn=fn) for _ in range(20)]
    loop.advance(1)
    assert {pending.wait(0) for pending in waiting} == {"data"}
    assert fn.calls == 1


def test_one_waiter_giving_up_leaves_the_others(client, loop, source):
    fn = source("data")
    first, second = (client.fetch_query(query_key=("a",), query_fn=fn) for _ in range(2))
    first.cancel()
    loop.advance(1)
    assert second.wait(0) == "data"


def test_a_failed_fetch_query_is_not_retried_and_raises(client, loop, source):
    fn = source(ValueError("no"))
    pending = client.fetch_query(query_key=("a",), query_fn=fn)
    loop.advance(60)
    with pytest.raises(ValueError, match="no"):
        pending.wait(0)
    assert fn.calls == 1
    assert client.get_query_state(("a",)).status == "error"


def test_prefetch_swallows_the_error(client, loop, source):
    pending = client.prefetch_query(query_key=("a",), query_fn=source(ValueError("no")))
    loop.advance(1)
    assert pending.wait(0) is None


def test_an_observed_fetch_is_retried_with_growing_waits(make_client, loop, source):
    client = make_client(queries=QueryOptions(retry=2))
    fn = source(ValueError("1"), ValueError("2"), "data", after=0)
    counts = []
    query = client.observe(query_key=("a",), query_fn=fn)
    query.subscribe(lambda result: counts.append((loop.clock.monotonic(), result.failure_count)))
    loop.advance(10)
    assert counts == [(0.0, 0), (0.0, 1), (1.0, 2), (3.0, 0)]
    assert query.data == "data"


def test_the_retries_end_with_the_last_error(client, loop, source):
    fn = source(ValueError("again"), after=0)
    query = client.observe(query_key=("a",), query_fn=fn, retry=1, retry_delay=5)
    query.subscribe(lambda _: None)
    loop.advance(5)
    assert (fn.calls, query.status, str(query.error)) == (2, "error", "again")
    assert query.result.failure_count == 2


def test_a_retry_function_decides(client, loop, source):
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
def test_a_retry_function_that_raises_ends_the_fetch(client, loop, source, broken):
    query = client.observe(query_key=("a",), query_fn=source(ValueError("x"), after=0), **broken)
    query.start()
    loop.settle()
    assert isinstance(query.error, ZeroDivisionError)


def test_the_last_observer_leaving_stops_the_retries(client, loop, source):
    fn = source(ValueError("x"), after=0)
    stop = client.observe(query_key=("a",), query_fn=fn).subscribe(lambda _: None)
    loop.settle()
    stop()
    loop.advance(60)
    assert fn.calls == 1
    assert client.get_query_state(("a",)).status == "error"


def test_a_refetch_keeps_showing_data_and_a_failure_keeps_it(client, loop, source, seen):
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


def test_a_cancel_goes_back_to_the_state_before(client, loop, source):
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


def test_a_cancel_without_data_tells_who_waits(client, loop, source):
    waiting = client.fetch_query(query_key=("a",), query_fn=source("one"))
    client.cancel_queries(("a",))
    with pytest.raises(QueryCancelledError):
        waiting.wait(0)
    assert client.get_query_state(("a",)).status == "pending"


def test_a_late_answer_never_overwrites_a_newer_one(client, loop):
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


def test_data_put_by_hand_during_a_fetch_is_what_a_cancel_comes_back_to(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source("fetched")).start()
    client.set_query_data(("a",), "by hand")
    assert query.fetch_status == "fetching"
    client.cancel_queries()
    assert (query.data, query.fetch_status) == ("by hand", "idle")


def test_none_is_data_and_nothing_is_an_error(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source(None)).start()
    loop.advance(1)
    assert (query.status, query.result.has_data, query.data) == ("success", True, None)
    query = client.observe(query_key=("b",), query_fn=source(UNSET), retry=False).start()
    loop.advance(1)
    assert (query.status, query.result.has_data) == ("error", False)


def test_a_query_without_a_function_says_so(client, loop):
    pending = client.fetch_query(query_key=("a",))
    loop.settle()
    with pytest.raises(QueryError, match="no query_fn"):
        pending.wait(0)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_what_a_function_raises_harms_no_other_query(client, loop, source, error):
    def bad():
        raise error

    failing = client.observe(query_key=("bad",), query_fn=bad, retry=False).start()
    good = client.observe(query_key=("good",), query_fn=source("fine")).start()
    loop.advance(1)
    assert failing.error is error
    assert good.data == "fine"


def test_a_listener_that_raises_is_logged_and_harms_nobody(client, loop, source, caplog):
    heard = []
    query = client.observe(query_key=("a",), query_fn=source("x"))
    query.subscribe(lambda _: 1 / 0)
    query.subscribe(heard.append)
    loop.advance(1)
    assert [result.data for result in heard] == ["x"]
    assert "ZeroDivisionError" in caplog.text


def test_the_function_may_take_its_context(client, loop):
    def fn(context):
        return [list(context.query_key), context.meta["unit"], context.client is client]

    pending = client.fetch_query(query_key=("a", 1), query_fn=fn, meta={"unit": "s"})
    loop.settle()
    assert pending.wait(0) == [["a", 1], "s", True]


def test_a_function_that_took_the_signal_stops_when_the_last_observer_leaves(client, loop):
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


def test_a_function_that_did_not_take_it_ends_in_the_cache(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source("kept", after=5))
    query.subscribe(lambda _: None)()
    loop.advance(5)
    assert client.get_query_data(("a",)) == "kept"


def test_ensure_query_data_takes_what_is_there(client, loop, source):
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
def test_a_wrong_option_is_named_at_the_call(client, options, named):
    with pytest.raises(QueryError, match=named):
        client.fetch_query(**{"query_key": ("a",)} | options)


def test_pages_that_came_are_not_fetched_again_when_a_later_one_is_retried(client, loop):
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


def test_who_leaves_before_the_function_is_called_is_not_fetched_for_if_it_takes_the_signal(
    client, loop
):
    done = []

    async def function(context):
        assert context.signal.aborted
        await asyncio.sleep(0)
        done.append(1)

    client.observe(query_key=("a",), query_fn=function).subscribe(lambda _: None)()
    loop.settle()
    assert done == []
    assert client.query_cache.get(("a",)).state.fetch_status == "idle"


def test_an_updater_that_is_given_nothing_and_gives_nothing_makes_no_entry(client):
    assert client.set_query_data(("a",), lambda old: old and [*old, 1]) is None
    assert client.query_cache.get(("a",)) is None
    client.set_query_data(("a",), None)
    assert client.set_query_data(("a",), lambda old: None) is None
    assert client.get_query_data(("a",), "missing") is None
