"""What went over an edge in a run: a live object, and how to show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.displays.sentences import sentence
from kaizen_widgets.nodes.port_values import noun_of_value

_UNITS = ("B", "kB", "MB", "GB")


@dataclass(frozen=True)
class EdgeValue:
    """The value that went over an edge.

    Attributes:
        edge_id: Id of the edge.
        source: Label of the node it comes from.
        target: Label of the node it goes to.
        value: The object itself, not a copy.
        code: The line of Python that gives it, with the run as ``run``.
    """

    edge_id: str
    source: str
    target: str
    value: Any = field(repr=False)
    code: str

    @property
    def type(self) -> str:
        """What it is, in words: "text", "a table", "a dict"."""
        return noun_of_value(self.value)

    @property
    def size(self) -> str:
        """How large it is: "1,204 characters", "120 × 4", "3 fields"; empty where that means nothing."""
        return size_of(self.value)

    @property
    def preview(self) -> str:
        """It as text of at most 2,000 characters."""
        return sentence(self.value)


def size_of(value: Any) -> str:
    """Return how large a value is, in the unit of its type; empty where that means nothing."""
    match value:
        case str():
            return _counted(len(value), "character")
        case bytes() | bytearray():
            return _bytes(len(value))
        case Mapping():
            return _counted(len(value), "field")
        case list() | tuple() | set() | frozenset():
            return _counted(len(value), "item")
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(one, int) for one in shape):
        return " × ".join(f"{one:,}" for one in shape)
    return ""


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _bytes(count: int) -> str:
    power = min((len(str(count)) - 1) // 3, len(_UNITS) - 1)
    return f"{count:,} B" if power == 0 else f"{count / 1000**power:,.1f} {_UNITS[power]}"
