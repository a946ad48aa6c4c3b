"""The document of a canvas: a graph, its revision and its history, behind one lock (S9 of sync/SPEC.md).

Every edit, by hand or from Python, is a batch of operations that goes through `DocumentStore.commit`.
Listeners are notified after it is applied, outside the lock, in order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial as bind
from typing import Any, NamedTuple, Self, TypeAlias

from traitlets import Bool

from kaizen_widgets.core.background import is_background_thread
from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.core.notifier import UninterruptedNotifier, call_all
from kaizen_widgets.errors import GraphError, InvalidConnectionError
from kaizen_widgets.graph import (
    AddElement,
    Batch,
    Edge,
    Graph,
    Node,
    SetProperty,
    UnsetProperty,
    apply,
    describe,
    diff,
    digest,
)
from kaizen_widgets.graph.connections import Connection
from kaizen_widgets.stores.elements_trait import Elements
from kaizen_widgets.stores.history import HistoryStore, Step, typing
from kaizen_widgets.stores.middleware import Action, Middleware, Partial, Unsubscribe
from kaizen_widgets.stores.store import Changed, Changes, Store
from kaizen_widgets.stores.transaction import Owner, Transaction, Transactions


@dataclass(frozen=True)
class Commit:
    """A batch that was applied and made revision ``rev`` of the document.

    ``source`` is the request that caused it, as passed to `DocumentStore.commit`; None for Python code.
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
    """Another document was opened in place of this one; its history and revisions start again."""

    epoch: str
    before: Graph
    after: Graph


Event: TypeAlias = Commit | Replaced
ConnectionCheck: TypeAlias = Callable[[Graph, Connection], str | None]
"""Returns why an edge or a connection may not be in a graph, as a sentence, or None."""
_ENDS = frozenset({"source", "target", "sourceHandle", "targetHandle"})


class Version(NamedTuple):
    """Identifies a state of the document.

    Attributes:
        epoch: A fresh id for each document that is opened.
        rev: The number of commits since then.
        digest: A checksum over those commits.
    """

    epoch: str
    rev: int
    digest: int


class DocumentStore(Store):
    """A graph that people and code edit; base of `CanvasStore`.

    Args:
        graph: The document to begin with.
        new_id: Returns a fresh id, for epochs and for elements that come without one.
        now: Returns the time of a history step.
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
        self._version = Version(new_id(), 0, 0)
        self._saved_rev = 0
        self._event_listeners: list[Callable[[Event], object]] = []
        self._completions: list[Callable[[Graph, Batch], Batch]] = []
        self._connection_checks: list[ConnectionCheck] = []
        # Ctrl-C during an edit is handled after it, so that no edit is left half applied.
        notifier = UninterruptedNotifier()
        self._transactions = Transactions(notifier)
        self._swapping = threading.Lock()
        """Held while another document replaces this one; only by code of this package."""
        super().__init__(notifier=notifier)
        self.history = HistoryStore(self._replay, notifier=self._notifier)

    @property
    def graph(self) -> Graph:
        """The current document, an immutable value; inside a transaction, with the edits made there."""
        transaction = self._transactions.current()
        return self._graph if transaction is None else transaction.graph

    @property
    def committed_graph(self) -> Graph:
        """The current document without the edits of open transactions, as all other code sees it."""
        return self._graph

    @property
    def version(self) -> Version:
        """The version of the document; reading it never waits for the lock."""
        return self._version

    @property
    def epoch(self) -> str:
        """A fresh id for each document that is opened."""
        return self._version.epoch

    @property
    def rev(self) -> int:
        """The number of commits since the document was opened."""
        return self._version.rev

    @property
    def digest(self) -> int:
        """A checksum over these commits."""
        return self._version.digest

    @property
    def listener_count(self) -> int:
        """The number of subscribed listeners, including those of events."""
        return super().listener_count + len(self._event_listeners)

    def get(self) -> dict[str, Any]:
        """Return the current state."""
        if is_background_thread():
            return self._current()
        with self._notifier.lock:
            return self._current()

    def post(self, call: Callable[[], object]) -> None:
        """Make a call once the lock is free, after notifying of the events so far.

        Inside a transaction the call is made when the transaction ends or fails. It must be quick, because
        Ctrl-C does not interrupt it.
        """
        transaction = self._transactions.current()
        if transaction is None:
            self._notifier.post_essential(call)
        else:
            transaction.calls.append(call)

    def post_notification(self, call: Callable[[], object]) -> None:
        """Make a call that may run user code, once the lock is free; Ctrl-C interrupts it."""
        self._notifier.post(call)

    def commit(
        self, batch: Batch, *, label: str = "", source: Any = None, complete: bool = False
    ) -> Commit | None:
        """Apply a batch as one step of the history.

        Args:
            batch: Operations; either all of them are applied or none.
            label: The step's label; by default a description of the batch.
            source: The request that caused it; the event has it as ``source``.
            complete: Whether operations may be appended to it (see `complete_batches`) and its edges are
                checked (see `check_connections`); edits by hand and of single properties are, whole graphs
                are taken as they are.

        Returns:
            The commit; None when the batch changes nothing, or inside a transaction.

        Raises:
            GraphError: It cannot be applied; nothing was changed.
        """
        with self._notifier:
            typed = None if label else typing(batch, source)
            if complete:
                self._check_connections(batch)
                batch = self._completed(batch)
            transaction = self._transactions.current()
            if transaction is not None:
                after, inverse = apply(transaction.graph, batch)
                if inverse:
                    transaction.edit(after, batch)
                return None
            after, inverse = apply(self._graph, batch)
            if not inverse:
                return None
            step = Step(label or describe(batch), self._now(), inverse, typed)
            commit = self._advance(batch, after, source)
            self.history.push(step)
        return commit

    @contextmanager
    def transaction(self, label: str = "") -> Generator[Self]:
        """Make all edits inside the block one batch and one undo step; on an error, drop them all.

        A transaction belongs to the task or thread that opens it. Other tasks and threads do not see its
        edits before it ends and do not wait for it, and their own edits are not part of it, even if they
        were started inside. Other keys of the state (such as the selection) change immediately and are
        restored on an error; their listeners are called at the end. A nested transaction becomes part of
        the outer one when it ends; when it fails, only its own edits are dropped.

        Raises:
            GraphError: Its edits conflict with edits made by others in the meantime. None is applied.
        """
        outer = self._transactions.current()
        epoch, graph = (self.epoch, self._graph) if outer is None else (outer.epoch, outer.graph)
        transaction = Transaction(epoch, graph, label)
        owner = self._transactions.begin(transaction)
        is_done = False
        try:
            yield self
            with self._notifier:
                self._finish(transaction, owner)
                is_done = True  # An error of a listener from here on does not undo it.
        except BaseException:
            if not is_done:
                self._roll_back(transaction, owner)
            raise

    def on_rollback(self, undo: Callable[[], object]) -> None:
        """Call ``undo`` if the transaction that is open here fails; without a transaction, do nothing.

        It restores state outside the store that was changed together with the document.
        """
        transaction = self._transactions.current()
        if transaction is not None:
            transaction.undo.append(undo)

    def undo(self, source: Any = None) -> bool:
        """Undo the newest step; False when there is none."""
        with self._notifier:
            return self.history.undo(source)

    def redo(self, source: Any = None) -> bool:
        """Redo the step that was undone last; False when there is none."""
        with self._notifier:
            return self.history.redo(source)

    def on_event(self, listener: Callable[[Event], object]) -> Unsubscribe:
        """Call ``listener`` with each `Commit` and `Replaced`, in order, outside the lock.

        The listener must be quick: Ctrl-C does not interrupt it.
        """
        fitted = fit_callback(listener, 1)
        with self._notifier:
            self._event_listeners.append(fitted)

        def unsubscribe() -> None:
            with self._notifier:
                if fitted in self._event_listeners:
                    self._event_listeners.remove(fitted)

        return unsubscribe

    def complete_batches(self, complete: Callable[[Graph, Batch], Batch]) -> Unsubscribe:
        """Append the operations that ``complete(graph, batch)`` returns to edits before they are applied.

        They belong to the same step of the history. Undo and redo are not completed. It is called under the
        lock, must be quick and must not raise.
        """
        with self._notifier:
            self._completions.append(complete)

        def remove() -> None:
            with self._notifier:
                if complete in self._completions:
                    self._completions.remove(complete)

        return remove

    def set_nodes(self, nodes: Iterable[Node | Mapping[str, Any]]) -> None:
        """Replace the nodes; edges of removed nodes are removed too."""
        made = [Node.from_json(node).without_view_only_keys() for node in nodes]
        ids = {node.id for node in made}
        with self._notifier:
            graph = self.graph
            edges = [edge for edge in graph.edges if edge.source in ids and edge.target in ids]
            self.commit(diff(graph, Graph(made, edges)))

    def set_edges(self, edges: Iterable[Edge | Mapping[str, Any]]) -> None:
        """Replace the edges."""
        made = [Edge.from_json(edge).without_view_only_keys() for edge in edges]
        with self._notifier:
            graph = self.graph
            self.commit(diff(graph, Graph(graph.nodes, made)))

    def replace(self, graph: Graph, state: Mapping[str, Any]) -> None:
        """Open another document, unchanged and without history.

        Args:
            graph: The document.
            state: Other keys of the state to set with it.

        Raises:
            GraphError: Called inside a transaction.
        """
        with self._notifier:
            if self._transactions.current() is not None:
                raise GraphError("Another pipeline cannot be opened within a transaction.")
            version = Version(self._new_id(), 0, 0)
            with self._swapping:
                changes = self._apply_values({**state, "is_dirty": False})
                before, self._graph = self._graph, graph
                self._version, self._saved_rev = version, 0
            self.history.clear()
            self._post_event(Replaced(self.epoch, before, graph), changes)

    def mark_clean(self, rev: int | None = None) -> None:
        """Record that a revision is saved (by default the current one); later edits are still unsaved."""

        def mark() -> None:
            self._saved_rev = self.rev if rev is None else max(self._saved_rev, rev)
            self.set({"is_dirty": self.rev > self._saved_rev}, action="mark saved")

        self._run_locked(mark)

    def set(
        self,
        partial: Partial,
        *,
        replace: bool = False,
        action: Action = None,
        middleware: Sequence[Middleware] | None = None,
    ) -> None:
        """Set some keys as one change, as `Store.set` does; new nodes and edges become a batch."""
        # Under the lock, so that Ctrl-C cannot separate nodes, edges and the other keys.
        options = {"replace": replace, "action": action, "middleware": middleware}
        self._run_locked(bind(super().set, partial, **options))

    # -------------------------------------------------------- transactions

    def _finish(self, transaction: Transaction, owner: Owner) -> None:
        """Apply a transaction's edits to the outer transaction, or to the document."""
        outer = self._transactions.end(transaction, owner)
        if outer is not None:
            outer.absorb(transaction)
            return
        if transaction.epoch != self.epoch:
            raise GraphError(
                "Another pipeline was opened during the transaction; its edits were dropped."
            )
        self.commit(tuple(transaction.operations), label=transaction.label)
        for call in transaction.notifications:
            self._notifier.post(call)
        for call in transaction.calls:
            self._notifier.post_essential(call)

    def _roll_back(self, transaction: Transaction, owner: Owner) -> None:
        with self._notifier:
            self._transactions.end(transaction, owner)
            held = self._trait_values
            for key, value in transaction.after.items():
                if held[key] is value:  # otherwise another thread has set it since
                    held[key] = transaction.before[key]
            for call in transaction.calls:
                self.post(call)
        call_all(reversed(transaction.undo))

    # ------------------------------------------------------------ internal

    def _after(self, before: Graph, after: Graph) -> dict[str, Any]:
        """Return the other keys of the state to set when the document changes."""
        return {}

    def check_connections(self, problem_of: ConnectionCheck) -> Unsubscribe:
        """Refuse edges made by hand or by `connect` for which ``problem_of`` returns a sentence.

        Edges of files, of whole graphs and of undo are taken as they are. It is called under the lock, must
        be quick and must not raise.
        """
        with self._notifier:
            self._connection_checks.append(problem_of)

        def remove() -> None:
            with self._notifier:
                if problem_of in self._connection_checks:
                    self._connection_checks.remove(problem_of)

        return remove

    def _check_connection(self, connection: Connection) -> None:
        for problem_of in self._connection_checks:
            if problem := problem_of(self.graph, connection):
                raise InvalidConnectionError(problem)

    def _check_connections(self, batch: Batch) -> None:
        moved: dict[str, dict[str, Any]] = {}
        for operation in batch:
            match operation:
                case AddElement(kind="edge", item=item):
                    self._check_connection(item)
                case (
                    SetProperty(kind="edge", id=edge_id, path=(key,))
                    | UnsetProperty(kind="edge", id=edge_id, path=(key,))
                ) if key in _ENDS and self.graph.has_edge(edge_id):
                    ends = moved.setdefault(edge_id, dict(self.graph.edge(edge_id)))
                    ends[key] = operation.value if isinstance(operation, SetProperty) else None
        for ends in moved.values():
            self._check_connection(ends)

    def _completed(self, batch: Batch) -> Batch:
        for complete in self._completions:
            batch = (*batch, *complete(self.graph, batch))
        return batch

    def _replay(self, batch: Batch, source: Any) -> Batch:
        """Apply a batch outside the history (for undo and redo); return its inverse."""
        if self._transactions.current() is not None:
            raise GraphError("Undo and redo cannot be part of a transaction.")
        after, inverse = apply(self._graph, batch)
        self._advance(batch, after, source)
        return inverse

    def _advance(self, batch: Batch, after: Graph, source: Any) -> Commit:
        before, old = self._graph, self._version
        version = Version(old.epoch, old.rev + 1, digest(old.digest, batch, after))
        # The graph before the version: a draft may be newer than its revision, never older.
        self._graph = after
        self._version = version
        changes = self._apply_values({"is_dirty": True, **self._after(before, after)})
        commit = Commit(*version, batch, before, after, source)
        self._post_event(commit, changes)
        return commit

    def _post_event(self, event: Event, changes: Changes) -> None:
        # Our own views and the journal come first and always receive the event, even if a user's observer
        # raises or Ctrl-C is pressed.
        self._notifier.post_essential(self._call_event_listeners, event)
        if self._subscriptions.entries or self._trait_notifiers or self._middleware:
            self._notifier.post(self._notify_of_event, event, changes)

    def _call_event_listeners(self, event: Event) -> None:
        call_all(bind(listener, event) for listener in tuple(self._event_listeners))

    def _notify_of_event(self, event: Event, changes: Changes) -> None:
        """Notify of new nodes and edges, and of the other keys that changed."""
        before, after = changes
        state: dict[str, Any] = {}
        if self._subscriptions.entries:  # to list all nodes costs O(n)
            state = self.get()
            before = {**before, "nodes": event.before.nodes, "edges": event.before.edges}
        entries = self._subscriptions.concerned(before)
        changed: Changed = before, after, state
        call_all(
            (
                bind(Elements.announce, self, event.before, event.after),
                bind(self._notify, entries, changed, self._action_of(event), self._middleware),
            )
        )

    def _action_of(self, event: Event) -> str:
        """Return an event's action name for the middleware; empty if there is none."""
        if not self._middleware:
            return ""
        return describe(event.batch) if isinstance(event, Commit) else "open document"

    def _current(self) -> dict[str, Any]:
        graph, values = self.graph, self._trait_values.copy()
        elements = {"nodes": graph.nodes, "edges": graph.edges}
        return {key: elements[key] if key in elements else values[key] for key in self._keys}

    def _post(self, change: Changed, action: Action, middleware: Sequence[Middleware]) -> None:
        transaction = self._transactions.current()
        if transaction is None:
            super()._post(change, action, middleware)
        else:
            count = self._subscriptions.count
            transaction.notifications.append(
                bind(self._notify_later, change, action, middleware, count)
            )

    def _apply_values(self, values: Mapping[str, Any]) -> Changes:
        """Store values; nodes and edges become a batch."""
        elements = {key: values[key] for key in values if key in self._derived}
        if not elements:
            changes = super()._apply_values(values)
        else:
            with self.transaction():
                if "nodes" in elements:
                    self.set_nodes(elements["nodes"])
                if "edges" in elements:
                    self.set_edges(elements["edges"])
                changes = super()._apply_values(
                    {key: values[key] for key in values if key not in self._derived}
                )
        transaction = self._transactions.current()
        if transaction is not None:
            transaction.note(*changes)
        return changes
