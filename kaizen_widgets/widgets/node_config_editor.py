"""Edits one node's config in a form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.graph import Graph, Node, Operation
from kaizen_widgets.nodes import Kind
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.widgets.element_editor import ElementEditor, set_in_data


class NodeConfigEditor(ElementEditor[Node]):
    """The form of one node's config, until another node is selected.

    Args:
        store: The canvas store that holds the node.
        node: The node.
        kind: The kind of the node, which has the model of its config.
        clock: Time and timers.
        show_status: Called with the HTML of a status line.
        drafts: Earlier edits of this node that could not be committed, by field.
        hidden: Fields that are edited elsewhere.
    """

    def __init__(
        self,
        store: CanvasStore,
        node: Node,
        kind: Kind,
        clock: Clock,
        show_status: Callable[[str], object],
        drafts: Mapping[str, Any],
        *,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.node_id = node.id
        self.kind = kind
        super().__init__(
            store,
            node,
            kind.Config,
            clock,
            show_status,
            drafts,
            hints={name: {"hidden": True} for name in hidden},
        )

    def _find(self, graph: Graph) -> Node | None:
        return graph.node(self.node_id) if graph.has_node(self.node_id) else None

    def _given(self, element: Node) -> Any:
        return element.data.get("config")

    def _operations(self, element: Node, values: Mapping[str, Any]) -> Iterable[Operation]:
        return set_in_data(element, "config", values)

    def _label(self, element: Node) -> str:
        return f"configure {element.label}"
