"""The kernel's end of the canvas protocol (SPEC.md), for any number of views.

A state machine without Jupyter and without a clock: `receive` takes the messages of views, ``post`` gets the
messages for them, in order.

Views get the version of the document of the last event that was passed to `committed` or `replaced`. So a
heartbeat or a snapshot never waits for the document's lock, which user code can hold.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from pydantic import ValidationError

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import AddElement, Batch, Graph
from kaizen_widgets.graph.elements import VIEW_ONLY_KEYS
from kaizen_widgets.sync.canvas.messages import (
    Applied,
    CanvasState,
    Command,
    CommandResult,
    DocumentVersion,
    Expected,
    Handled,
    Heartbeat,
    Hello,
    KernelMessage,
    KindInfo,
    Leave,
    NodeFacts,
    NodeFactsChanged,
    PeerSelection,
    Problem,
    Push,
    Redo,
    Refusal,
    Refused,
    Select,
    ShowSelection,
    Snapshot,
    StateChanged,
    Undo,
    ViewCommand,
    ViewMessage,
    view_message,
)

if TYPE_CHECKING:
    from kaizen_widgets.stores.document import Commit, DocumentStore, Replaced
from kaizen_widgets.sync.remembered_views import RememberedViews

logger = logging.getLogger(__name__)

REMEMBERED_REFUSALS = 64
MAX_OPERATIONS = 50_000
"""In one message: enough to paste a graph of 20,000 nodes, too few to keep the kernel busy."""


@dataclass(frozen=True)
class Request:
    """Identifies the request that made a batch: number ``n`` of a view."""

    client: str
    n: int


@dataclass
class _View:
    """What the kernel remembers of a view.

    Attributes:
        handled: Its last request that was handled (S2).
        answered: Its last request whose answer was posted.
        selection: Number of the last selection it reported (S12).
        is_open: Whether it has neither closed nor been forgotten.
        refusals: Its newest refused requests.
    """

    handled: int = 0
    answered: int = 0
    selection: int = 0
    is_open: bool = False
    refusals: OrderedDict[int, Problem] = field(default_factory=OrderedDict)


class KernelEnd:
    """Answers the requests of views, and sends them every batch.

    Without an open view nothing is posted: a view that opens gets a snapshot.

    Args:
        document: Store with the document.
        post: Takes messages for the views, in order.
        kinds: Returns the node kinds as views draw them.
        on_select: Called with the ids of the nodes and edges selected last, in any view (S12).
        on_command: Called with the name of a pressed button and the ids of the nodes it is meant for, those
            that exist; returns why it was refused, or None.
        on_views: Called when the first view opens (True) and when the last one closes (False).
    """

    def __init__(
        self,
        document: DocumentStore,
        post: Callable[[KernelMessage], None],
        *,
        kinds: Callable[[], tuple[KindInfo, ...]] = tuple,
        on_select: Callable[[tuple[str, ...], tuple[str, ...]], None] = lambda nodes, edges: None,
        on_command: Callable[[str, tuple[str, ...]], Problem | None] = lambda name, nodes: None,
        on_views: Callable[[bool], None] = lambda has_views: None,
    ) -> None:
        self._document = document
        self._send = post
        self._kinds = kinds
        self._on_select = on_select
        self._on_command = on_command
        self._on_views = on_views
        self._views = RememberedViews(_View)
        self._has_views = False
        self._state = CanvasState()
        self._seq = 0
        # A new dict for every change, so that a snapshot on another thread reads one version.
        self._facts: tuple[int, dict[str, NodeFacts]] = (0, {})
        self._facts_lock = threading.Lock()
        with document.locked():
            version = DocumentVersion(
                epoch=document.epoch, rev=document.rev, digest=document.digest
            )
            self._current = (version, document.committed_graph)

    @property
    def has_views(self) -> bool:
        """Whether any view is open."""
        return self._has_views

    @property
    def state(self) -> CanvasState:
        """What views show besides the document."""
        return self._state

    def kinds_changed(self) -> None:
        """Send each view the kinds as they are now."""
        with self._document.locked():
            for client in self._views.clients():
                self._post_snapshot(client)

    # ------------------------------------------------------------ from views

    def receive(self, content: Any) -> None:
        """Handle one message of a view; never raises, and answers whatever can be answered (S2, S10)."""
        try:
            _refuse_flood(content)
            message = view_message.validate_python(content)
        except (ValidationError, GraphError) as error:
            self._receive_invalid(content, error)
            return
        if not isinstance(message, Leave):
            self._open(message.client)
        self._handle(message)

    def _handle(self, message: ViewMessage) -> None:
        match message:
            case Hello():
                self._post_snapshot(message.client, message)
            case Push() | Undo() | Redo():
                self._handle_request(message)
            case Select() | Leave():
                self._handle_selection(message)
            case Command():
                graph = self._document.committed_graph
                nodes = tuple(node for node in message.nodes if graph.has_node(node))
                problem = self._on_command(message.name, nodes)
                self._post(CommandResult(to=message.client, id=message.id, problem=problem))
            case _:
                assert_never(message)

    def _handle_request(self, message: Push | Undo | Redo) -> None:
        with self._document.locked():
            if not self._is_next(message.client, message.epoch, message.n):
                return
            view = self._view(message.client)
            request = Request(message.client, message.n)
            try:
                done = self._apply(message, request)
            except GraphError as error:
                self._refuse(message.client, message.n, problem_of(error))
                return
            view.handled = message.n
            if not done:
                self._answer_handled(message.client, message.n)

    def _handle_selection(self, message: Select | Leave) -> None:
        with self._document.locked():
            view = self._view(message.client)
            if message.number < view.selection:
                return
            view.selection = message.number
            if isinstance(message, Leave):
                self._post(PeerSelection(client=message.client))
                self._close(message.client)
                return
            graph = self._document.committed_graph
            nodes = tuple(node for node in message.nodes if graph.has_node(node))
            edges = tuple(edge for edge in message.edges if graph.has_edge(edge))
            self._post(PeerSelection(client=message.client, nodes=nodes, edges=edges))
            self._document.post(lambda: self._on_select(nodes, edges))

    def _apply(self, message: Push | Undo | Redo, request: Request) -> bool:
        """Carry out a request; returns whether it made a batch."""
        match message:
            case Push():
                _refuse_view_only_keys(message.batch)
                return (
                    self._document.commit(message.batch, source=request, complete=True) is not None
                )
            case Undo():
                return self._document.undo(request)
            case Redo():
                return self._document.redo(request)

    def _is_next(self, client: str, epoch: str, n: int) -> bool:
        """Whether a request is the next one to handle; every other request is answered here."""
        if epoch != self._document.epoch:
            self._post_snapshot(client)
            return False
        view = self._view(client)
        if n == view.handled + 1:
            return True
        if n > view.handled:
            self._post(Expected(to=client, epoch=epoch, n=view.handled + 1))
        elif n in view.refusals:
            self._post(Refused(to=client, epoch=epoch, n=n, problem=view.refusals[n]))
        else:
            self._answer_handled(client, n)
        return False

    def _receive_invalid(self, content: Any, error: ValidationError | GraphError) -> None:
        """Refuse an invalid message; its content may be anything, so it is not logged (S10)."""
        problem = (
            problem_of(error)
            if isinstance(error, GraphError)
            else Problem(code="invalid_message", message=_first_reason(error))
        )
        facts = content if isinstance(content, Mapping) else {}
        client, epoch, n = facts.get("client"), facts.get("epoch"), facts.get("n")
        logger.warning("A view's message was refused: %s", problem.code)
        if not (isinstance(client, str) and 0 < len(client) <= 64 and isinstance(epoch, str)):
            return
        if isinstance(n, int) and not isinstance(n, bool) and 0 < n < 2**53:
            self._open(client)
            with self._document.locked():
                if self._is_next(client, epoch, n):
                    self._refuse(client, n, problem)

    def _refuse(self, client: str, n: int, problem: Problem) -> None:
        view = self._view(client)
        view.handled = n
        view.refusals[n] = problem
        while len(view.refusals) > REMEMBERED_REFUSALS:
            view.refusals.popitem(last=False)
        epoch = self._document.epoch

        def answer() -> None:
            view.answered = max(view.answered, n)
            self._send(Refused(to=client, epoch=epoch, n=n, problem=problem))

        self._document.post(answer)

    def _answer_handled(self, client: str, n: int) -> None:
        epoch, rev, view = self._document.epoch, self._document.rev, self._view(client)

        def answer() -> None:
            view.answered = max(view.answered, n)
            self._send(Handled(to=client, epoch=epoch, n=n, rev=rev))

        self._document.post(answer)

    # ------------------------------------------------------------ open views

    def _view(self, client: str) -> _View:
        return self._views[client]

    def _open(self, client: str) -> None:
        with self._document.locked():
            self._view(client).is_open = True
            if not self._has_views:
                self._has_views = True
                self._document.post(lambda: self._on_views(True))

    def _close(self, client: str) -> None:
        self._view(client).is_open = False
        if self._has_views and not any(view.is_open for view in self._views):
            # Queued after the messages already posted, because the view may open again meanwhile.
            self._document.post(self._closed_last)

    def _closed_last(self) -> None:
        with self._document.locked():
            if any(view.is_open for view in self._views):
                return
            self._has_views = False
        self._on_views(False)

    # -------------------------------------------------------------- to views

    def committed(self, commit: Commit) -> None:
        """Send a batch to every view; called for every commit of the document, in order."""
        version = DocumentVersion(epoch=commit.epoch, rev=commit.rev, digest=commit.digest)
        self._current = (version, commit.after)
        request = commit.source if isinstance(commit.source, Request) else None
        if request is not None and (view := self._views.get(request.client)) is not None:
            view.answered = max(view.answered, request.n)
        if self._has_views:
            self._send(
                Applied(
                    epoch=commit.epoch,
                    rev=commit.rev,
                    client=request.client if request else None,
                    n=request.n if request else None,
                    batch=commit.batch,
                )
            )

    def replaced(self, event: Replaced) -> None:
        """Make every view open another document; requests start again at 1."""
        version = DocumentVersion(epoch=event.epoch, rev=0, digest=0)
        self._current = (version, event.after)
        with self._document.locked():
            self._views.replace(lambda view: _View(selection=view.selection, is_open=view.is_open))
        self._post_snapshot(None)

    def show(self, state: CanvasState) -> None:
        """Send every view the state to show besides the document, if it changed."""
        # Called on any thread, also on the background loop: it must not wait for the document's lock.
        if state == self._state:
            return
        self._state = state
        self._seq += 1
        if self._has_views:
            self._send(StateChanged(seq=self._seq, state=state))

    def show_facts(self, facts: Mapping[str, NodeFacts]) -> None:
        """Replace the facts of all nodes, and send views those that changed (S17)."""
        # Like `show` on any thread; its own lock, so that two calls are sent in the order of their numbers.
        with self._facts_lock:
            seq, known = self._facts
            changed: dict[str, NodeFacts | None] = {
                node_id: fact for node_id, fact in facts.items() if known.get(node_id) != fact
            }
            changed |= {node_id: None for node_id in known if node_id not in facts}
            if not changed:
                return
            self._facts = (seq + 1, dict(facts))
            if self._has_views:
                self._send(NodeFactsChanged(seq=seq + 1, facts=changed))

    @property
    def facts(self) -> Mapping[str, NodeFacts]:
        """The facts that views show of nodes, by node id."""
        return self._facts[1]

    def command_views(self, command: ViewCommand) -> bool:
        """Ask views to act as their buttons do (S18); returns False when no view is open."""
        newest = self._views.newest(lambda view: view.is_open)
        if newest is None:
            return False
        if command.name == "arrange":
            command = command.model_copy(update={"to": newest})
        self._post(command)
        return True

    def select(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        """Select elements in every view."""
        self._post(ShowSelection(nodes=nodes, edges=edges))

    def heartbeat(self) -> Heartbeat | None:
        """Return the version of the document that views should have; None when there is no view."""
        if not self._has_views:
            return None
        version, _ = self._current
        return Heartbeat(
            epoch=version.epoch,
            rev=version.rev,
            digest=version.digest,
            seq=self._seq,
            facts_seq=self._facts[0],
        )

    def snapshot(self, client: str | None = None, hello: Hello | None = None) -> Snapshot:
        """Return the document for one view, or for all, without the parts that ``hello`` lists."""
        version, graph = self._current
        has_document = hello is not None and hello.version == version
        kinds = self._kinds()
        kinds_hash = _hash(kinds)
        has_kinds = hello is not None and hello.kinds_hash == kinds_hash
        view = (self._views.get(client) if client else None) or _View()
        facts_seq, facts = self._facts
        return Snapshot(
            to=client,
            epoch=version.epoch,
            rev=version.rev,
            handled=view.answered,
            refusals=tuple(
                Refusal(n=n, problem=problem)
                for n, problem in tuple(view.refusals.items())
                if n <= view.answered
            ),
            digest=version.digest,
            nodes=None if has_document else graph.nodes,
            edges=None if has_document else graph.edges,
            kinds_hash=kinds_hash,
            kinds=None if has_kinds else kinds,
            seq=self._seq,
            state=self._state,
            facts_seq=facts_seq,
            facts=facts,
        )

    @property
    def graph(self) -> Graph:
        """The document as of the last event."""
        return self._current[1]

    def _post_snapshot(self, client: str | None, hello: Hello | None = None) -> None:
        def post() -> None:
            if self._has_views:
                self._send(self.snapshot(client, hello))

        self._document.post(post)

    def _post(self, message: KernelMessage) -> None:
        """Post a message after the batches that came before it, so that views get both in order."""
        if self._has_views:
            self._document.post(lambda: self._send(message))


def problem_of(error: GraphError) -> Problem:
    """Return an error in the form that views show."""
    return Problem(
        code=error.code,
        message=error.sentence,
        hint=error.hint,
        node_id=error.node_id,
        edge_id=error.edge_id,
    )


def _hash(kinds: tuple[KindInfo, ...]) -> str:
    """Return a hash that identifies a set of node kinds."""
    text = "\n".join(kind.model_dump_json() for kind in kinds)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_flood(content: Any) -> None:
    """Refuse a message with too many parts, before any of them is validated (S10)."""
    for name in ("batch", "nodes", "edges"):
        many = content.get(name) if isinstance(content, Mapping) else None
        if isinstance(many, list | tuple) and len(many) > MAX_OPERATIONS:
            raise GraphError(
                f"A message has {len(many):,} items in {name}, but at most {MAX_OPERATIONS:,} are accepted.",
                hint="Use several steps, or Python.",
            )


def _refuse_view_only_keys(batch: Batch) -> None:
    """Refuse a batch that would add keys to the document which belong to one view (D5)."""
    for operation in batch:
        if isinstance(operation, AddElement) and isinstance(operation.item, Mapping):
            keys = VIEW_ONLY_KEYS.intersection(operation.item)
            if keys:
                raise GraphError(f"{min(keys)!r} belongs to one view, not to the document.")


def _first_reason(error: ValidationError) -> str:
    """Return where and why a message is invalid, without any of its content."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"The message does not fit the protocol at {where or 'its top'}: {first['msg'][:200]}."
