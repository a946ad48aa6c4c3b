"""MutationState: what a mutation knows at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kaizen_widgets.query.query_state import UNSET, StatusFlags

MutationStatus: TypeAlias = Literal["idle", "pending", "success", "error"]


@dataclass(frozen=True, slots=True, eq=False)
class MutationState(StatusFlags):
    """State of a mutation at one moment; never modified.

    Attributes:
        status: ``idle``, ``pending``, ``success`` or ``error``.
        data: What the function returned; `UNSET` before that.
        error: Why it failed.
        variables: What it was run with; `UNSET` before that.
        context: What ``on_mutate`` returned.
        failure_count: Failed attempts.
        failure_reason: Error of the last attempt.
        is_paused: Whether it waits for the network, the window's focus, or its turn.
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
        """It has not run yet."""
        return self.status == "idle"
