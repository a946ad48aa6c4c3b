"""How a field is shown: label, help, widget, order, group, messages.

Hints are read from three places, of which later ones override earlier ones: pydantic's own metadata (`title`,
`description`, `examples`, `deprecated`, and known keys of `json_schema_extra`), a `Hint` in `Annotated`, and
the ``hints`` argument of a form. Unknown keys are passed on to the panel, which ignores them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

KEY: Final = "kaizen_widgets_hint"
"""Key of a `Hint` in the metadata of a core schema."""

_OTHER_NAMES: Final = {
    "title": "label",
    "description": "help",
    "readOnly": "read_only",
    "readonly": "read_only",
    "ui:widget": "widget",
    "ui:order": "order",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """How a field is shown: ``Annotated[str, Hint(widget="long_text")]``.

    Attributes:
        label: Text above the control; by default the name in title case.
        help: Text below it.
        placeholder: Text in an empty control; by default the first of ``examples``.
        widget: The kind of control, where the type allows several (``long_text``, ``slider``, ...).
        order: Fields with a lower order come first; fields without one follow in the model's order.
        group: Consecutive fields of one group are shown in a section with its name.
        hidden: Whether the field is left out; its value is kept.
        read_only: Whether the field is shown but cannot be edited.
        deprecated: True, or what to use instead.
        messages: Messages in place of pydantic's, by error type. The one of `missing` is also used for a text
            left blank (``string_too_short``), and the other way round.
        options: Labels of options, by value.
        more: Everything else, for the panel (`rows`, `step`, `accept`, ...).
    """

    label: str | None = None
    help: str | None = None
    placeholder: str | None = None
    widget: str | None = None
    order: int | None = None
    group: str | None = None
    hidden: bool | None = None
    read_only: bool | None = None
    deprecated: bool | str | None = None
    messages: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[Any, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Add the hint to the metadata of the type's schema, which stays the same otherwise."""
        schema = handler(source)
        metadata = dict(schema.get("metadata") or {})
        known = metadata.get(KEY)
        metadata[KEY] = self if known is None else known.over(self)
        return {**schema, "metadata": metadata}  # pyright: ignore[reportReturnType]

    def over(self, other: Hint) -> Hint:
        """Return ``other``, overridden by everything this hint sets."""
        specified: dict[str, Any] = {}
        for name in _NAMES:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(theirs, Mapping):
                if mine:
                    specified[name] = {**theirs, **mine}
            elif mine is not None:
                specified[name] = mine
        return replace(other, **specified) if specified else other


_NAMES: Final = tuple(field.name for field in fields(Hint))
NO_HINT: Final = Hint()


def hint_of(values: Hint | Mapping[str, Any]) -> Hint:
    """Return the hint of a dict; unknown keys go to `more`, values of a wrong type are ignored."""
    if isinstance(values, Hint):
        return values
    known: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for name, value in values.items():
        key = _OTHER_NAMES.get(name, name)
        if key not in _NAMES:
            more[name] = value
        elif _is_of_type(key, value):
            known[key] = value
    more.update(known.pop("more", {}))
    return Hint(**known, more=more)


def hint_in(schema: Mapping[str, Any]) -> Hint:
    """Return the hint in the metadata of one core schema, or of one of its fields."""
    metadata = schema.get("metadata")
    if not metadata:
        return NO_HINT
    specified: dict[str, Any] = {}
    updates = metadata.get("pydantic_js_updates") or {}
    for name in ("title", "description", "deprecated", "readOnly"):
        if updates.get(name) is not None:
            specified[name] = updates[name]
    examples = updates.get("examples")
    if isinstance(examples, list) and examples and isinstance(examples[0], str | int | float):
        specified["placeholder"] = str(examples[0])
    extra = metadata.get("pydantic_js_extra")
    if callable(extra):
        specified.update(_extra_by(extra))
    elif isinstance(extra, Mapping):
        specified.update(extra)
    hint = hint_of(specified) if specified else NO_HINT
    own = metadata.get(KEY)
    return own.over(hint) if isinstance(own, Hint) else hint


def _extra_by(extra: Any) -> dict[str, Any]:
    """Return what a `json_schema_extra` function adds to a schema."""
    schema: dict[str, Any] = {}
    try:
        extra(schema)
    except Exception:  # it reads a schema that is not made here, or takes the model's class too
        return {}
    return schema


def _is_of_type(name: str, value: Any) -> bool:
    match name:
        case "order":
            return isinstance(value, int) and not isinstance(value, bool)
        case "hidden" | "read_only":
            return isinstance(value, bool)
        case "deprecated":
            return isinstance(value, bool | str)
        case "messages" | "options" | "more":
            return isinstance(value, Mapping)
        case _:
            return isinstance(value, str)
