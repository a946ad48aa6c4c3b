"""Types with one control: how each of their values is written as a draft, and read back."""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from re import Pattern
from typing import Any, Final
from uuid import UUID

from pydantic import Secret, SecretBytes, SecretStr, TypeAdapter, ValidationError
from pydantic_core import to_json, to_jsonable_python

from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    TypeNode,
)
from kaizen_widgets.forms.paths import MISSING, Path, copied

EXACT: Final = 2**53
"""The largest whole number up to which a browser's numbers tell all whole numbers apart."""

TYPED: Final = "$text"
"""The only key of a JSON draft that is not JSON yet: what was typed stays as typed."""

BASE64: Final = "base64"
"""The only key of a draft for bytes that are no text."""

_JSON_SCALARS = (str, int, float, bool, type(None))
_ADAPTERS: Final = {
    type_: TypeAdapter(type_)
    for type_ in (int, float, Decimal, date, time, datetime, timedelta, UUID, bytes, complex)
}


class LeafNode(TypeNode):
    """A type with one control, whose draft is what stands in it."""

    def __init__(
        self,
        kind: str = "text",
        constraints: Mapping[str, Any] | None = None,
        python: type | None = None,
        is_strict: bool = False,
    ) -> None:
        self.control = kind
        self.constraints = dict(constraints or {})
        self.python = python
        self.is_strict = is_strict

    @property
    def is_words(self) -> bool:
        """Whether it is typed as a line of text, whatever becomes of it."""
        return self.control == "text"

    @property
    def is_text(self) -> bool:
        """Whether an empty text is an answer, if perhaps too short a one."""
        return self.python is str and "format" not in self.constraints

    def is_active(self) -> bool:
        # A draft is JSON, and a strict model takes from JSON what it does not take from Python.
        return self.is_exposed or (self.is_strict and self.python in _ADAPTERS)

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        match value:
            case Enum():
                return value.value
            case Pattern():
                return value.pattern
            case date() | time():
                return value.isoformat()
            case timedelta():
                return duration(value)
            case _ if isinstance(value, (*_JSON_SCALARS, dict, list)):
                return value
            case _:
                return str(value)

    def exact(self, draft: Any) -> Any:
        if self.python is str:
            return draft if isinstance(draft, str) else MISSING
        adapter = _ADAPTERS.get(self.python) if self.python else None
        if adapter is None:
            return MISSING
        try:
            return adapter.validate_python(draft)
        except ValidationError:
            return draft

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        return self.exact(draft) if self.is_active() and isinstance(draft, str) else draft


class NumberLeaf(LeafNode):
    """A number: JSON where JSON can hold it, else its digits; or what was typed."""

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        match value:
            case bool() | str():
                return value
            case int():
                return int(value) if abs(value) <= EXACT else str(int(value))
            case float():
                return float(value) if math.isfinite(value) else str(float(value))
            case Decimal() | Fraction():
                return str(value)
            case _:
                return super().show(value, showing, path)

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        """Read only the digits that we wrote: a strict number refuses other texts, as it should."""
        if not (self.is_active() and isinstance(draft, str)):
            return draft
        exact = self.exact(draft)
        if isinstance(exact, int):
            return exact if abs(exact) > EXACT else draft
        if isinstance(exact, float):
            return draft if math.isfinite(exact) else exact
        return exact


class BoolLeaf(LeafNode):
    """Yes or no. Left alone, it is no."""

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return False

    def exact(self, draft: Any) -> Any:
        return draft if isinstance(draft, bool) else MISSING


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """One of several answers: how the browser knows it, what the model takes, what people read."""

    key: Any
    value: Any
    label: str


class ChoiceLeaf(LeafNode):
    """One of a few values, known by JSON keys: the value itself where it is one, else its name."""

    def __init__(self, kind: str, options: Sequence[ChoiceOption]) -> None:
        super().__init__(kind)
        self.options = options
        self._by_key = {_typed(option.key): option.value for option in options}
        self._is_active = any(type(option.value) not in _JSON_SCALARS for option in options)

    def is_active(self) -> bool:
        return self._is_active or self.is_exposed

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        for option in self.options:
            if option.value is value or (
                type(option.value) is type(value) and option.value == value
            ):
                return option.key
        return value.value if isinstance(value, Enum) else super().show(value, showing, path)

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        known = self.exact(draft)
        return draft if known is MISSING else known

    def exact(self, draft: Any) -> Any:
        if not isinstance(draft, _JSON_SCALARS):
            return MISSING
        return self._by_key.get(_typed(draft), MISSING)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        if all(isinstance(option.key, bool) for option in self.options):
            return False  # an agreement is never given beforehand
        return self.options[0].key if len(self.options) == 1 else ""


def _typed(key: Any) -> tuple[type, Any]:
    """Return what tells 1 from True and from 1.0."""
    return type(key), key


class BytesLeaf(LeafNode):
    """BytesLeaf: text where they are UTF-8, else base64."""

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        if not isinstance(value, bytes | bytearray | memoryview):
            return value
        plain = bytes(value)
        try:
            return plain.decode()
        except UnicodeDecodeError:
            return {BASE64: b64encode(plain).decode()}

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if isinstance(draft, dict) and set(draft) == {BASE64}:
            try:
                return b64decode(draft[BASE64], validate=True)
            except (ValueError, TypeError):
                return draft
        return draft.encode() if self.is_strict and isinstance(draft, str) else draft


class SecretLeaf(LeafNode):
    """A secret. Its draft is a secret too, so that nothing shows it by accident; empty is plain."""

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        if isinstance(value, SecretStr | SecretBytes | Secret) or value == "":
            return value
        return SecretStr(value) if isinstance(value, str) else Secret(value)

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if self.python is not None and isinstance(draft, self.python):
            return draft
        return draft.get_secret_value() if hasattr(draft, "get_secret_value") else draft


class JsonLeaf(LeafNode):
    """Anything: a draft is the value itself, or what was typed as long as it is not JSON."""

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        return copied(value)

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if isinstance(draft, dict) and set(draft) == {TYPED}:
            try:
                return json.loads(draft[TYPED])
            except (ValueError, TypeError) as error:
                said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                run.refuse(
                    ErrorLocation(path, slot, draft), "json_invalid", f"This is not JSON: {said}"
                )
                return None
        return copied(draft)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return None


class JsonTextLeaf(LeafNode):
    """A text that the model reads as JSON: the draft is the text."""

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        return to_json(value).decode() if showing.is_parsed else value


class EncodedLeaf(LeafNode):
    """A text or bytes that the model decodes (base64): a draft is what was encoded."""

    def __init__(self, encode: Callable[[Any], Any], inner: LeafNode) -> None:
        super().__init__(inner.control, inner.constraints, str, inner.is_strict)
        self._encode = encode

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        encoded = self._encode(value) if showing.is_parsed else value
        return encoded.decode() if isinstance(encoded, bytes) else encoded


class OpaqueLeaf(LeafNode):
    """A type nobody can type: what is there is kept as it is, and shown as a word."""

    def __init__(self, why: str) -> None:
        super().__init__("opaque")
        self.why = why

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        return value

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return MISSING


def duration(value: timedelta) -> str:
    """Return a duration as pydantic reads it: `01:30:00`, `2 days 01:30:00`; ISO 8601 below nothing."""
    if value < timedelta(0):
        return to_jsonable_python(value)
    minutes, seconds = divmod(value.seconds, 60)
    clock = time(minutes // 60, minutes % 60, seconds, value.microseconds).isoformat()
    return f"{value.days} day{'s' if value.days > 1 else ''} {clock}" if value.days else clock
