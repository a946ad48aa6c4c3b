"""The state of a mutation: one moment of a change, a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kaizen_widgets.query.query_state import UNSET, Flags

MutationStatus: TypeAlias = Literal["idle", "pending", "success", "error"]


@dataclass(frozen=True, slots=True, eq=False)
class MutationState(Flags):
    """One moment of a mutation.

    Attributes:
        status: ``idle``, ``pending``, ``success`` or ``error``.
        data: What the function gave; `UNSET` before.
        error: Why it failed.
        variables: What it was run with; `UNSET` before.
        context: What ``on_mutate`` returned.
        failure_count: Failed attempts.
        failure_reason: The last attempt's error.
        is_paused: Whether it waits for the network, for somebody to look, or for its turn.
        submitted_at: Seconds since the epoch; 0 before it runs.
    """

    status: MutationStatus = "idle"
    data: Any = UNSET
    error: BaseException | None = None
    variables: Any = UNSET
    context: Any = None
    failure_count: int = 0
    failure_reason: BaseException | None = None
    is_paused: bool = False
    submitted_at: float = 0.0

    @property
    def is_idle(self) -> bool:
        """It did not run yet."""
        return self.status == "idle"
