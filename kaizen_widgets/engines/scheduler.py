"""Start runs and drive them to completion; only the scheduler decides which nodes run, stop or are skipped.

It runs on the background loop; engines only run nodes.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import math
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock, NewId, Timer, random_id
from kaizen_widgets.core.text import quoted
from kaizen_widgets.displays.error_text import format_error
from kaizen_widgets.displays.sentences import quick_sentence
from kaizen_widgets.engines.attempt import Attempt, NodeResult
from kaizen_widgets.engines.dependencies import DependencyTracker, Progress
from kaizen_widgets.engines.engine import Engine
from kaizen_widgets.engines.event_log import EventLog
from kaizen_widgets.engines.local_engine import LocalEngine
from kaizen_widgets.engines.preflight import Plan, check, output_of
from kaizen_widgets.engines.run import Continuation, Run
from kaizen_widgets.engines.waiting_nodes import WaitingNodes
from kaizen_widgets.errors import BudgetError, NotRunnableError
from kaizen_widgets.graph import Edge, Graph
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
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.nodes.node_policy import MAX_DELAY
from kaizen_widgets.nodes.values import join_inputs

BUDGET_USED_UP = "the budget of the run for models is used up"
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
    time_limit: float | None = None,
    is_attended: Callable[[], bool] = lambda: True,
    plan: Plan | None = None,
    continued_by: Continuation | None = None,
) -> Run:
    """Start a run and return its handle, without waiting.

    Args:
        graph: The pipeline.
        inputs: Input values by name; iterators among them are read into lists.
        loop: Loop that drives the run.
        functions: Functions that agents and connectors call; copied.
        registry: Node kinds; the built-in ones by default.
        engine: Engine that runs the nodes; this process by default.
        clock: Clock for times and time limits; the loop itself by default.
        new_id: Function that returns the run's id; the pauses between attempts are random by this id, so a
            run with the same id makes the same pauses.
        grace: Seconds a node has to stop before it is abandoned.
        time_limit: Seconds after which the run is stopped and fails; None for no limit.
        is_attended: Returns whether a person may answer what nodes ask; see `Questions`.
        plan: The part of the pipeline to run, read by `check`; by default the whole.
        continued_by: What runs it again; see `Run.rerun`.

    Raises:
        NotRunnableError: The pipeline cannot run; the message gives every reason.
    """
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise NotRunnableError(
            f"The time limit of a run is a number of seconds above 0, not {time_limit!r}."
        )
    given = {} if inputs is None else inputs
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise NotRunnableError('The inputs of a run are a dict by name: {"text": "..."}.')
    values = collect(dict(given))
    known = functions.copy() if isinstance(functions, Functions) else Functions(functions)
    plan = plan or check(graph, registry or default_registry(), known)
    if engine is None:
        engine = LocalEngine() if loop.has_thread else LocalEngine(loops=None)
    scheduler = _Scheduler(
        plan, values, known, loop, engine, clock or loop, grace, new_id(), is_attended
    )
    scheduler._run._continuation = continued_by
    return scheduler.start(time_limit)


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
        is_attended: Returns whether a person may answer.
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
        is_attended: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._inputs = inputs
        self._functions = functions
        self._loop = loop
        self._engine = engine
        self._clock = clock
        self._grace = grace
        self._log = EventLog(run_id, clock)
        self._wake = asyncio.Event()
        self._waiting = WaitingNodes(self._attempt_of, self._call_soon, self._wake.set)
        self._run = Run(self._log, plan, inputs, loop, self._cancel, is_attended, self._waiting)
        self._dependencies = DependencyTracker(plan)
        self._attempts: dict[str, Attempt] = {}
        """Attempts under way, in the order they were started."""
        self._pauses: dict[str, Timer] = {}
        """Timers of the nodes that failed and are tried again."""
        self._begun: dict[str, int] = {}
        """How often each node was begun."""
        self._failures: dict[str, int] = {}
        """How many attempts of each node failed in a row."""
        self._random: dict[str, random.Random] = {}
        self._began: dict[str, float] = {}
        self._spent: dict[str, float] = {}
        self._subflows: dict[str, list[str]] = {}
        """Node to the subflows around it, the outer ones first."""
        for key, subflow in plan.subflows.items():
            for member in subflow.members:
                self._subflows.setdefault(member, []).append(key)
        self._members_left = {key: len(one.members) for key, one in plan.subflows.items()}
        self._results: dict[str, NodeResult] = {}
        """How nodes ended whose state is not final yet."""
        self._ended: dict[str, NodeResult] = {}
        """Results of attempts that have ended since the run was last driven."""
        self._is_driven = False
        self._failure: BaseException | None = None
        """What was raised while an attempt's end was settled, for where the run is driven."""
        self._time_limit: Timer | None = None
        self._is_stopping = False
        self._has_ended = False
        self._counting = threading.Lock()

    def start(self, time_limit: float | None) -> Run:
        """Start the run and return it.

        Args:
            time_limit: Seconds after which it is stopped, or None.
        """
        labels = {node_id: node.label for node_id, node in self._run.nodes.items()}
        self._log.emit("run", state="running", data={"nodes": labels})
        if time_limit is not None:
            reason = f"the run took longer than {time_limit:g} s"
            self._time_limit = self._clock.call_later(time_limit, partial(self.stop, reason))
        driving = self._loop.start(self._drive())
        driving.future.add_done_callback(self._ensure_ended)
        return self._run

    def stop(self, reason: str) -> None:
        """Stop the run at a limit, from any thread: it fails.

        Args:
            reason: Why, as a clause: "the run took longer than 5 s".
        """
        self._call_soon(partial(self._stop_at_limit, reason))

    def _cancel(self) -> None:
        """Ask everything to stop; from any thread."""
        if not self._is_stopping and self._log.emit("run", state="cancelling"):
            self._is_stopping = True
            self._call_soon(self._stop_all)

    def _stop_all(self) -> None:
        for attempt in list(self._attempts.values()):
            attempt.stop("cancel")
        self._end_pauses()

    def _stop_at_limit(self, reason: str) -> None:
        if self._is_stopping or self._has_ended:
            return
        self._is_stopping = True
        self._run.reason = reason
        for attempt in list(self._attempts.values()):
            attempt.stop("run", reason)
        self._end_pauses()

    def _end_pauses(self) -> None:
        for timer in self._pauses.values():
            timer.cancel()
        self._pauses.clear()
        self._wake.set()

    def _call_soon(self, call: Any) -> None:
        try:
            self._loop.loop.call_soon_threadsafe(call)
        except RuntimeError:
            pass  # The loop is closed.

    async def _drive(self) -> None:
        try:
            await self._run_nodes()
        except GeneratorExit:
            raise  # The loop is closed, so nothing is left to stop.
        except BaseException:
            self._stop_all()
            raise  # `_ensure_ended` ends the run.
        for node_id in self._dependencies.remaining():
            self._end_node(node_id, self._left(node_id))
        self._end_run()

    def _left(self, node_id: str) -> NodeResult:
        """Return how a node ends that has not ended when its run was stopped."""
        has_begun = node_id in self._begun
        if self._run.reason:
            return NodeResult("skipped", reason=f"because {self._run.reason}")
        return NodeResult("cancelled", reason="stopped" if has_begun else "not started")

    async def _run_nodes(self) -> None:
        self._begin_ready()
        self._is_driven = True
        try:
            while self._attempts or self._pauses:
                await self._wake.wait()
                self._wake.clear()
                if self._failure is not None:
                    raise self._failure
                self._settle_ended()
        finally:
            self._is_driven = False

    def _settle_ended(self) -> None:
        """Settle the attempts that have ended, and begin what may start then."""
        ended, self._ended = self._ended, {}
        # In the order they were started: events should not depend on which task ended first.
        for node_id in [one for one in self._attempts if one in ended]:
            self._settle(node_id, ended[node_id])
        self._begin_ready()

    def _attempt_ended(self, node_id: str, result: NodeResult) -> None:
        self._ended[node_id] = result
        if self._is_driven and len(self._attempts) == 1 and not self._wake.is_set():
            # The only one: its end is settled here, which saves a chain a turn of the loop for each node.
            try:
                self._settle_ended()
            except BaseException as error:
                self._failure = error  # Raised where the run is driven.
            if self._failure is None and (self._attempts or self._pauses):
                return
        self._wake.set()

    def _begin_ready(self) -> None:
        while (
            not self._is_stopping
            and len(self._attempts) - len(self._waiting) < self._engine.max_parallel
        ):
            if self._waiting.go_on():
                continue
            for node_id in self._dependencies.take(1):
                if self._plan.steps[node_id].policy.muted:
                    self._pass_through(node_id)
                else:
                    self._begin(node_id)
                break
            else:
                return

    def _attempt_of(self, node_id: str, attempt: int) -> Attempt | None:
        """Return an attempt if it is under way."""
        return self._attempts.get(node_id) if self._begun.get(node_id) == attempt else None

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
        # The run has them, and may drop them.
        self._results.clear()
        self._inputs = {}
        if self._time_limit is not None:
            self._time_limit.cancel()
        states = {node.status for node in self._run.nodes.values()}
        self._run._end(
            "cancelled"
            if "cancelled" in states
            else "failed"
            if "failed" in states or self._run.reason
            else "completed"
        )

    def _begin(self, node_id: str) -> None:
        planned = self._plan.steps[node_id]
        node = self._run.nodes[node_id]
        edges = self._dependencies.delivered(node_id)
        work = Work(
            node_id=node_id,
            label=node.label,
            kind=planned.kind,
            config=planned.config,
            inputs=self._inputs_by(edges),
            run_inputs=self._inputs,
            functions=self._functions,
            agent_id=agent_id_of_node(planned.node),
            is_start=not edges,
        )
        attempt = self._begun[node_id] = self._begun.get(node_id, 0) + 1
        ctx = Context(
            node_id,
            node.label,
            partial(self._report, node_id, attempt),
            partial(self._run._questions.ask, node_id, attempt),
        )
        node._begin(work)
        self._began[node_id] = self._clock.monotonic()
        self._begin_subflows(node_id)
        iteration = self._dependencies.iteration(node_id)
        data = {"iteration": iteration} if iteration else None
        self._log.emit("node", node=node_id, state="running", attempt=attempt, data=data)
        self._attempts[node_id] = Attempt(
            self._engine,
            work,
            ctx,
            self._clock,
            self._grace,
            partial(self._attempt_ended, node_id),
            time_limit=planned.time_limit,
            counts_waiting=planned.counts_waiting,
            uses_threads=self._loop.has_thread,
        )

    def _inputs_by(self, edges: list[Edge]) -> tuple[Input, ...]:
        if not edges:
            return ()
        names = [self._name_inside(edge.source) for edge in edges]
        count = Counter(names) if len(names) > 1 else dict.fromkeys(names, 1)
        return tuple(
            Input(
                name if count[name] == 1 else edge.source,
                self._run.nodes[edge.source].label,
                _passed_on(self._results[edge.source].output),
                edge.target_handle or "",
            )
            if edge.source not in self._plan.divided
            else self._input_of_part(edge, name)
            for edge, name in zip(edges, names, strict=True)
        )

    def _input_of_part(self, edge: Edge, name: str) -> Input:
        """Return what one of a node's several outputs brings, as a value of its own."""
        output = output_of(edge)
        kind = self._plan.steps[edge.source].kind
        label = f"{self._run.nodes[edge.source].label}.{output}"
        value = kind.value_at(output, _passed_on(self._results[edge.source].output))
        return Input(f"{name}.{output}", label, value, edge.target_handle or "")

    def _name_inside(self, node_id: str) -> str:
        """Return the id a node has in its subflow: values are named by it, in a subflow or not."""
        around = self._subflows.get(node_id)
        return node_id.removeprefix(f"{around[-1]}/") if around else node_id

    def _pass_through(self, node_id: str) -> None:
        """Complete a muted node with what arrived."""
        edges = self._dependencies.delivered(node_id)
        value = join_inputs(self._inputs_by(edges)) if edges else dict(self._inputs)
        preview = quick_sentence(value) or type(value).__name__
        now = self._clock.monotonic()
        self._settle(
            node_id,
            NodeResult("completed", output=value, reason="muted", ended=now, preview=preview),
        )

    def _settle(self, node_id: str, result: NodeResult) -> None:
        if self._attempts.pop(node_id, None) is not None:
            self._waiting.forget((node_id, self._begun[node_id]))
            spent = max(result.ended - self._began[node_id], 0.0)
            self._spent[node_id] = self._spent.get(node_id, 0.0) + spent
        if result.state == "failed" and self._is_tried_again(node_id, result):
            return
        if isinstance(result.error, BudgetError):
            self._stop_at_limit(BUDGET_USED_UP)
        self._failures.pop(node_id, None)
        self._results[node_id] = result
        match result.state:
            case "completed":
                outputs, route = None, ""
                if issubclass(type(result.output), Routed):
                    outputs, route = result.output.outputs, result.output.route
                self._follow(self._dependencies.completed(node_id, outputs, route))
            case "failed":
                label = quoted(self._run.nodes[node_id].label)
                reason = f"because {self._run.reason or f'{label} failed'}"
                self._follow(self._dependencies.stopped(node_id, reason))
            case _:
                # The nodes behind it are cancelled with the run, not skipped.
                self._dependencies.forget(node_id)
                self._end_node(node_id, result)

    def _follow(self, progress: Progress) -> None:
        """Record what follows from the end of a node."""
        for skip in progress.skipped:
            self._results[skip.node_id] = NodeResult("skipped", reason=skip.reason)
        for node_id in progress.ended:
            self._end_node(node_id, self._results[node_id])
        for node_id in progress.waiting:
            result = self._results[node_id]
            if result.state == "skipped":
                continue
            self._run.nodes[node_id].status = "pending"
            data: dict[str, Any] = {"iteration": self._dependencies.iteration(node_id)}
            if any(node_id in loop.body for loop in progress.repeated):
                data["iteration"] -= 1  # The next one has been counted.
            data |= {"error": result.message} if result.error else {"preview": result.preview}
            attempt = self._begun.get(node_id, 0)
            self._log.emit("node", node=node_id, state="iterated", attempt=attempt, data=data)

    def _is_tried_again(self, node_id: str, result: NodeResult) -> bool:
        """Begin the pause before a node's next attempt, if it has one and it may help."""
        policy = self._plan.steps[node_id].policy
        failures = self._failures.get(node_id, 0) + 1
        # A call that was abandoned may still be under way: a second one could do its work twice.
        was_abandoned = bool(result.reason)
        helps = getattr(result.error, "is_retryable", True) is not False
        if self._is_stopping or failures > policy.retries or was_abandoned or not helps:
            return False
        self._failures[node_id] = failures
        if node_id not in self._random:
            # Chance has no part in what a run with this id does. Not for secrets.
            self._random[node_id] = random.Random(f"{self._log.run_id}/{node_id}")  # noqa: S311
        asked = getattr(result.error, "retry_after", None)
        delay = policy.pause(failures, self._random[node_id].random())
        if isinstance(asked, int | float) and 0 < asked <= MAX_DELAY:
            delay = max(delay, asked)
        self._log.emit(
            "node",
            node=node_id,
            state="retrying",
            attempt=self._begun[node_id],
            data={"error": result.message, "delay": delay},
        )
        self._pauses[node_id] = self._clock.call_later(
            delay, partial(self._call_soon, partial(self._end_pause, node_id))
        )
        return True

    def _end_pause(self, node_id: str) -> None:
        if self._pauses.pop(node_id, None) is not None:
            self._dependencies.retry(node_id)
            self._wake.set()

    def _end_node(self, node_id: str, result: NodeResult, taken: list[str] | None = None) -> None:
        """Record the end of a node; each has exactly one. ``taken``: its outputs, if not all gave a value."""
        node = self._run.nodes[node_id]
        node.seconds = self._spent.get(node_id)
        output, reason = result.output, result.reason
        if issubclass(type(output), Routed):
            reason = reason or f"took {quoted(output.route)}"
            taken = sorted(output.outputs)
            output = output.value
        node._outputs = None if taken is None else frozenset(taken)
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
        if taken is not None:
            data["outputs"] = taken
        attempt = self._begun.get(node_id, 0)
        self._log.emit("node", node=node_id, state=result.state, attempt=attempt, data=data)
        for subflow_id in reversed(self._subflows.get(node_id, ())):
            self._members_left[subflow_id] -= 1
            if not self._members_left[subflow_id]:
                self._end_subflow(subflow_id)

    def _begin_subflows(self, node_id: str) -> None:
        """Show the subflows around a node that begins as running."""
        for subflow_id in self._subflows.get(node_id, ()):
            subflow = self._run.nodes[subflow_id]
            if subflow.status == "pending":
                subflow.status = "running"
                self._begun[subflow_id] = 1
                self._began[subflow_id] = self._clock.monotonic()
                self._log.emit("node", node=subflow_id, state="running", attempt=1)

    def _end_subflow(self, subflow_id: str) -> None:
        """End a subflow all of whose nodes have ended: as they did."""
        planned = self._plan.subflows[subflow_id]
        members = [self._run.nodes[member] for member in planned.members]
        taken: list[str] | None = None
        now = self._clock.monotonic()
        if subflow_id in self._began:
            self._spent[subflow_id] = now - self._began[subflow_id]
        for state in ("cancelled", "failed"):
            first = next((node for node in members if node.status == state), None)
            if first is not None:
                message = f"{quoted(first.label)} failed: {first.message}" if first.error else ""
                result = NodeResult(
                    state, error=first.error, reason=first.reason, ended=now, message=message
                )
                break
        else:
            if all(node.status == "skipped" for node in members):
                result = NodeResult("skipped", reason=members[0].reason)
            else:
                given = {
                    name: self._value_at(node_id, output)
                    for name, node_id, output in planned.outputs
                    if self._left_by(node_id, output)
                }
                if len(given) < len(planned.outputs):
                    taken = sorted(given)
                one = len(planned.outputs) == 1 and given
                value = next(iter(given.values())) if one else given or None
                preview = quick_sentence(value) or type(value).__name__
                result = NodeResult("completed", output=value, ended=now, preview=preview)
        self._end_node(subflow_id, result, taken)

    def _left_by(self, node_id: str, output: str) -> bool:
        """Return whether the value of a node inside a subflow left by one of its outputs."""
        node = self._run.nodes[node_id]
        if node.status != "completed":
            return False
        if node._outputs is None or output in node._outputs:
            return True
        # A port that names no output of its node gives whatever the node gives.
        step = self._plan.steps.get(node_id)
        known = step.kind.outputs(step.config) if step is not None else None
        return output not in (known or self._run.output_ids(node_id))

    def _value_at(self, node_id: str, output: str) -> Any:
        """Return what one of the outputs of a node inside a subflow gave."""
        value = self._run.nodes[node_id]._output
        is_part = output in self._run.output_ids(node_id) and isinstance(value, Mapping)
        return value[output] if is_part and output in value else value

    def _report(self, node_id: str, attempt: int, kind: Any, data: Mapping[str, Any]) -> None:
        if self._begun.get(node_id) != attempt:
            return  # An earlier attempt, whose thread still runs.
        node = self._run.nodes[node_id]
        if kind == "usage":
            with self._counting:  # Calls of one node may end at the same time in several threads.
                node.usage += ModelUsage.from_json(data)
                data = node.usage.to_json()
        if not self._log.emit(kind, node=node_id, attempt=attempt, data=data):
            return
        if kind == "progress":
            node.progress = data["fraction"]
        elif kind == "text":
            node.text = data["text"]
        elif kind == "cached":
            node.origin = data["origin"]


def _passed_on(output: Any) -> Any:
    return output.value if issubclass(type(output), Routed) else output


_logger = logging.getLogger("kaizen_widgets.engines")
