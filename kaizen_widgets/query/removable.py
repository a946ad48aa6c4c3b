"""Leaving the cache: an entry that nobody watches goes after its ``gc_time`` (query-core's Removable).

Units: seconds. The timer says only that the time is over; whether the entry may go is `_collect`'s to say.
"""

from __future__ import annotations

import math
from datetime import timedelta

from kaizen_widgets.core.clock import Timer
from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.options import DEFAULT_GC_TIME, seconds


class Removable:
    """Base of what a cache holds."""

    _env: Environment
    _gc_time: float = 0.0
    _gc_timer: Timer | None = None

    def _keep_for(self, gc_time: float | timedelta | None) -> None:
        """Take another time; the longest ever asked for stays."""
        asked = DEFAULT_GC_TIME if gc_time is None else seconds(gc_time)
        self._gc_time = max(self._gc_time, asked)

    def _schedule_gc(self) -> None:
        self._clear_gc()
        if not self._is_watched() and not math.isinf(self._gc_time):
            self._gc_timer = self._env.clock.call_later(self._gc_time, self._collect)

    def _clear_gc(self) -> None:
        if self._gc_timer is not None:
            self._gc_timer.cancel()
            self._gc_timer = None

    def _is_watched(self) -> bool:
        """Whether somebody would miss it."""
        return False

    def _collect(self) -> None:
        """Leave the cache, if it still may."""
