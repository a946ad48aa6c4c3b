"""The kernel's end of the canvas protocol (SPEC.md): one arbiter for any number of views.

A pure state machine: what a view sent goes into `receive`, what the views are to hear comes out of
``post``, in order. It knows no Jupyter and no clock. The document is whatever has `Document`'s methods.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, assert_never

from pydantic import ValidationError

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import AddElement, Batch, Graph
from kaizen_widgets.graph.elements import VIEW_ONLY_KEYS
from kaizen_widgets.sync.canvas.messages import (
    Answer,
    Applied,
    CanvasState,
    Command,
    Expected,
    Handled,
    Have,
    Heartbeat,
    Hello,
    KernelMessage,
    KindInfo,
    Leave,
    Peer,
    Problem,
    Push,
    Redo,
    Refusal,
    Refused,
    Select,
    Selected,
    Snapshot,
    State,
    Undo,
    ViewMessage,
    view_message,
)

logger = logging.getLogger(__name__)

REMEMBERED_VIEWS = 256
REMEMBERED_REFUSALS = 64
MOST_OPERATIONS = 50_000
"""In one message: a whole graph of 20,000 nodes can be pasted, a flood cannot keep the kernel busy."""


class Document(Protocol):
    """What the kernel's end needs of a document; `stores.CanvasStore` has it."""

    epoch: str
    rev: int
    digest: int

    @property
    def graph(self) -> Graph:
        """The document as it is now."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keep it still; what was posted runs when it is free again."""
        ...

    def post(self, call: Callable[[], object]) -> None:
        """Have a call made when it is free, after the events so far were handed out."""

    def commit(self, batch: Batch, *, source: Any = None) -> Any:
        """Apply a batch; None when it changes nothing."""

    def undo(self, source: Any = None) -> bool:
        """Take back the newest step."""
        ...

    def redo(self, source: Any = None) -> bool:
        """Do again what was taken back last."""
        ...


@dataclass(frozen=True)
class Request:
    """Whose request a batch is: the ``n``-th of a view."""

    client: str
    n: int


@dataclass
class _View:
    """What the kernel remembers of a view: each request counts once (S2), a late selection never (S12)."""

    handled: int = 0
    told: int = 0
    refusals: OrderedDict[int, Problem] = field(default_factory=OrderedDict)


class KernelEnd:
    """Answers views and tells them of every batch.

    Args:
        document: The one document.
        post: Takes messages for the views, in order.
        kinds: The node kinds as views draw them.
        on_select: Called with the node and edge ids selected last, in any view (S12).
        on_command: Called with the name of a button pressed; returns why it was refused, or None.
    """

    def __init__(
        self,
        document: Document,
        post: Callable[[KernelMessage], None],
        *,
        kinds: Callable[[], tuple[KindInfo, ...]] = tuple,
        on_select: Callable[[tuple[str, ...], tuple[str, ...]], None] = lambda nodes, edges: None,
        on_command: Callable[[str], Problem | None] = lambda name: None,
    ) -> None:
        self._document = document
        self._post = post
        self._kinds = kinds
        self._on_select = on_select
        self._on_command = on_command
        self._views: OrderedDict[str, _View] = OrderedDict()
        self._state = CanvasState()
        self._seq = 0

    # ------------------------------------------------------------ from views

    def receive(self, content: Any) -> None:
        """Take one message of a view; never raises, always answers what can be answered (S2, S10)."""
        try:
            _refuse_flood(content)
            message = view_message.validate_python(content)
        except (ValidationError, GraphError) as error:
            self._receive_invalid(content, error)
            return
        self._handle(message)

    def _handle(self, message: ViewMessage) -> None:
        match message:
            case Hello():
                self._send_snapshot(message.client, message)
            case Push() | Undo() | Redo():
                self._handle_request(message)
            case Select() | Leave():
                self._handle_selection(message)
            case Command():
                problem = self._on_command(message.name)
                self._later(Answer(to=message.client, id=message.id, problem=problem))
            case _:
                assert_never(message)

    def _handle_request(self, message: Push | Undo | Redo) -> None:
        with self._document.locked():
            if not self._is_next(message.client, message.epoch, message.n):
                return
            view = self._view(message.client)
            request = Request(message.client, message.n)
            try:
                done = self._do(message, request)
            except GraphError as error:
                self._refuse(message.client, message.n, problem_of(error))
                return
            view.handled = message.n
            if not done:
                self._later(self._handled(message.client, message.n))

    def _handle_selection(self, message: Select | Leave) -> None:
        with self._document.locked():
            view = self._view(message.client)
            if message.at < view.told:
                return
            view.told = message.at
            if isinstance(message, Leave):
                self._later(Peer(client=message.client))
                return
            graph = self._document.graph
            nodes = tuple(node for node in message.nodes if graph.has_node(node))
            edges = tuple(edge for edge in message.edges if graph.has_edge(edge))
            self._later(Peer(client=message.client, nodes=nodes, edges=edges))
            self._document.post(lambda: self._on_select(nodes, edges))

    def _do(self, message: Push | Undo | Redo, request: Request) -> bool:
        match message:
            case Push():
                _refuse_screen_facts(message.batch)
                return self._document.commit(message.batch, source=request) is not None
            case Undo():
                return self._document.undo(request)
            case Redo():
                return self._document.redo(request)

    def _is_next(self, client: str, epoch: str, n: int) -> bool:
        """Whether a request is the one to do now; all others are answered here."""
        if epoch != self._document.epoch:
            self._send_snapshot(client)
            return False
        view = self._view(client)
        if n == view.handled + 1:
            return True
        if n > view.handled:
            self._later(Expected(to=client, epoch=epoch, n=view.handled + 1))
        elif n in view.refusals:
            self._later(Refused(to=client, epoch=epoch, n=n, problem=view.refusals[n]))
        else:
            self._later(self._handled(client, n))
        return False

    def _receive_invalid(self, content: Any, error: ValidationError | GraphError) -> None:
        """Refuse what is no message; its content may be anything, so it is not even logged (S10)."""
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
            with self._document.locked():
                if self._is_next(client, epoch, n):
                    self._refuse(client, n, problem)

    def _refuse(self, client: str, n: int, problem: Problem) -> None:
        view = self._view(client)
        view.handled = n
        view.refusals[n] = problem
        while len(view.refusals) > REMEMBERED_REFUSALS:
            view.refusals.popitem(last=False)
        self._later(Refused(to=client, epoch=self._document.epoch, n=n, problem=problem))

    def _view(self, client: str) -> _View:
        view = self._views.setdefault(client, _View())
        self._views.move_to_end(client)
        while len(self._views) > REMEMBERED_VIEWS:
            self._views.popitem(last=False)
        return view

    # -------------------------------------------------------------- to views

    def applied(self, epoch: str, rev: int, batch: Batch, source: Any) -> None:
        """Tell every view of a batch; ``source`` is the `Request` it answers, if a view's."""
        request = source if isinstance(source, Request) else None
        self._post(
            Applied(
                epoch=epoch,
                rev=rev,
                client=request.client if request else None,
                n=request.n if request else None,
                batch=batch,
            )
        )

    def replaced(self) -> None:
        """Tell every view that another document is open; requests for the old one count no more."""
        with self._document.locked():
            self._views.clear()
            self._send_snapshot(None)

    def show(self, state: CanvasState) -> None:
        """Tell every view what surrounds the document; silent when nothing differs."""
        with self._document.locked():
            if state == self._state:
                return
            self._state = state
            self._seq += 1
            self._later(State(seq=self._seq, state=state))

    def select(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        """Select elements in every view."""
        self._later(Selected(nodes=nodes, edges=edges))

    @property
    def state(self) -> CanvasState:
        """What surrounds the document."""
        return self._state

    def heartbeat(self) -> Heartbeat:
        """Say where the document stands."""
        with self._document.locked():
            return Heartbeat(
                epoch=self._document.epoch,
                rev=self._document.rev,
                digest=self._document.digest,
                seq=self._seq,
            )

    def snapshot(self, client: str | None = None, hello: Hello | None = None) -> Snapshot:
        """Return the whole document for one view, or for all; without what ``hello`` says is there."""
        with self._document.locked():
            document, graph = self._document, self._document.graph
            here = Have(epoch=document.epoch, rev=document.rev, digest=document.digest)
            has_document = hello is not None and hello.have == here
            kinds = self._kinds()
            looks = _looks(kinds)
            has_kinds = hello is not None and hello.looks == looks
            view = self._view(client) if client else _View()
            return Snapshot(
                to=client,
                epoch=here.epoch,
                rev=here.rev,
                handled=view.handled,
                refusals=tuple(Refusal(n=n, problem=why) for n, why in view.refusals.items()),
                digest=here.digest,
                nodes=None if has_document else graph.nodes,
                edges=None if has_document else graph.edges,
                looks=looks,
                kinds=None if has_kinds else kinds,
                seq=self._seq,
                state=self._state,
            )

    def _send_snapshot(self, client: str | None, hello: Hello | None = None) -> None:
        with self._document.locked():
            self._later(self.snapshot(client, hello))

    def _handled(self, client: str, n: int) -> Handled:
        return Handled(to=client, epoch=self._document.epoch, n=n, rev=self._document.rev)

    def _later(self, message: KernelMessage) -> None:
        """Post behind the batches that led here, so that no view hears of them out of order."""
        self._document.post(lambda: self._post(message))


def problem_of(error: GraphError) -> Problem:
    """Return an error as views show it."""
    return Problem(
        code=error.code,
        message=error.sentence,
        hint=error.hint,
        node_id=error.node_id,
        edge_id=error.edge_id,
    )


def _looks(kinds: tuple[KindInfo, ...]) -> str:
    """Return what tells these kinds from others."""
    text = "\n".join(kind.model_dump_json() for kind in kinds)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_flood(content: Any) -> None:
    """Refuse more than may be in one message, before any of it is looked at (S10)."""
    for name in ("batch", "nodes", "edges"):
        many = content.get(name) if isinstance(content, Mapping) else None
        if isinstance(many, list | tuple) and len(many) > MOST_OPERATIONS:
            raise GraphError(
                f"One message holds {len(many):,} of {name}, and at most {MOST_OPERATIONS:,} are taken.",
                hint="Do it in several steps, or from Python.",
            )


def _refuse_screen_facts(batch: Batch) -> None:
    """Refuse a batch that would put what belongs to a screen into the document (D5)."""
    for operation in batch:
        if isinstance(operation, AddElement) and isinstance(operation.item, Mapping):
            facts = VIEW_ONLY_KEYS.intersection(operation.item)
            if facts:
                raise GraphError(f"{min(facts)!r} belongs to a screen, not to the document.")


def _first_reason(error: ValidationError) -> str:
    """Return where and why a message failed, without a word of its content."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"The message does not fit the protocol at {where or 'its top'}: {first['msg'][:200]}."
