"""What a person answered when a node asked for approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ApprovalAnswer:
    """An answer.

    Attributes:
        approved: Whether the node may go on.
        value: The value to go on with, if ``has_value``; a person may correct what was shown.
        has_value: Whether another value was given.
        reason: What the person wrote, or empty.
    """

    approved: bool
    value: Any = None
    has_value: bool = False
    reason: str = ""
