"""JSON that gives back exactly the Python values that were written, or refuses them.

Values that JSON knows are written as usual, so that a plain state reads like one. Tuples, sets, bytes, dates,
UUIDs, decimals, and dicts with keys other than text are written as an object with one key, ``$tuple`` for
example; a dict whose only key is such a tag is written as ``$dict``. A value that would be read back as
something else, such as an enum member or a class instance, is refused.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kaizen_widgets.errors import KaizenError

MAX_DEPTH = 200
"""How many lists and dicts may be nested; Python's JSON parser gives up at some multiple of it."""
_MAX_DIGITS = 4_000
"""Digits of a whole number that is written in decimal; Python reads no more than 4,300 of them."""


class InexactError(KaizenError, ValueError):
    """A value that JSON cannot restore exactly."""


def encode(value: Any) -> Any:
    """Return a value as JSON types from which `decode` makes the same value again.

    Raises:
        InexactError: It, or a part of it, has no exact JSON form; the message gives the reason.
    """
    return _encode(value, 0)


def decode(value: Any) -> Any:
    """Return the value that was given to `encode`.

    Raises:
        ValueError: It was not made by `encode`.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(tag, content)] = value.items()
        if tag in _DECODERS:
            try:
                return _DECODERS[tag](content)
            except (TypeError, ValueError, ArithmeticError) as error:
                raise ValueError(f"{tag!r} was not written by this program.") from error
    return {key: decode(item) for key, item in value.items()}


def encode_entries(entries: Mapping[Any, Any]) -> tuple[Any, dict[Any, str]]:
    """Encode a mapping entry by entry.

    Returns:
        The entries that can be written, encoded together, and the reasons of those that cannot, by key.
    """
    encoded: dict[Any, Any] = {}
    refused: dict[Any, str] = {}
    for key, value in entries.items():
        try:
            encode(key)
            encoded[key] = _encode(value, 1)
        except InexactError as error:
            refused[key] = str(error)
    return _as_object(encoded, 0), refused


def decode_entries(value: Any) -> tuple[Any, dict[Any, str]]:
    """Decode a mapping entry by entry.

    Returns:
        The entries that can be read, and the reasons of those that cannot, by key. A value that is not
        a mapping is returned unchanged.
    """
    refused: dict[Any, str] = {}
    if not isinstance(value, dict):
        return value, refused
    pairs: Iterable[Any] = value.items()
    if len(value) == 1 and isinstance(value.get("$dict"), list):
        pairs = value["$dict"]
    decoded: dict[Any, Any] = {}
    for key, item in pairs:
        try:
            decoded[decode(key)] = decode(item)
        except ValueError as error:
            refused[str(key)] = str(error)
    return decoded, refused


def _encode(value: Any, depth: int) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is str:
        return value
    if kind is int:
        return value if value.bit_length() < _MAX_DIGITS * 3 else {"$int": hex(value)}
    if depth >= MAX_DEPTH:
        raise InexactError(f"it is nested more than {MAX_DEPTH} deep, or contains itself")
    if kind is list:
        return [_encode(item, depth + 1) for item in value]
    if kind is dict:
        return _as_object({key: _encode(item, depth + 1) for key, item in value.items()}, depth)
    if kind in _ENCODERS:
        tag, content = _ENCODERS[kind](value)
        return {tag: _encode(content, depth + 1)}
    raise InexactError(f"values of type {kind.__qualname__} cannot be written as JSON")


def _as_object(encoded: dict[Any, Any], depth: int) -> Any:
    """Return a dict whose values are encoded, as an object if its keys allow that."""
    is_plain = all(type(key) is str for key in encoded)
    if is_plain and not (len(encoded) == 1 and next(iter(encoded)) in _DECODERS):
        return encoded
    return {"$dict": [[_encode(key, depth + 1), item] for key, item in encoded.items()]}


def _encode_datetime(value: datetime) -> tuple[str, Any]:
    _check_zone(value)
    return "$datetime", [value.isoformat(), value.fold]


def _encode_time(value: time) -> tuple[str, Any]:
    _check_zone(value)
    return "$time", [value.isoformat(), value.fold]


def _check_zone(value: datetime | time) -> None:
    """Refuse a time zone that is more than an offset: only the offset would be restored."""
    restored = type(value).fromisoformat(value.isoformat())
    if repr(value.tzinfo) != repr(restored.tzinfo):
        raise InexactError("a time in a named zone cannot be written as JSON")


def _decode_moment(kind: type[Any]) -> Callable[[Any], Any]:
    def decode_moment(content: Any) -> Any:
        text, fold = content
        return kind.fromisoformat(text).replace(fold=fold)

    return decode_moment


_ENCODERS: dict[type[Any], Callable[[Any], tuple[str, Any]]] = {
    tuple: lambda value: ("$tuple", list(value)),
    set: lambda value: ("$set", list(value)),
    frozenset: lambda value: ("$frozenset", list(value)),
    bytes: lambda value: ("$bytes", base64.b64encode(value).decode()),
    complex: lambda value: ("$complex", [value.real, value.imag]),
    Decimal: lambda value: ("$decimal", str(value)),
    UUID: lambda value: ("$uuid", str(value)),
    date: lambda value: ("$date", value.isoformat()),
    timedelta: lambda value: ("$timedelta", [value.days, value.seconds, value.microseconds]),
    datetime: _encode_datetime,
    time: _encode_time,
}

_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$dict": lambda content: {decode(key): decode(item) for key, item in content},
    "$tuple": lambda content: tuple(decode(content)),
    "$set": lambda content: set(decode(content)),
    "$frozenset": lambda content: frozenset(decode(content)),
    "$bytes": lambda content: base64.b64decode(content, validate=True),
    "$complex": lambda content: complex(*content),
    "$decimal": Decimal,
    "$uuid": UUID,
    "$date": date.fromisoformat,
    "$timedelta": lambda content: timedelta(*content),
    "$datetime": _decode_moment(datetime),
    "$time": _decode_moment(time),
    "$int": lambda content: int(content, 16),
}
