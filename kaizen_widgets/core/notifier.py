"""A lock with a queue of notifications that are delivered once the lock is free (rule S9 of sync/SPEC.md).

Code that holds the lock changes something and posts calls. They are made after the outermost holder
releases the lock, in the order they were posted, by one thread at a time. So a listener never runs under
the lock, may take it itself, and is never notified of the second change before the first.

Posting never waits for the lock, and neither does `Notifier.when_free`: the background loop uses these
two, because user code may hold the lock while it waits for that loop.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from threading import get_ident
from typing import Any, TypeVarTuple

from kaizen_widgets.core import interrupts

logger = logging.getLogger(__name__)

_Arguments = TypeVarTuple("_Arguments")


class _Call:
    """A posted call.

    Attributes:
        thread: The thread that posted it.
        is_essential: Whether it is made even after a Ctrl-C stopped the calls before it.
        needs_lock: Whether it is made under the lock.
        is_dropped: Whether it is skipped.
    """

    __slots__ = ("arguments", "function", "is_dropped", "is_essential", "needs_lock", "thread")

    def __init__(
        self,
        function: Callable[..., object],
        arguments: tuple[Any, ...],
        *,
        is_essential: bool = False,
        needs_lock: bool = False,
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.is_essential = is_essential
        self.needs_lock = needs_lock
        self.is_dropped = False
        self.thread = get_ident()


class Notifier:
    """A re-entrant lock with a queue of calls.

    ``with notifier:`` holds the lock, then makes the calls. Where every nanosecond counts (`BaseStore.set`),
    ``acquire`` and ``release`` are used alone: they are implemented in C, so Ctrl-C cannot leave the lock
    held; call `flush` in a ``finally`` after them. A thread that finds, under the lock, no calls
    and no notifying thread need not post: it may set `notifying_thread`, notify directly, and put the old
    value back in a ``finally``.

    Args:
        on_error: Called with each exception a call raises. Without it the first one is raised where the lock
            was released, after all calls have been made.
        nested: Whether a call posted by another call is made inside that one, rather than after it.
    """

    def __init__(
        self, on_error: Callable[[Exception], object] | None = None, *, nested: bool = False
    ) -> None:
        self._on_error = on_error
        self._nested = nested
        self.calls: deque[_Call] = deque()
        """The calls still to be made."""
        self.notifying_thread = 0
        """The thread that is making calls, or 0. Set under the lock, unset by that thread without it."""
        self.lock: Any = threading.RLock()
        """The lock alone."""
        # The lock's methods, bound once: binding a method takes as long as taking a lock.
        self.acquire: Callable[..., bool] = self.lock.acquire
        self.release: Callable[[], None] = self.lock.release
        self.is_held: Callable[[], bool] = self.lock._is_owned
        """Whether this thread holds the lock."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock; calls posted inside are made after the outermost holder releases it."""
        return self

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
        self.flush()

    def post(self, call: Callable[[*_Arguments], object], *arguments: *_Arguments) -> None:
        """Make a call once the lock is free: now, or when the thread that holds it releases it."""
        self.calls.append(_Call(call, arguments))
        self.flush()

    def post_essential(
        self, call: Callable[[*_Arguments], object], *arguments: *_Arguments
    ) -> None:
        """Post a call that is made even if Ctrl-C stops the calls before it; it must be quick."""
        self.calls.append(_Call(call, arguments, is_essential=True))
        self.flush()

    def when_free(self, call: Callable[[*_Arguments], object], *arguments: *_Arguments) -> None:
        """Make a call under the lock without waiting for it.

        If another thread holds the lock, that thread makes the call as soon as it releases the lock; an
        exception of the call is then logged.
        """
        if self.acquire(False):
            try:
                call(*arguments)
            finally:
                self.release()
                self.flush()
        else:
            self.calls.append(_Call(call, arguments, needs_lock=True))
            self.flush()

    def is_notifying(self) -> bool:
        """Return whether this thread is currently making the calls."""
        return self.notifying_thread == get_ident()

    def may_nest(self, thread: int) -> bool:
        """Return whether a posting thread is already notifying, so that its calls are nested in that."""
        return self._nested and self.notifying_thread == thread

    def flush(self, error: Exception | None = None) -> None:
        """Make the posted calls, unless this thread still holds the lock or another one is making them.

        Args:
            error: An exception of a call that was made without posting; it counts as the first.
        """
        first = self._first(None, error)
        if self.calls and not self.is_held():
            thread = get_ident()
            if self.notifying_thread != thread:
                first = self._notify(thread, first)
            elif self._nested:
                first = self._make_calls(first)
        if first is not None:
            raise first

    def abandon(self) -> None:
        """Drop the calls this thread has posted, because Ctrl-C stopped it while it was notifying.

        Listeners that trigger each other would otherwise start again at the next change. Essential calls are
        made here; the calls of other threads are made by a helper thread.
        """
        thread = get_ident()
        self._make_essential_calls(thread)
        if self.notifying_thread == thread:
            self.notifying_thread = 0
        if any(not call.is_dropped for call in self.calls.copy()):
            threading.Thread(
                target=self._flush_quietly, name="kaizen-notifier", daemon=True
            ).start()

    # ------------------------------------------------------------ internal

    def _make_essential_calls(self, thread: int) -> None:
        """Make a thread's essential calls and drop its others."""
        while own := [
            call
            for call in self.calls.copy()
            if call.thread == thread and not (call.is_dropped or call.needs_lock)
        ]:
            for call in own:
                call.is_dropped = True
                if call.is_essential:
                    with suppress(Exception):
                        call.function(*call.arguments)

    def _flush_quietly(self) -> None:
        with suppress(Exception):
            self.flush()

    def _notify(self, thread: int, first: Exception | None) -> Exception | None:
        """Make all calls, unless another thread is making them: it makes these as well."""
        try:
            while self.calls and self._become_notifying_thread(thread):
                first = self._make_calls(first)
                self.notifying_thread = (
                    0  # a call posted before this line is found by the next check
                )
        except BaseException:
            self.abandon()
            raise
        finally:
            if self.notifying_thread == thread:  # Ctrl-C
                self.notifying_thread = 0
        return first

    def _become_notifying_thread(self, thread: int) -> bool:
        """Return whether this thread is the one to make the calls."""
        while self.acquire(False):
            try:
                if not self.notifying_thread:
                    self.notifying_thread = thread
                    return True
            finally:
                self.release()
            # The other thread may have finished while the lock was held here: check again.
            if self.notifying_thread or not self.calls:
                return False
        return False  # The thread that holds the lock makes the calls when it releases the lock.

    def _make_calls(self, first: Exception | None) -> Exception | None:
        """Make all calls, even after one of them raised; return the first exception."""
        calls = self.calls
        while calls:
            call = calls.popleft()
            if call.is_dropped:
                continue
            try:
                if not call.needs_lock:
                    self._make(call)
                elif self.acquire(False):
                    try:
                        _make_logged(call)
                    finally:
                        self.release()
                else:
                    calls.appendleft(call)
                    break  # The thread that holds the lock makes this call and the later ones.
            except Exception as error:
                first = self._first(first, error)
        return first

    def _make(self, call: _Call) -> None:
        call.function(*call.arguments)

    def _first(self, first: Exception | None, error: Exception | None) -> Exception | None:
        """Return the exception to raise in the end: the first one, unless `on_error` takes them."""
        if error is not None and self._on_error is not None:
            self._on_error(error)
            return first
        return first or error


class UninterruptedNotifier(Notifier):
    """A `Notifier` whose holders and essential calls are not interrupted by Ctrl-C.

    Ctrl-C waits for the end of the outermost ``with`` block and of the essential calls; other calls, which
    may be the user's listeners, are interrupted immediately. It costs 5 us on the main thread.
    """

    def __enter__(self) -> None:
        interrupts.hold()
        super().__enter__()

    def __exit__(self, *exception: object) -> None:
        try:
            super().__exit__(*exception)
        finally:
            interrupts.release()

    def _make(self, call: _Call) -> None:
        if call.is_essential:
            call.function(*call.arguments)
            return
        interrupts.call_interruptible(call.function, *call.arguments)


def _make_logged(call: _Call) -> None:
    try:
        call.function(*call.arguments)
    except Exception:  # the code that held the lock did not cause it
        logger.exception("A delayed change failed.")


def call_all(calls: Iterable[Callable[[], object]]) -> None:
    """Make all calls, even after one raised; then raise the first exception."""
    first: Exception | None = None
    for call in calls:
        try:
            call()
        except Exception as error:
            first = first or error
    if first is not None:
        raise first
