"""What the resources' models share: names, objects that can be kept and sent back, partial updates."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.frozen_json import FORBIDDEN_KEYS, MAX_SAFE_INTEGER, freeze
from kaizen_widgets.server.errors import ApiError

PLAIN_TEXT, PLAIN_DEPTH, PLAIN_LENGTH = 10_000, 4, 20
"""What an object is small in: 4 MB are never reached."""


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    if _is_plain(value, 0):
        return value
    try:
        return freeze(value, "The object")
    except InvalidValueError as error:
        raise PydanticCustomError("invalid_value", "{reason}", {"reason": str(error)}) from None


def _is_plain(value: Any, depth: int) -> bool:
    """Whether a small value may surely be kept; whoever is not sure asks `freeze`, ten times slower."""
    if isinstance(value, str):
        return value.isascii() and len(value) < PLAIN_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= MAX_SAFE_INTEGER
    if isinstance(value, dict):
        return (
            depth < PLAIN_DEPTH
            and len(value) < PLAIN_LENGTH
            and all(
                key not in FORBIDDEN_KEYS and _is_plain(key, depth) and _is_plain(item, depth + 1)
                for key, item in value.items()
            )
        )
    if isinstance(value, list):
        small = depth < PLAIN_DEPTH and len(value) < PLAIN_LENGTH
        return small and all(_is_plain(item, depth + 1) for item in value)
    return value is None


JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""An object that may stand in a document: finite numbers, real text, no more than 4 MB."""

WorkspaceId = Annotated[str, Field(max_length=1024)]
"""Any text, as on the public server; an empty one is the organization's own first workspace."""

Name = Annotated[str, Field(min_length=1, max_length=100)]

Email = Annotated[
    str,
    Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320, json_schema_extra={"format": "email"}),
]


class MessageResponse(BaseModel):
    """That it was done."""

    message: str


def to_text(value: dict[str, Any] | None) -> str | None:
    """Return an object as a column keeps it; None stays None."""
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_text(text: str | None) -> dict[str, Any] | None:
    """Return what `to_text` kept."""
    return None if text is None else json.loads(text)


def changes_of(body: BaseModel) -> dict[str, Any]:
    """Return the fields an update sets: a null or missing field stays as it is.

    Raises:
        ApiError: 400: it sets none.
    """
    changes = {key: value for key, value in body if value is not None}
    if not changes:
        raise ApiError(400, "No fields to update")
    return changes
