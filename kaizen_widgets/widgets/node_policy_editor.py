"""Edits how a run treats one node, whatever its kind: retries, time limit, what it needs, and its cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.graph import Graph, Node, Operation
from kaizen_widgets.nodes.node_policy import MAX_DELAY, NodePolicy
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.widgets.element_editor import ElementEditor, set_in_data

_GROUP: Final = "Running"
_HINTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "muted": {"hidden": True},  # A button of the canvas.
    "retries": {
        "group": _GROUP,
        "widget": "number",
        "help": "How often it is tried again after it failed, if that may help.",
    },
    "retry_delay": {
        "group": _GROUP,
        "label": "Pause between retries (seconds)",
        "widget": "number",
        "help": f"Doubles each time, up to {MAX_DELAY:g}, and varies by up to a half.",
    },
    "timeout": {
        "group": _GROUP,
        "label": "Time limit (seconds)",
        "help": "For each attempt. Empty: that of its kind, if it has one.",
    },
    "needs": {
        "group": _GROUP,
        "label": "Inputs it needs",
        "help": "Empty: as its kind.",
        "options": {
            "all": "All: skipped when a node before it failed",
            "any": "Any: works with what arrives",
        },
    },
    "cache": {
        "group": _GROUP,
        "label": "Use results again",
        "help": "Empty: as the studio.",
        "options": {
            "never": "Never",
            "run": "When its run is run again",
            "session": "In every run of this kernel",
            "disk": "In other kernels too",
        },
    },
}


class NodePolicyEditor(ElementEditor[Node]):
    """The form of one node's policy, until another node is selected.

    Args:
        store: The canvas store that holds the node.
        node: The node.
        clock: Time and timers.
        show_status: Called with the HTML of a status line.
        drafts: Earlier edits of this policy that could not be committed, by field.
    """

    def __init__(
        self,
        store: CanvasStore,
        node: Node,
        clock: Clock,
        show_status: Callable[[str], object],
        drafts: Mapping[str, Any],
    ) -> None:
        self.node_id = node.id
        super().__init__(store, node, NodePolicy, clock, show_status, drafts, hints=_HINTS)

    def _find(self, graph: Graph) -> Node | None:
        return graph.node(self.node_id) if graph.has_node(self.node_id) else None

    def _given(self, element: Node) -> Any:
        return element.data.get("policy")

    def _operations(self, element: Node, values: Mapping[str, Any]) -> Iterable[Operation]:
        return set_in_data(element, "policy", values)

    def _label(self, element: Node) -> str:
        return f"set how {element.label} runs"
