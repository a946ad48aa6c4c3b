"""The messages of the form protocol; `js/src/form/protocol.gen.ts` is generated from them.

The state of a form is flat: one `Cell` for each field, by the field's *key*. A key is a JSON pointer of field
names, with the row's id where a list or dict has a row (``/items/r7/qty``), so that moving a row changes one
cell, and an edit of row 7 never ends up in its neighbor.

A view numbers its messages (``seq``, from 1). A `FormPatch` says up to which number the views it answers were
`seen`: a view keeps text that was typed later than that over whatever the patch brings.

Passwords and files travel to the kernel only. It answers that there is one (`Cell.secret`), never which.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from kaizen_widgets.forms.fields.field_node import FieldNode, FieldOption
from kaizen_widgets.graph.operations import Json
from kaizen_widgets.graph.wire_model import WireModel

ClientId = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Key = Annotated[str, Field(max_length=4096, pattern=r"^(/.*)?$")]
MAX_EDITS = 10_000


class _Sparse(WireModel):
    """A part that is sent without fields that have their default."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)


# ---------------------------------------------------------------- state of a form


class Cell(_Sparse):
    """The state of one field.

    Attributes:
        value: The content of the control, as it was typed.
        rows: The ids of the rows of a list or dict, in order.
        branch: The chosen branch of a union; empty for none.
        unset: Whether an optional field is not set.
        secret: Whether there is a password.
    """

    value: Json | None = None
    rows: tuple[str, ...] | None = None
    branch: str | None = None
    unset: bool = False
    secret: bool = False


class FormState(WireModel):
    """The state of the form as a whole."""

    is_dirty: bool
    is_valid: bool
    is_submitting: bool
    is_validating: bool
    submit_count: Count


class FormSnapshot(WireModel):
    """All a view needs to draw the form, without secrets.

    Attributes:
        root, definitions: The description of the fields; see `FormDescription`.
        only: Keys of the fields to draw; None for all that are not drawn elsewhere.
        rev: The revision.
        cells, errors, options, notes: By key.
        hidden: Keys of hidden fields.
        widgets: References to ipywidgets that take the place of controls, by key.
        state: The state of the form as a whole.
    """

    root: FieldNode
    definitions: dict[str, FieldNode]
    only: tuple[Key, ...] | None = None
    rev: Count
    cells: dict[str, Cell]
    errors: dict[str, tuple[str, ...]]
    options: dict[str, tuple[FieldOption, ...]]
    hidden: tuple[str, ...]
    notes: dict[str, str]
    widgets: dict[str, str]
    state: FormState


# ----------------------------------------------------------------- view to kernel


class FieldEdit(WireModel):
    """What was typed or chosen in one field."""

    key: Key
    value: Json


class NumberedMessage(WireModel):
    """A message that changes the form; ``edits`` that were not sent yet come along, and are made first."""

    client: ClientId
    seq: Count
    edits: Annotated[tuple[FieldEdit, ...], Field(max_length=MAX_EDITS)] = ()


class FormHello(WireModel):
    """A view is opened, or focused again, and asks for the revision.

    The answer is an empty patch; if its ``rev`` shows that the view missed a patch, the view asks again with
    ``missed`` and gets a snapshot. (Patches on their way arrive before the answer.)
    """

    kind: Literal["hello"] = "hello"
    client: ClientId
    missed: bool = False


class ChangeFields(NumberedMessage):
    """Fields were edited."""

    kind: Literal["change"] = "change"


class BlurField(NumberedMessage):
    """A field lost the focus."""

    kind: Literal["blur"] = "blur"
    key: Key


class RowOperation(NumberedMessage):
    """A row is inserted at ``index``, removed, or moved to ``index``; rows are named by their id."""

    kind: Literal["row"] = "row"
    key: Key
    operation: Literal["insert", "remove", "move"]
    row: str = ""
    index: Count = 0


class ChooseBranch(NumberedMessage):
    """A union's branch is chosen; what was typed in the branch before is kept."""

    kind: Literal["choose"] = "choose"
    key: Key
    tag: str


class SetOptional(NumberedMessage):
    """An optional field is set, or unset."""

    kind: Literal["set"] = "set"
    key: Key
    is_set: bool


class AttachFile(NumberedMessage):
    """A file was picked; its content is the message's one buffer."""

    kind: Literal["attach"] = "attach"
    key: Key
    name: Annotated[str, Field(max_length=1024)]
    type: Annotated[str, Field(max_length=256)] = ""


class SubmitForm(NumberedMessage):
    """The form is submitted, by Enter for example."""

    kind: Literal["submit"] = "submit"


class ResetForm(NumberedMessage):
    """The form returns to its default values."""

    kind: Literal["reset"] = "reset"


FormViewMessage = Annotated[
    FormHello
    | ChangeFields
    | BlurField
    | RowOperation
    | ChooseBranch
    | SetOptional
    | AttachFile
    | SubmitForm
    | ResetForm,
    Field(discriminator="kind"),
]

# ---------------------------------------------------------------- kernel to views


class Focus(_Sparse):
    """Moves the focus.

    Attributes:
        key: The field; None for the first that has an error.
        to: The view; None for the view that the user is looking at.
    """

    key: Key | None = None
    to: ClientId | None = None


class FormPatch(_Sparse):
    """What one operation changed, from revision ``base`` to ``rev``.

    Attributes:
        base, rev: The revisions before and after; equal if nothing changed.
        seen: The number of the last message of each view that is answered.
        cells: Replaced cells.
        removed: Keys of rows and fields that are gone, with everything below them.
        errors: Changed errors; an empty list for a field that has none any more.
        options, notes, hidden, state: What changed of them.
        focus: Where to move the focus.
    """

    kind: Literal["patch"]
    base: Count
    rev: Count
    seen: dict[str, Count] = Field(default_factory=dict)
    cells: dict[str, Cell] = Field(default_factory=dict)
    removed: tuple[str, ...] = ()
    errors: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    options: dict[str, tuple[FieldOption, ...]] = Field(default_factory=dict)
    hidden: tuple[str, ...] | None = None
    notes: dict[str, str] = Field(default_factory=dict)
    state: FormState | None = None
    focus: Focus | None = None


class FormSnapshotMessage(WireModel):
    """The whole form, for a view that missed a patch."""

    kind: Literal["snapshot"]
    to: ClientId
    seen: Count
    snapshot: FormSnapshot


FormKernelMessage = Annotated[FormPatch | FormSnapshotMessage, Field(discriminator="kind")]

form_view_message: TypeAdapter[FormViewMessage] = TypeAdapter(FormViewMessage)
form_kernel_message: TypeAdapter[FormKernelMessage] = TypeAdapter(FormKernelMessage)


class _Sender(WireModel):
    model_config = ConfigDict(extra="ignore")

    client: ClientId
    seq: Count


def sender_of(content: object) -> tuple[str, int] | None:
    """Return the view and the number of a message that is otherwise invalid; None if it has neither."""
    try:
        sender = _Sender.model_validate(content)
    except ValidationError:
        return None
    return sender.client, sender.seq
