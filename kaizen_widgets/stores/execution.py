"""The execution store: what the canvas and the panels show of the newest run.

A run is idle, prepares, runs and ends once: completed, failed or cancelled. What comes late or twice moves
nothing: an ended run and an ended node stay as they are, progress only grows, and news of another run
(told by its id) is not heard. A log line that comes late is kept all the same; it says when it was.

The store never touches the document. `engines.follow` feeds it from a run's events. Times are ISO 8601 in
UTC; values are JSON, except what a run gave. Names are those of Kaizen Studio's execution store.
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
    current_of,
    has_begun,
    log_line,
    progress_of,
    waiting,
    with_news,
)
from kaizen_widgets.stores.middleware import State
from kaizen_widgets.stores.store import Store

MAX_LINES = 1000
"""How many log lines are kept; the oldest go first."""

ExecutionStatus: TypeAlias = Literal[
    "idle", "preparing", "running", "completed", "failed", "cancelled"
]

GOES_ON = frozenset({"preparing", "running"})
"""Where a run stands while more is to come."""
Change: TypeAlias = Callable[[State], State]


class ExecutionStore(Store):
    """The newest run.

    Args:
        now: Gives the time.

    Attributes:
        execution_id: The run's id; empty before the first.
        status: Where the run stands.
        message: What to say of it: that it is being cancelled, or what failed.
        current_node_id: The node that began last and still runs, or None.
        progress: From 0 to 100, over all nodes.
        start_time: When it began, or None.
        end_time: When it ended, or None.
        node_executions: By node id, ``label``, ``status`` (pending, running, completed, failed,
            cancelled, skipped), ``started``, ``ended``, ``seconds``, ``progress`` (0 to 1), ``preview``,
            ``error``, ``message``.
        logs: The newest 1,000 lines: ``id``, ``timestamp``, ``level`` (debug, info, warning, error),
            ``node_id``, ``message``, ``data``.
        result: Once it ended: ``success``, ``duration`` (seconds), ``output`` and ``node_results`` (what
            each completed node gave, by its id); else None.
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
        """Take up a run that prepares, all its nodes pending, and forget the one before.

        Args:
            execution_id: The run's id.
            nodes: Node ids, or ids to labels.
        """
        begun = {
            "execution_id": execution_id,
            "status": "preparing",
            "start_time": self._time(),
            "node_executions": waiting(nodes),
        }
        self.set({**self.initial, **begun}, action="execution/start")

    def set_running(self, message: str = "", *, execution_id: str | None = None) -> None:
        """Note that the run has begun to work, and what to say of it (that it is being cancelled)."""
        self._during(execution_id, lambda _: {"status": "running", "message": message}, "running")

    def set_progress(
        self, progress: float, node_id: str | None = None, *, execution_id: str | None = None
    ) -> None:
        """Note how far the run is; a lower number than before changes nothing of it.

        Args:
            progress: From 0 to 100.
            node_id: The node that runs now, if that is to be noted too.
            execution_id: Whose progress; of another run than this it is not heard.

        Raises:
            StoreError: It is no such number, or no run has begun.
        """
        is_number = isinstance(progress, int | float) and not isinstance(progress, bool)
        if not (is_number and isfinite(progress) and 0 <= progress <= 100):
            raise StoreError(
                f"Progress is a number from 0 to 100, not {progress!r}.", store=self.name
            )

        def change(state: State) -> State:
            now = {} if node_id is None else {"current_node_id": node_id}
            furthest = max(state["progress"], float(progress))
            return {"status": "running", "progress": furthest, **now}

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
        """End the run with what it gave.

        Raises:
            StoreError: No run has begun.
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
        """End the run as failed; the error is the message and the log's last line.

        Raises:
            StoreError: No run has begun.
        """
        said = str(error) or type(error).__name__
        facts = {"node_results": dict(node_results or {})}
        last = {"message": said, "level": "error", "node_id": node_id}
        self._end("failed", said, facts, execution_id, [last])

    def cancel(
        self,
        *,
        node_results: Mapping[str, Any] | None = None,
        execution_id: str | None = None,
    ) -> None:
        """End the run as cancelled; this notes it, the run itself is stopped where it runs.

        Raises:
            StoreError: No run has begun.
        """
        self._end("cancelled", "", {"node_results": dict(node_results or {})}, execution_id)

    # ------------------------------------------------------ nodes and log

    def update_node_status(self, node_id: str, status: str, **facts: Any) -> None:
        """Note where one node stands, and what else is known of it.

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
        """Note news of several nodes and add log lines, heard of as one change.

        Args:
            changes: By node id, what is new; see ``node_executions``.
            lines: Each the arguments of `add_log`, and perhaps its ``timestamp``.
            execution_id: Whose news; of another run than this it is not heard.

        Raises:
            StoreError: The run has no such node, or there is no such status. Nothing is changed.
        """
        with self._notifier.locked():
            if not self._is_heard(execution_id, bool(changes)):
                return
            news = self._news(changes) if changes and self.status in GOES_ON else {}
            self.set({**news, **self._added(lines)}, action="execution/nodes")

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
        with self._notifier.locked():
            self.set(self._added([line]), action="execution/log")

    # -------------------------------------------------------------- within

    def _during(self, execution_id: str | None, change: Change, action: str) -> None:
        """Make a change if this run goes on."""
        with self._notifier.locked():
            if self._is_heard(execution_id, True) and self.status in GOES_ON:
                self.set(change, action=f"execution/{action}")

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
            whole = {"success": status == "completed", "duration": duration, "output": None}
            return {
                "status": status,
                "message": message,
                "current_node_id": None,
                "end_time": ended,
                "progress": 100.0 if status == "completed" else state["progress"],
                "result": {**whole, **facts},
                **self._added(lines),
            }

        self._during(execution_id, change, status)

    def _is_heard(self, execution_id: str | None, needs_run: bool) -> bool:
        """Whether news is of this run; refuse it when there is none to be news of."""
        if execution_id is not None and execution_id != self.execution_id:
            return False
        if needs_run and self.status == "idle":
            raise StoreError("No run has begun: call start_execution first.", store=self.name)
        return True

    def _news(self, changes: Nodes) -> dict[str, Any]:
        before = self.node_executions
        nodes = with_news(before, changes)
        return {
            "status": "running" if has_begun(nodes) else self.status,
            "node_executions": nodes,
            "progress": max(self.progress, progress_of(nodes)),
            "current_node_id": current_of(nodes, before, self.current_node_id),
        }

    def _added(self, lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the log with these lines."""
        first, now = self._lines + 1, self._time()
        made = [log_line(line, id=str(n), now=now) for n, line in enumerate(lines, first)]
        self._lines += len(made)
        return {"logs": (*self.logs, *made)[-MAX_LINES:]} if made else {}

    def _time(self) -> str:
        return self._clock_now().isoformat()

    def __repr__(self) -> str:
        return f"ExecutionStore({self.status}, {self.progress:.0f} %)"
