"""Executing agents and pipelines: the same engine runs pipelines here and in a notebook.

The functions of a run are the server's agents, which ask the app's `AgentModel`. An execution is recorded
when it has ended: states, outputs, logs, tokens. The results are bounded: nodes pass values by reference, so
a value that is small in memory can be endless as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.engines import NodeRun, Run, start
from kaizen_widgets.engines.event_log import TERMINAL
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.server.base.agent_model import count_tokens
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp_of
from kaizen_widgets.server.pipelines.pipeline_checks import (
    AgentDirectory,
    AgentRow,
    agent_functions,
)

log = logging.getLogger(__name__)

MAX_SECONDS = 600.0
"""How long an execution may take."""
MAX_CHARACTERS, MAX_DEPTH = 4_000_000, 50
"""How large the results of all nodes of an execution may be together, and how deep they may be nested."""
TOO_LARGE = (
    f"the results of the nodes hold more than {MAX_CHARACTERS:,} characters, or are nested deeper than "
    f"{MAX_DEPTH} levels"
)


@dataclass
class ExecutionRecord:
    """What an execution did.

    Attributes:
        status: ``completed`` or ``failed``.
        output: The outputs, by the name of their node.
        error: Why it failed, or empty.
        timed_out: Whether it failed because it took too long.
        usage: Tokens: ``input``, ``output``, ``total``.
        milliseconds: How long it took.
        nodes: The API's ``NodeExecution`` of each node.
        logs: The API's ``ExecutionLog`` entries.
    """

    status: str = "completed"
    output: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    timed_out: bool = False
    usage: dict[str, int] = field(default_factory=lambda: {"input": 0, "output": 0, "total": 0})
    milliseconds: int = 0
    nodes: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)

    def add_usage(self, asked: str, answered: str) -> None:
        """Count the tokens of a question and its answer."""
        self.usage["input"] += count_tokens(asked)
        self.usage["output"] += count_tokens(answered)
        self.usage["total"] = self.usage["input"] + self.usage["output"]

    def fail(self, error: str) -> None:
        """Record why it failed."""
        self.status, self.error = "failed", error

    def of_node(self, node_id: str) -> ExecutionRecord:
        """Return the record of one node alone: its result is the output, an object or ``content``."""
        node = next(entry for entry in self.nodes if entry["nodeId"] == node_id)
        result, error = node["output"], self.error
        if self.error and not self.timed_out:
            error = node["error"] or self.error
        output = dict(result) if isinstance(result, Mapping) else {"content": result}
        return dataclasses.replace(self, output=output, error=error)


class ExecutionRun:
    """An execution: a run of the engine, and the record of it.

    Args:
        services: The app's services.
        graph: The pipeline.
        agents: The agents that answer for its nodes.
        inputs: The inputs, by name.
        seconds: How long it may take.
        history: The conversation so far, for the agents.
        on_piece: Called with each piece of an answer, on the event loop of executions.

    Raises:
        NotRunnableError: The pipeline cannot run.
    """

    def __init__(
        self,
        services: Services,
        graph: Graph,
        agents: AgentDirectory,
        inputs: Mapping[str, Any],
        *,
        seconds: float = MAX_SECONDS,
        history: Sequence[Any] = (),
        on_piece: Callable[[str], object] | None = None,
    ) -> None:
        self._services = services
        self._seconds = seconds
        self._history = history
        self._on_piece = on_piece
        self._is_late = False
        self._record = ExecutionRecord()
        self._sizes = _Sizes()
        # Agents of one run may answer on different loops at the same time.
        self._lock = threading.Lock()
        self._began = services.clock.monotonic()
        self._run: Run | None = None
        self._timer = services.clock.call_later(seconds, self._time_out)
        try:
            self._run = start(
                graph,
                inputs,
                loop=services.loop,
                functions=agent_functions(graph, agents, self._function),
                clock=services.clock,
                new_id=services.new_id,
                is_attended=lambda: False,  # A request has no person behind it who could answer.
            )
        except BaseException:
            self._timer.cancel()
            raise
        if self._is_late:  # Before there was a run to cancel.
            self._run.cancel()

    @property
    def run(self) -> Run:
        """The run of the engine."""
        if self._run is None:
            raise RuntimeError("The run has not been started.")
        return self._run

    def wait(self) -> ExecutionRecord:
        """Block until the run ends, and return the record; for worker threads."""
        self.run.wait()
        return self.record()

    def record(self) -> ExecutionRecord:
        """Return the record of a run that has ended."""
        self._timer.cancel()
        record = self._record
        record.milliseconds = round((self._services.clock.monotonic() - self._began) * 1000)
        failed = [node for node in self.run.nodes.values() if node.status == "failed"]
        if self._is_late and self.run.status == "cancelled":
            record.timed_out = True
            record.fail(f"It took longer than {self._seconds:g} seconds")
        elif failed:
            record.fail(f"{failed[0].label}: {_sentence(failed[0])}")
        self._add_events(record)
        try:
            self._add_results(record)
        except ValueError as error:
            record.fail(str(error))
        return record

    def cancel(self) -> None:
        """Stop the run, because no client is waiting for it anymore."""
        self._timer.cancel()
        self.run.cancel()

    def _time_out(self) -> None:
        self._is_late = True
        if self._run is not None:
            self._run.cancel()

    def _function(self, agent: AgentRow) -> Callable[..., Any]:
        """Return the function that answers for an agent."""

        async def ask(value: Any, /) -> str:
            with self._lock:
                self._sizes.measure(value)
            message = message_of(value)
            pieces, size = list[str](), 0
            try:
                async for piece in self._services.model.answer(agent, message, self._history):
                    pieces.append(piece)
                    size += len(piece)
                    if size > MAX_CHARACTERS:
                        raise RuntimeError(TOO_LARGE)
                    if self._on_piece is not None:
                        self._on_piece(piece)
            except RuntimeError:
                raise  # The model cannot answer, and says why.
            except Exception as error:
                log.exception("The model of agent %s failed.", agent["id"])
                raise RuntimeError("the model failed; the server's log says why") from error
            # A database cannot store half a surrogate pair.
            answer = "".join(pieces).encode("utf-8", "replace").decode("utf-8")
            with self._lock:
                self._record.add_usage(message, answer)
            return answer

        return ask

    def _add_events(self, record: ExecutionRecord) -> None:
        """Record when each node began and ended, and what was logged."""
        began: dict[str | None, str] = {}
        for event in self.run.events():
            when = timestamp_of(event.ts)
            if event.kind == "node" and event.state == "running":
                began.setdefault(event.node, when)
            elif event.state in TERMINAL and event.node is not None:
                node = self.run.nodes[event.node]
                error = _sentence(node) if node.status == "failed" else ""
                record.nodes.append(
                    {
                        "nodeId": node.id,
                        "status": node.status,
                        "startTime": began.get(node.id),
                        "endTime": when,
                        "error": error or None,
                        "output": None,
                    }
                )
                detail = error or node.reason
                text = f"{node.label}: {detail}" if detail else f"{node.label} is {node.status}"
                level = "error" if error else "info"
                record.logs.append(_log_entry(event.seq, when, level, text, node.id))
            elif event.kind == "log":
                text = str(event.data["text"])
                record.logs.append(_log_entry(event.seq, when, "info", text, event.node))

    def _add_results(self, record: ExecutionRecord) -> None:
        """Record the results of the nodes.

        Raises:
            ValueError: It is too large to record, or holds a number that JSON has not.
        """
        given = {self.run[name].id: (name, value) for name, value in self.run.results.items()}
        if sum(self._sizes.measure(value) for _, value in given.values()) > MAX_CHARACTERS:
            raise ValueError(TOO_LARGE)
        for node in record.nodes:
            if node["nodeId"] in given:
                node["output"] = given[node["nodeId"]][1]
        record.output = dict(given[node_id] for node_id in self.run.ends if node_id in given)


class _Sizes:
    """Measures values as JSON; each list and dict once, however often it is part of others."""

    def __init__(self) -> None:
        # With the value itself, so that its id is not given to another one.
        self._known: dict[int, tuple[Any, int, int]] = {}

    def measure(self, value: Any) -> int:
        """Return about how many characters a value has as JSON.

        Raises:
            ValueError: It is too large or too deep to record, or holds a number that JSON has not.
        """
        return self._measure(value, 0)[0]

    def _measure(self, value: Any, depth: int) -> tuple[int, int]:
        """Return a value's size and height."""
        if isinstance(value, str):
            return len(value), 0
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"a result is {value}, which JSON has no number for")
        if not isinstance(value, Mapping | list | tuple):
            return 8, 0
        if id(value) in self._known:
            _, size, height = self._known[id(value)]
        else:
            size, height = 2, 1
            items = value.values() if isinstance(value, Mapping) else value
            if depth < MAX_DEPTH:
                parts = [self._measure(item, depth + 1) for item in items]
                keys = sum(len(key) for key in value) if isinstance(value, Mapping) else 0
                size += keys + sum(part for part, _ in parts)
                height += max((deep for _, deep in parts), default=0)
            elif items:
                raise ValueError(TOO_LARGE)
            self._known[id(value)] = value, size, height
        if size > MAX_CHARACTERS or depth + height > MAX_DEPTH:
            raise ValueError(TOO_LARGE)
        return size, height


def message_of(value: Any) -> str:
    """Return a value as the message to an agent: text as it is, a dict's message or only value, else JSON."""
    if isinstance(value, Mapping):
        for name in ("message", "text", "input"):
            if isinstance(value.get(name), str):
                return value[name]
        if len(value) == 1:
            value = next(iter(value.values()))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sentence(node: NodeRun) -> str:
    return str(node.error or node.reason).rstrip(".")


def _log_entry(
    number: int, when: str, level: str, message: str, node_id: str | None
) -> dict[str, Any]:
    return {
        "id": str(number),
        "timestamp": when,
        "level": level,
        "message": message,
        "nodeId": node_id,
    }


def graph_of_agent(agent: AgentRow) -> Graph:
    """Return the pipeline that consists of one agent."""
    return Graph(
        [Node(agent["id"], type="agent", data={"label": agent["name"], "agentId": agent["id"]})]
    )
