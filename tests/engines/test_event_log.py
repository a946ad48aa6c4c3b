from __future__ import annotations

import logging
import threading

import pytest

from kaizen_widgets.engines import EventLog, event_log
from kaizen_widgets.engines.event_log import TERMINAL
from tests.engines.builders import pipeline


def heard(run):
    return [(event.seq, event.node, event.kind, event.state) for event in run.events()]


def test_events_cover_a_run_from_beginning_to_end(begin):
    run = begin(pipeline("start > end"), {"n": 1}).wait(30)
    assert heard(run) == [
        (1, None, "run", "running"),
        (2, "start", "node", "running"),
        (3, "start", "node", "completed"),
        (4, "end", "node", "running"),
        (5, "end", "node", "completed"),
        (6, None, "run", "completed"),
    ]
    assert run.events()[0].data == {"nodes": {"start": "start", "end": "end"}}
    assert run.events()[4].data["preview"] == "n: 1"


def test_events_arrive_while_a_node_runs(begin):
    told, release = threading.Event(), threading.Event()
    run = begin(pipeline("a > end"), functions={"a": lambda v: release.wait(30)})
    run.subscribe(lambda e: told.set() if (e.node, e.state) == ("a", "running") else None, after=0)
    assert told.wait(30)
    assert run["a"].status == "running"
    release.set()
    run.wait(30)


def test_subscribers_get_replayed_events_once_and_in_order(begin):
    run = begin(pipeline("start > end")).wait(30)
    seen = []
    run.subscribe(seen.append, after=2)
    assert [event.seq for event in seen] == [3, 4, 5, 6]


def test_unsubscribing_stops_events(begin):
    release, seen = threading.Event(), []
    run = begin(pipeline("start > a"), functions={"a": lambda v: release.wait(30)})
    stop = run.subscribe(seen.append)
    stop()
    stop()
    count = len(seen)
    release.set()
    run.wait(30)
    assert len(seen) == count


def test_listener_errors_disturb_neither_run_nor_other_listeners(begin, caplog):
    def bad(event):
        raise RuntimeError("listener")

    seen, release = [], threading.Event()
    run = begin(pipeline("start > a"), functions={"a": lambda v: release.wait(30)})
    with caplog.at_level(logging.ERROR, "kaizen_widgets.engines"):
        run.subscribe(bad)
        run.subscribe(seen.append)
        release.set()
        assert run.wait(30).status == "completed"
    assert seen[-1].state == "completed"


def test_wait_returns_after_listeners_were_called_with_the_end(begin):
    for _ in range(20):
        seen = []
        run = begin(pipeline("start > end"))
        run.subscribe(seen.append, after=0)
        run.wait(30)
        assert seen[-1].state == "completed"


def test_events_after_the_end_are_dropped(clock):
    log = EventLog("run-1", clock)
    assert log.emit("node", node="a", state="completed")
    assert not log.emit("log", node="a", data={"text": "late"})
    assert not log.emit("node", node="a", state="failed")
    assert log.emit("log", node="b", data={"text": "in time"})
    assert log.emit("run", state="completed")
    assert not log.emit("log", node="b", data={"text": "late"})
    assert [event.seq for event in log.events()] == [1, 2, 3]


def test_only_the_newest_lines_are_kept_and_numbers_go_on(clock, monkeypatch):
    monkeypatch.setattr(event_log, "MAX_REPORTS", 100)
    log = EventLog("run-1", clock)
    for number in range(1000):
        log.emit("log", node="a", data={"text": str(number)})
    events = log.events()
    assert 100 <= len(events) <= 110
    assert events[-1].seq == 1000
    assert [event.seq for event in events] == list(range(1001 - len(events), 1001))


def test_long_texts_are_kept_up_to_a_number_of_characters(clock, monkeypatch):
    monkeypatch.setattr(event_log, "MAX_CHARACTERS", 1000)
    log = EventLog("run-1", clock)
    for _ in range(100):
        log.emit("text", node="a", data={"piece": "", "text": "x" * 100})
    assert 10 <= len(log.events()) <= 11


def test_progress_is_reported_and_replayed(begin):
    def work(value, ctx):
        for step in (0.25, 0.5, 7):
            ctx.progress(step)
        ctx.log("done")

    seen = []
    release = threading.Event()
    run = begin(
        pipeline("start > gate > a"),
        functions={"gate": lambda v: release.wait(30), "a": work},
    )
    run.subscribe(lambda e: seen.append(e.data["fraction"]) if e.kind == "progress" else None)
    release.set()
    run.wait(30)
    assert seen == [0.25, 0.5, 1.0]
    assert [e.data["fraction"] for e in run.events() if e.kind == "progress"] == seen
    assert run["a"].logs == ("done",)


@pytest.mark.parametrize("wrong", ["half", float("nan"), None])
def test_progress_that_is_no_number_fails_the_node(begin, wrong):
    run = begin(pipeline("start > a"), functions={"a": lambda v, ctx: ctx.progress(wrong)}).wait(30)
    assert "must be a number from 0 to 1" in str(run["a"].error)


def test_terminal_states_are_the_four():
    assert {"completed", "failed", "cancelled", "skipped"} == TERMINAL
