"""Events as an async iterator, and pages of long logs."""

from __future__ import annotations

import asyncio

from kaizen_widgets.engines import EventLog
from kaizen_widgets.engines.run_stream import PAGE
from tests.engines.builders import pipeline


def read(run, after=0):
    async def all_events():
        return [event async for event in run.stream(after)]

    return asyncio.run(all_events())


def test_a_stream_ends_with_the_run_and_has_no_gaps(begin):
    def work(value, ctx):
        for number in range(3 * PAGE):
            ctx.stream(f"{number} ")

    run = begin(pipeline("start > a > end"), functions={"a": work})
    events = read(run)
    assert [event.seq for event in events] == list(range(1, 3 * PAGE + 9))
    assert (events[-1].kind, events[-1].state) == ("run", "completed")


def test_a_stream_of_a_run_that_has_ended_is_replayed(begin):
    run = begin(pipeline("start > end")).wait(60)
    assert read(run) == list(run.events())
    assert [event.seq for event in read(run, after=4)] == [5, 6]
    assert read(run, after=6) == []


def test_leaving_a_stream_leaves_the_run(begin):
    run = begin(pipeline("start > end"))

    async def first():
        async for event in run.stream():
            return event.seq

    assert asyncio.run(first()) == 1
    assert run.wait(60).status == "completed"


def test_pages_follow_each_other(clock):
    log = EventLog("run-1", clock)
    for number in range(25):
        log.emit("log", node="a", data={"text": str(number)})
    pages, after = [], 0
    while page := log.events(after, 10):
        pages.append([event.seq for event in page])
        after = page[-1].seq
    assert pages == [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))]


def test_trimming_keeps_the_newest_reports_and_every_state(clock):
    log = EventLog("run-1", clock)
    log.emit("node", node="a", state="running")
    for number in range(10):
        log.emit("log", node="a", data={"text": str(number)})
    log.emit("node", node="a", state="completed")
    log.trim(3)
    assert [event.seq for event in log.events()] == [1, 9, 10, 11, 12]
