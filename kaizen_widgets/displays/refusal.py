"""Why a button or switch of a table cannot be pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def refusal_of(
    is_enabled: Callable[[Any], bool] | None,
    reason: str | Callable[[Any], str],
    record: Any,
) -> str | None:
    """Return why something cannot be pressed for a record; None if it can."""
    if is_enabled is None or is_enabled(record):
        return None
    return (reason(record) if callable(reason) else reason) or "Not possible here."
