"""Read the port type of a parameter or a return value from its annotation.

Classes of other libraries are known by their names and what they can do; none of these is imported.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Coroutine,
    Iterable,
    Mapping,
)
from decimal import Decimal
from numbers import Number
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, is_typeddict

from pydantic import BaseModel

from kaizen_widgets.nodes.port_types import PortType

_UNIONS = (Union, types.UnionType)
_TABLES = frozenset({"DataFrame", "LazyFrame", "Table", "RecordBatch", "DuckDBPyRelation"})
_PICTURES = frozenset({"Image", "Figure"})


def port_type_of(annotation: Any) -> PortType:
    """Return the port type of an annotation; ``any`` if it names no type, or several that differ.

    ``str | None`` is ``text``, an iterator or a generator is a ``list``, a model, a dataclass or a
    TypedDict is a ``dict``, or a ``message`` if it has a role and content.
    """
    origin = get_origin(annotation)
    if origin is Annotated or origin in (Awaitable, Coroutine):
        arguments = get_args(annotation)
        return port_type_of(arguments[0] if origin is Annotated else arguments[-1])
    if origin in _UNIONS:
        return _common(
            port_type_of(one) for one in get_args(annotation) if one is not types.NoneType
        )
    if origin is Literal:
        return _common(_of_class(type(value)) for value in get_args(annotation))
    if isinstance(annotation, TypeVar):
        return "any"
    if hasattr(annotation, "__supertype__"):  # A NewType.
        return port_type_of(annotation.__supertype__)
    if hasattr(annotation, "__value__"):  # A `type` statement.
        return port_type_of(annotation.__value__)
    found = origin or annotation
    return _of_class(found) if isinstance(found, type) else "any"


def allows_none(annotation: Any) -> bool:
    """Return whether None is a value of an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return allows_none(get_args(annotation)[0])
    if origin in _UNIONS:
        return any(allows_none(one) for one in get_args(annotation))
    return annotation in (None, types.NoneType, Any, object)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the pydantic model that an annotation names, or None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return model_of(get_args(annotation)[0])
    if origin in _UNIONS:
        models = [one for one in map(model_of, get_args(annotation)) if one is not None]
        return models[0] if len(models) == 1 else None
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def _common(found: Iterable[PortType]) -> PortType:
    kinds = set(found)
    return kinds.pop() if len(kinds) == 1 else "any"


def _of_class(kind: type) -> PortType:
    if kind.__name__ in ("bool", "bool_"):  # numpy has one too.
        return "bool"
    if issubclass(kind, str):
        return "text"
    if issubclass(kind, Number | Decimal):
        return "number"
    if issubclass(kind, bytes | bytearray | memoryview):
        return "image"
    if (
        is_typeddict(kind)
        or issubclass(kind, BaseModel | Mapping)
        or dataclasses.is_dataclass(kind)
    ):
        return "message" if _is_message(kind) else "dict"
    library = kind.__module__.partition(".")[0]
    if kind.__name__ in _TABLES and library not in ("builtins", "__main__"):
        return "table"
    if (kind.__name__ in _PICTURES and library in ("PIL", "matplotlib")) or hasattr(
        kind, "_repr_png_"
    ):
        return "image"
    if kind.__name__ == "ndarray" or (hasattr(kind, "__array__") and hasattr(kind, "shape")):
        return "any"  # A picture, a vector, a table: an array can be each of them.
    if issubclass(kind, Iterable | AsyncIterable):
        return "list"
    return "any"


def _is_message(kind: type) -> bool:
    if kind.__module__.startswith("pydantic_ai.messages"):
        return True
    names = set(getattr(kind, "model_fields", ())) | set(getattr(kind, "__annotations__", ()))
    return {"role", "content"} <= names
