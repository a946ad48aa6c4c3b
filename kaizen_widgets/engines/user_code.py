"""Run users' functions and coroutines off the background loop, awaited from any loop.

The background loop carries saves, fetches, time limits and cancelling, so no code of others may block it.
Plain functions run in a daemon thread each, not in a pool: a call that never ends must neither occupy a
pool's thread nor keep the interpreter alive. Coroutines run on a loop of their own (`UserLoops`).

Cancelled once, each function here asks the call to stop and waits until it has ended; cancelled again, it
abandons the call.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from kaizen_widgets.core.background import UserLoops
from kaizen_widgets.engines.output_capture import streams_replaced
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context

PATIENCE = 0.1
"""Seconds within which a loop for users' coroutines must begin a call, or the next loop is used."""


async def run_in_thread(ctx: Context, call: Callable[[], Any]) -> Any:
    """Make a call in a thread, in a copy of the caller's context, and return its result.

    ``ctx.cancelled`` is how the call learns that it should stop; ``ctx.threads`` counts the calls under way.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    _retrieve_error(future)
    context = contextvars.copy_context()

    def settle(result: Any, error: Exception | None) -> None:
        ctx.threads -= 1
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result, error = None, None
        with streams_replaced():
            try:
                with errors_as_exceptions():
                    result = context.run(call)
            except asyncio.CancelledError as raised:
                error = _as_exception(
                    raised
                )  # Raised by the call itself: nothing cancels a thread.
            except Exception as raised:
                error = raised
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            pass  # The loop is closed: the process is ending.

    ctx.threads += 1
    threading.Thread(target=work, name=f"kaizen-node-{ctx.node_id}", daemon=True).start()
    try:
        await asyncio.wait({future})
    except asyncio.CancelledError:
        await asyncio.wait({future})
        raise
    return future.result()


async def run_on_user_loop(loops: UserLoops, make: Callable[[], Awaitable[Any]]) -> Any:
    """Await what ``make`` returns on a loop for users' coroutines, and return the result.

    When that loop does not respond because another coroutine blocks it, the next loop is used.
    """
    while True:
        target = loops.current
        if target.is_current:
            return await make()
        call = _UserCall(make)
        future = asyncio.wrap_future(target.start(call.run()).future)
        _retrieve_error(future)
        try:
            if await call.has_begun(PATIENCE):
                await asyncio.wait({future})
                return future.result()
        except asyncio.CancelledError:
            if not call.withdraw():
                target.loop.call_soon_threadsafe(call.cancel)
                await asyncio.wait({future})
            raise
        if call.withdraw():
            loops.replace(target)
        else:  # It has begun in the meantime.
            await asyncio.wait({future})
            return future.result()


class _UserCall:
    """One coroutine on a loop for users' coroutines."""

    def __init__(self, make: Callable[[], Awaitable[Any]]) -> None:
        self._make = make
        self._task: asyncio.Task[Any] | None = None
        self._caller = asyncio.get_running_loop()
        self._begun: asyncio.Future[None] = self._caller.create_future()
        self._claim = threading.Lock()
        """Taken once: by the loop when it begins the call, or by the caller to withdraw it."""

    async def run(self) -> Any:
        if not self._claim.acquire(blocking=False):
            return None
        self._task = asyncio.current_task()
        with suppress(RuntimeError):  # The caller's loop has been closed.
            self._caller.call_soon_threadsafe(self._begun.set_result, None)
        with streams_replaced(), errors_as_exceptions():
            return await self._make()

    async def has_begun(self, within: float) -> bool:
        """Wait until the loop has begun the call, at most ``within`` seconds."""
        await asyncio.wait({self._begun}, timeout=within)
        return self._begun.done()

    def withdraw(self) -> bool:
        """Take the call back; return whether it had not begun yet."""
        return self._claim.acquire(blocking=False)

    def cancel(self) -> None:
        """Cancel the coroutine; called on its loop."""
        if self._task is not None:
            self._task.cancel()


class errors_as_exceptions:
    """Convert errors that are not an `Exception`: ``exit()`` in a node must not end a loop.

    A class, as entering a generator would take longer than what a short node does.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        # Cancelling and closing end a coroutine.
        if error is None or isinstance(error, asyncio.CancelledError | GeneratorExit):
            return
        exception = _as_exception(error)
        if exception is not error:
            raise exception from error


def _as_exception(error: BaseException) -> Exception:
    # A future refuses StopIteration.
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RunError(f"The function raised {type(error).__name__}, which ends only the node.")


def _retrieve_error(future: asyncio.Future[Any]) -> None:
    # Retrieve the error of an abandoned call, so that asyncio does not log it.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
