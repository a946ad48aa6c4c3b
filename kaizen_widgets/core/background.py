"""One background event loop per process, on its own thread, started on first use.

It carries fetches, auto-save and runs, so that they go on while a cell blocks, and so that plain code
can wait for what async code awaits. Coroutines of ours run here and nowhere else; a user's thread
only ever meets the result.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Handle:
    """A timer that may be cancelled from any thread."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self._callback = None  # Also lets go of what a far-off timer would keep alive.

    def run(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class BackgroundLoop:
    """An asyncio loop on a daemon thread; also the real `Clock`."""

    def __init__(self, name: str = "kaizen-loop") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, started if it is not running."""
        with self._lock:
            # After a fork the thread is gone although the objects look alive.
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                ready = threading.Event()
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._main, args=(self._loop, ready), name=self._name, daemon=True
                )
                self._thread.start()
                ready.wait()
            return self._loop

    @staticmethod
    def _main(loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        loop.call_soon(ready.set)
        loop.run_forever()

    @property
    def is_current(self) -> bool:
        """Whether the caller already runs on this loop's thread."""
        return threading.current_thread() is self._thread

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Pending[T]:
        """Run ``coroutine`` on the loop; return a handle to wait for or await."""
        return Pending(asyncio.run_coroutine_threadsafe(coroutine, self.loop), self)

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
        """Stop the loop and wait for its thread; what still runs is dropped. Used again, it starts anew."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

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


class Pending(Generic[T]):
    """What a coroutine on the background loop will give: wait for it, or await it anywhere."""

    def __init__(self, future: concurrent.futures.Future[T], owner: BackgroundLoop) -> None:
        self._future = future
        self._owner = owner

    def done(self) -> bool:
        """Whether it ended, well or not."""
        return self._future.done()

    def cancel(self) -> bool:
        """Ask it to stop; False if it had ended."""
        return self._future.cancel()

    def wait(self, timeout: float | None = None) -> T:
        """Block until it ends and return the result (or raise what it raised).

        Raises:
            TimeoutError: It has not ended within ``timeout`` seconds, and goes on.
        """
        if self._owner.is_current and not self._future.done():
            raise RuntimeError("This runs on the background loop: await instead of wait().")
        try:
            return self._future.result(timeout)
        except TimeoutError:
            if timeout is None or self._future.done():
                raise  # what was waited for raised it
            raise TimeoutError(f"It has not ended within {timeout:g} s, and goes on.") from None

    def __await__(self) -> Generator[Any, None, T]:
        """Await it from any loop."""
        return asyncio.wrap_future(self._future).__await__()


background = BackgroundLoop()
"""The process's one loop: handed in as a default at the top (`Studio`, widgets), never reached for below."""
