"""What a field says of its looks: texts, widget, order, group, own messages; and where that is written.

Three places, later ones win: pydantic's own metadata (`title`, `description`, `examples`, `deprecated`, and
known keys of `json_schema_extra`), a `Hint` within `Annotated`, and the ``hints`` argument of a form. Keys
that nobody knows are passed on to the panel and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

KEY: Final = "kaizen_widgets_hint"
"""Under which a `Hint` travels in the metadata of a core schema."""

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
    """How a field wants to look; put it into ``Annotated[str, Hint(widget="long_text")]``.

    Attributes:
        label: Stands above the control; the title-cased name if there is none.
        help: Stands below it.
        placeholder: Shown in an empty control; the first of ``examples`` if there is none.
        widget: The kind of control, where the type allows several (``long_text``, ``slider``, ...).
        order: Fields of lower order come first; those without keep the model's order after them.
        group: Fields of one group stand together under its name.
        hidden: The field is not shown; its value is kept.
        read_only: The field is shown and cannot be changed.
        deprecated: True, or what to use instead.
        messages: What to say instead of pydantic's text, by error type. `missing` also serves a text left
            blank (``string_too_short``), and the other way round.
        options: Labels for options, by value.
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
        """Leave the type as it is, and travel in its schema's metadata."""
        schema = handler(source)
        metadata = dict(schema.get("metadata") or {})
        known = metadata.get(KEY)
        metadata[KEY] = self if known is None else known.over(self)
        return {**schema, "metadata": metadata}  # pyright: ignore[reportReturnType]

    def over(self, other: Hint) -> Hint:
        """Return ``other`` with everything that this one says written over it."""
        said: dict[str, Any] = {}
        for name in _NAMES:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(theirs, Mapping):
                if mine:
                    said[name] = {**theirs, **mine}
            elif mine is not None:
                said[name] = mine
        return replace(other, **said) if said else other


_NAMES: Final = tuple(one.name for one in fields(Hint))
NO_HINT: Final = Hint()


def hint_of(values: Hint | Mapping[str, Any]) -> Hint:
    """Return a hint written as a dict; unknown keys go to `more`, values of a wrong type are ignored."""
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
    """Return what the metadata of one core schema (or of one of its fields) says."""
    metadata = schema.get("metadata")
    if not metadata:
        return NO_HINT
    said: dict[str, Any] = {}
    updates = metadata.get("pydantic_js_updates") or {}
    for name in ("title", "description", "deprecated", "readOnly"):
        if updates.get(name) is not None:
            said[name] = updates[name]
    examples = updates.get("examples")
    if isinstance(examples, list) and examples and isinstance(examples[0], str | int | float):
        said["placeholder"] = str(examples[0])
    extra = metadata.get("pydantic_js_extra")
    if callable(extra):
        said.update(_extra_by(extra))
    elif isinstance(extra, Mapping):
        said.update(extra)
    hint = hint_of(said) if said else NO_HINT
    own = metadata.get(KEY)
    return own.over(hint) if isinstance(own, Hint) else hint


def _extra_by(extra: Any) -> dict[str, Any]:
    """Return what a `json_schema_extra` function adds; it may want the model's class too."""
    schema: dict[str, Any] = {}
    try:
        extra(schema)
    except Exception:  # it reads a schema we have not made; then there is nothing to learn from it
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
