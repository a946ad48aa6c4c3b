"""The state of a query: what data there is, and what its function is doing; two independent axes.

A state is a value; each method gives the state after one event, as query-core's reducer does
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
"""No data at all: None is data like any other."""


class Flags:
    """What the status of a query's result, or of a mutation, says by name."""

    __slots__ = ()
    status: Any

    @property
    def is_pending(self) -> bool:
        """Of a query: no data yet, and no final error. Of a mutation: it runs, or waits to."""
        return self.status == "pending"

    @property
    def is_success(self) -> bool:
        """There is data and the last fetch, or the mutation, did not fail."""
        return self.status == "success"

    @property
    def is_error(self) -> bool:
        """The last fetch, or the mutation, failed; older data of a query may still be there."""
        return self.status == "error"


# Not frozen: thousands may be made for one change, and freezing makes that four times as dear.
@dataclass(slots=True, eq=False)
class QueryState:
    """One moment of a query; a value, never changed.

    Attributes:
        data: What the function last gave, or `UNSET`.
        data_updated_at: When, in seconds since the epoch; 0 for never.
        data_update_count: How often data came.
        error: Why the last fetch failed, until one succeeds.
        error_updated_at: When, in seconds since the epoch; 0 for never.
        error_update_count: How often a fetch failed for good.
        failure_count: Failed attempts of the current, or last, fetch.
        failure_reason: The last attempt's error.
        is_invalidated: Whether the data was declared stale.
        status: ``pending`` (no data), ``success`` or ``error``.
        fetch_status: ``fetching``, ``paused`` (it waits for the network or for somebody to look)
            or ``idle``.
        fetch_direction: Which further page the current, or last, fetch was for; None for a whole one.
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
        """Whether it ever succeeded or failed, or was written by hand."""
        return self.data_update_count + self.error_update_count > 0

    def fetching(self, status: FetchStatus, direction: Direction | None) -> QueryState:
        """A fetch began, or waits to."""
        begun = replace(
            self,
            fetch_status=status,
            fetch_direction=direction,
            failure_count=0,
            failure_reason=None,
        )
        return replace(begun, error=None, status="pending") if self.data is UNSET else begun

    def failed(self, count: int, reason: BaseException) -> QueryState:
        """An attempt failed and another will follow."""
        return replace(self, failure_count=count, failure_reason=reason)

    def filled(self, data: Any, updated_at: float) -> QueryState:
        """Initial data was given to an entry that had none; it does not count as fetched."""
        return replace(
            self,
            data=data,
            data_updated_at=updated_at,
            error=None,
            is_invalidated=False,
            status="success",
        )

    def invalidated(self) -> QueryState:
        """The data was declared stale."""
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

    def succeeded(self, data: Any, updated_at: float, *, manual: bool) -> QueryState:
        """Data came, from a fetch or by hand; by hand leaves a running fetch alone."""
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

    def errored(self, error: BaseException, now: float) -> QueryState:
        """A fetch failed for good. Data that is there counts as stale from now on."""
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
