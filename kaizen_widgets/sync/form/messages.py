"""The form protocol's messages, typed once; `js/src/form/protocol.gen.ts` is generated from them.

A form is flat on the wire: a `Cell` for each field, by the field's *key*. A key is a JSON pointer of field
names, with the row's id where a list or dict has a row (``/items/r7/qty``), so that moving a row changes
one cell and an edit meant for row 7 never lands in its neighbour.

A view numbers what it sends (``seq``, from 1). Every `Patch` says up to which number each view was heard:
a view keeps a text that was typed later than that over whatever the patch brings.

Passwords and files go one way. The kernel says only that there is one (`Cell.secret`), in no trait.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from kaizen_widgets.graph.operations import Json
from kaizen_widgets.graph.wire_model import WireModel

ClientId = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Key = Annotated[str, Field(max_length=4096, pattern=r"^(/.*)?$")]
MAX_EDITS = 10_000

# --------------------------------------------------------------- the fields

FieldKind = Literal[
    "text",
    "long_text",
    "password",
    "number",
    "slider",
    "checkbox",
    "select",
    "radio",
    "multi_select",
    "date",
    "time",
    "datetime",
    "duration",
    "colour",
    "file",
    "json",
    "computed",
    "object",
    "list",
    "tuple",
    "dict",
    "union",
    "ref",
    "unsupported",
]


class _Sparse(WireModel):
    """A part that is sent without what has its default; most fields have most of it so."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)


class Option(WireModel):
    """One of the values a choice offers."""

    value: Json
    label: str


class Branch(WireModel):
    """One of the shapes a union may have."""

    tag: str
    label: str
    node: FieldNode


class FieldNode(_Sparse):
    """How one field is drawn.

    ``min``, ``max`` and ``step`` are texts, so that no digit is lost. ``whole`` numbers have no fraction,
    and a ``whole`` file is a path; ``aware`` times have an offset. ``item`` is a list's row or a dict's
    value, ``names`` a dict's key. ``ref`` names one of the form's definitions, where a model holds itself.
    """

    name: str = ""
    kind: FieldKind = "text"
    label: str = ""
    help: str = ""
    placeholder: str = ""
    group: str = ""
    required: bool = False
    nullable: bool = False
    read_only: bool = False
    deprecated: str = ""
    min: str | None = None
    max: str | None = None
    step: str | None = None
    whole: bool = False
    aware: bool = False
    rows: int | None = None
    accept: str = ""
    min_items: int = 0
    max_items: int | None = None
    ref: str = ""
    options: tuple[Option, ...] = ()
    fields: tuple[FieldNode, ...] = ()
    item: FieldNode | None = None
    names: FieldNode | None = None
    branches: tuple[Branch, ...] = ()


class Cell(_Sparse):
    """What one field holds now.

    Attributes:
        value: What is in the control, as it was typed.
        rows: The ids of a list's or dict's rows, in order.
        branch: Which of a union's branches is chosen; empty for none.
        unset: Whether an Optional is not set.
        secret: Whether there is a password; the kernel never says which.
    """

    value: Json | None = None
    rows: tuple[str, ...] | None = None
    branch: str | None = None
    unset: bool = False
    secret: bool = False


class FormState(WireModel):
    """How the form as a whole stands."""

    is_dirty: bool
    is_valid: bool
    is_submitting: bool
    is_validating: bool
    submit_count: Count


class FormSnapshot(WireModel):
    """All a view needs to draw the form; secrets are not in it."""

    root: FieldNode
    definitions: dict[str, FieldNode]
    only: tuple[Key, ...] | None = None
    """The fields to draw; None for all that are not drawn elsewhere."""
    rev: Count
    cells: dict[str, Cell]
    errors: dict[str, tuple[str, ...]]
    options: dict[str, tuple[Option, ...]]
    hidden: tuple[str, ...]
    notes: dict[str, str]
    widgets: dict[str, str]
    state: FormState


# ------------------------------------------------------------ view to kernel


class Edit(WireModel):
    """What was typed or chosen in one field."""

    key: Key
    value: Json


class NumberedMessage(WireModel):
    """Base of what changes something; ``edits`` not yet told come along, and count as made before."""

    client: ClientId
    seq: Count
    edits: Annotated[tuple[Edit, ...], Field(max_length=MAX_EDITS)] = ()


class FormHello(WireModel):
    """A view opens or comes back: it asks how things stand.

    The answer is a patch of nothing, whose ``rev`` tells whether the view has missed one; then it asks again,
    and gets the whole. (What is on its way arrives before the answer does.)
    """

    kind: Literal["hello"] = "hello"
    client: ClientId
    missed: bool = False


class Change(NumberedMessage):
    """Fields were edited."""

    kind: Literal["change"] = "change"


class Blur(NumberedMessage):
    """A field lost the focus."""

    kind: Literal["blur"] = "blur"
    key: Key


class RowOperation(NumberedMessage):
    """A row is added at ``index``, removed, or moved to ``index``; rows are named by their id."""

    kind: Literal["row"] = "row"
    key: Key
    operation: Literal["insert", "remove", "move"]
    row: str = ""
    index: Count = 0


class ChooseBranch(NumberedMessage):
    """A union's branch is chosen; what was typed in the one before is kept."""

    kind: Literal["choose"] = "choose"
    key: Key
    tag: str


class SetOptional(NumberedMessage):
    """An Optional becomes set, or not set."""

    kind: Literal["set"] = "set"
    key: Key
    is_set: bool


class AttachFile(NumberedMessage):
    """A file was picked; its content is the message's one buffer."""

    kind: Literal["attach"] = "attach"
    key: Key
    name: Annotated[str, Field(max_length=1024)]
    type: Annotated[str, Field(max_length=256)] = ""


class Submit(NumberedMessage):
    """Enter was pressed, or the like."""

    kind: Literal["submit"] = "submit"


class ResetForm(NumberedMessage):
    """Everything goes back to where it began."""

    kind: Literal["reset"] = "reset"


FormViewMessage = Annotated[
    FormHello
    | Change
    | Blur
    | RowOperation
    | ChooseBranch
    | SetOptional
    | AttachFile
    | Submit
    | ResetForm,
    Field(discriminator="kind"),
]

# ------------------------------------------------------------ kernel to views


class Focus(_Sparse):
    """Where the focus belongs, for one view or for whichever the user is looking at.

    Without a key it is the first field that has an error.
    """

    key: Key | None = None
    to: ClientId | None = None


class Patch(_Sparse):
    """What one operation changed, from revision ``base`` to ``rev``.

    ``cells`` replaces cells; ``gone`` names keys under which nothing is left. An empty list of errors
    means that there is none any more. ``seen`` holds the last number heard of each view.
    """

    kind: Literal["patch"]
    base: Count
    rev: Count
    seen: dict[str, Count]
    cells: dict[str, Cell] = Field(default_factory=dict)
    gone: tuple[str, ...] = ()
    errors: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    options: dict[str, tuple[Option, ...]] = Field(default_factory=dict)
    hidden: tuple[str, ...] | None = None
    notes: dict[str, str] = Field(default_factory=dict)
    state: FormState | None = None
    focus: Focus | None = None


class FormSnapshotMessage(WireModel):
    """The form as it is, for a view that asked."""

    kind: Literal["whole"]
    to: ClientId
    seen: Count
    picture: FormSnapshot


FormKernelMessage = Annotated[Patch | FormSnapshotMessage, Field(discriminator="kind")]

form_message: TypeAdapter[FormViewMessage] = TypeAdapter(FormViewMessage)
form_mail: TypeAdapter[FormKernelMessage] = TypeAdapter(FormKernelMessage)


class _Sender(WireModel):
    model_config = ConfigDict(extra="ignore")

    client: ClientId
    seq: Count


def sender_of(content: object) -> tuple[str, int] | None:
    """Return the client and the number of a message that is none otherwise; None without them."""
    try:
        sender = _Sender.model_validate(content)
    except ValidationError:
        return None
    return sender.client, sender.seq
