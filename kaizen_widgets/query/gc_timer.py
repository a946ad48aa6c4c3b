"""GcTimer removes an unused cache entry after its ``gc_time``, as query-core's Removable does."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.query.options import DEFAULT_GC_TIME, to_seconds


class GcTimer:
    """Timer of one entry, started when its last observer leaves.

    Args:
        clock: Source of time.
        collect: Called when the time is over; decides whether the entry is removed.
    """

    __slots__ = ("_clock", "_collect", "_gc_time", "_timer")

    def __init__(self, clock: Clock, collect: Callable[[], object]) -> None:
        self._clock = clock
        self._collect = collect
        self._gc_time = 0.0
        self._timer: Timer | None = None

    def extend(self, gc_time: float | timedelta | None) -> None:
        """Extend the ``gc_time``, in seconds; the longest one ever given counts."""
        seconds = DEFAULT_GC_TIME if gc_time is None else to_seconds(gc_time)
        self._gc_time = max(self._gc_time, seconds)

    def start(self) -> None:
        """Count from now; an infinite ``gc_time`` never ends."""
        self.cancel()
        if not math.isinf(self._gc_time):
            self._timer = self._clock.call_later(self._gc_time, self._collect)

    def cancel(self) -> None:
        """Stop counting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
