"""Say of a value in two words what took an edge: its type as a port has it, and how many parts it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.nodes.numbers import is_number
from kaizen_widgets.nodes.port_annotations import port_type_of
from kaizen_widgets.nodes.port_types import PortType

_CONTAINERS = (list, tuple, set, frozenset, dict)


@dataclass(frozen=True)
class ValueCount:
    """The count of a value.

    Attributes:
        type: Type of the port it would pass.
        count: Items of a list, keys of a dict, rows of a table or an array; 0 for None, else 1.
    """

    type: PortType
    count: int


def count_of(value: Any) -> ValueCount:
    """Return the count of a value; never raises, and counts nothing that has to be read for it."""
    if value is None:
        return ValueCount("any", 0)
    kind = type(value)
    if is_number(value):
        return ValueCount("number", 1)
    found = port_type_of(kind)
    for container in _CONTAINERS:
        if issubclass(kind, container):
            # The built-in's own length: a subclass may count something else, or for long.
            return ValueCount(found, container.__len__(value))
    rows = _rows(value)
    if rows is not None:
        return ValueCount("list" if found == "any" else found, rows)
    if found == "dict" and issubclass(kind, Mapping):
        return ValueCount(found, _length(value))
    return ValueCount(found, 1)


def _rows(value: Any) -> int | None:
    """Return the rows of a table or an array; None for what has none."""
    kind = type(value)
    # Read from the class first: an object may make up any attribute it is asked for.
    for name in ("shape", "num_rows"):
        if not hasattr(kind, name):
            continue
        try:
            found = getattr(value, name)
        except Exception:  # A broken object of another library.
            return None
        if isinstance(found, tuple):
            found = found[0] if found else None
        if isinstance(found, int) and not isinstance(found, bool):
            return max(found, 0)
    return None


def _length(value: Mapping[Any, Any]) -> int:
    try:
        return len(value)
    except Exception:  # A mapping of the user's own.
        return 1
