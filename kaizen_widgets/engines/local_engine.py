"""The engine at hand: async functions on the background loop, plain ones in threads.

Nothing can stop a thread from outside: a plain function stops when it looks at ``ctx.cancelled`` (or calls
``ctx.check()``); one that does not is left to finish, and its result is dropped.
"""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from kaizen_widgets.engines.capture import captured
from kaizen_widgets.engines.threads import as_exception, in_thread
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context, Task, Work


class LocalEngine:
    """Runs nodes in this process.

    Args:
        max_parallel: How many nodes of one run may run at once.

    Raises:
        RunError: ``max_parallel`` is below 1.
    """

    def __init__(self, max_parallel: int = 8) -> None:
        if max_parallel < 1:
            raise RunError(f"max_parallel must be at least 1, not {max_parallel}.")
        self.max_parallel = max_parallel

    async def run(self, work: Work, ctx: Context) -> Any:
        """Run one node; see `Engine.run`."""
        facts = {field.name: getattr(work, field.name) for field in dataclasses.fields(work)}
        task = Task(**facts, ctx=ctx, execute=partial(_execute, ctx))
        with captured(ctx.say):
            try:
                return await work.kind.run(task)
            except (Exception, asyncio.CancelledError):
                raise
            except BaseException as error:
                raise as_exception(error) from error

    def __repr__(self) -> str:
        return f"LocalEngine(max_parallel={self.max_parallel})"


async def _execute(
    ctx: Context, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if _is_async(function):
        result = function(*args, **kwargs)
    else:
        result = await in_thread(ctx, partial(function, *args, **kwargs))
    # A plain function may hand back a coroutine (a lambda around an async function does).
    return await result if inspect.isawaitable(result) else result


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or (
        not inspect.isroutine(function)
        and inspect.iscoroutinefunction(getattr(type(function), "__call__", None))  # noqa: B004
    )
