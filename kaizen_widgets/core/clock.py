"""Time, ids and timers, which this package takes as arguments so that tests can control them.

Units: seconds. A `Clock` returns the time and makes calls later. The real one is the background loop
(`core.background`); the one for tests is in `testing`, where time moves only when a test says so.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """A call that will be made later."""

    def cancel(self) -> None:
        """Cancel the call; does nothing if it was already made."""


class Clock(Protocol):
    """The time, and calls that are made later."""

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
"""Returns a fresh id each time."""


def random_id() -> str:
    """Return a fresh random id (a uuid4 as text)."""
    return str(uuid.uuid4())


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait ``seconds`` of the clock's time; a cancelled wait leaves no timer behind."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()

    def wake() -> None:
        # The clock's thread may differ from the loop's.
        loop.call_soon_threadsafe(lambda: woken.done() or woken.set_result(None))

    timer = clock.call_later(seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()
