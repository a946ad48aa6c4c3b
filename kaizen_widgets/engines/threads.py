"""Plain functions in threads of their own, awaited from the loop.

A daemon thread a call, not a pool: a call that never ends must keep neither a place in a pool nor the
interpreter from leaving.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

from kaizen_widgets.engines.capture import held
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context


async def in_thread(ctx: Context, call: Callable[[], Any]) -> Any:
    """Make a call in a thread, in a copy of the caller's context, and return what it returns.

    Cancelled once, it waits until the call has ended (``ctx.cancelled`` is what the call hears of it);
    cancelled again, it leaves the thread to itself. ``ctx.threads`` counts the calls that go on.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    # Asked for here, so that an error in a thread nobody waits for any more is not "never retrieved".
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    context = contextvars.copy_context()

    def settle(result: Any, error: Exception | None) -> None:
        ctx.threads -= 1
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result, error = None, None
        with held():
            try:
                result = context.run(call)
            except BaseException as raised:
                error = as_exception(raised)
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            pass  # The loop is closed: the process ends, and nobody waits.

    ctx.threads += 1
    threading.Thread(target=work, name=f"kaizen-node-{ctx.node_id}", daemon=True).start()
    try:
        await asyncio.wait({future})
    except asyncio.CancelledError:
        await asyncio.wait({future})
        raise
    return future.result()


def as_exception(error: BaseException) -> Exception:
    """Return an error a task may raise: exit() in a node must not end the loop or the kernel."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    made = RunError(f"The function raised {type(error).__name__}, which ends only the node.")
    made.__cause__ = error
    return made
