"""Drawing in time: soon after a change, but never more often than a panel can be read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kaizen_widgets.core.clock import Clock, Timer

logger = logging.getLogger(__name__)

EVERY = 0.1
"""Seconds between two drawings, at least."""


class Throttle:
    """Draws after changes; what it draws runs on the clock's thread, one drawing at a time.

    Args:
        draw: Draws; what it raises is logged. Not called after `close`.
        clock: Time and timers.
        every: Seconds between two drawings, at least.
    """

    def __init__(self, draw: Callable[[], object], clock: Clock, every: float = EVERY) -> None:
        self._draw = draw
        self._clock = clock
        self._every = every
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._timer: Timer | None = None
        self._drawn_at = clock.monotonic() - every
        self._is_open = True

    def changed(self, within: float = 0.0) -> None:
        """Draw soon; or, given seconds, at the latest then."""
        with self._lock:
            if not self._is_open or (self._timer is not None and within):
                return
            if self._timer is not None:
                self._timer.cancel()
            pause = max(self._drawn_at + self._every - self._clock.monotonic(), within, 0.0)
            self._timer = self._clock.call_later(pause, self._due)

    def close(self) -> None:
        """Draw no more."""
        with self._lock:
            self._is_open = False
            if self._timer is not None:
                self._timer.cancel()

    def _due(self) -> None:
        with self._lock:
            self._timer = None
            self._drawn_at = self._clock.monotonic()
            if not self._is_open:
                return
        with self._drawing:
            try:
                self._draw()
            except Exception:
                logger.exception("A panel could not be drawn.")
