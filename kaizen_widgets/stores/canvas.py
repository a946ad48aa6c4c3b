"""The canvas store: the document as Kaizen Studio's canvas knows it, with its actions and its selection.

What belongs to a screen (selection) is kept beside the document and never makes it dirty. The actions'
names and defaults are those of Kaizen Studio's canvas store; node and edge JSON is React Flow's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel
from traitlets import Unicode

from kaizen_widgets.graph import (
    AddElement,
    Batch,
    Edge,
    Graph,
    Node,
    RemoveElement,
    SetProperty,
    add_edge,
    apply_edge_changes,
    apply_node_changes,
    diff,
)
from kaizen_widgets.graph.connections import edge_id_of
from kaizen_widgets.graph.diff import properties
from kaizen_widgets.stores.document import DocumentStore

UNTITLED = "Untitled Pipeline"
_EDITS = frozenset({"position", "dimensions", "select"})
"""React Flow changes of one node each, which leave all others as they are."""


@dataclass(frozen=True)
class Draft:
    """The document at one moment, as something that saves it needs it."""

    pipeline_id: str | None
    pipeline_name: str
    graph: Graph
    epoch: str
    rev: int


class CanvasStore(DocumentStore):
    """The pipeline on a canvas; see `DocumentStore` for how it changes."""

    name = "canvas"
    selected_node_id = Unicode(None, allow_none=True)
    selected_edge_id = Unicode(None, allow_none=True)
    pipeline_id = Unicode(None, allow_none=True)
    pipeline_name = Unicode(UNTITLED)

    def draft(self) -> Draft:
        """Return the document with all that is needed to save it."""
        with self._notifier.locked():
            return Draft(self.pipeline_id, self.pipeline_name, self._graph, self.epoch, self.rev)

    def on_nodes_change(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Apply React Flow node changes; sizes and drags in progress stay on their screen."""
        changes = list(changes)
        with self._notifier.locked():
            if _EDITS.issuperset(change["type"] for change in changes):
                self.commit(self._edited(changes))
            else:
                self.set_nodes(apply_node_changes(changes, self.nodes))
        self._select_from(changes, "selected_node_id")

    def _edited(self, changes: list[Mapping[str, Any]]) -> Batch:
        """Return what changes of single nodes come to, at the price of those nodes (rule S13)."""
        graph = self._graph
        ids = dict.fromkeys(change["id"] for change in changes)
        old = [graph.node(node_id) for node_id in ids if graph.has_node(node_id)]
        new = apply_node_changes(changes, old)
        return tuple(
            operation
            for before, after in zip(old, new, strict=True)
            for operation in properties(before, after.without_view_only_keys())
        )

    def on_edges_change(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Apply React Flow edge changes."""
        changes = list(changes)
        with self._notifier.locked():
            self.set_edges(apply_edge_changes(changes, self.edges))
        self._select_from(changes, "selected_edge_id")

    def on_connect(self, connection: Mapping[str, Any]) -> Edge | None:
        """Add an edge for a connection; None when the same one is there.

        Raises:
            InvalidConnectionError: An end is missing or is no node of this graph.
        """
        with self._notifier.locked():
            if add_edge(connection, self.edges) is self.edges:
                return None
            edge_id = edge_id_of(connection)
            if self._graph.has_edge(edge_id):
                edge_id = f"{edge_id}-{self._new_id()}"
            keys = {key: value for key, value in connection.items() if value is not None}
            edge = Edge.from_json({"id": edge_id, **keys})
            self.commit((AddElement(kind="edge", item=edge),), label="connect")
            return edge

    def connect(
        self, source: str | Node, target: str | Node, *, label: Any = None, **keys: Any
    ) -> Edge | None:
        """Add an edge between two nodes.

        Args:
            source: The node where it starts, or its id.
            target: The node where it ends, or its id.
            label: Text on the edge.
            **keys: Other keys of the edge, such as ``source_handle="yes"``.

        Returns:
            The edge; None when the same connection exists already.

        Raises:
            UnknownNodeError: The graph has no such node.
        """
        ends = [node.id if isinstance(node, Node) else node for node in (source, target)]
        with self._notifier.locked():
            for node_id in ends:
                self.graph.node(node_id)
            made = {to_camel(key): value for key, value in keys.items()}
            return self.on_connect({**made, "source": ends[0], "target": ends[1], "label": label})

    def add_node(self, node: Node | Mapping[str, Any] | None = None, **keys: Any) -> Node:
        """Add a node: a `Node`, its JSON, or ``type=..., position=..., data=...`` and it gets an id."""
        if node is None:
            keys.setdefault("id", f"{keys.get('type') or 'node'}-{self._new_id()}")
            node = Node(keys.pop("id"), **keys)
        made = Node.from_json(node).without_view_only_keys()
        self.commit((AddElement(kind="node", item=made),))
        return made

    def delete_node(self, node_id: str) -> None:
        """Remove a node with its edges and the nodes inside it.

        Raises:
            UnknownNodeError: There is no such node.
        """
        self.commit((RemoveElement(kind="node", id=node_id),))

    def update_node_data(
        self, node_id: str, data: Mapping[str, Any], *, source: Any = None
    ) -> None:
        """Merge ``data`` into a node's data.

        Args:
            node_id: Which.
            data: What to set.
            source: Whose request it is, such as a form: what one types without a pause is one step.

        Raises:
            UnknownNodeError: There is no such node.
        """
        with self._notifier.locked():
            whole = not isinstance(self._graph.node(node_id).get("data"), Mapping)
            batch: Batch = (
                (SetProperty(kind="node", id=node_id, path=("data",), value=data),)
                if whole
                else tuple(
                    SetProperty(kind="node", id=node_id, path=("data", key), value=value)
                    for key, value in data.items()
                )
            )
            self.commit(batch, source=source)

    def set_selection(self, node_id: str | None = None, edge_id: str | None = None) -> None:
        """Select a node, an edge, or nothing.

        Raises:
            GraphError: There is no such element.
        """
        if node_id is not None:
            self._graph.node(node_id)
        if edge_id is not None:
            self._graph.edge(edge_id)
        self.set({"selected_node_id": node_id, "selected_edge_id": edge_id})

    def load_pipeline(
        self, graph: Graph | Mapping[str, Any], *, id: str | None = None, name: str = UNTITLED
    ) -> None:
        """Open another document: clean, with no history."""
        made = graph if isinstance(graph, Graph) else Graph.from_json(graph)
        self.replace(
            made,
            {
                "pipeline_id": id,
                "pipeline_name": name,
                "selected_node_id": None,
                "selected_edge_id": None,
            },
        )

    def clear_canvas(self) -> None:
        """Remove everything; one step of the history."""
        with self._notifier.locked():
            self.commit(diff(self._graph, Graph()), label="clear canvas")

    def _after(self, graph: Graph) -> dict[str, Any]:
        """Return the selection without what is gone."""
        gone: dict[str, Any] = {}
        if self.selected_node_id and not graph.has_node(self.selected_node_id):
            gone["selected_node_id"] = None
        if self.selected_edge_id and not graph.has_edge(self.selected_edge_id):
            gone["selected_edge_id"] = None
        return gone

    def _select_from(self, changes: Iterable[Mapping[str, Any]], key: str) -> None:
        for change in changes:
            if change["type"] == "select":
                if change["selected"]:
                    self.set({key: change["id"]})
                elif getattr(self, key) == change["id"]:
                    self.set({key: None})

    def __repr__(self) -> str:
        return f"CanvasStore(nodes={self._graph.node_count}, edges={self._graph.edge_count})"
