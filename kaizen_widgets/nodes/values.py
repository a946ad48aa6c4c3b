"""Read the values that travel along edges: as text, by named fields, or several joined into one.

Values are any Python objects and are passed from node to node by reference; nodes do not change them.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from kaizen_widgets.errors import RunError

MAX_TEXT = 10_000_000
"""Longest text, in characters, that a value of another type is converted to."""


@dataclass(frozen=True)
class Input:
    """A value that arrived by one edge.

    Attributes:
        source: Id of the node it comes from.
        label: Label of that node.
        value: The value.
        port: Id of the input port it arrived at; empty for an edge that names none.
    """

    source: str
    label: str
    value: Any
    port: str = ""


def join_inputs(inputs: Sequence[Input]) -> Any:
    """Return the one value a node works on.

    One input is its value. Several are a dict by the labels of the nodes they come from (by id
    where two have the same label); a node counts once, whatever number of edges it has. Without
    inputs it is None.
    """
    if not inputs:
        return None
    first = {item.source: item for item in reversed(inputs)}
    items = [item for item in inputs if first[item.source] is item]
    if len(items) == 1:
        return items[0].value
    count = Counter(item.label for item in items)
    return {(item.label if count[item.label] == 1 else item.source): item.value for item in items}


class ValueFields(Mapping[str, Any]):
    """The named fields of a value; each is read when it is asked for, and only then.

    Args:
        names: Names of the fields.
        read: Returns one of them.
    """

    def __init__(self, names: Sequence[str], read: Callable[[str], Any]) -> None:
        self._names = dict.fromkeys(names)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def value_fields(value: Any) -> ValueFields:
    """Return a value's named fields: a mapping's text keys, or the fields of a model or dataclass.

    Fields that a model or dataclass has not been given yet are left out.
    """
    kind = type(value)
    if issubclass(kind, Mapping):
        return ValueFields([key for key in value if isinstance(key, str)], value.__getitem__)
    if issubclass(kind, BaseModel):
        names = list(kind.model_fields)
    elif dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
    else:
        names = []
    return ValueFields(
        [name for name in names if hasattr(value, name)], lambda n: getattr(value, n)
    )


def text_of(value: Any) -> str:
    """Return a value as text: the only field of a dict if it is text, nothing for None, else its ``str``.

    May take long and run code of users; call it off the event loop.

    Raises:
        RunError: The text would be longer than 10 million characters.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if type(value) in (int, float, bool):
        return str(value)
    fields = value_fields(value)
    if len(fields) == 1:
        [name] = fields
        only = fields[name]
        if isinstance(only, str):
            return only
    return str(printable(value))


def printable(value: Any) -> Any:
    """Return the ``str`` of a list, tuple or dict, made without blocking other threads, or ``value`` itself.

    Raises:
        RunError: The text would be longer than 10 million characters.
    """
    return "".join(_limited(_repr_pieces(value))) if type(value) in _CONTAINERS else value


_CONTAINERS = (list, tuple, dict)
MAX_DEPTH = 50
"""Containers inside each other that are printed piece by piece."""


def _repr_pieces(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the repr of a value, the items of lists and dicts one by one.

    Printing millions of them in C would hold Python's global lock, and with it the event loop.
    """
    kind = type(value)
    if kind not in _CONTAINERS or depth > MAX_DEPTH:
        yield repr(value)
    elif kind is dict:
        yield "{"
        for index, (key, item) in enumerate(list(value.items())):
            yield f"{', ' if index else ''}{key!r}: "
            yield from _repr_pieces(item, depth + 1)
        yield "}"
    else:
        yield "[" if kind is list else "("
        for index, item in enumerate(value):
            yield ", " if index else ""
            yield from _repr_pieces(item, depth + 1)
        yield "]" if kind is list else ",)" if len(value) == 1 else ")"


def _limited(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_TEXT:
            raise RunError(
                f"The value is too large to be text: more than {MAX_TEXT:,} characters. "
                f"Use one of its fields, or pass on less."
            )
        yield piece


def describe_type(value: Any) -> str:
    """Return a readable name of a value's type."""
    match value:
        case None:
            return "nothing"
        case str():
            return "text"
        case Mapping():
            return "a dict"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


def template_names(value: Any, used: Collection[str]) -> dict[str, Any]:
    """Return the values of the names used in a template: ``text``, ``value`` and fields of the value.

    Names that are not used are left out: making text of a large value takes long.
    """
    fields = value_fields(value)
    names: dict[str, Any] = {name: fields[name] for name in used if name in fields}
    if "text" in used and "text" not in names:
        names["text"] = text_of(value)
    if "value" in used and "value" not in names:
        names["value"] = value
    return names
