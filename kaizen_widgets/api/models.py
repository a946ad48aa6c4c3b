"""Base models of requests and responses: responses are parsed tolerantly, requests validated before sending.

The public server writes "None" for missing values, objects as JSON text, times without an offset (they are
UTC), 32-bit floats and six kinds of list envelope (see `parse_list`). This module hides all of that.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from kaizen_widgets.errors import DecodeError, InvalidInputError, TransportError

ABSENT = ("None", "", None)
"""Values that servers send for a missing value."""


class ResponseModel(BaseModel):
    """Base of responses. Unknown keys are ignored; a missing optional value becomes its default."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _drop_absent(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        optional = _optional_names(cls)
        return {
            key: item
            for key, item in value.items()
            # A required text may really be "None", for example a name.
            if not (
                (item is None or (isinstance(item, str) and item in ABSENT)) and key in optional
            )
        }


@cache
def _optional_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names and aliases of a model's optional fields."""
    names = set[str]()
    for name, field in model.model_fields.items():
        if field.is_required():
            continue
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
        names.update(choice for choice in choices if isinstance(choice, str))
    return frozenset(names)


class RequestModel(BaseModel):
    """Base of requests; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


R = TypeVar("R", bound=ResponseModel)
I = TypeVar("I", bound=RequestModel)  # noqa: E741


def parse_object(value: Any) -> dict[str, Any]:
    """Return an object that may have arrived as JSON text; empty if there is none.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, str):
        value = None if value in ABSENT else json.loads(value)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"expected an object, not {type(value).__name__}")
    return dict(value)


def to_single(value: float) -> float:
    """Return a number rounded to 32 bits, as some servers store it."""
    stored = _single(value)
    return value if stored is None else stored


def is_same_single(one: float, other: float) -> bool:
    """Return whether two numbers are the same in 32 bits."""
    return to_single(one) == to_single(other)


def shortest_decimal(value: float) -> float:
    """Return the shortest decimal that is the same 32-bit float: 0.699999988079071 becomes 0.7."""
    single = _single(value)
    if single is None or single != value or not math.isfinite(value) or value == int(value):
        return value
    for digits in range(1, 10):
        rounded = float(f"{value:.{digits}g}")
        if _single(rounded) == single:
            return rounded
    return value


def _single(value: float) -> float | None:
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except (OverflowError, struct.error):
        return None


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


UtcTime: TypeAlias = Annotated[datetime, AfterValidator(_utc)]
JsonObject: TypeAlias = Annotated[dict[str, Any], BeforeValidator(parse_object)]
SingleFloat: TypeAlias = Annotated[float, AfterValidator(shortest_decimal)]


def parse(model: type[R], value: Any, noun: str) -> R:
    """Return part of an answer as a model.

    Args:
        model: Class to return.
        value: Parsed JSON, possibly in a ``{"data": ...}`` envelope.
        noun: Name for it in an error, such as ``agent``.

    Raises:
        DecodeError: The value does not fit the model.
    """
    if isinstance(value, Mapping) and isinstance(value.get("data"), Mapping):
        value = value["data"]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DecodeError(
            f"The server's answer is not a valid {noun}: {f'{where}: ' if where else ''}{first['msg']}; "
            "is this a Kaizen Studio server?"
        ) from None


def parse_list(payload: Any, noun: str) -> list[Any]:
    """Return the list in an answer: the answer itself, or the only list in its envelope.

    Raises:
        DecodeError: There is no list in it.
    """
    if isinstance(payload, list):
        return payload
    if isinstance(payload, Mapping):
        lists = [value for value in payload.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
    raise DecodeError(
        f"The server's answer is not a list of {noun}; is this a Kaizen Studio server?"
    )


def validate(model: type[I], values: Mapping[str, Any]) -> I:
    """Return ``values`` as a model, validated before anything is sent.

    Raises:
        InvalidInputError: A field is invalid; ``details`` has the messages by field.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        details: dict[str, list[str]] = {}
        for one in error.errors(include_url=False, include_input=False):
            message = one["msg"]
            if one["type"] == "extra_forbidden" and len(one["loc"]) == 1:
                message = f"there is no such field, but {', '.join(model.model_fields)}"
            details.setdefault(".".join(map(str, one["loc"])), []).append(message)
        raise invalid_input(details) from None


def invalid_input(details: dict[str, list[str]]) -> InvalidInputError:
    """Return the error for invalid fields, raised before sending; ``details`` has their messages."""
    listed = "; ".join(f"{field}: {', '.join(messages)}" for field, messages in details.items())
    return InvalidInputError(
        f"Nothing was sent: {listed}.", status=422, code="VALIDATION_ERROR", details=details
    )


def url_path(*parts: str) -> str:
    """Return a request path made of parts, each quoted.

    Raises:
        TransportError: A part is not text, is empty, or is a dot segment, which would change the path.
    """
    for part in parts:
        if not isinstance(part, str) or part in ("", ".", ".."):
            raise TransportError(f"{part!r} is not an id.")
    try:
        return "".join(f"/{quote(part, safe='')}" for part in parts)
    except UnicodeEncodeError:  # half of a surrogate pair
        raise TransportError(f"{parts!r} contains text that cannot be part of a URL.") from None
