"""Cached API data as JSON and back, by a fixed table of record types; nothing is ever imported by name.

What comes back equals what was given, types included; anything else is refused, so that it is not
persisted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from kaizen_widgets.api.agent_models import Agent
from kaizen_widgets.api.auth import Organization, User
from kaizen_widgets.api.pipelines import Pipeline

RECORD_TYPES: Final[Mapping[str, type[BaseModel]]] = {
    kind.__name__: kind for kind in (Agent, Organization, Pipeline, User)
}
"""The record types that are persisted, by name."""

_KIND, _FIELDS = "$kind", "$fields"
_SCALARS: Final = (type(None), bool, int, float, str)


def to_json(value: Any) -> Any:
    """Return ``value`` as JSON values from which `from_json` makes an equal value.

    Raises:
        TypeError: A part of it cannot be persisted.
    """
    kind = type(value)
    if isinstance(value, BaseModel):
        if RECORD_TYPES.get(kind.__name__) is not kind:
            raise TypeError(f"a {kind.__name__} is not persisted")
        return {_KIND: kind.__name__, _FIELDS: value.model_dump(mode="json")}
    if kind is list:
        return [to_json(item) for item in value]
    if kind is dict:
        if _KIND in value:
            raise TypeError("an object that looks like a record is not persisted")
        if not all(type(name) is str for name in value):
            raise TypeError("a dict with keys that are not text is not persisted")
        return {name: to_json(item) for name, item in value.items()}
    if kind in _SCALARS and not (kind is float and not math.isfinite(value)):
        return value
    raise TypeError(f"a {kind.__name__} is not persisted")


def from_json(value: Any) -> Any:
    """Return what `to_json` was given.

    Raises:
        ValueError: It was not made by `to_json`.
    """
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if _KIND not in value:
            return {name: from_json(item) for name, item in value.items()}
        kind = RECORD_TYPES.get(value[_KIND]) if isinstance(value[_KIND], str) else None
        if kind is None:
            raise ValueError(f"there is no record type {value[_KIND]!r}")
        return kind.model_validate(value.get(_FIELDS))
    return value
