"""Panels are drawn in time, and never on the background loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.widgets.throttle import Throttle
from tests.clients import running_loop


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    with running_loop("test-loop") as made:
        yield made


def test_many_changes_are_few_drawings(clock):
    drawn = []
    throttle = Throttle(lambda: drawn.append(clock.monotonic()), clock)
    for _ in range(100):
        throttle.changed()
        clock.advance(0.01)
    clock.advance(1)
    assert 5 <= len(drawn) <= 12
    assert all(later - earlier > 0.099 for earlier, later in pairwise(drawn))


def test_a_drawing_that_blocks_does_not_block_the_loop(loop):
    entered, release = threading.Event(), threading.Event()

    def draw():
        entered.set()
        release.wait(30)

    throttle = Throttle(draw, loop)
    throttle.changed()
    assert entered.wait(30)
    assert loop.wait(_answer(), 30) == "the loop is free"
    release.set()


def test_a_change_during_a_drawing_is_drawn_afterwards(loop):
    entered, release, again = threading.Event(), threading.Event(), threading.Event()
    threads = []

    def draw():
        threads.append(threading.current_thread().name)
        if entered.is_set():
            again.set()
        entered.set()
        release.wait(30)

    throttle = Throttle(draw, loop, interval=0)
    throttle.changed()
    assert entered.wait(30)
    throttle.changed()
    loop.wait(_answer(), 30)
    assert not again.is_set()
    release.set()
    assert again.wait(30)
    assert set(threads) == {"kaizen-drawing"}
    throttle.close()


def test_nothing_is_drawn_after_closing(clock):
    drawn = []
    throttle = Throttle(lambda: drawn.append(1), clock)
    throttle.changed()
    throttle.close()
    throttle.changed()
    clock.advance(5)
    assert drawn == []


async def _answer() -> str:
    return "the loop is free"
