"""What the resources' models share: names, objects that can be kept and sent back, partial updates."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.frozen import freeze
from kaizen_widgets.server.errors import ApiError


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return freeze(value, "The object")
    except InvalidValueError as error:
        raise PydanticCustomError("invalid_value", "{reason}", {"reason": str(error)}) from None


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
