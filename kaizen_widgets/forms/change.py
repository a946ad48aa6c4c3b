"""What changed in one operation: told once, by names, so that a view can make one message of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

FLAGS = (
    "is_dirty",
    "is_valid",
    "is_validating",
    "is_submitting",
    "is_submitted",
    "is_submit_successful",
    "submit_count",
)
"""What a form says of itself as a whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """One operation's outcome; names that are not here are as they were.

    Attributes:
        values: Names whose value, with all below, may be another; `""` is everything.
        errors: Names whose error came, went or reads otherwise.
        dirty: Names that became dirty or clean.
        touched: Names that became touched or untouched.
        rows: Lists whose rows came, went or moved.
        flags: Those of `FLAGS` that changed, with their new value.
        is_reset: Whether the form began anew: every name may have changed in every way.
    """

    values: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()
    dirty: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    rows: frozenset[str] = frozenset()
    flags: dict[str, Any] = field(default_factory=dict)
    is_reset: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.values
            or self.errors
            or self.flags
            or self.dirty
            or self.touched
            or self.rows
            or self.is_reset
        )


Listener: TypeAlias = Callable[[Change], object]
Unsubscribe: TypeAlias = Callable[[], None]
