"""The canvas store: the one document, its revision and its history, behind one lock (rule S9).

Every change, by hand or from Python, is a batch that goes through `commit`; listeners hear of it after it
is done, outside the lock, in order. What belongs to a screen (selection) is kept beside the document and
never makes it dirty.

The actions' names and defaults are those of Kaizen Studio's canvas store; node and edge JSON is React
Flow's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from traitlets import Bool, Bunch, Unicode

from kaizen_widgets.clock import NewId, random_id
from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import (
    AddElement,
    Batch,
    Edge,
    Graph,
    Node,
    RemoveElement,
    SetProperty,
    add_edge,
    apply,
    apply_edge_changes,
    apply_node_changes,
    describe,
    diff,
)
from kaizen_widgets.graph.connections import edge_id_of
from kaizen_widgets.stores.elements_trait import Elements
from kaizen_widgets.stores.history import HistoryStore, Step
from kaizen_widgets.stores.store import Store, Unsubscribe

UNTITLED = "Untitled Pipeline"


@dataclass(frozen=True)
class Commit:
    """A batch that was applied; the document's revision ``rev`` is its work.

    ``source`` is whoever asked, as it was given to `CanvasStore.commit` (None: Python code).
    """

    epoch: str
    rev: int
    batch: Batch
    before: Graph
    after: Graph
    source: Any = None


@dataclass(frozen=True)
class Replaced:
    """Another document took the place of this one; history and revisions began anew."""

    epoch: str
    before: Graph
    after: Graph


Event: TypeAlias = Commit | Replaced


@dataclass(frozen=True)
class Draft:
    """The document at one moment, as something that saves it needs it."""

    pipeline_id: str | None
    pipeline_name: str
    graph: Graph
    epoch: str
    rev: int


class CanvasStore(Store):
    """A graph that people and code edit.

    Args:
        graph: The document to begin with.
        new_id: Gives ids for nodes that are added without one, and for epochs.
        now: Gives the time of a history step.
    """

    name = "canvas"
    _derived = frozenset({"nodes", "edges"})
    nodes = Elements("nodes")
    edges = Elements("edges")
    selected_node_id = Unicode(None, allow_none=True)
    selected_edge_id = Unicode(None, allow_none=True)
    is_dirty = Bool(False)
    pipeline_id = Unicode(None, allow_none=True)
    pipeline_name = Unicode(UNTITLED)

    def __init__(
        self,
        graph: Graph | None = None,
        *,
        new_id: NewId = random_id,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._graph = Graph() if graph is None else graph
        self._new_id = new_id
        self._now = now
        self.epoch = new_id()
        self.rev = 0
        self._saved_rev = 0
        self._open: list[tuple[Batch, Batch]] | None = None
        self._event_listeners: list[Callable[[Event], object]] = []
        super().__init__()
        self.history = HistoryStore(self._replay, delivery=self._delivery)

    # ------------------------------------------------------------- reading

    @property
    def graph(self) -> Graph:
        """The document as it is now: an immutable value."""
        return self._graph

    def locked(self) -> AbstractContextManager[None]:
        """Keep document, revision and history still for a moment (re-entrant)."""
        return self._delivery.locked()

    def post(self, call: Callable[[], object]) -> None:
        """Have ``call`` made once the lock is free, behind the events so far."""
        self._delivery.post(call)

    def draft(self) -> Draft:
        """Return the document with all that is needed to save it."""
        with self._delivery.locked():
            return Draft(self.pipeline_id, self.pipeline_name, self._graph, self.epoch, self.rev)

    # ------------------------------------------------------------- changing

    def commit(self, batch: Batch, *, label: str = "", source: Any = None) -> Commit | None:
        """Apply a batch as one step of the history.

        Args:
            batch: Operations; whole or not at all.
            label: What to call the step; made up from the batch when empty.
            source: Whose request it is; comes back in the event.

        Returns:
            What was done; None when the batch changes nothing, or within a transaction.

        Raises:
            GraphError: It cannot be applied; nothing was.
        """
        with self._delivery.locked():
            after, inverse = apply(self._graph, batch)
            if not inverse:
                return None
            if self._open is not None:
                self._graph = after
                self._open.append((batch, inverse))
                return None
            step = Step(label or describe(batch), self._now(), inverse)
            commit = self._advance(batch, after, source)
            self.history.push(step)
        return commit

    @contextmanager
    def transaction(self, label: str = "") -> Iterator[CanvasStore]:
        """Make one batch, and so one step, of all changes inside; on an error none of them stays.

        Other threads wait until it ends, so keep it short.
        """
        with self._delivery.locked():
            if self._open is not None:
                yield self  # Part of the outer one.
                return
            before = self._graph
            self._open = []
            try:
                yield self
                done = self._open
                # One batch, applied anew to what was there, checks that the parts make a whole.
                batch = tuple(operation for part, _ in done for operation in part)
            except BaseException:
                self._graph = before
                raise
            finally:
                self._open = None
            self._graph = before
            self.commit(batch, label=label)

    def undo(self, source: Any = None) -> bool:
        """Take back the newest step; False when there is none."""
        with self._delivery.locked():
            return self.history.undo(source)

    def redo(self, source: Any = None) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        with self._delivery.locked():
            return self.history.redo(source)

    def on_event(self, listener: Callable[[Event], object]) -> Unsubscribe:
        """Call ``listener`` with each `Commit` and `Replaced`, in order, outside the lock."""
        with self._delivery.locked():
            self._event_listeners.append(listener)

        def unsubscribe() -> None:
            with self._delivery.locked():
                if listener in self._event_listeners:
                    self._event_listeners.remove(listener)

        return unsubscribe

    # ------------------------------------------- the original's actions

    def set_nodes(self, nodes: Iterable[Node | Mapping[str, Any]]) -> None:
        """Make these the nodes; edges that would dangle go with their node."""
        with self._delivery.locked():
            made = [Node.from_json(node).without_screen_facts() for node in nodes]
            ids = {node.id for node in made}
            edges = [edge for edge in self.edges if edge.source in ids and edge.target in ids]
            self.commit(diff(self._graph, Graph(made, edges)))

    def set_edges(self, edges: Iterable[Edge | Mapping[str, Any]]) -> None:
        """Make these the edges."""
        with self._delivery.locked():
            made = [Edge.from_json(edge).without_screen_facts() for edge in edges]
            self.commit(diff(self._graph, Graph(self.nodes, made)))

    def on_nodes_change(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Apply React Flow node changes; sizes and drags in progress stay on their screen."""
        changes = list(changes)
        with self._delivery.locked():
            self.set_nodes(apply_node_changes(changes, self.nodes))
        self._select_from(changes, "selected_node_id")

    def on_edges_change(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Apply React Flow edge changes."""
        changes = list(changes)
        with self._delivery.locked():
            self.set_edges(apply_edge_changes(changes, self.edges))
        self._select_from(changes, "selected_edge_id")

    def on_connect(self, connection: Mapping[str, Any]) -> Edge | None:
        """Add an edge for a connection; None when the same one is there.

        Raises:
            InvalidConnectionError: An end is missing or is no node of this graph.
        """
        with self._delivery.locked():
            if add_edge(connection, self.edges) is self.edges:
                return None
            edge_id = edge_id_of(connection)
            if self._graph.has_edge(edge_id):
                edge_id = f"{edge_id}-{self._new_id()}"
            keys = {key: value for key, value in connection.items() if value is not None}
            edge = Edge.from_json({"id": edge_id, **keys})
            self.commit((AddElement(kind="edge", item=edge),), label="connect")
            return edge

    def add_node(self, node: Node | Mapping[str, Any] | None = None, **keys: Any) -> Node:
        """Add a node: a `Node`, its JSON, or ``type=..., position=..., data=...`` and it gets an id."""
        if node is None:
            keys.setdefault("id", f"{keys.get('type') or 'node'}-{self._new_id()}")
            node = Node(keys.pop("id"), **keys)
        made = Node.from_json(node).without_screen_facts()
        self.commit((AddElement(kind="node", item=made),))
        return made

    def delete_node(self, node_id: str) -> None:
        """Remove a node with its edges and the nodes inside it.

        Raises:
            UnknownNodeError: There is no such node.
        """
        self.commit((RemoveElement(kind="node", id=node_id),))

    def update_node_data(self, node_id: str, data: Mapping[str, Any]) -> None:
        """Merge ``data`` into a node's data.

        Raises:
            UnknownNodeError: There is no such node.
        """
        with self._delivery.locked():
            whole = not isinstance(self._graph.node(node_id).get("data"), Mapping)
            batch: Batch = (
                (SetProperty(kind="node", id=node_id, path=("data",), value=data),)
                if whole
                else tuple(
                    SetProperty(kind="node", id=node_id, path=("data", key), value=value)
                    for key, value in data.items()
                )
            )
            self.commit(batch)

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
        with self._delivery.locked():
            if self._open is not None:
                raise GraphError("Another pipeline cannot be opened within a transaction.")
            before, self._graph = self._graph, made
            self.epoch, self.rev, self._saved_rev = self._new_id(), 0, 0
            self.history.clear()
            changes = self._store(
                {
                    "pipeline_id": id,
                    "pipeline_name": name,
                    "selected_node_id": None,
                    "selected_edge_id": None,
                    "is_dirty": False,
                }
            )
            event = Replaced(self.epoch, before, made)
            self._delivery.post(lambda: self._hand_out(event, changes))

    def clear_canvas(self) -> None:
        """Remove everything; one step of the history."""
        with self._delivery.locked():
            self.commit(diff(self._graph, Graph()), label="clear canvas")

    def mark_clean(self, rev: int | None = None) -> None:
        """Note that a revision is stored (the present one by default); later edits stay dirty."""
        with self._delivery.locked():
            self._saved_rev = self.rev if rev is None else max(self._saved_rev, rev)
            self.set({"is_dirty": self.rev > self._saved_rev})

    # -------------------------------------------------------------- within

    def _replay(self, batch: Batch, source: Any) -> Batch:
        """Apply a batch outside the history (for undo and redo); return its inverse."""
        if self._open is not None:
            raise GraphError("Undo and redo cannot be part of a transaction.")
        after, inverse = apply(self._graph, batch)
        self._advance(batch, after, source)
        return inverse

    def _advance(self, batch: Batch, after: Graph, source: Any) -> Commit:
        before, self._graph = self._graph, after
        self.rev += 1
        commit = Commit(self.epoch, self.rev, batch, before, after, source)
        gone: dict[str, Any] = {}
        if self.selected_node_id and not after.has_node(self.selected_node_id):
            gone["selected_node_id"] = None
        if self.selected_edge_id and not after.has_edge(self.selected_edge_id):
            gone["selected_edge_id"] = None
        changes = self._store({"is_dirty": True, **gone})
        self._delivery.post(lambda: self._hand_out(commit, changes))
        return commit

    def _hand_out(self, event: Event, changes: list[Bunch]) -> None:
        previous: dict[str, Any] = {}
        if self._listeners:
            previous = {
                **self.get(),
                **{change.name: change.old for change in changes},
                "nodes": event.before.nodes,
                "edges": event.before.edges,
            }
        # Ours first: a user's observer that raises must not keep a batch from the views.
        for listener in tuple(self._event_listeners):
            listener(event)
        Elements.announce(self, event.before, event.after)
        self._announce(changes, previous)

    def _store(self, values: Mapping[str, Any]) -> list[Bunch]:
        """Keep values; nodes and edges are kept as a batch."""
        rest = {key: value for key, value in values.items() if key not in self._derived}
        changes = super()._store(rest)
        if len(rest) < len(values):
            with self.transaction():
                if "nodes" in values:
                    self.set_nodes(values["nodes"])
                if "edges" in values:
                    self.set_edges(values["edges"])
        return changes

    def _select_from(self, changes: Iterable[Mapping[str, Any]], key: str) -> None:
        for change in changes:
            if change["type"] == "select":
                if change["selected"]:
                    self.set({key: change["id"]})
                elif getattr(self, key) == change["id"]:
                    self.set({key: None})

    def __repr__(self) -> str:
        return f"CanvasStore(nodes={self._graph.node_count}, edges={self._graph.edge_count})"
