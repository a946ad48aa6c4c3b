"""Types with one control: convert their values to drafts, and drafts to values.

To add a control: a node here (or a handler in `schema_leaves` that returns one), its kind in
`field_node.FieldKind`, and its control in `js/src/form/controls.ts`.
"""

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

from kaizen_widgets.forms.fields.originals import Original
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    TypeNode,
)
from kaizen_widgets.forms.paths import MISSING, Path

EXACT: Final = 2**53
"""The largest integer below which every integer is exact in a browser's numbers."""

MAX_DEPTH: Final = 100
"""Nesting levels of a JSON field's value; a deeper value is preserved and shown in part."""

BASE64: Final = "base64"
"""The only key of the draft of bytes that are no text."""

_JSON_SCALARS = (str, int, float, bool, type(None))
_ADAPTERS: Final = {
    type_: TypeAdapter(type_)
    for type_ in (int, float, Decimal, date, time, datetime, timedelta, UUID, bytes, complex)
}


@dataclass(frozen=True, slots=True)
class UnparsedJson:
    """The draft of a JSON field whose text is not JSON: the text, as it was typed."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class WholeValue:
    """The draft of a value that contains itself, or is nested too deeply to be compared."""

    value: Any


class LeafNode(TypeNode):
    """A type with one control, whose draft is what the control holds."""

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
        self.is_folded = False
        """Whether pydantic strips a text, or changes its case."""

    @property
    def is_line(self) -> bool:
        """Whether it is typed as a line of text, whatever type the text is converted to."""
        return self.control == "text"

    @property
    def is_text(self) -> bool:
        """Whether an empty text is a value, if perhaps one that is too short."""
        return self.python is str and "format" not in self.constraints

    @property
    def is_verbatim(self) -> bool:
        """Whether validation returns valid input unchanged, without stripping it or changing its case."""
        return self.python is str and not self.is_folded

    def needs_decoding(self) -> bool:
        # A draft is JSON, and a strict model accepts JSON input that it refuses as Python input.
        return self.is_exposed or (self.is_strict and self.python in _ADAPTERS)

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
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

    def to_python(self, draft: Any) -> Any:
        if self.python is str:
            return draft if isinstance(draft, str) else MISSING
        adapter = _ADAPTERS.get(self.python) if self.python else None
        if adapter is None:
            return MISSING
        try:
            return adapter.validate_python(draft)
        except ValidationError:
            return draft

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        return self.to_python(draft) if self.needs_decoding() and isinstance(draft, str) else draft


class NumberLeaf(LeafNode):
    """A number: a JSON number where it is exact, else its digits; or the text that was typed."""

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
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
                return super().encode(value, context, path)

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        """Return the number of digits that `encode` wrote; a strict number refuses other texts."""
        if not (self.needs_decoding() and isinstance(draft, str)):
            return draft
        exact = self.to_python(draft)
        if isinstance(exact, int):
            return exact if abs(exact) > EXACT else draft
        if isinstance(exact, float):
            return draft if math.isfinite(exact) else exact
        return exact


class BoolLeaf(LeafNode):
    """Yes or no; blank is no."""

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return False

    def to_python(self, draft: Any) -> Any:
        return draft if isinstance(draft, bool) else MISSING


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """One of the values of a choice.

    Attributes:
        key: JSON by which a browser names it; no two options of a choice share one.
        value: The value for the model.
        label: The text that people read.
    """

    key: Any
    value: Any
    label: str


class ChoiceLeaf(LeafNode):
    """One of a few values. Drafts are the keys of options."""

    def __init__(self, kind: str, options: Sequence[ChoiceOption]) -> None:
        super().__init__(kind)
        self.options = options
        self._by_key = {_typed_key(option.key): option.value for option in options}
        self._translates = any(type(option.value) not in _JSON_SCALARS for option in options)

    def needs_decoding(self) -> bool:
        return self._translates or self.is_exposed

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        for option in self.options:
            if option.value is value or (
                type(option.value) is type(value) and option.value == value
            ):
                return option.key
        return value.value if isinstance(value, Enum) else super().encode(value, context, path)

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        known = self.to_python(draft)
        return draft if known is MISSING else known

    def to_python(self, draft: Any) -> Any:
        if not isinstance(draft, _JSON_SCALARS):
            return MISSING
        return self._by_key.get(_typed_key(draft), MISSING)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        if all(isinstance(option.key, bool) for option in self.options):
            return False  # an agreement checkbox starts unchecked
        return self.options[0].key if len(self.options) == 1 else ""


def _typed_key(key: Any) -> tuple[type, Any]:
    """Return a key that distinguishes 1 from True and from 1.0."""
    return type(key), key


class BytesLeaf(LeafNode):
    """Bytes: drafts are text where the bytes are UTF-8, else base64."""

    def needs_decoding(self) -> bool:
        return True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        if not isinstance(value, bytes | bytearray | memoryview):
            return value
        plain = bytes(value)
        try:
            return plain.decode()
        except UnicodeDecodeError:
            return {BASE64: b64encode(plain).decode()}

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if isinstance(draft, dict) and set(draft) == {BASE64}:
            try:
                return b64decode(draft[BASE64], validate=True)
            except (ValueError, TypeError):
                return draft
        return draft.encode() if self.is_strict and isinstance(draft, str) else draft


class SecretLeaf(LeafNode):
    """A secret. Its draft is a secret too, so that no `repr` shows it; an empty one is plain text."""

    def needs_decoding(self) -> bool:
        return True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        if isinstance(value, SecretStr | SecretBytes | Secret) or value == "":
            return value
        return SecretStr(value) if isinstance(value, str) else Secret(value)

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if self.python is not None and isinstance(draft, self.python):
            return draft
        return draft.get_secret_value() if hasattr(draft, "get_secret_value") else draft


class JsonLeaf(LeafNode):
    """Any value: its draft is the value itself, or `UnparsedJson` while the text is not JSON."""

    def needs_decoding(self) -> bool:
        return True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        return _copied(value)

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if isinstance(draft, UnparsedJson):
            try:
                return json.loads(draft.text)
            except ValueError as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                context.refuse(
                    ErrorLocation(path, field, draft),
                    "json_invalid",
                    f"This is not JSON: {reason}",
                )
                return None
            except RecursionError:
                context.refuse(
                    ErrorLocation(path, field, draft),
                    "json_invalid",
                    "This JSON is nested too deeply.",
                )
                return None
        return draft.value if isinstance(draft, WholeValue) else _copied(draft)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return None


def _copied(value: Any) -> Any:
    """Return a copy of a value's dicts and lists; a value that has no such copy as `WholeValue`."""
    try:
        return _copy(value, ())
    except RecursionError:
        return WholeValue(value)


def _copy(value: Any, parents: tuple[int, ...]) -> Any:
    if not isinstance(value, dict | list):
        return value
    if len(parents) > MAX_DEPTH or id(value) in parents:
        raise RecursionError
    parents = (*parents, id(value))
    if isinstance(value, dict):
        return {key: _copy(item, parents) for key, item in value.items()}
    return [_copy(item, parents) for item in value]


class JsonTextLeaf(LeafNode):
    """A text that the model reads as JSON: its draft is the text."""

    is_decoder = True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        return to_json(value).decode() if context.is_parsed else value


class EncodedLeaf(LeafNode):
    """A text or bytes that the model decodes, such as base64: its draft is the encoded text."""

    is_decoder = True

    def __init__(self, encode: Callable[[Any], Any], inner: LeafNode) -> None:
        super().__init__(inner.control, inner.constraints, str, inner.is_strict)
        self._encode = encode

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        encoded = self._encode(value) if context.is_parsed else value
        return encoded.decode() if isinstance(encoded, bytes) else encoded


class OpaqueLeaf(LeafNode):
    """A type without a text form: its value is kept as it is, and shown as a word."""

    def __init__(self, why: str) -> None:
        super().__init__("unsupported")
        self.why = why

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        return value

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return MISSING


def duration(value: timedelta) -> str:
    """Return a duration as pydantic reads it: `01:30:00`, `2 days 01:30:00`; ISO 8601 if negative."""
    if value < timedelta(0):
        return to_jsonable_python(value)
    minutes, seconds = divmod(value.seconds, 60)
    clock = time(minutes // 60, minutes % 60, seconds, value.microseconds).isoformat()
    return f"{value.days} day{'s' if value.days > 1 else ''} {clock}" if value.days else clock
