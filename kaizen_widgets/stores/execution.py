"""The execution store: the state of the newest run, as the canvas and the panels show it.

A run is idle, prepares, runs, and ends once: completed, failed or cancelled. Late or repeated reports change
nothing: an ended run and an ended node keep their state, progress only grows, and reports of another run
(by its id) are ignored. A late log line is still added; its timestamp says when it was written.

The store never touches the document. `engines.follow` feeds it from a run's events. Times are ISO 8601 in
UTC. Values are JSON, except the outputs of the run. Names are those of Kaizen Studio's execution store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from traitlets import Dict, Enum, Float, Tuple, Unicode

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.execution_state import (
    Level,
    Nodes,
    current_node,
    has_started,
    log_line,
    pending_nodes,
    total_progress,
    updated_nodes,
)
from kaizen_widgets.stores.middleware import State
from kaizen_widgets.stores.store import Store

MAX_LINES = 1000
"""The most log lines to keep; the oldest are dropped first."""

ExecutionStatus: TypeAlias = Literal[
    "idle", "preparing", "running", "completed", "failed", "cancelled"
]

ACTIVE = frozenset({"preparing", "running"})
"""The statuses of a run that has not ended."""
Change: TypeAlias = Callable[[State], State]


class ExecutionStore(Store):
    """The state of the newest run.

    Args:
        now: Returns the time.

    Attributes:
        execution_id: The run's id; empty before the first.
        status: The run's status: idle, preparing, running, completed, failed or cancelled.
        message: A sentence about it: that it is being cancelled, or why it failed.
        current_node_id: The most recently started node that is running, or None.
        progress: From 0 to 100, over all nodes.
        start_time: When it started, or None.
        end_time: When it ended, or None.
        node_executions: By node id, ``label``, ``status`` (pending, running, waiting, completed, failed,
            cancelled, skipped), ``started``, ``ended``, ``seconds``, ``progress`` (0 to 1), ``preview``,
            ``error``, ``message`` (the question of one that is waiting for a person), ``origin`` (cached or
            pinned; empty for an output that the run made); of one that takes some of its outputs only also
            ``outputs``, their ids.
        logs: The newest 1,000 lines: ``id``, ``timestamp``, ``level`` (debug, info, warning, error),
            ``node_id``, ``message``, ``data``.
        result: After the end: ``success``, ``duration`` (seconds), ``output`` and ``node_results`` (the
            output of each completed node, by its id); else None.
    """

    name: ClassVar[str] = "execution"

    execution_id = Unicode()
    status = Enum(get_args(ExecutionStatus), default_value="idle")
    message = Unicode()
    current_node_id = Unicode(None, allow_none=True)
    progress = Float(0.0)
    start_time = Unicode(None, allow_none=True)
    end_time = Unicode(None, allow_none=True)
    node_executions = Dict()
    logs = Tuple()
    result = Dict(default_value=None, allow_none=True)

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self._clock_now = now
        self._lines = 0

    # ------------------------------------------------------------ the run

    def start_execution(
        self, execution_id: str = "", nodes: Mapping[str, str] | Iterable[str] = ()
    ) -> None:
        """Show a new run in status ``preparing``, with all nodes pending, in place of the previous one.

        Args:
            execution_id: The run's id.
            nodes: Node ids, or ids to labels.
        """
        started = {
            "execution_id": execution_id,
            "status": "preparing",
            "start_time": self._time(),
            "node_executions": pending_nodes(nodes),
        }
        self.set({**self.initial, **started}, action="execution/start")

    def set_running(self, message: str = "", *, execution_id: str | None = None) -> None:
        """Set the run's status to running, and its message (that it is being cancelled, for example)."""
        self._during(execution_id, lambda _: {"status": "running", "message": message}, "running")

    def set_progress(
        self, progress: float, node_id: str | None = None, *, execution_id: str | None = None
    ) -> None:
        """Set the run's progress; a lower number than before is ignored.

        Args:
            progress: From 0 to 100.
            node_id: The node that runs now, to set it as the current one.
            execution_id: The run's id; a report of another run is ignored.

        Raises:
            StoreError: It is not such a number, or no run was started.
        """
        is_number = isinstance(progress, int | float) and not isinstance(progress, bool)
        if not (is_number and isfinite(progress) and 0 <= progress <= 100):
            raise StoreError(
                f"Progress is a number from 0 to 100, not {progress!r}.", store=self.name
            )

        def change(state: State) -> State:
            current = {} if node_id is None else {"current_node_id": node_id}
            highest = max(state["progress"], float(progress))
            return {"status": "running", "progress": highest, **current}

        self._during(execution_id, change, "progress")

    def set_result(
        self,
        output: Any = None,
        *,
        success: bool = True,
        node_results: Mapping[str, Any] | None = None,
        message: str = "",
        execution_id: str | None = None,
    ) -> None:
        """End the run with its output.

        Raises:
            StoreError: No run was started.
        """
        status = "completed" if success else "failed"
        facts = {"output": output, "node_results": dict(node_results or {})}
        self._end(status, message, facts, execution_id)

    def set_failed(
        self,
        error: str | BaseException,
        *,
        node_id: str | None = None,
        node_results: Mapping[str, Any] | None = None,
        execution_id: str | None = None,
    ) -> None:
        """End the run as failed; the error becomes the message and the last line of the log.

        Raises:
            StoreError: No run was started.
        """
        text = str(error) or type(error).__name__
        facts = {"node_results": dict(node_results or {})}
        last = {"message": text, "level": "error", "node_id": node_id}
        self._end("failed", text, facts, execution_id, [last])

    def cancel(
        self,
        *,
        node_results: Mapping[str, Any] | None = None,
        execution_id: str | None = None,
    ) -> None:
        """Set the run's status to cancelled; this does not stop the run itself.

        Raises:
            StoreError: No run was started.
        """
        self._end("cancelled", "", {"node_results": dict(node_results or {})}, execution_id)

    # ------------------------------------------------------ nodes and log

    def update_node_status(self, node_id: str, status: str, **facts: Any) -> None:
        """Set the status of one node, and other keys of ``node_executions``.

        Raises:
            StoreError: The run has no such node, or there is no such status.
        """
        self.update_nodes({node_id: {"status": status, **facts}})

    def update_nodes(
        self,
        changes: Nodes,
        lines: Iterable[Mapping[str, Any]] = (),
        *,
        execution_id: str | None = None,
    ) -> None:
        """Update several nodes and add log lines, as one change.

        Args:
            changes: The keys of ``node_executions`` that changed, by node id.
            lines: Mappings with the arguments of `add_log`, and optionally ``timestamp``.
            execution_id: The run's id; a report of another run is ignored.

        Raises:
            StoreError: The run has no such node, or there is no such status. Nothing is changed.
        """

        def change(state: State) -> State:
            if not self._concerns(state, execution_id, needs_run=bool(changes)):
                return {}
            updated = _with_nodes(state, changes) if changes and state["status"] in ACTIVE else {}
            return {**updated, **self._with_lines(state, lines)}

        self.set(change, action="execution/nodes")

    def add_log(
        self,
        message: str,
        *,
        level: Level = "info",
        node_id: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Add one line to the log.

        Raises:
            StoreError: There is no such level.
        """
        line = {"message": message, "level": level, "node_id": node_id, "data": data}
        self.set(lambda state: self._with_lines(state, [line]), action="execution/log")

    # ------------------------------------------------------------ internal

    def _during(self, execution_id: str | None, change: Change, action: str) -> None:
        """Make a change if the run has not ended."""

        def during(state: State) -> State:
            concerns = self._concerns(state, execution_id, needs_run=True)
            return change(state) if concerns and state["status"] in ACTIVE else {}

        self.set(during, action=f"execution/{action}")

    def _end(
        self,
        status: str,
        message: str,
        facts: State,
        execution_id: str | None,
        lines: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        def change(state: State) -> State:
            ended = self._time()
            began = datetime.fromisoformat(state["start_time"])
            duration = (datetime.fromisoformat(ended) - began).total_seconds()
            result = {"success": status == "completed", "duration": duration, "output": None}
            return {
                "status": status,
                "message": message,
                "current_node_id": None,
                "end_time": ended,
                "progress": 100.0 if status == "completed" else state["progress"],
                "result": {**result, **facts},
                **self._with_lines(state, lines),
            }

        self._during(execution_id, change, status)

    def _concerns(self, state: State, execution_id: str | None, *, needs_run: bool) -> bool:
        """Return whether a report is about the current run; raise if no run was started."""
        if execution_id is not None and execution_id != state["execution_id"]:
            return False
        if needs_run and state["status"] == "idle":
            raise StoreError("No run was started: call start_execution first.", store=self.name)
        return True

    def _with_lines(self, state: State, lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the log with these lines."""
        first, now = self._lines + 1, self._time()
        made = [log_line(line, id=str(n), now=now) for n, line in enumerate(lines, first)]
        self._lines += len(made)
        return {"logs": (*state["logs"], *made)[-MAX_LINES:]} if made else {}

    def _time(self) -> str:
        return self._clock_now().isoformat()

    def __repr__(self) -> str:
        return f"ExecutionStore({self.status}, {self.progress:.0f} %)"


def _with_nodes(state: State, changes: Nodes) -> dict[str, Any]:
    """Return the keys of the state that change when some nodes do."""
    before = state["node_executions"]
    nodes = updated_nodes(before, changes)
    return {
        "status": "running" if has_started(nodes) else state["status"],
        "node_executions": nodes,
        "progress": max(state["progress"], total_progress(nodes)),
        "current_node_id": current_node(nodes, before, state["current_node_id"]),
    }
