"""A clock and an event loop that a test controls.

`FakeClock` is a `Clock`. `VirtualLoop` is a `BackgroundLoop` without a thread whose tasks wait for such a
clock: nothing sleeps, and nothing runs unless the test runs it. Its tasks must not wait for sockets or other
threads.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from kaizen_widgets.core.background import BackgroundLoop

T = TypeVar("T")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class _FakeTimer:
    def __init__(self, due: float, callback: Callable[[], object]) -> None:
        self.due = due
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeClock:
    """A clock that starts at 0 seconds and is moved by `advance`.

    Args:
        start: The initial wall-clock time, with a time zone.
    """

    def __init__(self, start: datetime = EPOCH) -> None:
        self._start = start
        self._seconds = 0.0
        self._timers: list[tuple[float, int, _FakeTimer]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        """Return the seconds since the clock was created."""
        return self._seconds

    def now(self) -> datetime:
        """Return the wall-clock time."""
        return self._start + timedelta(seconds=self._seconds)

    def call_later(self, delay: float, callback: Callable[[], object]) -> _FakeTimer:
        """Call ``callback`` once the clock has moved ``delay`` seconds."""
        timer = _FakeTimer(self._seconds + max(delay, 0.0), callback)
        heapq.heappush(self._timers, (timer.due, next(self._order), timer))
        return timer

    @property
    def next_due(self) -> float | None:
        """The monotonic time at which the next timer is due, or None."""
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance(self, seconds: float) -> None:
        """Move the clock and run the timers that become due, in order, each at its own time."""
        target = self._seconds + seconds
        while (due := self.next_due) is not None and due <= target:
            self._seconds = max(self._seconds, due)
            heapq.heappop(self._timers)[2].callback()
        self._seconds = target


class VirtualLoop(BackgroundLoop):
    """A background loop on the thread of the test, with a `FakeClock`.

    Args:
        clock: The clock its tasks wait for; pass the same one to the code under test.
    """

    has_thread = False

    def __init__(self, clock: FakeClock) -> None:
        super().__init__("virtual")
        self.clock = clock
        self._virtual = asyncio.new_event_loop()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop; it runs during `settle`, `advance` and `run`."""
        return self._virtual

    def settle(self) -> None:
        """Run everything that is ready or due, until nothing is left."""
        ready = self._virtual._ready  # type: ignore[attr-defined]
        for _ in range(100_000):
            # At least one iteration, which collects calls from other threads.
            self._virtual.call_soon(self._virtual.stop)
            self._virtual.run_forever()
            due = self.clock.next_due
            if due is not None and due <= self.clock.monotonic():
                self.clock.advance(0)
            elif not ready:
                return
        raise RuntimeError(
            f"Still busy at {self.clock.monotonic()} s: a task or timer repeats without end."
        )

    def advance(self, seconds: float) -> None:
        """Move the clock, and settle whenever a timer is due."""
        target = self.clock.monotonic() + seconds
        self.settle()
        while (due := self.clock.next_due) is not None and due <= target:
            self.clock.advance(due - self.clock.monotonic())
            self.settle()
        self.clock.advance(target - self.clock.monotonic())
        self.settle()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, moving the clock whenever it waits for a timer."""
        pending = self.start(coroutine)
        self.settle()
        while not pending.done():
            due = self.clock.next_due
            if due is None:
                pending.cancel()
                self.settle()
                raise RuntimeError("The coroutine waits for something that is not a timer.")
            self.advance(due - self.clock.monotonic())
        return pending.wait(0)

    def close(self) -> None:
        """Cancel running tasks and close the loop."""
        for task in asyncio.all_tasks(self._virtual):
            task.cancel()
        self.settle()
        self._virtual.close()
