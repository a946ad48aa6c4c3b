"""The vocabulary of change: five operations on one element each (rule D2).

A batch is a tuple of operations; it applies whole or is refused whole (`apply.py`). Sync, undo,
auto-save, history and diff all speak these words and no others.

`before` names the element to stand in front of. It is an id and not an index, so that it means the
same when somebody else added or removed elements meanwhile; when that element is gone, the end is meant.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.elements import ELEMENTS, ElementKind, name_of
from kaizen_widgets.graph.frozen_json import check_id, freeze
from kaizen_widgets.graph.wire_model import WireModel


def _checked_item(value: Any, info: ValidationInfo) -> Any:
    kind = info.data.get("kind")
    return freeze(value) if kind is None else ELEMENTS[kind].from_json(value)


def _named_value(value: Any, info: ValidationInfo) -> Any:
    """Freeze a property's value under the name of its element, so that a refusal says which."""
    kind, element_id, path = (info.data.get(field) for field in ("kind", "id", "path"))
    if kind is None or element_id is None or path is None:
        return freeze(value)  # pydantic refuses the operation for that other field
    try:
        return freeze(value, f"{name_of(kind, element_id)}.{'.'.join(path)}")
    except InvalidValueError as error:
        raise ELEMENTS[kind].error(type(error), error.sentence, element_id, error.hint) from None


_UNKNOWN = WithJsonSchema({"tsType": "unknown"})
Json = Annotated[Any, PlainValidator(freeze), _UNKNOWN]
Item = Annotated[Any, PlainValidator(_checked_item), _UNKNOWN]
"""A `Node` or an `Edge`, read from its JSON."""
Value = Annotated[Any, PlainValidator(_named_value), _UNKNOWN]
"""What a property becomes."""
ElementId = Annotated[str, AfterValidator(lambda value: check_id(value, "An id"))]
Path = Annotated[tuple[str, ...], Field(min_length=1, max_length=64)]


class AddElement(WireModel):
    """Add an element that is not there yet."""

    op: Literal["add"] = "add"
    kind: ElementKind
    item: Item
    before: ElementId | None = None


class RemoveElement(WireModel):
    """Remove an element; a node takes its edges and the nodes inside it along."""

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
    """Take one property away; nothing happens when it is not there."""

    op: Literal["unset"] = "unset"
    kind: ElementKind
    id: ElementId
    path: Path


class MoveElement(WireModel):
    """Give an element another place in the order."""

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
    """Return what a batch does in a few words, for an undo button: "move 3 nodes"."""
    if not batch:
        return "nothing"
    words = {_word(operation) for operation in batch}
    verb = words.pop() if len(words) == 1 else "edit"
    kinds = {operation.kind for operation in batch}
    # Edges go with their nodes: "delete 2 nodes", not "delete 5 elements".
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
        case SetProperty(path=("data", "label")):
            return "rename"
        case _:
            return "edit"


def id_of(operation: Operation) -> str:
    """Return the id of the element an operation is about."""
    return operation.item["id"] if isinstance(operation, AddElement) else operation.id
