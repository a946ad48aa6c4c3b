"""The canvas store: the document of a canvas with the actions of Kaizen Studio's canvas store.

The selection is state outside the document and never makes it dirty. Names and
defaults of the actions are those of Kaizen Studio's canvas store; node and edge JSON is React Flow's.
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
    group,
    ungroup,
)
from kaizen_widgets.graph.connections import edge_id_of
from kaizen_widgets.graph.diff import properties
from kaizen_widgets.stores.document import DocumentStore

UNTITLED = "Untitled Pipeline"
_EDITS = frozenset({"position", "dimensions", "select"})
"""React Flow changes that concern one node each and leave the others as they are."""


@dataclass(frozen=True)
class Draft:
    """The document at one moment, with everything that is needed to save it."""

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
        """Return the document with everything that is needed to save it; never waits for the lock."""
        with self._swapping:
            version = self._version
            return Draft(
                self.pipeline_id, self.pipeline_name, self._graph, version.epoch, version.rev
            )

    def on_nodes_change(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Apply React Flow node changes; measured sizes and drags in progress stay in the browser."""
        changes = list(changes)
        with self._notifier:
            if _EDITS.issuperset(change["type"] for change in changes):
                self.commit(self._edited(changes))
            else:
                self.set_nodes(apply_node_changes(changes, self.nodes))
        self._select_from(changes, "selected_node_id")

    def _edited(self, changes: list[Mapping[str, Any]]) -> Batch:
        """Return changes of single nodes as a batch; the cost grows with these nodes only (rule S13)."""
        graph = self.graph
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
        with self._notifier:
            self.set_edges(apply_edge_changes(changes, self.edges))
        self._select_from(changes, "selected_edge_id")

    def on_connect(self, connection: Mapping[str, Any]) -> Edge | None:
        """Add an edge for a React Flow connection; None if the edge already exists.

        Raises:
            InvalidConnectionError: An end is missing or is not a node of this graph, or the ports do not fit.
        """
        with self._notifier:
            if add_edge(connection, self.edges) is self.edges:
                return None
            self._check_connection(connection)
            edge_id = edge_id_of(connection)
            if self.graph.has_edge(edge_id):
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
            InvalidConnectionError: The types of the ports do not fit.
        """
        ends = [node.id if isinstance(node, Node) else node for node in (source, target)]
        with self._notifier.locked():
            for node_id in ends:
                self.graph.node(node_id)
            made = {to_camel(key): value for key, value in keys.items()}
            return self.on_connect({**made, "source": ends[0], "target": ends[1], "label": label})

    def add_node(self, node: Node | Mapping[str, Any] | None = None, **keys: Any) -> Node:
        """Add a `Node`, its JSON, or a node with a fresh id: ``type=..., position=..., data=...``."""
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
            node_id: The node's id.
            data: The keys to set, with their values.
            source: The request that caused it, such as a form's: text typed without a pause is one undo step.

        Raises:
            UnknownNodeError: There is no such node.
        """
        with self._notifier:
            has_no_data = not isinstance(self.graph.node(node_id).get("data"), Mapping)
            batch: Batch = (
                (SetProperty(kind="node", id=node_id, path=("data",), value=data),)
                if has_no_data
                else tuple(
                    SetProperty(kind="node", id=node_id, path=("data", key), value=value)
                    for key, value in data.items()
                )
            )
            self.commit(batch, source=source, complete=True)

    def group(self, nodes: Iterable[str | Node], *, label: str = "Subflow") -> Node:
        """Put nodes into a new node whose work is their pipeline, as one step of the history.

        A run gives the same results before and after it; see `kaizen_widgets.graph.group`.

        Args:
            nodes: The nodes, or their ids; nodes inside a frame go with it.
            label: Label of the new node.

        Returns:
            The new node, of the kind ``subflow``.

        Raises:
            GraphError: There is no such node, none was given, or they are not in the same frame.
        """
        ids = [node.id if isinstance(node, Node) else node for node in nodes]
        with self._notifier.locked():
            before = self.graph
            after = group(before, ids, id=f"subflow-{self._new_id()}", label=label)
            words = f"group {len(ids)} nodes" if len(ids) > 1 else "group a node"
            self.commit(diff(before, after), label=words)
        return next(node for node in after.nodes if not before.has_node(node.id))

    def ungroup(self, subflow: str | Node) -> tuple[Node, ...]:
        """Put the nodes of a subflow beside the others, as one step of the history.

        Args:
            subflow: The subflow, or its id.

        Returns:
            The nodes; their ids stay where they are free.

        Raises:
            GraphError: There is no such subflow, or it cannot be read.
        """
        with self._notifier.locked():
            before = self.graph
            node = before.node(subflow.id if isinstance(subflow, Node) else subflow)
            after = ungroup(before, node.id)
            self.commit(diff(before, after), label=f"ungroup {node.label}")
        # A node inside may have the id that the subflow had.
        return tuple(one for one in after.nodes if one.id == node.id or not before.has_node(one.id))

    def set_selection(self, node_id: str | None = None, edge_id: str | None = None) -> None:
        """Select a node, an edge, or nothing.

        Raises:
            GraphError: There is no such element.
        """
        if node_id is not None:
            self.graph.node(node_id)
        if edge_id is not None:
            self.graph.edge(edge_id)
        self.set(
            {"selected_node_id": node_id, "selected_edge_id": edge_id}, action="change selection"
        )

    def load_pipeline(
        self, graph: Graph | Mapping[str, Any], *, id: str | None = None, name: str = UNTITLED
    ) -> None:
        """Open another document, unchanged and without history."""
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
        """Close the pipeline: nothing is open afterwards, and nothing is dirty.

        To remove everything from the open pipeline, as one undo step, use `remove_all`.
        """
        self.load_pipeline(Graph())

    def remove_all(self) -> None:
        """Remove all nodes and edges, as one step of the history."""
        with self._notifier:
            self.commit(diff(self.graph, Graph()), label="remove everything")

    def _after(self, before: Graph, after: Graph) -> dict[str, Any]:
        """Return the changes that deselect removed elements."""
        node_id, edge_id = self.selected_node_id, self.selected_edge_id
        cleared: dict[str, Any] = {}
        if node_id and before.has_node(node_id) and not after.has_node(node_id):
            cleared["selected_node_id"] = None
        if edge_id and before.has_edge(edge_id) and not after.has_edge(edge_id):
            cleared["selected_edge_id"] = None
        return cleared

    def _select_from(self, changes: Iterable[Mapping[str, Any]], key: str) -> None:
        for change in changes:
            if change["type"] == "select":
                if change["selected"]:
                    self.set({key: change["id"]}, action="change selection")
                elif getattr(self, key) == change["id"]:
                    self.set({key: None}, action="change selection")

    def __repr__(self) -> str:
        graph = self.graph
        return f"CanvasStore(nodes={graph.node_count}, edges={graph.edge_count})"
