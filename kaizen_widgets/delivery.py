"""One lock, and what is to be told once it is free (rule S9 of sync/SPEC.md).

Whoever holds the lock posts calls; they run after the outermost holder let go, in the order posted, one
thread at a time. So a listener never runs under the lock, may itself take it, and never hears the second
thing before the first.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Delivery:
    """A re-entrant lock with a queue of calls behind it.

    Args:
        on_error: Takes what a call raised; without it the first error is raised, once all calls are made,
            where the lock was let go.
    """

    def __init__(self, on_error: Callable[[Exception], object] | None = None) -> None:
        self._on_error = on_error
        self._lock = threading.RLock()
        self._depth = 0
        self._calls: deque[Callable[[], object]] = deque()
        self._delivering = threading.Lock()
        self._deliverer: int | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; what was posted meanwhile runs after the outermost holder let go."""
        outermost = False
        try:
            with self._lock:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                    outermost = self._depth == 0
        finally:
            if outermost:
                self._deliver()

    def post(self, call: Callable[[], object]) -> None:
        """Have ``call`` made once the lock is free; made at once when nobody holds it."""
        with self.locked():
            self._calls.append(call)

    def _deliver(self) -> None:
        me = threading.get_ident()
        # Checked again after each release: another thread may have posted and found us at it.
        while self._calls and self._deliverer != me:
            if not self._delivering.acquire(blocking=False):
                return  # That thread takes these too.
            self._deliverer = me
            try:
                error = self._run_all()
            finally:
                self._deliverer = None
                self._delivering.release()
            if error is not None:
                raise error

    def _run_all(self) -> Exception | None:
        """Make all calls, also after one raised: one listener's fault is not the others' loss."""
        first: Exception | None = None
        while self._calls:
            try:
                self._calls.popleft()()
            except Exception as error:
                if self._on_error is not None:
                    self._on_error(error)
                else:
                    first = first or error
        return first
