"""ObserverTimers: when an observer's data becomes stale, and when the observer fetches again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.query.options import to_seconds

# A timer may fire slightly early; data is stale *at* its time, so look just after it.
STALE_MARGIN = 0.001


class ObserverTimers:
    """The two timers of one observer. Called under the client's lock; the callbacks take it themselves.

    Args:
        clock: Source of time.
        on_stale: Called when the data should have become stale.
        on_interval: Called at each refetch interval.

    Attributes:
        interval: The refetch interval last given, as the option gave it.
    """

    def __init__(
        self, clock: Clock, on_stale: Callable[[], None], on_interval: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._on_stale = on_stale
        self._on_interval = on_interval
        self._stale_timer: Timer | None = None
        self._interval_timer: Timer | None = None
        self.interval: Any = None

    def set_stale_in(self, seconds: float | None) -> None:
        """Call ``on_stale`` in so many seconds; None for never."""
        if self._stale_timer is not None:
            self._stale_timer.cancel()
            self._stale_timer = None
        if seconds is not None:
            self._stale_timer = self._clock.call_later(seconds + STALE_MARGIN, self._on_stale)

    def set_interval(self, interval: Any, *, enabled: bool) -> None:
        """Call ``on_interval`` repeatedly, counted from now; False, None, 0 and infinity mean never.

        Args:
            interval: Seconds, or a timedelta.
            enabled: Whether the observer may fetch by itself.
        """
        self._clear_interval()
        self.interval = interval
        if not enabled or interval is None or interval is False:
            return
        seconds = to_seconds(interval)
        if seconds > 0 and math.isfinite(seconds):
            self._interval_timer = self._clock.call_later(seconds, lambda: self._tick(seconds))

    def clear(self) -> None:
        """Stop both timers."""
        self.set_stale_in(None)
        self._clear_interval()

    def _clear_interval(self) -> None:
        if self._interval_timer is not None:
            self._interval_timer.cancel()
            self._interval_timer = None

    def _tick(self, seconds: float) -> None:
        if self._interval_timer is not None:
            self._interval_timer = self._clock.call_later(seconds, lambda: self._tick(seconds))
            self._on_interval()
