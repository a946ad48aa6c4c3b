"""The one document: a graph, its revision and its history, behind one lock (rule S9 of sync/SPEC.md).

Every change, by hand or from Python, is a batch that goes through `commit`; listeners hear of it after it
is done, outside the lock, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial as bind
from typing import Any, Self, TypeAlias

from traitlets import Bool

from kaizen_widgets.core import interrupts
from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.core.notifier import UninterruptedNotifier, call_all
from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Batch, Edge, Graph, Node, apply, describe, diff, digest
from kaizen_widgets.stores.elements_trait import Elements
from kaizen_widgets.stores.equality import Unsubscribe
from kaizen_widgets.stores.history import HistoryStore, Step, typing
from kaizen_widgets.stores.middleware import Action, Middleware, Partial
from kaizen_widgets.stores.store import Changes, Store


@dataclass(frozen=True)
class Commit:
    """A batch that was applied; the document's revision ``rev`` is its work.

    ``source`` is whoever asked, as it was given to `DocumentStore.commit` (None: Python code).
    """

    epoch: str
    rev: int
    digest: int
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


class DocumentStore(Store):
    """A graph that people and code edit; base of `CanvasStore`.

    Args:
        graph: The document to begin with.
        new_id: Gives epochs, and ids where a subclass needs some.
        now: Gives the time of a history step.
    """

    name = "document"
    _derived = frozenset({"nodes", "edges"})
    nodes = Elements("nodes")
    edges = Elements("edges")
    is_dirty = Bool(False)

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
        self.digest = 0
        self._saved_rev = 0
        self._open: list[Batch] | None = None
        self._event_listeners: list[Callable[[Event], object]] = []
        # A Ctrl-C in the middle of an edit comes after it: half an edit would be nobody's.
        super().__init__(notifier=UninterruptedNotifier())
        self.history = HistoryStore(self._replay, notifier=self._notifier)

    @property
    def graph(self) -> Graph:
        """The document as it is now: an immutable value."""
        return self._graph

    def post(self, call: Callable[[], object]) -> None:
        """Have ``call`` made once the lock is free, behind the events so far."""
        self._notifier.post(call)

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
        with self._notifier.locked():
            after, inverse = apply(self._graph, batch)
            if not inverse:
                return None
            if self._open is not None:
                self._graph = after
                self._open.append(batch)
                return None
            typed = None if label else typing(batch, source)
            step = Step(label or describe(batch), self._now(), inverse, typed)
            commit = self._advance(batch, after, source)
            self.history.push(step)
        return commit

    @contextmanager
    def transaction(self, label: str = "") -> Iterator[Self]:
        """Make one batch, and so one step, of all changes inside; on an error none of them stays.

        Other threads wait until it ends, so keep it short.
        """
        with self._notifier.locked():
            if self._open is not None:
                yield self  # Part of the outer one.
                return
            before = self._graph
            self._open = []
            try:
                with interrupts.allowed():
                    yield self
                # Applied anew below, as one batch to what was there.
                batch = tuple(operation for part in self._open for operation in part)
            except BaseException:
                self._graph = before
                raise
            finally:
                self._open = None
            self._graph = before
            self.commit(batch, label=label)

    def undo(self, source: Any = None) -> bool:
        """Take back the newest step; False when there is none."""
        with self._notifier.locked():
            return self.history.undo(source)

    def redo(self, source: Any = None) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        with self._notifier.locked():
            return self.history.redo(source)

    def on_event(self, listener: Callable[[Event], object]) -> Unsubscribe:
        """Call ``listener`` with each `Commit` and `Replaced`, in order, outside the lock."""
        with self._notifier.locked():
            self._event_listeners.append(listener)

        def unsubscribe() -> None:
            with self._notifier.locked():
                if listener in self._event_listeners:
                    self._event_listeners.remove(listener)

        return unsubscribe

    def set_nodes(self, nodes: Iterable[Node | Mapping[str, Any]]) -> None:
        """Make these the nodes; edges that would dangle go with their node."""
        with self._notifier.locked():
            made = [Node.from_json(node).without_view_only_keys() for node in nodes]
            ids = {node.id for node in made}
            edges = [edge for edge in self.edges if edge.source in ids and edge.target in ids]
            self.commit(diff(self._graph, Graph(made, edges)))

    def set_edges(self, edges: Iterable[Edge | Mapping[str, Any]]) -> None:
        """Make these the edges."""
        with self._notifier.locked():
            made = [Edge.from_json(edge).without_view_only_keys() for edge in edges]
            self.commit(diff(self._graph, Graph(self.nodes, made)))

    def replace(self, graph: Graph, state: Mapping[str, Any]) -> None:
        """Open another document: clean, with no history; keep ``state`` along with it.

        Raises:
            GraphError: Called within a transaction.
        """
        with self._notifier.locked():
            if self._open is not None:
                raise GraphError("Another pipeline cannot be opened within a transaction.")
            before, self._graph = self._graph, graph
            self.epoch, self.rev, self._saved_rev = self._new_id(), 0, 0
            self.digest = 0
            self.history.clear()
            changes = self._store({**state, "is_dirty": False})
            event = Replaced(self.epoch, before, graph)
            self._notifier.post(lambda: self._hand_out(event, changes))

    def mark_clean(self, rev: int | None = None) -> None:
        """Note that a revision is stored (the present one by default); later edits stay dirty."""
        with self._notifier.locked():
            self._saved_rev = self.rev if rev is None else max(self._saved_rev, rev)
            self.set({"is_dirty": self.rev > self._saved_rev})

    def set(
        self,
        partial: Partial,
        *,
        replace: bool = False,
        action: Action = None,
        told: Sequence[Middleware] | None = None,
    ) -> None:
        """Set some keys at once, as `Store.set` does; new nodes and edges become a batch."""
        with self._notifier:  # Ctrl-C waits: nodes, edges and the rest belong together.
            super().set(partial, replace=replace, action=action, told=told)

    # -------------------------------------------------------------- within

    def _after(self, graph: Graph) -> dict[str, Any]:
        """Return what else changes in the state when the document becomes ``graph``."""
        return {}

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
        self.digest = digest(self.digest, batch, after)
        commit = Commit(self.epoch, self.rev, self.digest, batch, before, after, source)
        changes = self._store({"is_dirty": True, **self._after(after)})
        self._notifier.post(lambda: self._hand_out(commit, changes))
        return commit

    def _hand_out(self, event: Event, changes: Changes) -> None:
        # Ours first: a user's observer that raises must not keep a batch from the views.
        call_all(
            (
                *(bind(listener, event) for listener in tuple(self._event_listeners)),
                bind(Elements.announce, self, event.before, event.after),
                bind(self._tell_elements, event, changes),
            )
        )

    def _tell_elements(self, event: Event, changes: Changes) -> None:
        """Tell of new nodes and edges, and of what else changed."""
        before, after = changes
        state: Mapping[str, Any] = {}
        if self._subscriptions.entries:  # to list all nodes costs O(n)
            state = self.get()
            before = {**before, "nodes": event.before.nodes, "edges": event.before.edges}
        entries = self._subscriptions.concerned(before)
        self._tell(entries, (before, after, state), self._action_of(event), self._middleware)

    def _action_of(self, event: Event) -> str:
        """Return what the devtools call an event; made up only when there are any."""
        if not self._middleware:
            return ""
        return describe(event.batch) if isinstance(event, Commit) else "open document"

    def _store(self, values: Mapping[str, Any]) -> Changes:
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
