"""One lock for a client's caches, and listeners called outside it, in order.

A change is made under the lock and what it tells is queued; the outermost holder hands the queue out
after letting go, one thread at a time. A listener that raises is logged and harms nobody.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Delivery:
    """A re-entrant lock with a queue of calls behind it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._calls: deque[Callable[[], object]] = deque()
        self._busy = False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; calls queued meanwhile are made after the outermost holder let go."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                outermost = self._depth == 0
        if outermost:
            self._deliver()

    def post(self, call: Callable[[], object]) -> None:
        """Queue a call; the lock must be held."""
        self._calls.append(call)

    def _deliver(self) -> None:
        with self._lock:
            # Whoever delivers already takes these too, after what came before.
            if self._busy or not self._calls:
                return
            self._busy = True
        while True:
            with self._lock:
                if not self._calls:
                    self._busy = False
                    return
                call = self._calls.popleft()
            try:
                call()
            except Exception:
                log.exception("A listener of the query cache failed")
