"""Throttle: draw soon after a change, but not more often than a set interval."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock, Timer

logger = logging.getLogger(__name__)

INTERVAL = 0.1
"""Shortest time between two drawings, in seconds."""


class Throttle:
    """Draws after changes, one drawing at a time.

    A drawing runs in a thread, because it may call users' ``__repr__`` and ``view`` functions, which must not
    block the background loop. With another clock it runs on the clock's thread.

    Args:
        draw: Draws the panel; its errors are logged. Not called after `close`.
        clock: Source of time.
        interval: Shortest time between two drawings, in seconds.
    """

    def __init__(
        self, draw: Callable[[], object], clock: Clock, interval: float = INTERVAL
    ) -> None:
        self._draw = draw
        self._clock = clock
        self._interval = interval
        self._lock = threading.Lock()
        self._timer: Timer | None = None
        self._drawn_at = clock.monotonic() - interval
        self._is_drawing = False
        self._has_changed = False
        """Whether something changed during the current drawing."""
        self._is_open = True

    def changed(self, within: float = 0.0) -> None:
        """Draw as soon as the interval allows.

        Args:
            within: Longest delay in seconds; an earlier drawing replaces this one.
        """
        with self._lock:
            if not self._is_open or (self._timer is not None and within):
                return
            if self._timer is not None:
                self._timer.cancel()
            wait = max(self._drawn_at + self._interval - self._clock.monotonic(), within, 0.0)
            self._timer = self._clock.call_later(wait, self._on_timer)

    def close(self) -> None:
        """Stop drawing."""
        with self._lock:
            self._is_open = False
            if self._timer is not None:
                self._timer.cancel()

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            self._has_changed = self._is_drawing
            if not self._is_open or self._is_drawing:
                return
            self._is_drawing = True
            self._drawn_at = self._clock.monotonic()
        if isinstance(self._clock, BackgroundLoop) and self._clock.has_thread:
            threading.Thread(target=self._draw_now, name="kaizen-drawing", daemon=True).start()
        else:
            self._draw_now()

    def _draw_now(self) -> None:
        try:
            self._draw()
        except Exception:
            logger.exception("A panel could not be drawn.")
        finally:
            with self._lock:
                self._is_drawing = False
                has_changed = self._has_changed
            if has_changed:
                self.changed()
