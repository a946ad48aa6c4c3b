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
from typing import Any, TypeAlias, TypeVarTuple

from kaizen_widgets import interrupts

_Arguments = TypeVarTuple("_Arguments")
_Call: TypeAlias = tuple[Callable[..., object], tuple[Any, ...]]


class Delivery:
    """A re-entrant lock with a queue of calls behind it.

    Args:
        on_error: Takes what a call raised; without it the first error is raised, once all calls are made,
            where the lock was let go.
        nested: Whether what a call posts is made within that call, not behind it.

    ``with delivery:`` holds the lock, then makes the calls. Where every nanosecond counts, take the two
    apart: ``with delivery.lock:`` is all C, so it is quick and Ctrl-C cannot leave it held; `make_calls`
    belongs in a ``finally`` around it.
    """

    def __init__(
        self, on_error: Callable[[Exception], object] | None = None, *, nested: bool = False
    ) -> None:
        self._on_error = on_error
        self._nested = nested
        self._calls: deque[_Call] = deque()
        self._delivering: Any = threading.RLock()
        self.lock: Any = threading.RLock()
        """The lock alone."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock; what was posted meanwhile runs after the outermost holder let go."""
        return self

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()
        self.make_calls()

    def post(self, call: Callable[[*_Arguments], object], *arguments: *_Arguments) -> None:
        """Have ``call`` made once the lock is free; made at once when nobody holds it."""
        if self.lock._is_owned():
            self._calls.append((call, arguments))
        else:
            with self:
                self._calls.append((call, arguments))

    def make_calls(self) -> None:
        """Make what was posted, unless this thread still holds the lock, or somebody is at it."""
        if not self._calls or self.lock._is_owned():
            return
        delivering = self._delivering
        if delivering._is_owned():
            if self._nested:
                self._run_all()
            return
        try:
            # Whoever is at it takes these too, and so looks again after the release.
            while self._calls and delivering.acquire(False):
                self._run_all()
                delivering.release()
        finally:
            if delivering._is_owned():  # a call raised, or Ctrl-C came, even as it was taken
                delivering.release()

    def _run_all(self) -> None:
        """Make all calls, also after one raised: one listener's fault is not the others' loss."""
        first: Exception | None = None
        calls = self._calls
        while calls:
            call, arguments = calls.popleft()
            try:
                call(*arguments)
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
        super().__enter__()

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
