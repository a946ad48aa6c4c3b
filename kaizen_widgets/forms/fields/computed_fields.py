"""The computed fields of a model's value, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from kaizen_widgets.forms.fields.container_nodes import (
    VALUE,
    DictNode,
    ListNode,
    TupleNode,
)
from kaizen_widgets.forms.fields.object_nodes import (
    ObjectNode,
    RootModelNode,
    attribute,
    bare,
)
from kaizen_widgets.forms.fields.type_node import Field
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import Path, join


def computed_in(root: Field, value: Any) -> dict[str, Any]:
    """Return the computed fields of a value and of all objects in it, as JSON by dotted name."""
    return {join(path): item for path, item in _compute(root, value, ())}


def _compute(field: Field, value: Any, path: Path) -> Iterable[tuple[Path, Any]]:
    if isinstance(field.node, RootModelNode) and value is not None:
        value = getattr(value, "root", value)
    match node := bare(field.node):
        case ObjectNode() if value is not None:
            for name in node.computed:
                yield (*path, name), _property(value, name)
            for name, part in node.fields.items():
                yield from _compute(part, _part(value, name), (*path, name))
        case ListNode(is_set=False) | TupleNode() if isinstance(value, list | tuple):
            for index, item in enumerate(value):
                part = node.child(index, list(value))
                if part is not None:
                    yield from _compute(part, item, (*path, index))
        case DictNode() if isinstance(value, Mapping):
            for index, item in enumerate(value.values()):
                yield from _compute(node.value, item, (*path, index, VALUE))
        case UnionNode():
            for branch in node.branches:
                if isinstance(branch.node, ObjectNode) and type(value) is branch.node.cls:
                    yield from _compute(branch.field, value, path)
                    return


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else attribute(value, name)


def _property(value: Any, name: str) -> Any:
    try:
        return to_jsonable_python(getattr(value, name), fallback=str)
    except Exception as error:  # the author's property raised; the others are still shown
        return type(error).__name__
