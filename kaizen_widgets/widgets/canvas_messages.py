"""Converts node kinds and runs to messages of the canvas protocol."""

from __future__ import annotations

from collections.abc import Mapping

from kaizen_widgets.nodes.look import Look, Port
from kaizen_widgets.nodes.value_count import ValueCount
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.sync.canvas.messages import (
    KindInfo,
    NodeRunState,
    PartCount,
    PortInfo,
    RunState,
)

PREVIEW = 280
"""The most characters of a result that a node shows."""


def kind_info_of(look: Look) -> KindInfo:
    """Return the style of a node kind as a message."""
    return KindInfo(
        type=look.type,
        title=look.title,
        description=look.description,
        icon=look.icon,
        color=look.color,
        inputs=tuple(_port_info_of(port) for port in look.inputs),
        outputs=tuple(_port_info_of(port) for port in look.outputs),
        outputs_from=look.outputs_from,
        inputs_from=look.inputs_from,
        defaults=look.defaults,
    )


def _port_info_of(port: Port) -> PortInfo:
    return PortInfo(id=port.id, label=port.label, type=port.type)


def run_state_of(execution: ExecutionStore | None) -> RunState:
    """Return the newest run as a message, without its log and its values."""
    if execution is None:
        return RunState()
    state = execution.get()
    return RunState(
        status="running" if state["status"] in ACTIVE else state["status"],
        message=state["message"],
        progress=state["progress"] / 100,
        nodes={
            node_id: NodeRunState(
                status=node["status"],
                message=node["error"] or node["message"],
                preview=_shortened(node["preview"]),
                seconds=node["seconds"],
                outputs=node.get("outputs"),
                cost=node.get("cost"),
                type=node.get("type"),
                count=node.get("count"),
                parts=_parts_of(node.get("parts")),
            )
            for node_id, node in state["node_executions"].items()
        },
    )


def _parts_of(parts: Mapping[str, ValueCount] | None) -> dict[str, PartCount] | None:
    if parts is None:
        return None
    return {name: PartCount(type=one.type, count=one.count) for name, one in parts.items()}


def _shortened(text: str) -> str:
    return text if len(text) <= PREVIEW else f"{text[: PREVIEW - 1]}…"
