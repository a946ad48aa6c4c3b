"""One node, tried once: started, perhaps told to stop, always ended with one outcome.

To stop is to ask: ``ctx.cancelled`` becomes true and a coroutine is cancelled. What has not stopped after
the grace is abandoned, and the outcome says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.engines.engine import Engine
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context, Work
from kaizen_widgets.nodes.agent import quoted

StopReason = Literal["cancel", "timeout"]

_abandoned: set[asyncio.Task[Any]] = set()
"""Held until they end: a loop keeps only weak references to its tasks."""


@dataclass(frozen=True)
class AttemptResult:
    """How an attempt ended; ``reason`` says more, for people."""

    state: Literal["completed", "failed", "cancelled"]
    output: Any = None
    error: BaseException | None = None
    reason: str = ""


class Attempt:
    """A try of one node on an engine; all methods are called on the loop.

    Args:
        grace: Seconds between asking a node to stop and abandoning it.
    """

    def __init__(
        self, engine: Engine, work: Work, ctx: Context, clock: Clock, grace: float
    ) -> None:
        self._work = work
        self._ctx = ctx
        self._clock = clock
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(engine.run(work, ctx))
        self._given_up: asyncio.Future[None] = self._loop.create_future()
        self._why: StopReason | None = None
        self._abandoned = ""
        self._timers: list[Timer] = []
        limit: float | None = work.config.time_limit
        if limit is not None:
            self._later(limit, lambda: self.stop("timeout"))

    async def outcome(self) -> AttemptResult:
        """Wait for the end."""
        await asyncio.wait({self._task, self._given_up}, return_when=asyncio.FIRST_COMPLETED)
        for timer in self._timers:
            timer.cancel()
        if self._task.done():
            return self._ended()
        _abandoned.add(self._task)
        self._task.add_done_callback(_forget)
        return self._stopped(self._abandoned)

    def stop(self, why: StopReason) -> None:
        """Ask the node to stop; only the first asking counts."""
        if self._why is not None or self._task.done():
            return
        self._why = why
        self._ctx.stop()
        self._task.cancel()
        self._later(self._grace, self._give_up)

    def _give_up(self) -> None:
        if self._task.done():
            return
        threads = self._ctx.threads > 0
        self._abandoned = (
            "abandoned: its thread may still finish" if threads else "abandoned: it does not stop"
        )
        self._task.cancel()
        if not self._given_up.done():
            self._given_up.set_result(None)

    def _ended(self) -> AttemptResult:
        if self._why is not None:
            if not self._task.cancelled():
                self._task.exception()  # Asked for, so that asyncio does not complain.
            return self._stopped(self._abandoned)
        if self._task.cancelled():
            return AttemptResult("failed", error=RunError("The function cancelled itself."))
        error = self._task.exception()
        if error is not None:
            return AttemptResult("failed", error=error)
        return AttemptResult("completed", output=self._task.result())

    def _stopped(self, how: str) -> AttemptResult:
        if self._why == "timeout":
            limit = f"{self._work.config.time_limit:g} s"
            error = TimeoutError(f"{quoted(self._work.label)} took longer than {limit}.")
            return AttemptResult("failed", error=error, reason=how)
        return AttemptResult("cancelled", reason=how or "stopped")

    def _later(self, seconds: float, call: Callable[[], object]) -> None:
        # The clock calls on its own thread.
        def wake() -> None:
            try:
                self._loop.call_soon_threadsafe(call)
            except RuntimeError:
                pass  # The loop is closed.

        self._timers.append(self._clock.call_later(seconds, wake))


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()
