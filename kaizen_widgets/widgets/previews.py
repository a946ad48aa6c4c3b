"""Data of any kind as plain values and as text, for panels that show what a cache or store holds.

Nothing here raises because of the data, and what is named like a secret is hidden.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

HIDDEN = "[hidden]"
MAX_DEPTH = 12
_SECRET = re.compile(
    r"passw|secret|token|api_?key|credential|authori[sz]ation|private_?key", re.IGNORECASE
)
_COUNTS = re.compile(r"^(max_|min_|num_|n_|total_)?tokens?(_count|_limit|_used)?$", re.IGNORECASE)
"""Tokens of a language model are counted, not kept secret."""


def plain(value: Any, depth: int = 0) -> Any:
    """Return ``value`` as JSON values; what is no data becomes its ``repr``, secrets are hidden."""
    if value is None or isinstance(value, bool | int | str) or type(value) is float:
        return value
    if isinstance(value, SecretStr | SecretBytes):
        return HIDDEN
    if depth > MAX_DEPTH:
        return "…"
    fields = fields_of(value)
    if fields is not None:
        return {
            str(name): HIDDEN if is_secret(str(name), item) else plain(item, depth + 1)
            for name, item in fields.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    return brief(value)


def fields_of(value: Any) -> Mapping[Any, Any] | None:
    """Return the named parts of a record, or None if it is none."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, BaseModel):
        return {name: getattr(value, name, None) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    return None


def as_text(value: Any, limit: int = 4000) -> str:
    """Return ``value`` as indented JSON, or the beginning of it."""
    try:
        text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = brief(value)
    return (
        text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit:,} more characters"
    )


def brief(value: Any, limit: int = 200) -> str:
    """Return a value in a line: a text as it is, anything else as JSON or its ``repr``."""
    if isinstance(value, str):
        text = value
    elif value is None:
        return ""
    elif isinstance(value, bool | int | float):
        text = str(value)
    elif isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M}"
    elif fields_of(value) is not None or isinstance(value, list | tuple):
        try:
            text = json.dumps(plain(value), ensure_ascii=False)
        except (ValueError, RecursionError):
            text = type(value).__name__
    else:
        try:
            text = repr(value)
        except Exception:  # a stranger's __repr__
            text = type(value).__name__
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def is_secret(name: str, value: Any) -> bool:
    """Return whether a field of that name must not be shown."""
    if value is None or isinstance(value, bool | int | float) or _COUNTS.match(name):
        return False
    return _SECRET.search(name) is not None
