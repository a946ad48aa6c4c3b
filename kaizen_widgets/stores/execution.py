"""The execution store: what the canvas and the run panel show of the newest run.

It never touches the document. `engines.follow` feeds it from a run's events; values in it are JSON,
except ``result``. Action names are those of Kaizen Studio's execution store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from traitlets import Any as AnyTrait
from traitlets import Dict, Enum, Float, Tuple, Unicode

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.selecting import State
from kaizen_widgets.stores.store import Store

MAX_LINES = 1000
"""How many log lines are kept; the oldest go first."""

ExecutionStatus: TypeAlias = Literal["idle", "running", "completed", "failed", "cancelled"]
_STATUSES = ("idle", "running", "completed", "failed", "cancelled")
_SETTLED = frozenset({"completed", "failed", "cancelled", "skipped"})
_BLANK: dict[str, Any] = {
    "status": "pending",
    "started": None,
    "ended": None,
    "seconds": None,
    "progress": 0.0,
    "preview": "",
    "error": "",
    "message": "",
}


class ExecutionStore(Store):
    """The newest run.

    Attributes:
        execution_id: The run's id; empty before the first.
        status: Where the run stands.
        message: What to say of it: that it is being cancelled, or what failed.
        node_executions: By node id, ``label``, ``status`` (pending, running, completed, failed,
            cancelled, skipped), ``started`` and ``ended`` (ISO 8601), ``seconds``, ``progress``,
            ``preview``, ``error``, ``message``.
        logs: The newest 1,000 lines: ``node``, ``label``, ``stream``, ``text``, ``ts``.
        progress: From 0 to 1, over all nodes.
        current_node_ids: The nodes that run now.
        result: What the run gave.
    """

    name: ClassVar[str] = "execution"

    execution_id = Unicode()
    status = Enum(_STATUSES, default_value="idle")
    message = Unicode()
    node_executions = Dict()
    logs = Tuple()
    progress = Float(0.0)
    current_node_ids = Tuple()
    result = AnyTrait(allow_none=True)

    def start_execution(
        self, execution_id: str, nodes: Mapping[str, str] | Iterable[str] = ()
    ) -> None:
        """Take up a run, all its nodes pending, and forget the one before.

        Args:
            execution_id: The run's id.
            nodes: Node ids, or ids to labels.
        """
        labels = dict(nodes) if isinstance(nodes, Mapping) else {key: key for key in nodes}
        blank = {node_id: {"label": label, **_BLANK} for node_id, label in labels.items()}
        fresh = {**self.initial, "execution_id": execution_id, "status": "running"}
        self.set({**fresh, "node_executions": blank})

    def update_node_status(self, node_id: str, status: str, **facts: Any) -> None:
        """Set where one node stands, and what else is known of it.

        Raises:
            StoreError: The run has no such node.
        """
        self.update_nodes({node_id: {"status": status, **facts}})

    def update_nodes(
        self, changes: Mapping[str, Mapping[str, Any]], lines: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        """Change several nodes and add log lines, heard of as one change.

        Raises:
            StoreError: The run has no such node. Nothing is changed.
        """
        added = tuple(dict(line) for line in lines)

        def change(state: State) -> State:
            nodes = dict(state["node_executions"])
            for node_id, facts in changes.items():
                if node_id not in nodes:
                    raise StoreError(f"The run has no node {node_id!r}.", store=self.name)
                nodes[node_id] = {**nodes[node_id], **facts}
            return {
                "node_executions": nodes,
                "progress": _progress(nodes),
                "current_node_ids": tuple(k for k, v in nodes.items() if v["status"] == "running"),
                "logs": (state["logs"] + added)[-MAX_LINES:],
            }

        self.set(change)

    def add_log(self, text: str, *, node: str | None = None, **facts: Any) -> None:
        """Add one line to the log."""
        label = self.node_executions.get(node, {}).get("label", "") if node else ""
        self.update_nodes(
            {}, [{"node": node, "label": label, "stream": "log", "text": text, **facts}]
        )

    def set_status(self, status: ExecutionStatus, message: str = "") -> None:
        """Set where the run stands, and what to say of it."""
        self.set({"status": status, "message": message})

    def complete_execution(
        self,
        status: Literal["completed", "failed", "cancelled"] = "completed",
        *,
        result: Any = None,
        message: str = "",
    ) -> None:
        """End the run: nothing runs any more."""
        ended = {"status": status, "message": message, "current_node_ids": (), "result": result}
        self.set({**ended, "progress": 1.0} if status == "completed" else ended)


def _progress(nodes: Mapping[str, Mapping[str, Any]]) -> float:
    if not nodes:
        return 0.0
    done = sum(1.0 if n["status"] in _SETTLED else n["progress"] for n in nodes.values())
    return min(done / len(nodes), 1.0)
