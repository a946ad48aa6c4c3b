"""One lock, and what is to be told once it is free (rule S9 of sync/SPEC.md).

Whoever holds the lock posts calls; they run after the outermost holder let go, in the order posted, one
thread at a time. So a listener never runs under the lock, may itself take it, and never hears the second
thing before the first. Where that is not wanted within one thread (`nested`), what a call posts is made
before that call goes on.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from threading import get_ident
from typing import Any

from kaizen_widgets import interrupts

# A class of C, so that taking the lock costs no call of Python's; typed as a function.
_RLock: Any = type(threading.RLock())


class Delivery(_RLock):
    """A re-entrant lock with a queue of calls behind it.

    Args:
        on_error: Takes what a call raised; without it the first error is raised, once all calls are made,
            where the lock was let go.
        nested: Whether what a call posts is made within that call, not behind it.
    """

    def __init__(
        self, on_error: Callable[[Exception], object] | None = None, *, nested: bool = False
    ) -> None:
        self._on_error = on_error
        self._nested = nested
        self._calls: deque[Callable[[], object]] = deque()
        self._delivering = threading.Lock()
        self._deliverer: int | None = None

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock; what was posted meanwhile runs after the outermost holder let go."""
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        if self._calls and not self._is_owned():
            self._deliver()

    def post(self, call: Callable[[], object]) -> None:
        """Have ``call`` made once the lock is free; made at once when nobody holds it."""
        if self._is_owned():
            self._calls.append(call)
        else:
            with self:
                self._calls.append(call)

    def _deliver(self) -> None:
        me = get_ident()
        if self._deliverer == me:
            if self._nested:
                self._run_all()
            return
        # Checked again after each release: another thread may have posted and found us at it.
        while self._calls:
            if not self._delivering.acquire(False):
                return  # That thread takes these too.
            self._deliverer = me
            try:
                self._run_all()
            finally:
                self._deliverer = None
                self._delivering.release()

    def _run_all(self) -> None:
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
        if first is not None:
            raise first


class WholeDelivery(Delivery):
    """One in which Ctrl-C waits until the outermost holder let go and the calls were made.

    It costs 5 us on the main thread, so it is for what must not be left half done.
    """

    def __enter__(self) -> None:
        interrupts.hold()
        self.acquire()

    def __exit__(self, *facts: object) -> None:
        try:
            super().__exit__(*facts)
        finally:
            interrupts.release()


def call_all(calls: Iterable[Callable[[], object]]) -> None:
    """Make all calls, also after one raised; then raise what was raised first."""
    first: Exception | None = None
    for call in calls:
        try:
            call()
        except Exception as error:
            first = first or error
    if first is not None:
        raise first
