"""Values and errors as short text, for badges and panels."""

from __future__ import annotations

from typing import Any

MAX_PREVIEW = 2000
"""The longest preview, in characters."""


def preview(value: Any) -> str:
    """Return a value as text: text as it is, anything else as its repr, cut to 2,000 characters."""
    if isinstance(value, str):
        return cut(value)
    try:
        return cut(repr(value))
    except Exception as error:
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"


def say(error: BaseException) -> str:
    """Return an error as ``Type: message``, cut to 2,000 characters."""
    name = type(error).__name__
    try:
        message = str(error)
    except Exception:
        message = ""
    return cut(f"{name}: {message}" if message else name)


def cut(text: str) -> str:
    """Return at most 2,000 characters, an ellipsis for the rest."""
    return text if len(text) <= MAX_PREVIEW else f"{text[: MAX_PREVIEW - 1]}…"
