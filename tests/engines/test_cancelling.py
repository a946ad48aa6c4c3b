# ruff: noqa: T201 - nodes print
"""Cancel and time limits: asked for, heard, and told truthfully."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kaizen_widgets.errors import NodeFailedError, RunCancelledError
from tests.engines.builders import pipeline


def test_cancel_stops_a_coroutine_and_starts_nothing_more(begin):
    entered, cleaned = threading.Event(), threading.Event()

    async def forever(value):
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    run = begin(pipeline("start > a > b"), functions={"a": forever, "b": str})
    assert entered.wait(30)
    run.cancel()
    run.wait(30)
    assert cleaned.is_set()
    assert run.state == {"start": "completed", "a": "cancelled", "b": "cancelled"}
    assert (run["a"].reason, run["b"].reason) == ("stopped", "not started")
    assert repr(run) == "Run(cancelled: 1 completed, 0 skipped, 0 failed, 2 cancelled)"
    with pytest.raises(RunCancelledError):
        _ = run.result


def test_cancel_reaches_plain_functions_through_ctx(begin):
    entered = threading.Event()

    def patient(value, ctx):
        entered.set()
        assert ctx._stop.wait(30)
        ctx.check()

    run = begin(pipeline("start > a"), functions={"a": patient})
    assert entered.wait(30)
    run.cancel()
    assert run.wait(30)["a"].reason == "stopped"
    assert run["a"].status == "cancelled"


def test_cancel_abandons_functions_that_do_not_stop_and_drops_their_result(begin, clock):
    entered, release, left = threading.Event(), threading.Event(), threading.Event()

    def deaf(value):
        entered.set()
        release.wait(30)
        print("too late")
        left.set()
        return "too late"

    run = begin(pipeline("start > a"), functions={"a": deaf}, clock=clock, grace=2)
    asked = threading.Event()
    run.subscribe(lambda event: asked.set() if event.state == "cancelling" else None)
    assert entered.wait(30)
    run.cancel()
    assert asked.wait(30)
    _turn(run)
    assert run.status == "running"
    clock.advance(2)
    run.wait(30)
    assert run["a"].reason == "abandoned: its thread may still finish"
    count = len(run.events())
    release.set()
    assert left.wait(30)
    _turn(run)
    assert run["a"].status == "cancelled"
    assert len(run.events()) == count


def test_cancel_abandons_coroutines_that_do_not_stop(begin, clock):
    entered, swallowed = threading.Event(), threading.Event()
    release, loops = asyncio.Event(), []

    async def deaf(value):
        loops.append(asyncio.get_running_loop())
        entered.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                swallowed.set()

    run = begin(pipeline("start > a"), functions={"a": deaf}, clock=clock, grace=2)
    assert entered.wait(30)
    run.cancel()
    assert swallowed.wait(30)
    clock.advance(2)
    assert run.wait(30)["a"].reason == "abandoned: it does not stop"
    loops[0].call_soon_threadsafe(release.set)


def test_cancel_twice_and_after_the_end_is_harmless(begin):
    run = begin(pipeline("start > end")).wait(30)
    run.cancel()
    run.cancel()
    assert run.status == "completed"
    assert run.events()[-1].state == "completed"


def test_cancel_before_the_first_node_cancels_all(begin, loop):
    held, release = threading.Event(), threading.Event()
    loop.loop.call_soon_threadsafe(lambda: (held.set(), release.wait(30)))
    assert held.wait(30)
    run = begin(pipeline("start > end"))
    run.cancel()
    release.set()
    assert run.wait(30).state == {"start": "cancelled", "end": "cancelled"}


def test_a_supervisors_workers_are_abandoned_together(begin, clock):
    both, release = threading.Barrier(3), threading.Event()

    def deaf(value):
        both.wait(30)
        release.wait(30)

    graph = pipeline("start > s", kinds={"s": "supervisor"}, s={"workers": ["u", "v"]})
    run = begin(graph, functions={"u": deaf, "v": deaf}, clock=clock)
    both.wait(30)
    run.cancel()
    _turn(run)
    clock.advance(2)
    assert run.wait(30)["s"].reason == "abandoned: its thread may still finish"
    release.set()


def test_time_limits_fail_only_their_node(begin, clock):
    entered = threading.Event()

    def slow(value, ctx):
        entered.set()
        ctx._stop.wait(30)

    graph = pipeline("start > a > end", "start > b", a={"timeout": 30})
    run = begin(graph, {"n": 1}, functions={"a": slow, "b": lambda n: n}, clock=clock)
    assert entered.wait(30)
    clock.advance(30)
    run.wait(30)
    assert run.state == {"start": "completed", "a": "failed", "end": "skipped", "b": "completed"}
    assert run["a"].seconds == 30
    with pytest.raises(NodeFailedError, match='"a" took longer than 30 s'):
        _ = run.result


def test_time_limits_leave_quick_nodes_alone(begin, clock):
    run = begin(pipeline("start > a", a={"timeout": 1}), {"n": 1}, functions={"a": lambda n: n})
    assert run.wait(30).result == 1
    clock.advance(5)
    assert run.status == "completed"


def _turn(run) -> None:
    """Wait until the loop has done what was asked of it so far."""

    async def turns():
        for _ in range(20):
            await asyncio.sleep(0)

    run._loop.wait(turns(), 30)
