"""The five operations, each on one element (rule D2).

A batch is a tuple of operations and atomic: either all are applied, or none (`apply.py`). The canvas
protocol, undo, auto-save and diff all use these operations and no others.

`before` is the id of the element in front of which an element is put. An id, unlike an index, keeps its
meaning when other elements are added or removed concurrently; if that element is gone, the element is put at
the end.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.elements import ELEMENTS, TITLE_PATHS, ElementKind, describe_element
from kaizen_widgets.graph.frozen_json import check_id, freeze
from kaizen_widgets.graph.wire_model import WireModel


def _checked_item(value: Any, info: ValidationInfo) -> Any:
    kind = info.data.get("kind")
    return freeze(value) if kind is None else ELEMENTS[kind].from_json(value)


def _named_value(value: Any, info: ValidationInfo) -> Any:
    """Freeze a property's value; an error names the element and the property."""
    kind, element_id, path = (info.data.get(field) for field in ("kind", "id", "path"))
    if kind is None or element_id is None or path is None:
        return freeze(value)  # pydantic reports the invalid field itself
    try:
        return freeze(value, f"{describe_element(kind, element_id)}.{'.'.join(path)}")
    except InvalidValueError as error:
        raise ELEMENTS[kind].error(type(error), error.sentence, element_id, error.hint) from None


_UNKNOWN = WithJsonSchema({"tsType": "unknown"})
Json = Annotated[Any, PlainValidator(freeze), _UNKNOWN]
Item = Annotated[Any, PlainValidator(_checked_item), _UNKNOWN]
"""A `Node` or an `Edge`, parsed from its JSON."""
Value = Annotated[Any, PlainValidator(_named_value), _UNKNOWN]
"""The new value of a property."""
ElementId = Annotated[str, AfterValidator(lambda value: check_id(value, "An id"))]
Path = Annotated[tuple[str, ...], Field(min_length=1, max_length=64)]


class AddElement(WireModel):
    """Add an element whose id is not used yet."""

    op: Literal["add"] = "add"
    kind: ElementKind
    item: Item
    before: ElementId | None = None


class RemoveElement(WireModel):
    """Remove an element; with a node its edges and the nodes inside it."""

    op: Literal["remove"] = "remove"
    kind: ElementKind
    id: ElementId


class SetProperty(WireModel):
    """Set one property: ``("position",)``, ``("data", "label")``."""

    op: Literal["set"] = "set"
    kind: ElementKind
    id: ElementId
    path: Path
    value: Value


class UnsetProperty(WireModel):
    """Remove one property; no effect when the element does not have it."""

    op: Literal["unset"] = "unset"
    kind: ElementKind
    id: ElementId
    path: Path


class MoveElement(WireModel):
    """Move an element in the order."""

    op: Literal["move"] = "move"
    kind: ElementKind
    id: ElementId
    before: ElementId | None = None


Operation: TypeAlias = Annotated[
    AddElement | RemoveElement | SetProperty | UnsetProperty | MoveElement,
    Field(discriminator="op"),
]
Batch: TypeAlias = tuple[Operation, ...]


def describe(batch: Batch) -> str:
    """Describe a batch in a few words, for an undo button: "move 3 nodes"."""
    if not batch:
        return "nothing"
    words = {_word(operation) for operation in batch}
    verb = words.pop() if len(words) == 1 else "edit"
    kinds = {operation.kind for operation in batch}
    # Edges are deleted with their nodes: "delete 2 nodes", not "delete 5 elements".
    kind: ElementKind = "node" if "node" in kinds else "edge"
    count = len({id_of(operation) for operation in batch if operation.kind == kind})
    return f"{verb} {kind}" if count == 1 else f"{verb} {count} {kind}s"


def _word(operation: Operation) -> str:
    match operation:
        case AddElement():
            return "add"
        case RemoveElement():
            return "delete"
        case MoveElement():
            return "reorder"
        case SetProperty(path=("position", *_)):
            return "move"
        case SetProperty(path=path) if path in TITLE_PATHS:
            return "rename"
        case _:
            return "edit"


def id_of(operation: Operation) -> str:
    """Return the id of the element that an operation changes."""
    return operation.item["id"] if isinstance(operation, AddElement) else operation.id
