"""Previews of data of any kind, as plain values or text within limits, for panels and devtools.

No data makes these functions raise, and no size makes them slow. Values whose names look like secrets are
hidden.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from kaizen_widgets.core.secret_names import is_secret_field as is_secret_field
from kaizen_widgets.core.text import replace_lone_surrogates
from kaizen_widgets.displays.sentences import CUT as CUT
from kaizen_widgets.displays.sentences import HIDDEN as HIDDEN
from kaizen_widgets.displays.sentences import safe_repr, sentence

MAX_DEPTH = 12
MAX_VALUES = 2_000
"""Values that a preview shows; those after them are left out."""
MAX_TEXT = 4_000
"""Characters that a preview shows of one string."""


def preview_value(value: Any) -> Any:
    """Return ``value`` as JSON values for showing; objects become their ``repr``, secrets are hidden."""
    return _Preview().of(value, 0)


def preview_text(value: Any, limit: int = MAX_TEXT) -> str:
    """Return ``value`` as indented JSON of at most ``limit`` characters.

    Args:
        value: Value to show.
        limit: Characters after which the text is cut off.
    """
    try:
        text = json.dumps(preview_value(value), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = preview_line(value)
    text = replace_lone_surrogates(text)
    return text if len(text) <= limit else f"{text[:limit]}\n{CUT} cut off here"


def preview_line(value: Any, limit: int = 200) -> str:
    """Return ``value`` in one line, see `sentence`; None is empty.

    Args:
        value: Value to show.
        limit: Characters after which the text is cut off.
    """
    return "" if value is None else " ".join(sentence(value, limit).split())


def record_fields(value: Any) -> Mapping[Any, Any] | None:
    """Return the fields of a mapping, pydantic model or dataclass by name; None for anything else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, BaseModel):
        return {name: getattr(value, name, None) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    return None


class _Preview:
    """Makes one preview, and counts the values in it."""

    def __init__(self) -> None:
        self._left = MAX_VALUES
        self._open: set[int] = set()

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, bool) or type(value) is float:
            return value
        if isinstance(value, str):
            return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}{CUT}"
        if isinstance(value, int):
            return value if value.bit_length() < 64 else safe_repr(value, MAX_TEXT)
        if isinstance(value, SecretStr | SecretBytes):
            return HIDDEN
        if isinstance(value, datetime | date | time):
            return value.isoformat()
        if isinstance(value, Enum):
            return self.of(value.value, depth + 1)
        fields = record_fields(value)
        if fields is None and not isinstance(value, list | tuple | set | frozenset):
            return safe_repr(value, MAX_TEXT)
        if depth > MAX_DEPTH or self._left <= 0 or id(value) in self._open:
            return CUT
        self._open.add(id(value))
        try:
            return self._list(value, depth) if fields is None else self._object(fields, depth)
        finally:
            self._open.discard(id(value))

    def _object(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, item in fields.items():
            if self._left <= 0:
                shown[CUT] = CUT
                break
            name = preview_line(name)
            shown[name] = HIDDEN if is_secret_field(name, item) else self.of(item, depth + 1)
        return shown

    def _list(self, items: Any, depth: int) -> list[Any]:
        shown: list[Any] = []
        for item in items:
            if self._left <= 0:
                shown.append(CUT)
                break
            shown.append(self.of(item, depth + 1))
        return shown
