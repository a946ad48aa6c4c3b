"""Starts runs and takes them to their end: the one place that decides what runs, stops or is skipped.

It runs in the kernel, on the background loop; engines only run nodes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock, NewId, random_id
from kaizen_widgets.engines.attempt import Attempt, AttemptResult
from kaizen_widgets.engines.dependencies import DependencyTracker, Skip
from kaizen_widgets.engines.engine import Engine
from kaizen_widgets.engines.event_log import EventLog
from kaizen_widgets.engines.local_engine import LocalEngine
from kaizen_widgets.engines.preflight import Plan, check
from kaizen_widgets.engines.preview import preview, say
from kaizen_widgets.engines.run import NodeRun, NodeStatus, Run
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
from kaizen_widgets.nodes.agent import agent_id_of_node, quoted

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
    """Start a run and return its handle at once.

    Args:
        graph: The pipeline.
        inputs: What it works on, by name.
        loop: Where it runs.
        functions: The functions its agents and connectors call; a copy is taken.
        registry: The node kinds; the seven built-in ones by default.
        engine: What runs the nodes; this process by default.
        clock: Gives times and time limits; the loop's own by default.
        new_id: Gives the run's id.
        grace: Seconds a node has to stop before it is abandoned.

    Raises:
        NotRunnableError: It cannot run as it stands; the message names every reason.
    """
    given = {} if inputs is None else inputs
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise NotRunnableError('The inputs of a run are a dict by name: {"text": "..."}.')
    known = functions.copy() if isinstance(functions, Functions) else Functions(functions)
    plan = check(graph, registry or default_registry(), known)
    the_clock = clock or loop
    log = EventLog(new_id(), the_clock)
    scheduler = _Scheduler(plan, dict(given), known, engine or LocalEngine(), the_clock, grace, log)
    run = scheduler.run = Run(log, plan, given, loop, partial(scheduler.cancel, loop))
    labels = {node_id: node.label for node_id, node in run.nodes.items()}
    log.emit("run", state="running", data={"nodes": labels})
    loop.start(scheduler.drive())
    return run


@dataclass
class _Scheduler:
    plan: Plan
    inputs: Mapping[str, Any]
    functions: Functions
    engine: Engine
    clock: Clock
    grace: float
    log: EventLog
    run: Run = field(init=False)
    cancelled: bool = False
    attempts: dict[str, Attempt] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schedule = DependencyTracker(self.plan)

    def cancel(self, loop: BackgroundLoop) -> None:
        """Ask everything to stop; from any thread."""
        if not self.cancelled and self.log.emit("run", state="cancelling"):
            self.cancelled = True
            loop.loop.call_soon_threadsafe(self._stop_all)

    async def drive(self) -> None:
        """Take the run to its end, whatever happens."""
        try:
            await self._drive()
        except BaseException as error:
            # A bug of ours, or the loop being torn down: say so and leave nothing open.
            _log.exception("Run %s broke off.", self.log.run_id)
            self._stop_all()
            for node_id in self.schedule.remaining():
                self._end(node_id, "failed", error=error)
            raise
        finally:
            states = {node.status for node in self.run.nodes.values()}
            self.run._end(
                "cancelled"
                if "cancelled" in states
                else "failed"
                if "failed" in states
                else "completed"
            )

    async def _drive(self) -> None:
        waiting: dict[asyncio.Task[AttemptResult], str] = {}
        while True:
            free = 0 if self.cancelled else self.engine.max_parallel - len(waiting)
            for node_id in self.schedule.take(free):
                waiting[self._begin(node_id)] = node_id
            if not waiting:
                break
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            # In the order they were started: a set has none, and events should not depend on it.
            for task in [task for task in waiting if task in done]:
                self._settle(waiting.pop(task), task.result())
        for node_id in self.schedule.remaining():
            self._end(node_id, "cancelled", reason="not started")

    def _begin(self, node_id: str) -> asyncio.Task[AttemptResult]:
        step = self.plan.steps[node_id]
        node = step.node
        work = Work(
            node_id=node_id,
            label=node.label,
            kind=step.kind,
            config=step.config,
            inputs=tuple(
                Input(
                    edge.source,
                    self.run.nodes[edge.source].label,
                    self.run.nodes[edge.source].output,
                )
                for edge in self.schedule.delivered(node_id)
            ),
            run_inputs=self.inputs,
            functions=self.functions,
            agent_id=agent_id_of_node(node),
            is_start=not self.plan.incoming[node_id],
        )
        ctx = Context(node_id, node.label, partial(self._say, node_id))
        self.run.nodes[node_id].status = "running"
        self.began[node_id] = self.clock.monotonic()
        self.log.emit("node", node=node_id, state="running", attempt=1)
        attempt = self.attempts[node_id] = Attempt(self.engine, work, ctx, self.clock, self.grace)
        return asyncio.get_running_loop().create_task(attempt.outcome())

    def _settle(self, node_id: str, outcome: AttemptResult) -> None:
        del self.attempts[node_id]
        output, outputs, route = outcome.output, None, ""
        if isinstance(output, Routed):
            output, outputs, route = output.value, output.outputs, output.route
        self._end(
            node_id,
            outcome.state,
            output=output,
            error=outcome.error,
            reason=outcome.reason or (f"took {quoted(route)}" if route else ""),
        )
        label = quoted(self.run.nodes[node_id].label)
        match outcome.state:
            case "completed":
                skipped = self.schedule.completed(node_id, outputs, route)
            case "failed":
                skipped = self.schedule.stopped(node_id, f"because {label} failed")
            case _:
                # What lies behind is cancelled with the run, not skipped.
                skipped = []
                self.schedule.forget(node_id)
        self._skip(skipped)

    def _skip(self, skipped: list[Skip]) -> None:
        for skip in skipped:
            self._end(skip.node_id, "skipped", reason=skip.reason)

    def _end(
        self,
        node_id: str,
        state: NodeStatus,
        *,
        output: Any = None,
        error: BaseException | None = None,
        reason: str = "",
    ) -> None:
        """Give a node its one end."""
        node: NodeRun = self.run.nodes[node_id]
        began = self.began.get(node_id)
        node.seconds = None if began is None else max(self.clock.monotonic() - began, 0.0)
        node._output, node.error, node.reason = output, error, reason
        node.progress = 1.0 if state == "completed" else node.progress
        node.status = state
        data: dict[str, Any] = {"seconds": node.seconds}
        if state == "completed":
            data["preview"] = preview(output)
        if error is not None:
            data["error"] = say(error)
        if reason:
            data["reason"] = reason
        attempt = 0 if began is None else 1
        self.log.emit("node", node=node_id, state=state, attempt=attempt, data=data)

    def _say(self, node_id: str, kind: Any, data: Mapping[str, Any]) -> None:
        if self.log.emit(kind, node=node_id, attempt=1, data=data) and kind == "progress":
            self.run.nodes[node_id].progress = data["fraction"]

    def _stop_all(self) -> None:
        for attempt in list(self.attempts.values()):
            attempt.stop("cancel")


_log = logging.getLogger("kaizen_widgets.engines")
