"""Throttle: draw soon after a change, but not more often than a set interval.

At the end of each cell what is not drawn yet is drawn, before the cell is done. A program that executes
a notebook (nbconvert, papermill) hears only messages sent during a cell, and would save an older drawing.
"""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock, Timer

logger = logging.getLogger(__name__)

INTERVAL = 0.1
"""Shortest time between two drawings, in seconds."""
WAIT = 2.0
"""Longest time for which the end of a cell waits for a drawing that has begun, in seconds."""

_open_throttles: weakref.WeakSet[Throttle] = weakref.WeakSet()
_shells: weakref.WeakSet[Any] = weakref.WeakSet()
"""IPython shells whose cells call `_draw_all`."""


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
        self._has_drawn = threading.Condition(self._lock)
        self._timer: Timer | None = None
        self._drawn_at = clock.monotonic() - interval
        self._is_drawing = False
        self._has_changed = False
        """Whether something changed during the current drawing."""
        self._is_open = True
        _open_throttles.add(self)
        _follow_cells()

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

    def flush(self) -> None:
        """Draw now what has changed since the last drawing, after one that is going on elsewhere."""
        with self._lock:
            is_pending = self._timer is not None or self._is_drawing
            if not self._has_drawn.wait_for(lambda: not self._is_drawing, WAIT):
                return  # The thread that draws may be waiting for this one.
            if not self._is_open or not is_pending:
                return
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._is_drawing = True
            self._has_changed = False
            self._drawn_at = self._clock.monotonic()
        self._draw_now()

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
                self._has_drawn.notify_all()
            if has_changed:
                self.changed()


def _follow_cells() -> None:
    """Draw at the end of each cell of the running IPython shell, if there is one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and shell not in _shells:
        _shells.add(shell)
        shell.events.register("post_run_cell", _draw_all)


def _draw_all(_result: Any = None) -> None:
    for throttle in list(_open_throttles):
        throttle.flush()
