"""Field types that the request models share: names, e-mail addresses, JSON objects."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.frozen_json import FORBIDDEN_KEYS, MAX_SAFE_INTEGER, freeze
from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.email_identity import is_invisible

_SMALL_TEXT, _SMALL_DEPTH, _SMALL_LENGTH = 10_000, 4, 20
"""Below these sizes an object cannot reach the limit of 4 MB."""


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    if _is_small_json(value, 0):
        return value
    try:
        return freeze(value, "The object")
    except InvalidValueError as error:
        raise PydanticCustomError("invalid_value", "{reason}", {"reason": str(error)}) from None


def _is_small_json(value: Any, depth: int) -> bool:
    """Return whether a small value is certainly storable; `freeze` decides the rest, ten times slower."""
    if isinstance(value, str):
        return value.isascii() and len(value) < _SMALL_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= MAX_SAFE_INTEGER
    if isinstance(value, dict):
        return (
            depth < _SMALL_DEPTH
            and len(value) < _SMALL_LENGTH
            and all(
                key not in FORBIDDEN_KEYS
                and _is_small_json(key, depth)
                and _is_small_json(item, depth + 1)
                for key, item in value.items()
            )
        )
    if isinstance(value, list):
        is_small = depth < _SMALL_DEPTH and len(value) < _SMALL_LENGTH
        return is_small and all(_is_small_json(item, depth + 1) for item in value)
    return value is None


def _visible(email: str) -> str:
    if any(is_invisible(character) for character in email):
        raise PydanticCustomError("invisible_character", "must not hold invisible characters")
    return email


JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""An object that a document can hold: finite numbers, well-formed text, at most 4 MB."""

WorkspaceId = Annotated[str, Field(max_length=1024)]
"""Any text, as on the public server; empty for the organization's first workspace."""

SomeId = Annotated[str, Field(min_length=1, max_length=1024)]
"""An id of this or another server: any text."""

Name = Annotated[str, Field(min_length=1, max_length=100)]

EmailText = Annotated[
    str,
    Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320, json_schema_extra={"format": "email"}),
]
"""An address to look up."""

Email = Annotated[EmailText, AfterValidator(_visible)]
"""An address to store: every character of it can be seen."""


class MessageResponse(BaseModel):
    """A sentence that says what was done."""

    message: str


def changes_of(body: BaseModel) -> dict[str, Any]:
    """Return the fields an update sets; null and missing fields keep their value.

    Raises:
        ApiError: 400 if it sets none.
    """
    changes = {key: value for key, value in body if value is not None}
    if not changes:
        raise ApiError(400, "No fields to update")
    return changes
