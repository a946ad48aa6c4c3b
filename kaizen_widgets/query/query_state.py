"""QueryState: what a query knows at one moment. Its data and what its function is doing are independent.

A state is a value; each method returns the state after one event, as query-core's reducer does
(https://github.com/TanStack/query, packages/query-core/src/query.ts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

QueryStatus: TypeAlias = Literal["pending", "error", "success"]
FetchStatus: TypeAlias = Literal["fetching", "paused", "idle"]
Direction: TypeAlias = Literal["forward", "backward"]


class _Unset(Enum):
    UNSET = "no data"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = _Unset.UNSET
"""No data at all: None is data like any other value."""


class StatusFlags:
    """Boolean properties for the status of a query result or of a mutation."""

    __slots__ = ()
    status: Any

    @property
    def is_pending(self) -> bool:
        """Of a query: no data yet and no final error. Of a mutation: it runs, or waits to run."""
        return self.status == "pending"

    @property
    def is_success(self) -> bool:
        """There is data, and the last fetch (or the mutation) did not fail."""
        return self.status == "success"

    @property
    def is_error(self) -> bool:
        """The last fetch (or the mutation) failed; a query may still have older data."""
        return self.status == "error"


# Not frozen: one change may create thousands, and a frozen dataclass takes four times as long.
@dataclass(slots=True, eq=False)
class QueryState:
    """State of a query at one moment; never modified.

    Attributes:
        data: What the function last returned, or `UNSET`.
        data_updated_at: When, in seconds since the epoch; 0 for never.
        data_update_count: How often data was received or written.
        error: Why the last fetch failed, until one succeeds.
        error_updated_at: When, in seconds since the epoch; 0 for never.
        error_update_count: How often a fetch failed for good.
        failure_count: Failed attempts of the current or last fetch.
        failure_reason: Error of the last attempt.
        is_invalidated: Whether the data was invalidated.
        status: ``pending`` (no data), ``success`` or ``error``.
        fetch_status: ``fetching``, ``paused`` (waiting for the network or the window's focus) or
            ``idle``.
        fetch_direction: Which further page the current or last fetch was for; None for all data.
    """

    data: Any = UNSET
    data_updated_at: float = 0.0
    data_update_count: int = 0
    error: BaseException | None = None
    error_updated_at: float = 0.0
    error_update_count: int = 0
    failure_count: int = 0
    failure_reason: BaseException | None = None
    is_invalidated: bool = False
    status: QueryStatus = "pending"
    fetch_status: FetchStatus = "idle"
    fetch_direction: Direction | None = None

    @property
    def is_fetched(self) -> bool:
        """Whether a fetch ever succeeded or failed, or data was written by hand."""
        return self.data_update_count + self.error_update_count > 0

    def with_fetch_started(self, status: FetchStatus, direction: Direction | None) -> QueryState:
        """Return the state after a fetch started, or was paused before it could start."""
        started = replace(
            self,
            fetch_status=status,
            fetch_direction=direction,
            failure_count=0,
            failure_reason=None,
        )
        return replace(started, error=None, status="pending") if self.data is UNSET else started

    def with_failed_attempt(self, count: int, reason: BaseException) -> QueryState:
        """Return the state after an attempt failed that will be retried."""
        return replace(self, failure_count=count, failure_reason=reason)

    def with_initial_data(self, data: Any, updated_at: float) -> QueryState:
        """Return the state of an empty query that was given initial data; it does not count as fetched."""
        return replace(
            self,
            data=data,
            data_updated_at=updated_at,
            error=None,
            is_invalidated=False,
            status="success",
        )

    def with_invalidation(self) -> QueryState:
        """Return the state after the data was invalidated."""
        return QueryState(
            self.data,
            self.data_updated_at,
            self.data_update_count,
            self.error,
            self.error_updated_at,
            self.error_update_count,
            self.failure_count,
            self.failure_reason,
            True,
            self.status,
            self.fetch_status,
            self.fetch_direction,
        )

    def with_data(self, data: Any, updated_at: float, *, manual: bool) -> QueryState:
        """Return the state after data was received.

        Args:
            data: The data.
            updated_at: Seconds since the epoch.
            manual: Whether it was written by hand, which leaves a running fetch alone.
        """
        return QueryState(
            data,
            updated_at,
            self.data_update_count + 1,
            None,
            self.error_updated_at,
            self.error_update_count,
            self.failure_count if manual else 0,
            self.failure_reason if manual else None,
            False,
            "success",
            self.fetch_status if manual else "idle",
            self.fetch_direction,
        )

    def with_error(self, error: BaseException, now: float) -> QueryState:
        """Return the state after a fetch failed for good; existing data counts as stale from now on."""
        return replace(
            self,
            error=error,
            error_updated_at=now,
            error_update_count=self.error_update_count + 1,
            failure_count=self.failure_count + 1,
            failure_reason=error,
            fetch_status="idle",
            status="error",
            is_invalidated=True,
        )
