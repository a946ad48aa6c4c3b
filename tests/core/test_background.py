"""The background loop survives the code that runs on it."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import Iterator

import pytest

from kaizen_widgets.core.background import BackgroundLoop, UserLoops


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    made = BackgroundLoop("test-loop")
    yield made
    made.close()


async def answer() -> str:
    return "still here"


@pytest.mark.parametrize("error", [SystemExit(2), KeyboardInterrupt()])
def test_exit_in_a_task_ends_only_that_task(loop, error, caplog):
    async def leave():
        raise error

    async def start_a_task_that_leaves():
        await asyncio.gather(leave())

    thread = loop.wait(_thread())
    with pytest.raises(type(error)):
        loop.wait(start_a_task_that_leaves(), 30)
    assert loop.wait(answer(), 30) == "still here"
    assert loop.wait(_thread()) is thread
    assert "ended only its task" in caplog.text


def test_exit_in_a_timer_does_not_end_the_loop(loop, caplog):
    def leave():
        raise SystemExit

    loop.call_later(0, leave)
    assert loop.wait(answer(), 30) == "still here"


def test_stopping_the_asyncio_loop_does_not_stop_what_runs_on_it(loop):
    async def stop():
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        return "continued"

    assert loop.wait(stop(), 30) == "continued"


def test_stopping_the_asyncio_loop_from_outside_ends_it_and_a_new_loop_serves(loop):
    entered = threading.Event()

    async def wait_for_ever():
        entered.set()
        await asyncio.Event().wait()

    pending = loop.start(wait_for_ever())
    assert entered.wait(30)
    inner, thread = loop.loop, loop._thread
    assert thread is not None
    inner.call_soon_threadsafe(inner.stop)
    with pytest.raises(RuntimeError, match="has ended"):
        pending.wait(30)
    thread.join(30)
    assert inner.is_closed()
    assert loop.wait(answer(), 30) == "still here"


def test_what_waits_for_a_lost_loop_is_told_and_a_new_loop_serves(loop, caplog):
    entered, reached = threading.Event(), asyncio.Event()

    async def wait_for_ever():
        entered.set()
        await reached.wait()

    pending = loop.start(wait_for_ever())
    assert entered.wait(30)
    # What asyncio never does by itself: break the loop from inside.
    broken = loop.loop
    broken.call_soon_threadsafe(lambda: setattr(broken, "_run_once", None))
    with pytest.raises(RuntimeError, match="has ended"):
        pending.wait(30)
    assert loop.wait(answer(), 30) == "still here"
    assert loop.loop is not broken


def test_a_blocked_user_loop_is_replaced_once_and_ends_when_it_is_free():
    loops, entered, release = UserLoops(), threading.Event(), threading.Event()
    blocked = loops.current

    async def block():
        entered.set()
        release.wait(30)
        return "late"

    late = blocked.start(block())
    assert entered.wait(30)
    loops.replace(blocked)
    other = loops.current
    loops.replace(blocked)
    assert loops.current is other
    assert other.wait(answer(), 30) == "still here"
    thread = blocked._thread
    assert thread is not None
    release.set()
    assert late.wait(30) == "late"
    thread.join(30)
    assert not thread.is_alive()
    other.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_a_loop_of_its_own(loop):
    assert loop.wait(answer(), 30) == "still here"
    # As if another thread were starting the loop while this one forks.
    with loop._lock:
        child = multiprocessing.get_context("fork").Process(target=_answer_in_child, args=(loop,))
        child.start()
    child.join(20)
    assert child.exitcode == 7


def _answer_in_child(loop: BackgroundLoop) -> None:
    os._exit(7 if loop.wait(answer(), 30) == "still here" else 1)


async def _thread() -> threading.Thread:
    return threading.current_thread()


def test_a_task_left_on_a_closed_loop_is_not_reported_as_destroyed(caplog):
    loop = BackgroundLoop("test-left")
    begun = threading.Event()

    async def wait_for_ever():
        begun.set()
        await asyncio.get_running_loop().create_future()

    pending = loop.start(wait_for_ever())
    assert begun.wait(30)
    loop.close()
    with pytest.raises(RuntimeError, match="has ended while this ran on it"):
        pending.wait(0)
    del pending
    gc.collect()
    assert "destroyed" not in caplog.text
