"""The handle of a run, shared by the user, the store and the canvas: watch, wait for, cancel and read it.

Safe from any thread. The run continues while nothing watches it; interrupting a `wait` does not stop it,
`cancel` does.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.text import quoted
from kaizen_widgets.displays.sentences import quick_sentence
from kaizen_widgets.displays.waterfall_plot import WaterfallPlot
from kaizen_widgets.engines.edge_value import EdgeValue
from kaizen_widgets.engines.event_log import Event, EventLog, Listener
from kaizen_widgets.engines.preflight import Plan, output_of
from kaizen_widgets.engines.questions import Question, Questions
from kaizen_widgets.engines.run_comparison import RunComparison
from kaizen_widgets.engines.run_display import run_html, waterfall_bars
from kaizen_widgets.engines.run_frame import frame_of
from kaizen_widgets.engines.run_stream import stream
from kaizen_widgets.engines.waiting_nodes import WaitingNodes
from kaizen_widgets.errors import (
    NodeFailedError,
    RunCancelledError,
    RunError,
    UnknownEdgeError,
    UnknownNodeError,
)
from kaizen_widgets.nodes import Work
from kaizen_widgets.nodes.approval_answer import ApprovalAnswer
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.nodes.values import Input

RunStatus = Literal["running", "completed", "failed", "cancelled"]
NodeStatus = Literal["pending", "running", "waiting", "completed", "failed", "cancelled", "skipped"]
UNCHANGED: Any = object()
"""Stands for the value that arrived, in `NodeRun.approve`."""


class NodeRun:
    """One node of a run.

    Attributes:
        status: Its state, such as ``running``; ``waiting`` while it asks a person.
        origin: Where its output comes from: ``cached`` or ``pinned``; empty if this run made it.
        error: The error it raised, or None.
        message: The error as short text, or empty.
        reason: Why it was skipped or how it was stopped, or empty.
        seconds: How long it ran, or None while it has not ended or if it never began.
        progress: From 0 to 1, as the node reported.
        text: The newest 2,000 characters of the text it has streamed so far, or empty.
        usage: What its requests to models used, all attempts included.
    """

    def __init__(self, node_id: str, label: str, log: EventLog) -> None:
        self.id = node_id
        self.label = label
        self.status: NodeStatus = "pending"
        self.origin: Literal["", "cached", "pinned"] = ""
        self.error: BaseException | None = None
        self.message = ""
        self.reason = ""
        self.seconds: float | None = None
        self.progress = 0.0
        self.text = ""
        self.usage = ModelUsage()
        self._log = log
        self._output: Any = None
        self._has_values = True
        self._outputs: frozenset[str] | None = None
        """Ids of the outputs its value left by; None for all."""
        self._inputs: tuple[Input, ...] | None = None
        self._run_inputs: Mapping[str, Any] | None = None
        self._questions: Questions | None = None

    @property
    def inputs(self) -> dict[str, Any]:
        """What arrived, by the label of the node it comes from (by id where two have the same label).

        The run's inputs for a node at the start. The objects themselves, not copies; of a node that ran
        several times, those of the last time.

        Raises:
            RunError: It has not begun, or never did.
        """
        if not self._has_values:
            raise _dropped(self.id)
        if self._inputs is None:
            why = f"it was skipped {self.reason}" if self.status == "skipped" else self.status
            raise RunError(f"Nothing has arrived at {quoted(self.label)}: {why}.", node_id=self.id)
        if self._run_inputs is not None:
            return dict(self._run_inputs)
        count = Counter(one.label for one in self._inputs)
        return {
            (one.label if count[one.label] == 1 else one.source): one.value for one in self._inputs
        }

    @property
    def output(self) -> Any:
        """Its output.

        Raises:
            NodeFailedError: It failed; the cause is the error it raised.
            RunError: It has no output (yet); the message says why.
        """
        match self.status:
            case "completed" if not self._has_values:
                raise _dropped(self.id)
            case "completed":
                return self._output
            case "failed" if self.error is not None:
                raise failure(self) from self.error
            case "pending" | "running" | "waiting":
                why = f"it is {self.status}; wait for the run with run.wait()"
            case _:
                why = f"it was {self.status}" + (f": {self.reason}" if self.reason else "")
        raise RunError(f"{quoted(self.label)} has no output: {why}.", node_id=self.id)

    @property
    def has_value(self) -> bool:
        """Whether it completed, and its output is still kept; see `Run.has_values`."""
        return self.status == "completed" and self._has_values

    @property
    def logs(self) -> tuple[str, ...]:
        """Lines it printed and logged, among those the run keeps."""
        events = self._log.events()
        return tuple(e.data["text"] for e in events if e.kind == "log" and e.node == self.id)

    def _drop_values(self) -> None:
        if self._has_values and self.status == "completed":
            # What is still known of it, for tables.
            self.message = quick_sentence(self._output) or type(self._output).__name__
        self._has_values = False
        self._output = self._run_inputs = None
        self._inputs = None if self._inputs is None else ()
        self.text = ""

    def _begin(self, work: Work) -> None:
        self.status, self.origin = "running", ""
        self._inputs = work.inputs
        self._run_inputs = work.run_inputs if work.is_start else None

    # -- approval

    @property
    def question(self) -> Question | None:
        """What it asks a person, or None."""
        return None if self._questions is None else self._questions.of(self.id)

    def approve(self, value: Any = UNCHANGED, *, reason: str = "") -> None:
        """Answer its question with yes.

        Args:
            value: Value to go on with in place of the one that was shown. For a tool of an agent a dict of
                its arguments.
            reason: A note for the run's log.

        Raises:
            RunError: It asks nothing.
        """
        has_value = value is not UNCHANGED
        self._answer(ApprovalAnswer(True, value if has_value else None, has_value, reason))

    def reject(self, reason: str = "") -> None:
        """Answer its question with no.

        Args:
            reason: A note for the run's log; an agent whose tool is rejected reads it.

        Raises:
            RunError: It asks nothing.
        """
        self._answer(ApprovalAnswer(False, reason=reason))

    def _answer(self, answer: ApprovalAnswer) -> None:
        if self._questions is None:
            raise RunError(f"{quoted(self.label)} asks nothing.", node_id=self.id)
        self._questions.answer(self.id, answer)

    def __repr__(self) -> str:
        return f"NodeRun({self.label!r}, {self.status})"


def failure(node: NodeRun) -> NodeFailedError:
    """Return the error to raise for a failed node."""
    reason = node.message or node.reason
    return NodeFailedError(f"{quoted(node.label)} failed: {reason}", node_id=node.id)


def _dropped(node_id: str | None = None) -> RunError:
    return RunError(
        "The values of this run were dropped, as the last runs together held more than the kernel keeps "
        "(studio.runs.max_bytes): run it again.",
        node_id=node_id,
    )


class Continuation(Protocol):
    """What runs a pipeline again on what an earlier run gave."""

    def rerun(
        self,
        run: Run,
        from_: str | Iterable[str] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        repeat: bool = False,
    ) -> Run:
        """Run it again; see `Run.rerun`."""
        ...

    def plan_rerun(self, run: Run, from_: str | Iterable[str] | None = None) -> Any:
        """Return what that would do; see `Run.plan`."""
        ...


class Run:
    """One run of one pipeline, returned by `start`.

    ``run.wait()`` blocks and ``await run`` does not; both return the run once it has ended, even if it
    failed. ``run["Billing"]`` is a node by its id or label.

    Attributes:
        id: Its id.
        graph: The pipeline.
        status: Its state.
        nodes: Its nodes by id; those in the subflow ``s`` have ids like ``s/writer``.
        reason: Why it was stopped before its end (a time limit, for example), or empty.
    """

    def __init__(
        self,
        log: EventLog,
        plan: Plan,
        inputs: Mapping[str, Any],
        loop: BackgroundLoop,
        cancel: Callable[[], object],
        is_attended: Callable[[], bool],
        waiting: WaitingNodes,
    ) -> None:
        self.id = log.run_id
        self.graph = plan.source
        self._inputs: dict[str, Any] | None = dict(inputs)
        self.status: RunStatus = "running"
        self.reason = ""
        self.nodes: dict[str, NodeRun] = {
            node_id: NodeRun(node_id, step.node.label, log) for node_id, step in plan.steps.items()
        }
        self.nodes |= {key: NodeRun(key, one.label, log) for key, one in plan.subflows.items()}
        self._questions = Questions(log, self.nodes, is_attended, waiting)
        for node in self.nodes.values():
            node._questions = self._questions
        self._count = Counter(node.label for node in self.nodes.values())
        self._plan = plan
        self._log = log
        self._loop = loop
        self._cancel = cancel
        self._continuation: Continuation | None = None
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()

    # -- reading

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs it was started with.

        Raises:
            RunError: They were dropped; see `has_values`.
        """
        if self._inputs is None:
            raise _dropped()
        return self._inputs

    @property
    def has_values(self) -> bool:
        """Whether its inputs and outputs are still kept; those of old runs are dropped if too large."""
        return self._inputs is not None

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, with whatever result."""
        return self.status != "running"

    @property
    def started(self) -> datetime:
        """When it was started, in UTC."""
        return self._log.events(0, 1)[0].ts

    @property
    def seconds(self) -> float | None:
        """How long it took, or None while it has not ended."""
        if not self.has_ended:
            return None
        events = self._log.events()
        return (events[-1].ts - events[0].ts).total_seconds()

    @property
    def state(self) -> dict[str, NodeStatus]:
        """The state of each node, by label (by id where two have the same label)."""
        return {self._name(node): node.status for node in self.nodes.values()}

    @property
    def results(self) -> dict[str, Any]:
        """The output of each completed node, by label (by id where two have the same label)."""
        done = [node for node in self.nodes.values() if node.status == "completed"]
        return {self._name(node): node.output for node in done}

    @property
    def usage(self) -> ModelUsage:
        """What the requests of all nodes to models used so far."""
        return sum((node.usage for node in self.nodes.values()), ModelUsage())

    @property
    def result(self) -> Any:
        """The value that arrived at the output node, or a dict by label when there are several.

        Without an output node, the output of the last nodes. None when no branch led there.

        Raises:
            NodeFailedError: A node failed; the cause is its error. ``results`` has the outputs of the others.
            RunCancelledError: The run was cancelled.
            RunError: The run has not ended, or was stopped at a limit.
        """
        match self.status:
            case "running":
                raise RunError("The run has not ended: run.wait() waits for it.")
            case "cancelled":
                raise RunCancelledError(
                    "The run was cancelled; run.results has the outputs of the nodes that completed."
                )
            case "failed":
                failed = [node for node in self.nodes.values() if node.status == "failed"]
                if self.reason or not failed:
                    raise RunError(f"The run was stopped: {self.reason}.")
                raise failure(failed[0]) from failed[0].error
        return self._result()

    @property
    def ends(self) -> tuple[str, ...]:
        """Ids of the nodes whose output is the result: output nodes, or else those that no edge leaves."""
        return self._plan.ends

    def output_ids(self, node_id: str) -> tuple[str, ...]:
        """Return the ids of a subflow's outputs, each with a value of its own; empty for other nodes."""
        subflow = self._plan.subflows.get(node_id)
        return tuple(name for name, *_ in subflow.outputs) if subflow is not None else ()

    def parts_of(self, node_id: str) -> dict[str, Any]:
        """Return what each of a completed node's outputs gave, by its id; empty where all give the same.

        Raises:
            NodeFailedError: It failed.
            RunError: It has no output (yet).
        """
        value = self.nodes[node_id].output
        if node_id in self._plan.divided:
            step = self._plan.steps[node_id]
            names = sorted(step.kind.outputs(step.config) or ())
            return {name: step.kind.value_at(name, value) for name in names}
        names = self.output_ids(node_id)
        if len(names) < 2 or not isinstance(value, Mapping):
            return {}
        return {name: value[name] for name in names if name in value}

    def __getitem__(self, key: str) -> NodeRun:
        """Return a node by its id, else by its label.

        Raises:
            UnknownNodeError: No node has this name, or more than one.
        """
        if key in self.nodes:
            return self.nodes[key]
        named = [node for node in self.nodes.values() if node.label == key]
        if len(named) == 1:
            return named[0]
        if named:
            ids = ", ".join(repr(node.id) for node in named)
            raise UnknownNodeError(
                f"{len(named)} nodes of this run are named {key!r}.", hint=f"Use an id: {ids}."
            )
        names = ", ".join(list(self.state)[:10])
        raise UnknownNodeError(f"This run has no node {key!r}.", hint=f"It has: {names}.")

    def __repr__(self) -> str:
        count = Counter(node.status for node in self.nodes.values())
        word = "done" if self.status == "completed" else self.status
        parts = [f"{count[name]} {name}" for name in ("completed", "skipped", "failed")]
        parts += [f"{count['cancelled']} cancelled"] if count["cancelled"] else []
        return f"Run({word}: {', '.join(parts)})"

    def edge(self, edge_id: str) -> EdgeValue:
        """Return what went over an edge.

        Raises:
            UnknownEdgeError: The pipeline of this run has no such edge.
            RunError: Nothing went over it (yet); the message says why.
        """
        edge = next((one for one in self._plan.graph.edges if one.id == edge_id), None)
        if edge is None:
            raise UnknownEdgeError(f"The pipeline of this run has no edge {edge_id!r:.80}.")
        source, target = self.nodes[edge.source], self.nodes[edge.target]
        value = source.output
        if source._outputs is not None and output_of(edge) not in source._outputs:
            raise RunError(f"Nothing went over this edge: {quoted(source.label)} {source.reason}.")
        code = f"run[{self._name(source)!r}].output"
        if edge.source in self._plan.divided:
            output = output_of(edge)
            code += f"[{output!r}]" if isinstance(value, Mapping) else f".{output}"
            value = self._plan.steps[edge.source].kind.value_at(output, value)
        return EdgeValue(edge.id, source.label, target.label, value, code)

    def to_frame(self) -> Any:
        """Return the run as a pandas DataFrame: a row a node, with state, seconds, tokens and cost.

        Raises:
            RunError: pandas is not installed.
        """
        return frame_of(self)

    def waterfall(self) -> WaterfallPlot:
        """Return when each node worked, as a plot that a cell displays; its ``spec`` is Vega-Lite v5."""
        return WaterfallPlot(waterfall_bars(self))

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"text/html": run_html(self), "text/plain": repr(self)}

    # -- again

    def rerun(
        self,
        from_: str | Iterable[str] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        repeat: bool = False,
    ) -> Run:
        """Run the pipeline again on what this run gave, without waiting.

        What did not change since keeps its output, which is compared by content; the pipeline, its functions
        and agents are those of now. The budget counts on from what this run used, and approvals are asked
        again. Nodes that reached outside, such as connectors, ask before they do it a second time.

        Args:
            from_: Ids or labels of nodes that run with all that comes after them. By default what failed or
                did not run, or everything if this run completed.
            inputs: Inputs by name; by default those of this run.
            time_limit: Seconds after which the run is stopped and fails; None for no limit.
            repeat: Let nodes that reached outside do it again without asking.

        Raises:
            NotRunnableError: It cannot run, or this run has not ended.
            UnknownNodeError: There is no such node.
            RunError: This run was not started by a studio.
        """
        return self._continued_by().rerun(
            self, from_, inputs=inputs, time_limit=time_limit, repeat=repeat
        )

    def plan(self, from_: str | Iterable[str] | None = None) -> Any:
        """Return what `rerun` would do, as a `RunPlan`, without running anything.

        Raises:
            NotRunnableError: It cannot run, or this run has not ended.
            RunError: This run was not started by a studio.
        """
        return self._continued_by().plan_rerun(self, from_)

    def compare(self, other: Run) -> RunComparison:
        """Return this run beside another one, node by node; the older one is taken as the one before.

        Raises:
            RunError: The values of one of them were dropped.
        """
        if not (self.has_values and other.has_values):
            raise _dropped()
        first, second = sorted((other, self), key=lambda run: run.started)
        return RunComparison(first, second)

    def _continued_by(self) -> Continuation:
        if self._continuation is None:
            raise RunError("This run cannot be continued: start runs with studio.run().")
        return self._continuation

    # -- waiting and stopping

    def cancel(self) -> None:
        """Ask the run to stop, without waiting; does nothing when it has ended.

        Coroutines are cancelled, plain functions see ``ctx.cancelled``. A node that has not stopped
        after the grace period is abandoned, and its ``reason`` says so.
        """
        self._cancel()

    def wait(self, timeout: float | None = None) -> Run:
        """Block until the run has ended, even if it failed, and return it.

        Args:
            timeout: Seconds, or None for as long as it takes.

        Raises:
            TimeoutError: It has not ended in time, because it waits for a person, for example; it continues.
            RuntimeError: Called on the background loop, where it would never end: ``await run`` there.
        """
        if self._loop.is_current and not self._ended.done():
            raise RuntimeError("This runs on the background loop: await the run instead of wait().")
        self._questions.waited_for()
        try:
            self._ended.result(timeout)
        except concurrent.futures.TimeoutError:
            raise TimeoutError(
                f"The run has not ended after {timeout:g} s; it continues."
            ) from None
        return self

    def __await__(self) -> Generator[Any, None, Run]:
        """Wait on any event loop; cancelling the wait does not cancel the run."""
        self._questions.waited_for()
        yield from asyncio.shield(asyncio.wrap_future(self._ended)).__await__()
        return self

    # -- watching

    def on_end(self, call: Callable[[], object]) -> None:
        """Call ``call()`` when it has ended, on any thread; immediately if it has."""
        self._ended.add_done_callback(lambda _ended: call())

    def events(self, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """Return the events after event number ``after``, at most ``limit``; see `EventLog`."""
        return self._log.events(after, limit)

    def stream(self, after: int = 0) -> AsyncIterator[Event]:
        """Return the events as they happen: ``async for event in run.stream()``.

        Begins with those of the past, has no gaps, and ends with the run. Leaving it does not stop the run.

        Args:
            after: Number of the last event that is known; 0 for all.
        """
        return stream(self._log, after, before_wait=self._questions.refuse_unattended)

    def subscribe(self, listener: Listener, after: int | None = None) -> Callable[[], None]:
        """Call ``listener(event)`` from now on; see `EventLog.subscribe`."""
        return self._log.subscribe(listener, after)

    # -- inside

    def _name(self, node: NodeRun) -> str:
        alone = self._count[node.label] == 1
        # A label that is another node's id would name that one.
        return node.label if alone and self.nodes.get(node.label, node) is node else node.id

    def _values(self) -> list[Any]:
        """Return all values that it keeps."""
        values: list[Any] = [self._inputs]
        for node in list(self.nodes.values()):
            values += [node._output, node.text, *(one.value for one in node._inputs or ())]
        return values

    def _drop_values(self) -> None:
        self._inputs = None
        for node in self.nodes.values():
            node._drop_values()

    def _result(self) -> Any:
        nodes = [self.nodes[node_id] for node_id in self.ends]
        if len(nodes) == 1:
            return nodes[0].output if nodes[0].status == "completed" else None
        return {self._name(node): node.output for node in nodes if node.status == "completed"}

    def _end(self, status: RunStatus) -> None:
        self.status = status
        self._log.emit("run", state=status, data={"reason": self.reason} if self.reason else None)
        # After listeners were called with the last event: stores know the end before `wait` returns.
        self._log.then(lambda: self._ended.set_result(None))
