"""Start runs and drive them to completion; only the scheduler decides which nodes run, stop or are skipped.

It runs on the background loop; engines only run nodes.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock, NewId, random_id
from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines.attempt import Attempt, NodeResult
from kaizen_widgets.engines.dependencies import DependencyTracker
from kaizen_widgets.engines.engine import Engine
from kaizen_widgets.engines.event_log import EventLog
from kaizen_widgets.engines.local_engine import LocalEngine
from kaizen_widgets.engines.preflight import Plan, check
from kaizen_widgets.engines.preview import format_error
from kaizen_widgets.engines.run import Run
from kaizen_widgets.errors import NotRunnableError
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import (
    Context,
    Functions,
    Input,
    Registry,
    Routed,
    Work,
    default_registry,
)
from kaizen_widgets.nodes.iterators import collect
from kaizen_widgets.nodes.kind import agent_id_of_node

GRACE = 2.0
"""Seconds a node has to stop before it is abandoned."""


def start(
    graph: Graph,
    inputs: Mapping[str, Any] | None = None,
    *,
    loop: BackgroundLoop,
    functions: Functions | Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    engine: Engine | None = None,
    clock: Clock | None = None,
    new_id: NewId = random_id,
    grace: float = GRACE,
) -> Run:
    """Start a run and return its handle, without waiting.

    Args:
        graph: The pipeline.
        inputs: Input values by name; iterators among them are read into lists.
        loop: Loop that drives the run.
        functions: Functions that agents and connectors call; copied.
        registry: Node kinds; the seven built-in ones by default.
        engine: Engine that runs the nodes; this process by default.
        clock: Clock for times and time limits; the loop itself by default.
        new_id: Function that returns the run's id.
        grace: Seconds a node has to stop before it is abandoned.

    Raises:
        NotRunnableError: The pipeline cannot run; the message gives every reason.
    """
    given = {} if inputs is None else inputs
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise NotRunnableError('The inputs of a run are a dict by name: {"text": "..."}.')
    values = collect(dict(given))
    known = functions.copy() if isinstance(functions, Functions) else Functions(functions)
    plan = check(graph, registry or default_registry(), known)
    if engine is None:
        engine = LocalEngine() if loop.has_thread else LocalEngine(loops=None)
    scheduler = _Scheduler(plan, values, known, loop, engine, clock or loop, grace, new_id())
    return scheduler.start()


class _Scheduler:
    """Drives one run to completion.

    Args:
        plan: The pipeline, read by `check`.
        inputs: Input values by name.
        functions: Functions that nodes call.
        loop: Loop it runs on.
        engine: Engine that runs the nodes.
        clock: Clock for times and time limits.
        grace: Seconds a node has to stop before it is abandoned.
        run_id: Id of the run.
    """

    def __init__(
        self,
        plan: Plan,
        inputs: Mapping[str, Any],
        functions: Functions,
        loop: BackgroundLoop,
        engine: Engine,
        clock: Clock,
        grace: float,
        run_id: str,
    ) -> None:
        self._plan = plan
        self._inputs = inputs
        self._functions = functions
        self._loop = loop
        self._engine = engine
        self._clock = clock
        self._grace = grace
        self._log = EventLog(run_id, clock)
        self._run = Run(self._log, plan, inputs, loop, self._cancel)
        self._dependencies = DependencyTracker(plan)
        self._attempts: dict[str, Attempt] = {}
        self._began: dict[str, float] = {}
        self._is_cancelled = False
        self._has_ended = False

    def start(self) -> Run:
        """Start the run and return it."""
        labels = {node_id: node.label for node_id, node in self._run.nodes.items()}
        self._log.emit("run", state="running", data={"nodes": labels})
        driving = self._loop.start(self._drive())
        driving.future.add_done_callback(self._ensure_ended)
        return self._run

    def _cancel(self) -> None:
        """Ask everything to stop; from any thread."""
        if not self._is_cancelled and self._log.emit("run", state="cancelling"):
            self._is_cancelled = True
            self._loop.loop.call_soon_threadsafe(self._stop_all)

    def _stop_all(self) -> None:
        for attempt in list(self._attempts.values()):
            attempt.stop("cancel")

    async def _drive(self) -> None:
        try:
            await self._run_nodes()
        except GeneratorExit:
            raise  # The loop is closed, so nothing is left to stop.
        except BaseException:
            self._stop_all()
            raise  # `_ensure_ended` ends the run.
        for node_id in self._dependencies.remaining():
            self._end_node(node_id, NodeResult("cancelled", reason="not started"))
        self._end_run()

    async def _run_nodes(self) -> None:
        waiting: dict[asyncio.Task[NodeResult], str] = {}
        while True:
            free = 0 if self._is_cancelled else self._engine.max_parallel - len(waiting)
            for node_id in self._dependencies.take(free):
                waiting[self._begin(node_id)] = node_id
            if not waiting:
                break
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            # In the order they were started: a set has none, and events should not depend on it.
            for task in [task for task in waiting if task in done]:
                self._settle(waiting.pop(task), task.result())

    def _ensure_ended(self, driving: concurrent.futures.Future[None]) -> None:
        """End the run if its loop was lost, or if driving it failed because of a bug."""
        if self._has_ended:
            return
        error = driving.exception() if not driving.cancelled() else asyncio.CancelledError()
        _logger.error("Run %s was interrupted.", self._log.run_id, exc_info=error)
        message = "" if error is None else format_error(error)
        ended = self._clock.monotonic()
        for node_id in self._dependencies.remaining():
            result = NodeResult("failed", error=error, ended=ended, message=message)
            self._end_node(node_id, result)
        self._end_run()

    def _end_run(self) -> None:
        self._has_ended = True
        states = {node.status for node in self._run.nodes.values()}
        self._run._end(
            "cancelled"
            if "cancelled" in states
            else "failed"
            if "failed" in states
            else "completed"
        )

    def _begin(self, node_id: str) -> asyncio.Task[NodeResult]:
        planned = self._plan.steps[node_id]
        node = planned.node
        work = Work(
            node_id=node_id,
            label=node.label,
            kind=planned.kind,
            config=planned.config,
            inputs=tuple(
                Input(
                    edge.source,
                    self._run.nodes[edge.source].label,
                    self._run.nodes[edge.source].output,
                )
                for edge in self._dependencies.delivered(node_id)
            ),
            run_inputs=self._inputs,
            functions=self._functions,
            agent_id=agent_id_of_node(node),
            is_start=not self._plan.incoming[node_id],
        )
        ctx = Context(node_id, node.label, partial(self._report, node_id))
        self._run.nodes[node_id].status = "running"
        self._began[node_id] = self._clock.monotonic()
        self._log.emit("node", node=node_id, state="running", attempt=1)
        attempt = self._attempts[node_id] = Attempt(
            self._engine,
            work,
            ctx,
            self._clock,
            self._grace,
            uses_threads=self._loop.has_thread,
        )
        return asyncio.get_running_loop().create_task(attempt.result())

    def _settle(self, node_id: str, result: NodeResult) -> None:
        del self._attempts[node_id]
        outputs, route = None, ""
        if issubclass(type(result.output), Routed):
            outputs, route = result.output.outputs, result.output.route
        self._end_node(node_id, result)
        label = quoted(self._run.nodes[node_id].label)
        match result.state:
            case "completed":
                skipped = self._dependencies.completed(node_id, outputs, route)
            case "failed":
                skipped = self._dependencies.stopped(node_id, f"because {label} failed")
            case _:
                # The nodes behind it are cancelled with the run, not skipped.
                skipped = []
                self._dependencies.forget(node_id)
        for skip in skipped:
            self._end_node(skip.node_id, NodeResult("skipped", reason=skip.reason))

    def _end_node(self, node_id: str, result: NodeResult) -> None:
        """Record the end of a node; each has exactly one."""
        node = self._run.nodes[node_id]
        began = self._began.get(node_id)
        node.seconds = None if began is None else max(result.ended - began, 0.0)
        output, reason = result.output, result.reason
        if issubclass(type(output), Routed):
            reason = reason or f"took {quoted(output.route)}"
            output = output.value
        node._output, node.error, node.message, node.reason = (
            output,
            result.error,
            result.message,
            reason,
        )
        node.progress = 1.0 if result.state == "completed" else node.progress
        node.status = result.state
        data: dict[str, Any] = {"seconds": node.seconds}
        if result.state == "completed":
            data["preview"] = result.preview
        if result.error is not None:
            data["error"] = result.message
        if reason:
            data["reason"] = reason
        attempt = 0 if began is None else 1
        self._log.emit("node", node=node_id, state=result.state, attempt=attempt, data=data)

    def _report(self, node_id: str, kind: Any, data: Mapping[str, Any]) -> None:
        if self._log.emit(kind, node=node_id, attempt=1, data=data) and kind == "progress":
            self._run.nodes[node_id].progress = data["fraction"]


_logger = logging.getLogger("kaizen_widgets.engines")
