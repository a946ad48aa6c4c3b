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
from typing import Any, TypeAlias, TypeVarTuple

from kaizen_widgets.core import interrupts

_Arguments = TypeVarTuple("_Arguments")
_Call: TypeAlias = tuple[Callable[..., object], tuple[Any, ...]]


class Notifier:
    """A re-entrant lock with a queue of calls behind it.

    Args:
        on_error: Takes what a call raised; without it the first error is raised, once all calls are made,
            where the lock was let go.
        nested: Whether what a call posts is made within that call, not behind it.

    ``with notifier:`` holds the lock, then makes the calls. Where every nanosecond counts, take the two
    apart: ``with notifier.lock:`` is all C, so it is quick and Ctrl-C cannot leave it held; `flush`
    belongs in a ``finally`` around it. Whoever finds under the lock that there are no calls
    and no notifying thread need not post: it makes itself the `notifying_thread`, makes the calls, and
    puts the former one back in a ``finally``.
    """

    def __init__(
        self, on_error: Callable[[Exception], object] | None = None, *, nested: bool = False
    ) -> None:
        self._on_error = on_error
        self._nested = nested
        self.calls: deque[_Call] = deque()
        """What waits to be made."""
        self.notifying_thread = 0
        """The thread that makes calls; 0: none. Set under the lock, unset by that thread without."""
        self.lock: Any = threading.RLock()
        """The lock alone."""
        # Of the lock, bound once: to bind a method takes as long as to take a lock.
        self.acquire: Callable[[], bool] = self.lock.acquire
        self.release: Callable[[], None] = self.lock.release
        self.is_held: Callable[[], bool] = self.lock._is_owned
        """Whether this thread holds the lock."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock; what was posted meanwhile runs after the outermost holder let go."""
        return self

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
        self.flush()

    def post(self, call: Callable[[*_Arguments], object], *arguments: *_Arguments) -> None:
        """Have ``call`` made once the lock is free; made at once when nobody holds it."""
        if self.is_held():
            self.calls.append((call, arguments))
        else:
            with self:
                self.calls.append((call, arguments))

    def may_nest(self, thread: int) -> bool:
        """Whether a thread that posts is at it itself, and is to be heard within what it tells."""
        return self._nested and self.notifying_thread == thread

    def flush(self, error: Exception | None = None) -> None:
        """Make what was posted, unless this thread still holds the lock, or somebody is at it.

        Args:
            error: What a call raised that was made without posting; it counts as the first.
        """
        first = self._first(None, error)
        if self.calls and not self.is_held():
            thread = get_ident()
            if self.notifying_thread != thread:
                first = self._tell(thread, first)
            elif self._nested:
                first = self._run_all(first)
        if first is not None:
            raise first

    def _tell(self, thread: int, first: Exception | None) -> Exception | None:
        """Make all calls if nobody is at it; whoever is at it takes these, too."""
        try:
            while self.calls and self._become_teller(thread):
                first = self._run_all(first)
                self.notifying_thread = 0  # what is posted before this is seen by the look after it
        finally:
            if (
                self.notifying_thread == thread
            ):  # Ctrl-C came, even as it became the notifying_thread
                self.notifying_thread = 0
        return first

    def _become_teller(self, thread: int) -> bool:
        with self.lock:
            if self.notifying_thread:
                return False
            self.notifying_thread = thread
            return True

    def _run_all(self, first: Exception | None) -> Exception | None:
        """Make all calls, also after one raised: one listener's fault is not the others' loss."""
        calls = self.calls
        while calls:
            call, arguments = calls.popleft()
            try:
                call(*arguments)
            except Exception as error:
                first = self._first(first, error)
        return first

    def _first(self, first: Exception | None, error: Exception | None) -> Exception | None:
        """Return the error to be raised in the end, of the first one so far and another."""
        if error is not None and self._on_error is not None:
            self._on_error(error)
            return first
        return first or error


class UninterruptedNotifier(Notifier):
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
