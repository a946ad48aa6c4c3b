"""Check the values that pass a port against its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.nodes.numbers import is_number
from kaizen_widgets.nodes.port_annotations import port_type_of
from kaizen_widgets.nodes.port_types import PortType, noun_of
from kaizen_widgets.nodes.values import describe_type, value_fields


def value_fits(value: Any, port_type: PortType) -> bool:
    """Return whether a value may pass a port of a type; reads nothing of the value but its fields' names."""
    return port_type == "any" or _CHECKS[port_type](value)


def noun_of_value(value: Any) -> str:
    """Return what a value is, in the words of the port types: "a number", "a table"."""
    if is_number(value):
        return noun_of("number")
    found = port_type_of(type(value))
    is_described = found in ("bool", "table", "image") and value is not None
    return noun_of(found) if is_described else describe_type(value)


def _is_bool(value: Any) -> bool:
    return port_type_of(type(value)) == "bool"


def _is_dict(value: Any) -> bool:
    return issubclass(type(value), Mapping) or port_type_of(type(value)) in ("dict", "message")


def _is_list(value: Any) -> bool:
    kind = type(value)
    # An array is no list by its class, but may be one by its value.
    is_array = hasattr(kind, "__array__") and len(getattr(value, "shape", ())) > 0
    return port_type_of(kind) == "list" or (is_array and port_type_of(kind) != "table")


def _is_image(value: Any) -> bool:
    is_array = hasattr(type(value), "__array__") and len(getattr(value, "shape", ())) in (2, 3)
    return port_type_of(type(value)) == "image" or is_array


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, str)
        or port_type_of(type(value)) == "message"
        or {"role", "content"} <= set(value_fields(value))
    )


_CHECKS: dict[PortType, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": is_number,
    "bool": _is_bool,
    "list": _is_list,
    "dict": _is_dict,
    "table": lambda value: port_type_of(type(value)) == "table",
    "image": _is_image,
    "message": _is_message,
}
