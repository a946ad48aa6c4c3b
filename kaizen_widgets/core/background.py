"""One background event loop per process, on its own thread, started on first use.

It carries fetches, auto-save and runs, so that they continue while a cell blocks, and so that plain code
can wait for the results of async code. This project's coroutines run here and nowhere else; a user's thread
only sees the results. Users' coroutines run on loops of their own (`UserLoops`), because they may block.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_all_loops: weakref.WeakSet[BackgroundLoop] = weakref.WeakSet()
_loop_threads: set[int] = set()


def is_background_thread() -> bool:
    """Return whether this is a background loop's thread, which must not wait for locks users hold."""
    return threading.get_ident() in _loop_threads


class _Handle:
    """A timer that may be cancelled from any thread."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self._callback = (
            None  # Releases the callback's objects even if the timer is far in the future.
        )

    def run(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class BackgroundLoop:
    """An asyncio loop on a daemon thread; also the real `Clock`.

    A task cannot end the loop: the loop survives ``exit()`` and ``loop.stop()`` in a task. If the loop ends
    anyway, all pending results fail, and the next use starts a new loop.
    """

    has_thread = True
    """Whether the loop runs on its own thread; a loop for tests may run only when the test advances it."""

    def __init__(self, name: str = "kaizen-loop") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._should_end = threading.Event()
        self._futures: set[concurrent.futures.Future[Any]] = set()
        _all_loops.add(self)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, started if it is not running."""
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                ready = threading.Event()
                self._loop = asyncio.new_event_loop()
                self._should_end = threading.Event()
                self._thread = threading.Thread(
                    target=self._main,
                    args=(self._loop, ready, self._should_end),
                    name=self._name,
                    daemon=True,
                )
                self._thread.start()
                ready.wait()
            return self._loop

    def _main(
        self,
        loop: asyncio.AbstractEventLoop,
        ready: threading.Event,
        should_end: threading.Event,
    ) -> None:
        asyncio.set_event_loop(loop)
        loop.call_soon(ready.set)
        _ignore_stop_in_tasks(loop, should_end)
        _loop_threads.add(threading.get_ident())
        while not should_end.is_set():
            try:
                loop.run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                # asyncio does not catch these two. The task that raised has ended; the others continue.
                _log.warning("%s on %s ended only its task.", type(error).__name__, self._name)
            except BaseException:
                _log.exception("%s was lost; the next use starts a new loop.", self._name)
                break
        with self._lock:
            if self._loop is loop:
                self._loop = None
        self._fail_futures()
        _loop_threads.discard(threading.get_ident())
        for task in asyncio.all_tasks(loop):
            # What waits for it is ended with the loop; asyncio need not report it as well.
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        with suppress(Exception):  # A broken loop may raise here.
            loop.close()

    def _fail_futures(self) -> None:
        for future in list(self._futures):
            with suppress(concurrent.futures.InvalidStateError):
                future.set_exception(RuntimeError(f"{self._name} has ended while this ran on it."))

    @property
    def is_current(self) -> bool:
        """Whether the caller already runs on this loop's thread."""
        return threading.current_thread() is self._thread

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Pending[T]:
        """Run ``coroutine`` on the loop; return a handle to wait for or await."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return Pending(future, self)

    def wait(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run ``coroutine`` on the loop and return its result.

        Raises:
            RuntimeError: Called on the loop's own thread, where waiting would never end.
            TimeoutError: It took longer than ``timeout`` seconds.
        """
        if self.is_current:
            coroutine.close()
            raise RuntimeError("This runs on the background loop: await instead of wait().")
        return self.start(coroutine).wait(timeout)

    def close(self) -> None:
        """Stop the loop and wait for its thread; what still runs on it fails.

        The next use starts a new loop.
        """
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
            self._should_end.set()
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _forget_thread(self) -> None:
        """Start over in a forked process, which has none of the threads of its parent."""
        self._lock = threading.Lock()
        self._loop = self._thread = None
        self._futures = set()

    # -- Clock

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        return time.monotonic()

    def now(self) -> datetime:
        """The wall-clock time in UTC."""
        return datetime.now(UTC)

    def call_later(self, delay: float, callback: Callable[[], object]) -> _Handle:
        """Call ``callback`` on the loop's thread after ``delay`` seconds."""
        handle = _Handle(callback)
        loop = self.loop
        loop.call_soon_threadsafe(lambda: loop.call_later(max(delay, 0.0), handle.run))
        return handle


def _ignore_stop_in_tasks(loop: asyncio.AbstractEventLoop, should_end: threading.Event) -> None:
    """Let ``loop.stop()`` end the loop when it is called from outside, but not by a task on the loop."""
    stop = loop.stop

    def stop_unless_in_task() -> None:
        if asyncio.current_task(loop) is None:
            should_end.set()
            stop()

    with suppress(AttributeError):  # Loops not written in Python may not allow it.
        loop.stop = stop_unless_in_task  # type: ignore[method-assign]


class Pending(Generic[T]):
    """The pending result of a coroutine on the background loop: wait for it, or await it on any loop."""

    def __init__(self, future: concurrent.futures.Future[T], owner: BackgroundLoop) -> None:
        self._future = future
        self._owner = owner

    @property
    def future(self) -> concurrent.futures.Future[T]:
        """The future of the result."""
        return self._future

    def done(self) -> bool:
        """Return whether it has ended, with a result or with an error."""
        return self._future.done()

    def cancel(self) -> bool:
        """Ask it to stop; return False if it had ended."""
        return self._future.cancel()

    def wait(self, timeout: float | None = None) -> T:
        """Block until it has ended and return its result, or raise its error.

        Raises:
            TimeoutError: It has not ended within ``timeout`` seconds; it continues.
        """
        if self._owner.is_current and not self._future.done():
            raise RuntimeError("This runs on the background loop: await instead of wait().")
        try:
            return self._future.result(timeout)
        except TimeoutError:
            if timeout is None or self._future.done():
                raise  # Raised by the coroutine itself.
            raise TimeoutError(f"It has not ended within {timeout:g} s; it continues.") from None

    def __await__(self) -> Generator[Any, None, T]:
        """Await it from any loop."""
        return asyncio.wrap_future(self._future).__await__()


class UserLoops:
    """Loops for users' coroutines, which may block: a loop that does not respond is replaced.

    All coroutines share one loop, so that a connection opened by one can be used by the next. While a
    coroutine blocks the loop, new ones start on another loop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.current = BackgroundLoop(_USER_LOOP)
        """Loop for the next coroutine."""

    def replace(self, blocked: BackgroundLoop) -> None:
        """Start coroutines on another loop from now on; the blocked loop ends with its last coroutine."""
        with self._lock:
            if self.current is not blocked:
                return
            self.current = BackgroundLoop(_USER_LOOP)
        blocked.start(_end_when_idle(blocked))


_USER_LOOP = "kaizen-user-loop"


async def _end_when_idle(loop: BackgroundLoop) -> None:
    """End the thread of a loop that was replaced, once its last coroutine has ended."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    loop._should_end.set()
    asyncio.get_running_loop().call_soon(asyncio.get_running_loop().stop)


def _forget_threads() -> None:
    for loop in list(_all_loops):
        loop._forget_thread()


_log = logging.getLogger(__name__)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)

background = BackgroundLoop()
"""The process's only loop: the default of `Studio` and widgets; other code takes a loop as an argument."""

user_loops = UserLoops()
"""The process's loops for users' coroutines."""
