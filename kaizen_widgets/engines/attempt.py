"""One attempt to run a node: started, possibly asked to stop, always ended with one result.

Stopping is a request: ``ctx.cancelled`` becomes true and a coroutine is cancelled. A node that has not
stopped after the grace period is abandoned, and the result says so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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

_TURNS = 5

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
        on_end: Called once, with the result; it must not raise.
        grace: Seconds between asking a node to stop and abandoning it.
        time_limit: Seconds after which it is asked to stop, or None.
        counts_waiting: Whether the time that it waits for a person counts against that.
        uses_threads: Whether outputs and errors may be described in threads; not on a loop without one.
    """

    def __init__(
        self,
        engine: Engine,
        work: Work,
        ctx: Context,
        clock: Clock,
        grace: float,
        on_end: Callable[[NodeResult], object],
        *,
        time_limit: float | None = None,
        counts_waiting: bool = False,
        uses_threads: bool = True,
    ) -> None:
        self._work = work
        self._ctx = ctx
        self._clock = clock
        self._grace = grace
        self._on_end = on_end
        self._uses_threads = uses_threads
        self._loop = asyncio.get_running_loop()
        self._stop_reason: StopReason | None = None
        self._abandoned = ""
        self._timers: list[Timer] = []
        self._time_limit = time_limit
        self._counts_waiting = counts_waiting
        self._time_left = time_limit
        self._limited_since = 0.0
        self._limit_timer: Timer | None = None
        self._explanation = ""
        self._describing: asyncio.Task[None] | None = None
        self._task = self._loop.create_task(engine.run(work, ctx))
        # A callback, not a second task: most of what a short node costs is tasks.
        self._task.add_done_callback(self._on_done)
        self.resume()

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        if self._abandoned:
            return
        for timer in self._timers:
            timer.cancel()
        if self._stop_reason is not None:
            if not task.cancelled():
                task.exception()  # Read, so that asyncio does not report it as never retrieved.
            self._on_end(self._stopped())
        elif task.cancelled():
            self._fail(RunError("The function cancelled itself."))
        elif (error := task.exception()) is not None:
            self._fail(error)
        else:
            self._complete(task.result())

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

    def pause(self) -> None:
        """Let its time limit stand still until `resume`, as it waits for a person."""
        if self._counts_waiting:
            return
        if self._limit_timer is not None and self._time_left is not None:
            self._limit_timer.cancel()
            self._limit_timer = None
            self._time_left -= self._clock.monotonic() - self._limited_since

    def resume(self) -> None:
        """Let its time limit, if it has one, go on."""
        if self._time_left is None or self._limit_timer is not None or self._task.done():
            return
        self._limited_since = self._clock.monotonic()
        timer = self._later(max(self._time_left, 0.0), lambda: self._end_time(timer))
        self._limit_timer = timer

    def _end_time(self, timer: Timer) -> None:
        if timer is self._limit_timer:  # Else it was paused when its time was over.
            self.stop("timeout")

    def _give_up(self) -> None:
        if self._task.done():
            return
        threads = self._ctx.threads > 0
        self._abandoned = (
            "abandoned: its thread may still finish" if threads else "abandoned: it does not stop"
        )
        for timer in self._timers:
            timer.cancel()
        _abandoned.add(self._task)
        self._task.add_done_callback(_forget)
        self._task.cancel()
        self._end_abandoned(_TURNS)

    def _end_abandoned(self, turns: int) -> None:
        # An engine lets go of a node it abandons, which takes some turns of the loop: until then the streams
        # are still those of a run.
        if turns and not self._task.done():
            self._loop.call_soon(self._end_abandoned, turns - 1)
        else:
            self._on_end(self._stopped())

    def _complete(self, output: Any) -> None:
        ended = self._clock.monotonic()
        value = output.value if issubclass(type(output), Routed) else output

        def end(text: str) -> None:
            self._on_end(NodeResult("completed", output=output, ended=ended, preview=text))

        try:
            text = quick_sentence(value)
        except RuntimeError:  # Another thread changes a container that is being read.
            text = None
        if text is not None:
            end(text)
            return
        otherwise = f"{type(value).__name__} (its repr takes too long)"
        self._describe(partial(sentence, value), otherwise, end)

    def _fail(self, error: BaseException) -> None:
        ended = self._clock.monotonic()

        def end(text: str) -> None:
            self._on_end(NodeResult("failed", error=error, ended=ended, message=text))

        text = quick_format_error(error)
        if text is not None:
            end(text)
            return
        self._describe(partial(format_error, error), type(error).__name__, end)

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

    def _describe(
        self, describe: Callable[[], str], otherwise: str, end: Callable[[str], None]
    ) -> None:
        """Call ``end`` with what ``describe`` returns, made in a thread, or ``otherwise`` after a second."""
        if not self._uses_threads:
            end(describe())
            return

        async def wait() -> None:
            text = await self._in_time(describe)
            end(otherwise if text is None else text)

        self._describing = self._loop.create_task(wait())

    async def _in_time(self, describe: Callable[[], str]) -> str | None:
        """Return what ``describe`` returns, made in a thread, or None if it takes longer than a second."""
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

    def _later(self, seconds: float, call: Callable[[], object]) -> Timer:
        # The clock may call on another thread.
        def wake() -> None:
            try:
                self._loop.call_soon_threadsafe(call)
            except RuntimeError:
                pass  # The loop is closed.

        timer = self._clock.call_later(seconds, wake)
        self._timers.append(timer)
        return timer


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()
