"""The nodes and log lines of a run as plain mappings, and how reports change them.

Pure functions. Reports may be late or out of order: an ended node keeps its state, none goes back to
pending, and progress only grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from kaizen_widgets.errors import StoreError

Level: TypeAlias = Literal["debug", "info", "warning", "error"]
Nodes: TypeAlias = Mapping[str, Mapping[str, Any]]

_SETTLED = frozenset({"completed", "failed", "cancelled", "skipped"})
_STATUSES = ("pending", "running", "waiting", "completed", "failed", "cancelled", "skipped")
_BLANK: dict[str, Any] = {
    "status": "pending",
    "started": None,
    "ended": None,
    "seconds": None,
    "progress": 0.0,
    "preview": "",
    "error": "",
    "message": "",
    "origin": "",
    "tokens": 0,
    "cost": None,
    "type": None,
    "count": None,
    "parts": None,
}


def pending_nodes(nodes: Mapping[str, str] | Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return nodes that have not started, from ids or from ids to labels."""
    labels = nodes if isinstance(nodes, Mapping) else {key: key for key in nodes}
    return {node_id: {**_BLANK, "label": label} for node_id, label in labels.items()}


def updated_nodes(nodes: Nodes, changes: Nodes) -> Nodes:
    """Return the nodes with the changes to some of them: the same object if nothing changes.

    Raises:
        StoreError: There is no such node, or no such status.
    """
    made: dict[str, Mapping[str, Any]] = dict(nodes)
    for node_id, facts in changes.items():
        if node_id not in nodes:
            raise StoreError(f"The run has no node {node_id!r}.", store="execution")
        status = facts.get("status", "pending")
        if status not in _STATUSES:
            names = ", ".join(_STATUSES)
            raise StoreError(f"A node's status is {names}, not {status!r}.", store="execution")
        made[node_id] = _merged(nodes[node_id], facts)
    return made if any(made[key] is not nodes[key] for key in changes) else nodes


def total_progress(nodes: Nodes) -> float:
    """Return the progress over all nodes, from 0 to 100."""
    if not nodes:
        return 0.0
    done = sum(1.0 if n["status"] in _SETTLED else n["progress"] for n in nodes.values())
    return min(100.0 * done / len(nodes), 100.0)


def current_node(nodes: Nodes, before: Nodes, current: str | None) -> str | None:
    """Return the running node that started last."""
    running = [key for key, node in nodes.items() if node["status"] == "running"]
    started = [key for key in running if before[key]["status"] != "running"]
    if started:
        return started[-1]
    if current not in nodes or current in running:
        return current
    return running[-1] if running else None


def has_started(nodes: Nodes) -> bool:
    """Return whether any node has started."""
    return any(node["status"] != "pending" for node in nodes.values())


def log_line(line: Mapping[str, Any], *, id: str, now: str) -> dict[str, Any]:
    """Return a complete line of the log.

    Raises:
        StoreError: There is no such level.
    """
    level = line.get("level") or "info"
    if level not in get_args(Level):
        levels = ", ".join(get_args(Level))
        raise StoreError(f"A log line's level is {levels}, not {level!r}.", store="execution")
    return {
        "id": id,
        "timestamp": line.get("timestamp") or now,
        "level": level,
        "node_id": line.get("node_id"),
        "message": str(line["message"]),
        "data": dict(line.get("data") or {}),
    }


def _merged(node: Mapping[str, Any], facts: Mapping[str, Any]) -> Mapping[str, Any]:
    if node["status"] in _SETTLED:
        return node
    merged = {**node, **facts, "progress": max(node["progress"], facts.get("progress", 0.0))}
    if merged["status"] == "pending":
        merged["status"] = node["status"]
    return node if merged == node else merged
