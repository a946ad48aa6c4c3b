"""The canvas protocol's messages, typed once; `js/src/canvas/protocol.gen.ts` is generated from them.

What a view sends is one `ViewMessage`. What the kernel sends is one `KernelMail`: a list of
`KernelMessage`s, so that what happens within 50 ms costs one message (rule S8). A message with `to` is
for that view alone: Jupyter shows it to all of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from kaizen_widgets.graph.operations import Batch, ElementId, Json
from kaizen_widgets.graph.wire_model import WireModel

ClientId = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]

# ------------------------------------------------------------ view to kernel


class Have(WireModel):
    """The document a view holds: what equals the kernel's need not be sent again."""

    epoch: str
    rev: Count
    digest: Count


class Hello(WireModel):
    """A view opens, or has lost the thread: it asks for a snapshot (S3).

    ``have`` is the document it holds, ``looks`` the `Snapshot.looks` whose kinds it knows.
    """

    kind: Literal["hello"] = "hello"
    client: ClientId
    have: Have | None = None
    looks: Annotated[str, Field(max_length=64)] = ""


class Push(WireModel):
    """A batch made by hand, the ``n``-th request of this view, from 1 without gaps (S2)."""

    kind: Literal["push"] = "push"
    client: ClientId
    epoch: str
    n: Count
    base_rev: Count
    batch: Batch


class Undo(WireModel):
    """Take back the newest step of the one history; numbered like a push (S14)."""

    kind: Literal["undo"] = "undo"
    client: ClientId
    epoch: str
    n: Count


class Redo(WireModel):
    """Do again what was taken back last; numbered like a push (S14)."""

    kind: Literal["redo"] = "redo"
    client: ClientId
    epoch: str
    n: Count


class Select(WireModel):
    """What is selected in this view; not document, not answered, the last one told wins (S12).

    Attributes:
        at: Counts what the view told, so that one that was overtaken is let go.
    """

    kind: Literal["select"] = "select"
    client: ClientId
    at: Count = 0
    nodes: tuple[ElementId, ...] = ()
    edges: tuple[ElementId, ...] = ()


class Leave(WireModel):
    """The view goes: nothing of it is to be marked in others any more (S12)."""

    kind: Literal["leave"] = "leave"
    client: ClientId
    at: Count = 0


class Command(WireModel):
    """A button that is no edit; answered with an `Answer` of the same ``id``."""

    kind: Literal["command"] = "command"
    client: ClientId
    id: Count
    name: Literal["run", "cancel", "save"]


ViewMessage = Annotated[
    Hello | Push | Undo | Redo | Select | Leave | Command, Field(discriminator="kind")
]

# ------------------------------------------------------------ kernel to views


class Problem(WireModel):
    """Why something was refused: a word for programs, a sentence, what to do next."""

    code: str
    message: str
    hint: str = ""
    node_id: str | None = None
    edge_id: str | None = None


class HandleInfo(WireModel):
    """One place on a node where edges end."""

    id: str
    label: str = ""


class KindInfo(WireModel):
    """How nodes of one kind are drawn, and what the palette says of them.

    ``outputs_from`` names a list of ``{"name": ...}`` in the node's data (``("config", "routes")``);
    each gives one more output, drawn before ``outputs``.
    """

    type: str
    title: str
    description: str
    icon: str
    color: str
    inputs: tuple[HandleInfo, ...]
    outputs: tuple[HandleInfo, ...]
    outputs_from: tuple[str, ...] = ()
    defaults: Json


class SaveState(WireModel):
    """Where the document stands against what is stored; ``none`` when nothing stores it."""

    status: Literal["none", "saved", "dirty", "saving", "failed", "conflict"] = "none"
    message: str = ""


NodeStatus = Literal["pending", "running", "completed", "failed", "skipped", "cancelled"]


class NodeRunState(WireModel):
    """One node of the newest run."""

    status: NodeStatus
    message: str = ""
    preview: str = ""
    seconds: float | None = None


class RunState(WireModel):
    """The newest run; ``progress`` goes from 0 to 1."""

    status: Literal["idle", "running", "completed", "failed", "cancelled"] = "idle"
    message: str = ""
    progress: float = 0
    nodes: dict[str, NodeRunState] = Field(default_factory=dict)


class CanvasState(WireModel):
    """What a view shows around the document; never part of it (D5)."""

    title: str = ""
    can_undo: bool = False
    can_redo: bool = False
    undo_label: str = ""
    redo_label: str = ""
    can_run: bool = False
    save: SaveState = SaveState()
    run: RunState = RunState()


class Refusal(WireModel):
    """Request ``n`` of the receiver was refused."""

    n: Count
    problem: Problem


class Snapshot(WireModel):
    """The whole document (S1).

    ``handled`` is the receiver's last request that was dealt with; those of ``refusals`` were refused,
    which the receiver may not have heard. ``nodes``, ``edges`` and ``kinds`` are null where the receiver
    said that it has them. On the wire the elements are columns (`columns.py`).
    """

    kind: Literal["snapshot"] = "snapshot"
    to: ClientId | None
    epoch: str
    rev: Count
    handled: Count
    refusals: tuple[Refusal, ...]
    digest: Count
    nodes: tuple[Json, ...] | None
    edges: tuple[Json, ...] | None
    looks: str
    kinds: tuple[KindInfo, ...] | None
    seq: Count
    state: CanvasState


class Applied(WireModel):
    """Batch number ``rev``; ``client`` and ``n`` say whose request it was, if a view's (S2)."""

    kind: Literal["applied"] = "applied"
    epoch: str
    rev: Count
    client: ClientId | None = None
    n: Count | None = None
    batch: Batch


class Handled(WireModel):
    """Request ``n`` is done and made no batch of its own, or was done before; up to ``rev`` (S2)."""

    kind: Literal["handled"] = "handled"
    to: ClientId
    epoch: str
    n: Count
    rev: Count


class Refused(WireModel):
    """Request ``n`` was refused; nothing of it was applied (S2)."""

    kind: Literal["refused"] = "refused"
    to: ClientId
    epoch: str
    n: Count
    problem: Problem


class Expected(WireModel):
    """A request is missing in between: send again from ``n`` on."""

    kind: Literal["expected"] = "expected"
    to: ClientId
    epoch: str
    n: Count


class Heartbeat(WireModel):
    """Where the kernel stands: the only thing that finds a lost last message (S4).

    ``digest`` finds what was applied differently (`graph.digest`).
    """

    kind: Literal["heartbeat"] = "heartbeat"
    epoch: str
    rev: Count
    digest: Count
    seq: Count


class State(WireModel):
    """What surrounds the document, whole; ``seq`` counts its changes."""

    kind: Literal["state"] = "state"
    seq: Count
    state: CanvasState


class Selected(WireModel):
    """Python selected these; each view that shows them does so too."""

    kind: Literal["selected"] = "selected"
    nodes: tuple[ElementId, ...] = ()
    edges: tuple[ElementId, ...] = ()


class Peer(WireModel):
    """What one view has selected, for all others to mark; nothing once it is gone (S12)."""

    kind: Literal["peer"] = "peer"
    client: ClientId
    nodes: tuple[ElementId, ...] = ()
    edges: tuple[ElementId, ...] = ()


class Answer(WireModel):
    """The end of a `Command`."""

    kind: Literal["answer"] = "answer"
    to: ClientId
    id: Count
    problem: Problem | None = None


KernelMessage = Annotated[
    Snapshot
    | Applied
    | Handled
    | Refused
    | Expected
    | Heartbeat
    | State
    | Selected
    | Peer
    | Answer,
    Field(discriminator="kind"),
]


class KernelMail(WireModel):
    """What one comm message from the kernel holds."""

    messages: tuple[KernelMessage, ...]


view_message: TypeAdapter[ViewMessage] = TypeAdapter(ViewMessage)
