"""Converts API records to dicts that name their type, and back, so that they can be persisted.

The types come from a fixed table; nothing is ever imported by name. The persister handles all other
values: it writes them exactly or leaves their entry out.
"""

from __future__ import annotations

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


def to_json(value: Any) -> Any:
    """Return ``value`` with its records as dicts, from which `from_json` makes an equal value.

    Raises:
        TypeError: A part of it cannot be persisted.
    """
    kind = type(value)
    if isinstance(value, BaseModel):
        return _from_record(value)
    if kind is list or kind is tuple:
        return kind(map(to_json, value))
    if kind is dict:
        if _KIND in value:
            raise TypeError("an object that looks like a record is not persisted")
        return {name: to_json(item) for name, item in value.items()}
    return value


def from_json(value: Any) -> Any:
    """Return what `to_json` was given.

    Raises:
        ValueError: It was not made by `to_json`.
    """
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(map(from_json, value))
    if kind is not dict:
        return value
    if _KIND not in value:
        return {name: from_json(item) for name, item in value.items()}
    record_type = RECORD_TYPES.get(value[_KIND]) if isinstance(value[_KIND], str) else None
    if record_type is None:
        raise ValueError(f"there is no record type {value[_KIND]!r}")
    return record_type.model_validate(value.get(_FIELDS))


def _from_record(record: BaseModel) -> dict[str, Any]:
    name = type(record).__name__
    if RECORD_TYPES.get(name) is not type(record):
        raise TypeError(f"a {name} is not persisted")
    fields = record.model_dump(mode="json")
    if type(record).model_validate(fields) != record:
        raise TypeError(f"this {name} would be restored differently")
    return {_KIND: name, _FIELDS: fields}
