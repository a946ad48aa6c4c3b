"""What one operation changed in a form, given to listeners as one `Change`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FLAGS = (
    "is_dirty",
    "is_valid",
    "is_validating",
    "is_submitting",
    "is_submitted",
    "is_submit_successful",
    "submit_count",
)
"""The parts of the form state that are one value for the whole form."""


@dataclass(frozen=True, slots=True)
class Change:
    """The result of one operation; whatever is not named here is unchanged.

    Attributes:
        values: Names whose value, or a value below, may have changed; `""` is the whole form.
        errors: Names whose error was added, removed or reworded.
        dirty: Names that became dirty or clean.
        touched: Names that became touched or untouched.
        rows: Lists whose rows were added, removed or moved.
        flags: The changed ones of `FLAGS`, with their new value.
        is_reset: Whether the form was reset: every name may have changed in every way.
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
