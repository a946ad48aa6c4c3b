"""The engine of this process: users' coroutines on a loop of their own, plain functions in threads.

Nothing can stop a thread from outside: a plain function stops when it looks at ``ctx.cancelled`` (or calls
``ctx.check()``). One that does not is left to finish, and its result is dropped.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from kaizen_widgets.core.background import UserLoops, user_loops
from kaizen_widgets.engines.output_capture import captured
from kaizen_widgets.engines.user_code import (
    errors_as_exceptions,
    run_in_thread,
    run_on_user_loop,
)
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context, Task, Work
from kaizen_widgets.nodes.iterators import collect, collect_async, needs_collecting
from kaizen_widgets.nodes.kind import Arguments
from kaizen_widgets.nodes.registry import BUILT_IN


class LocalEngine:
    """Runs nodes in this process.

    Args:
        max_parallel: How many nodes of one run may run at the same time; those that wait for a person do not
            count.
        loops: Loops for users' coroutines; None runs everything on the run's own loop, for tests whose loop
            has no thread.

    Raises:
        RunError: ``max_parallel`` is below 1.
    """

    def __init__(self, max_parallel: int = 8, *, loops: UserLoops | None = user_loops) -> None:
        if max_parallel < 1:
            raise RunError(f"max_parallel must be at least 1, not {max_parallel}.")
        self.max_parallel = max_parallel
        self._loops = loops

    async def run(self, work: Work, ctx: Context) -> Any:
        """Run one node; see `Engine.run`."""
        task = Task(**vars(work), ctx=ctx, execute=partial(self._execute, ctx))
        with captured(ctx), errors_as_exceptions():
            # The built-in kinds block nothing; one written by a user may.
            if type(work.kind) in BUILT_IN:
                output = await work.kind.run(task)
            else:
                output = await self._on_user_loop(lambda: work.kind.run(task))
            return await self._collected(ctx, output)

    async def _execute(
        self, ctx: Context, function: Callable[..., Any], arguments: Callable[[], Arguments]
    ) -> Any:
        """Call a function where it blocks nothing; see `Execute`."""

        def call() -> Any:
            args, kwargs = arguments()
            return function(*args, **kwargs)

        if _is_async(function):
            result = await self._on_user_loop(call)
        else:
            result = await self._in_thread(ctx, call)
        if issubclass(type(result), Awaitable):
            # A plain function may return a coroutine: a lambda around an async function does.
            result = await self._on_user_loop(partial(_identity, result))
        return await self._collected(ctx, result)

    async def _collected(self, ctx: Context, result: Any) -> Any:
        """Return a result that can be read twice: an iterator becomes a list."""
        if issubclass(type(result), AsyncIterator):
            return await self._on_user_loop(partial(collect_async, result, ctx))
        if needs_collecting(result):
            return await self._in_thread(ctx, partial(collect, result, ctx))
        return result

    async def _in_thread(self, ctx: Context, call: Callable[[], Any]) -> Any:
        if self._loops is not None:
            return await run_in_thread(ctx, call)
        with errors_as_exceptions():
            return call()

    async def _on_user_loop(self, make: Callable[[], Awaitable[Any]]) -> Any:
        if self._loops is not None:
            return await run_on_user_loop(self._loops, make)
        with errors_as_exceptions():
            return await make()

    def __repr__(self) -> str:
        return f"LocalEngine(max_parallel={self.max_parallel})"


def _identity(value: Any) -> Any:
    return value


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or (
        not inspect.isroutine(function)
        and inspect.iscoroutinefunction(getattr(type(function), "__call__", None))  # noqa: B004
    )
