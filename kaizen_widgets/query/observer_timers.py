"""The two timers of a watched query: when its data turns stale, and when to fetch again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.query.options import seconds

# A timer may fire a hair early; data is stale *at* its time, so look just after it.
STALE_MARGIN = 0.001


class ObserverTimers:
    """Timers of one observer. Called under the client's lock; what they call takes it itself.

    Args:
        clock: The time.
        stale: Called when the data should be stale.
        interval: Called every so often.
    """

    def __init__(
        self, clock: Clock, stale: Callable[[], None], interval: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._on_stale = stale
        self._on_interval = interval
        self._stale: Timer | None = None
        self._interval: Timer | None = None
        self.every: Any = None

    def arm_stale(self, wait: float | None) -> None:
        """Await staleness in ``wait`` seconds; None for never."""
        if self._stale is not None:
            self._stale.cancel()
            self._stale = None
        if wait is not None:
            self._stale = self._clock.call_later(wait + STALE_MARGIN, self._on_stale)

    def arm_interval(self, every: Any, *, enabled: bool) -> None:
        """Start to call every so often, counted from now; False, None, 0 and infinity for never."""
        if self._interval is not None:
            self._interval.cancel()
            self._interval = None
        self.every = every
        if not enabled or every is None or every is False:
            return
        wait = seconds(every)
        if wait > 0 and math.isfinite(wait):
            self._interval = self._clock.call_later(wait, lambda: self._tick(wait))

    def clear(self) -> None:
        """Stop both."""
        self.arm_stale(None)
        if self._interval is not None:
            self._interval.cancel()
            self._interval = None

    def _tick(self, wait: float) -> None:
        if self._interval is not None:
            self._interval = self._clock.call_later(wait, lambda: self._tick(wait))
            self._on_interval()
