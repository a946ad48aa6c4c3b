"""The canvas protocol's messages; `js/src/canvas/protocol.gen.ts` is generated from them.

A view sends one `ViewMessage` at a time. The kernel sends a `KernelMail`: a list of `KernelMessage`s, so that
everything within 50 ms costs one comm message (rule S8). Jupyter shows each mail to every view; a message
with ``to`` is meant for that view alone.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from kaizen_widgets.graph.operations import Batch, ElementId, Json
from kaizen_widgets.graph.wire_model import WireModel
from kaizen_widgets.nodes.port_types import PortType

ClientId = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]

# ------------------------------------------------------------ view to kernel


class DocumentVersion(WireModel):
    """Identifies the document that a view has; an equal one is not sent again."""

    epoch: str
    rev: Count
    digest: Count


class Hello(WireModel):
    """Ask for a snapshot: a view opens, or has missed something (S3).

    Attributes:
        client: Id of the view.
        version: The document it has, or null.
        kinds_hash: `Snapshot.kinds_hash` of the node kinds it has.
    """

    kind: Literal["hello"] = "hello"
    client: ClientId
    version: DocumentVersion | None = None
    kinds_hash: Annotated[str, Field(max_length=64)] = ""


class Push(WireModel):
    """An edit made in a view; request number ``n`` of that view, from 1 without gaps (S2)."""

    kind: Literal["push"] = "push"
    client: ClientId
    epoch: str
    n: Count
    base_rev: Count
    batch: Batch


class Undo(WireModel):
    """Undo the newest step of the history; numbered like a push (S14)."""

    kind: Literal["undo"] = "undo"
    client: ClientId
    epoch: str
    n: Count


class Redo(WireModel):
    """Redo the step undone last; numbered like a push (S14)."""

    kind: Literal["redo"] = "redo"
    client: ClientId
    epoch: str
    n: Count


class Select(WireModel):
    """The selection of a view; not part of the document and not answered (S12).

    Attributes:
        number: Counts the selections a view reports, so that one that arrives late is dropped.
    """

    kind: Literal["select"] = "select"
    client: ClientId
    number: Count = 0
    nodes: tuple[ElementId, ...] = ()
    edges: tuple[ElementId, ...] = ()


class Leave(WireModel):
    """A view closes: other views stop marking its selection (S12)."""

    kind: Literal["leave"] = "leave"
    client: ClientId
    number: Count = 0


NodeCommand = Literal[
    "run_from", "run_to", "pin", "unpin", "accept", "approve", "reject", "group", "ungroup"
]


class Command(WireModel):
    """A press of a button that is not an edit of the view; answered by a `CommandResult` of the same ``id``.

    Attributes:
        nodes: Ids of the selected nodes, for the buttons above them (S19).
    """

    kind: Literal["command"] = "command"
    client: ClientId
    id: Count
    name: Literal["run", "cancel", "save"] | NodeCommand
    nodes: tuple[ElementId, ...] = ()


ViewMessage = Annotated[
    Hello | Push | Undo | Redo | Select | Leave | Command, Field(discriminator="kind")
]

# ------------------------------------------------------------ kernel to views


class Problem(WireModel):
    """The reason of a refusal: a code for programs, a sentence, and what to do next."""

    code: str
    message: str
    hint: str = ""
    node_id: str | None = None
    edge_id: str | None = None


class PortInfo(WireModel):
    """A port of a node: where edges start or end, and the type of the values that pass."""

    id: str
    label: str = ""
    type: PortType = "any"


class KindInfo(WireModel):
    """How nodes of one kind are drawn, and what the palette shows.

    ``outputs_from`` is the path to a list of ``{"name": ...}`` in the node's data (``("config",
    "routes")``); each name is one more output, drawn before ``outputs``. ``inputs_from`` is the same for
    inputs; where the list has any, they take the place of ``inputs``.
    """

    type: str
    title: str
    description: str
    icon: str
    color: str
    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    outputs_from: tuple[str, ...] = ()
    inputs_from: tuple[str, ...] = ()
    defaults: Json


class SaveState(WireModel):
    """Whether the document is saved; ``none`` when it is not saved anywhere."""

    status: Literal["none", "saved", "dirty", "saving", "failed", "conflict"] = "none"
    message: str = ""


NodeStatus = Literal["pending", "running", "waiting", "completed", "failed", "skipped", "cancelled"]


class PartCount(WireModel):
    """What one of several outputs gave: its type, and how many items, keys or rows it has."""

    type: PortType
    count: Count


class NodeRunState(WireModel):
    """The state of one node in the newest run.

    Attributes:
        outputs: The ids of the outputs by which its value left; null when by all.
        cost: US dollars that models took; null when there is no price.
        type: Type of what it gave, as a port has it; null until it has given something.
        count: How many items, keys or rows that has; 1 for a value without parts.
        parts: The same for each output, by its id, where each gives a value of its own; else null.
    """

    status: NodeStatus
    message: str = ""
    preview: str = ""
    seconds: float | None = None
    outputs: tuple[str, ...] | None = None
    cost: float | None = None
    type: PortType | None = None
    count: Count | None = None
    parts: dict[str, PartCount] | None = None


class RunState(WireModel):
    """The newest run; ``progress`` is between 0 and 1."""

    status: Literal["idle", "running", "completed", "failed", "cancelled"] = "idle"
    message: str = ""
    progress: float = 0
    nodes: dict[str, NodeRunState] = Field(default_factory=dict)


Mark = Literal["muted", "waiting", "stale", "pinned", "cached"]


class NodeFacts(WireModel):
    """What the kernel knows of a node besides the document and the run (S17); empty parts are not shown.

    Attributes:
        calls: What the node calls: the second line of its card, such as "billing() · your function".
        problem: Why it cannot run, in at most a few words; shown with a warning badge.
        severity: ``warning`` where the pipeline is not wrong, but something is missing in the kernel.
        hint: A whole sentence about the problem, shown by hovering.
        value: The value line before any run, such as the beginning of a prompt.
        details: At most two facts of its config for the foot before any run ("30 s", "retry 1").
        mark: A state that a run does not have: muted, waiting (for a person), stale, pinned or cached.
        reason: Why it has the mark ("Prompt changed"); for ``cached`` what was saved.
        difference: In a comparison of two versions: what became of it. Edges may have it too.
    """

    calls: Annotated[str, Field(max_length=500)] = ""
    problem: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    severity: Literal["error", "warning"] = "error"
    hint: Annotated[str, Field(max_length=2_000)] = ""
    value: Annotated[str, Field(max_length=500)] = ""
    details: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=2)] = ()
    mark: Mark | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    difference: Literal["added", "removed", "changed", "moved"] | None = None


class CanvasState(WireModel):
    """What a view shows besides the document; never part of it (D5).

    Attributes:
        node_commands: The buttons above selected nodes that the kernel carries out (S19).
    """

    title: str = ""
    can_undo: bool = False
    can_redo: bool = False
    undo_label: str = ""
    redo_label: str = ""
    can_run: bool = False
    node_commands: tuple[NodeCommand, ...] = ()
    save: SaveState = SaveState()
    run: RunState = RunState()


class Refusal(WireModel):
    """Request ``n`` of the receiving view was refused."""

    n: Count
    problem: Problem


class Snapshot(WireModel):
    """The whole document (S1); on the wire its elements are columns (`columns.py`).

    Attributes:
        handled: The last request of the receiving view that the kernel has handled.
        refusals: Those of its requests that were refused, as it may have missed the answers.
        nodes: Null, as ``edges``, when the view has this version of the document.
        kinds_hash: Identifies the node kinds.
        kinds: Null when the view has the kinds of that hash.
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
    kinds_hash: str
    kinds: tuple[KindInfo, ...] | None
    seq: Count
    state: CanvasState
    facts_seq: Count = 0
    facts: dict[str, NodeFacts] = Field(default_factory=dict)


class Applied(WireModel):
    """Batch number ``rev`` was applied; ``client`` and ``n`` name the view's request, if it was one (S2)."""

    kind: Literal["applied"] = "applied"
    epoch: str
    rev: Count
    client: ClientId | None = None
    n: Count | None = None
    batch: Batch


class Handled(WireModel):
    """Request ``n`` changed nothing or was handled before; the document is at ``rev`` (S2)."""

    kind: Literal["handled"] = "handled"
    to: ClientId
    epoch: str
    n: Count
    rev: Count


class Refused(WireModel):
    """Request ``n`` was refused as a whole (S2)."""

    kind: Literal["refused"] = "refused"
    to: ClientId
    epoch: str
    n: Count
    problem: Problem


class Expected(WireModel):
    """A request is missing: send all from ``n`` on again."""

    kind: Literal["expected"] = "expected"
    to: ClientId
    epoch: str
    n: Count


class Heartbeat(WireModel):
    """The kernel's version of document, state and facts: reveals a lost last message (S4).

    ``digest`` reveals a batch that a view applied differently (`graph.digest`).
    """

    kind: Literal["heartbeat"] = "heartbeat"
    epoch: str
    rev: Count
    digest: Count
    seq: Count
    facts_seq: Count = 0


class StateChanged(WireModel):
    """The whole `CanvasState` after a change; ``seq`` counts the changes."""

    kind: Literal["state_changed"] = "state_changed"
    seq: Count
    state: CanvasState


class NodeFactsChanged(WireModel):
    """The facts of the nodes whose facts changed; null where a node has none any more (S17)."""

    kind: Literal["node_facts"] = "node_facts"
    seq: Count
    facts: dict[str, NodeFacts | None]


class ViewCommand(WireModel):
    """Ask views, or the one in ``to``, to do what one of their buttons does (S18).

    Attributes:
        zoom: For ``zoom_to``: 1 is the size of the flow units; else null.
    """

    kind: Literal["view_command"] = "view_command"
    to: ClientId | None = None
    name: Literal["fit", "zoom_in", "zoom_out", "zoom_to", "arrange"]
    zoom: Annotated[float, Field(ge=0.01, le=2)] | None = None


class ShowSelection(WireModel):
    """Python changed the selection: every view selects these elements."""

    kind: Literal["show_selection"] = "show_selection"
    nodes: tuple[ElementId, ...] = ()
    edges: tuple[ElementId, ...] = ()


class PeerSelection(WireModel):
    """The selection of one view, which all other views mark; empty when it closed (S12)."""

    kind: Literal["peer_selection"] = "peer_selection"
    client: ClientId
    nodes: tuple[ElementId, ...] = ()
    edges: tuple[ElementId, ...] = ()


class CommandResult(WireModel):
    """The answer to a `Command`."""

    kind: Literal["command_result"] = "command_result"
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
    | StateChanged
    | NodeFactsChanged
    | ViewCommand
    | ShowSelection
    | PeerSelection
    | CommandResult,
    Field(discriminator="kind"),
]


class KernelMail(WireModel):
    """One comm message from the kernel."""

    messages: tuple[KernelMessage, ...]


view_message: TypeAdapter[ViewMessage] = TypeAdapter(ViewMessage)
