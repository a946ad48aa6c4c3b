"""One attempt to run a node: started, possibly asked to stop, always ended with one result.

Stopping is a request: ``ctx.cancelled`` becomes true and a coroutine is cancelled. A node that has not
stopped after the grace period is abandoned, and the result says so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.core.text import quoted
from kaizen_widgets.displays.error_text import format_error, quick_format_error
from kaizen_widgets.displays.sentences import quick_sentence, sentence
from kaizen_widgets.engines.engine import Engine
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context, Routed, Work

StopReason = Literal["cancel", "timeout", "run"]
"""Why a node is asked to stop: its run was cancelled, its time is over, or its run was stopped."""

DESCRIBE_TIMEOUT = 1.0
"""Seconds a value's ``__repr__`` or an error's ``__str__`` may take."""

_abandoned: set[asyncio.Task[Any]] = set()
"""Abandoned tasks until they end: a loop keeps only weak references to its tasks."""


@dataclass(frozen=True)
class NodeResult:
    """How a node ended.

    Attributes:
        state: ``skipped`` and ``cancelled`` also for nodes that were never started.
        output: The value the node passes on, or a `Routed` one.
        reason: Why it was skipped or how it was stopped, for people, or empty.
        ended: When it ended, on the clock's monotonic time.
        preview: The output as short text.
        message: The error as short text.
    """

    state: Literal["completed", "failed", "cancelled", "skipped"]
    output: Any = None
    error: BaseException | None = None
    reason: str = ""
    ended: float = 0.0
    preview: str = ""
    message: str = ""


class Attempt:
    """One attempt to run a node on an engine; all methods are called on the loop.

    Args:
        grace: Seconds between asking a node to stop and abandoning it.
        time_limit: Seconds after which it is asked to stop, or None.
        uses_threads: Whether outputs and errors may be described in threads; not on a loop without one.
    """

    def __init__(
        self,
        engine: Engine,
        work: Work,
        ctx: Context,
        clock: Clock,
        grace: float,
        *,
        time_limit: float | None = None,
        uses_threads: bool = True,
    ) -> None:
        self._work = work
        self._ctx = ctx
        self._clock = clock
        self._grace = grace
        self._uses_threads = uses_threads
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(engine.run(work, ctx))
        self._given_up: asyncio.Future[None] = self._loop.create_future()
        self._stop_reason: StopReason | None = None
        self._abandoned = ""
        self._timers: list[Timer] = []
        self._time_limit = time_limit
        self._explanation = ""
        if time_limit is not None:
            self._later(time_limit, lambda: self.stop("timeout"))

    async def result(self) -> NodeResult:
        """Wait for the end."""
        await asyncio.wait({self._task, self._given_up}, return_when=asyncio.FIRST_COMPLETED)
        for timer in self._timers:
            timer.cancel()
        if not self._task.done():
            _abandoned.add(self._task)
            self._task.add_done_callback(_forget)
            return self._stopped()
        if self._stop_reason is not None:
            if not self._task.cancelled():
                self._task.exception()  # Read, so that asyncio does not report it as never retrieved.
            return self._stopped()
        if self._task.cancelled():
            return await self._failed(RunError("The function cancelled itself."))
        error = self._task.exception()
        if error is not None:
            return await self._failed(error)
        return await self._completed(self._task.result())

    def stop(self, reason: StopReason, explanation: str = "") -> None:
        """Ask the node to stop; only the first request counts.

        Args:
            reason: Why.
            explanation: For ``run``: why the run was stopped, as a clause.
        """
        if self._stop_reason is not None or self._task.done():
            return
        self._stop_reason, self._explanation = reason, explanation
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

    async def _completed(self, output: Any) -> NodeResult:
        ended = self._clock.monotonic()
        value = output.value if issubclass(type(output), Routed) else output
        text = quick_sentence(value)
        if text is None:
            text = await self._in_time(lambda: sentence(value))
        if text is None:
            text = f"{type(value).__name__} (its repr takes too long)"
        return NodeResult("completed", output=output, ended=ended, preview=text)

    async def _failed(self, error: BaseException) -> NodeResult:
        ended = self._clock.monotonic()
        text = quick_format_error(error)
        if text is None:
            text = await self._in_time(lambda: format_error(error))
        if text is None:
            text = type(error).__name__
        return NodeResult("failed", error=error, ended=ended, message=text)

    def _stopped(self) -> NodeResult:
        ended = self._clock.monotonic()
        error: BaseException | None = None
        if self._stop_reason == "timeout":
            limit = f"{self._time_limit:g} s"
            error = TimeoutError(f"{quoted(self._work.label)} took longer than {limit}.")
        elif self._stop_reason == "run":
            error = RunError(
                f"{quoted(self._work.label)} was stopped, because {self._explanation}.",
                node_id=self._work.node_id,
            )
        if error is not None:
            message = format_error(error)
            return NodeResult(
                "failed", error=error, reason=self._abandoned, ended=ended, message=message
            )
        return NodeResult("cancelled", reason=self._abandoned or "stopped", ended=ended)

    async def _in_time(self, describe: Callable[[], str]) -> str | None:
        """Return what ``describe`` returns, made in a thread, or None if it takes longer than a second."""
        if not self._uses_threads:
            return describe()
        future: asyncio.Future[str] = self._loop.create_future()

        def settle(text: str) -> None:
            if not future.done():
                future.set_result(text)

        def work() -> None:
            text = describe()
            try:
                self._loop.call_soon_threadsafe(settle, text)
            except RuntimeError:
                pass  # The loop is closed.

        threading.Thread(target=work, name="kaizen-preview", daemon=True).start()
        try:
            return await asyncio.wait_for(future, DESCRIBE_TIMEOUT)
        except TimeoutError:
            return None

    def _later(self, seconds: float, call: Callable[[], object]) -> None:
        # The clock may call on another thread.
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
