"""Time, ids and jitter, handed in: nothing below asks the machine for them.

Units: seconds. A `Clock` tells the time and calls back later; the real one lives on the background
loop (`background.py`), the tests' one in `testing`, where time moves only when a test says so.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """A call that has not happened yet."""

    def cancel(self) -> None:
        """Do not call; harmless when already called."""


class Clock(Protocol):
    """What the time is, and a call later."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback`` once after ``delay`` seconds, on the clock's own thread."""
        ...


NewId = Callable[[], str]
"""Gives a fresh id each time."""


def random_id() -> str:
    """Return a fresh random id (a uuid4 in its usual spelling)."""
    return str(uuid.uuid4())


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait ``seconds`` of the clock's time; a cancelled wait leaves no timer behind."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()

    def wake() -> None:
        # The clock's thread need not be the loop's.
        loop.call_soon_threadsafe(lambda: woken.done() or woken.set_result(None))

    timer = clock.call_later(seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()
