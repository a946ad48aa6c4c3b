"""How the values that travel along edges are read: as text, as named fields, several as one.

Values are any Python objects and go from node to node by reference; nodes do not change what they
get.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Input:
    """What arrived by one edge.

    Attributes:
        source: The id of the node it comes from.
        label: What that node is called.
        value: What it gave.
    """

    source: str
    label: str
    value: Any


def join(inputs: Sequence[Input]) -> Any:
    """Return the one value a node works on.

    One input is its value; several are a dict by the labels of the nodes they come from (by id
    where two have the same label); none is None.
    """
    if not inputs:
        return None
    if len(inputs) == 1:
        return inputs[0].value
    count = Counter(item.label for item in inputs)
    return {(item.label if count[item.label] == 1 else item.source): item.value for item in inputs}


def fields(value: Any) -> dict[str, Any]:
    """Return a value's named parts: a mapping's text keys, a model's or dataclass's fields."""
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if isinstance(key, str)}
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {}


def text_of(value: Any) -> str:
    """Return a value as text: a dict's only text, nothing as empty, anything else by ``str``."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    parts = list(fields(value).values())
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    return str(value)


def kind_of(value: Any) -> str:
    """Return what a value is, in a word for people."""
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


def template_names(value: Any) -> dict[str, Any]:
    """Return what templates and conditions may call by name: ``text``, ``value`` and the fields."""
    return {"text": text_of(value), "value": value, **fields(value)}
