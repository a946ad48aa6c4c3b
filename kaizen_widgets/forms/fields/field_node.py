"""The description of a form's fields that a view draws: JSON, without values and without secrets.

`js/src/form/protocol.gen.ts` is generated from these models.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from kaizen_widgets.graph.operations import Json
from kaizen_widgets.graph.wire_model import WireModel

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
    "color",
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


class FieldOption(WireModel):
    """One of the values a choice offers."""

    value: Json
    label: str


class FieldBranch(WireModel):
    """One of the types a union may have."""

    tag: str
    label: str
    node: FieldNode


class FieldNode(WireModel):
    """How one field is drawn.

    Attributes:
        min, max, step: Limits of a number as text, so that no digit is lost.
        whole: A number has no fraction; a file is a path.
        aware: A time has an offset from UTC.
        rows: Height of a long text.
        item: A row of a list, or the value of a dict's row.
        names: The key of a dict's row.
        ref: Name of the definition that describes the field, where a model contains itself.
    """

    # Parts that have their default are not sent, which is most of them for most fields.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

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
    options: tuple[FieldOption, ...] = ()
    fields: tuple[FieldNode, ...] = ()
    item: FieldNode | None = None
    names: FieldNode | None = None
    branches: tuple[FieldBranch, ...] = ()


class FormDescription(WireModel):
    """All fields of a form.

    Attributes:
        root: The form itself.
        definitions: Types that contain themselves, by the name that ``ref`` has.
    """

    root: FieldNode
    definitions: dict[str, FieldNode]
