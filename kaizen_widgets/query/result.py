"""What an observer sees of a query: its state, judged by the observer's own options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kaizen_widgets.query.state import FetchStatus, QueryStatus


@dataclass(frozen=True, eq=False)
class QueryResult:
    """One moment.

    Attributes:
        data: What the function last gave; None while there is nothing (see ``has_data``).
        has_data: Whether there is data, which may itself be None.
        status: ``pending``, ``success`` or ``error``.
        fetch_status: ``fetching`` or ``idle``.
        error: Why the last fetch failed, or None.
        data_updated_at: Seconds since the epoch; 0 for never.
        error_updated_at: Seconds since the epoch; 0 for never.
        error_update_count: How often a fetch failed for good.
        failure_count: Failed attempts of the fetch under way, or of the last.
        failure_reason: The last attempt's error, or None.
        is_stale: Whether a new observer with these options would fetch.
        is_fetched: Whether it ever succeeded or failed, or was written by hand.
        is_enabled: Whether the observer fetches by itself.
    """

    data: Any
    has_data: bool
    status: QueryStatus
    fetch_status: FetchStatus
    error: BaseException | None
    data_updated_at: float
    error_updated_at: float
    error_update_count: int
    failure_count: int
    failure_reason: BaseException | None
    is_stale: bool
    is_fetched: bool
    is_enabled: bool

    @property
    def is_pending(self) -> bool:
        """No data yet, and no final error."""
        return self.status == "pending"

    @property
    def is_success(self) -> bool:
        """There is data and the last fetch did not fail."""
        return self.status == "success"

    @property
    def is_error(self) -> bool:
        """The last fetch failed; older data may still be there."""
        return self.status == "error"

    @property
    def is_fetching(self) -> bool:
        """The function is running, or waiting to be tried again."""
        return self.fetch_status == "fetching"

    @property
    def is_loading(self) -> bool:
        """The first fetch is under way."""
        return self.is_pending and self.is_fetching

    @property
    def is_refetching(self) -> bool:
        """A later fetch is under way."""
        return self.is_fetching and not self.is_pending

    @property
    def is_loading_error(self) -> bool:
        """It failed and there is no data."""
        return self.is_error and not self.has_data

    @property
    def is_refetch_error(self) -> bool:
        """It failed and there is older data."""
        return self.is_error and self.has_data

    @property
    def updated_at(self) -> datetime | None:
        """When the data came, in UTC, or None."""
        return datetime.fromtimestamp(self.data_updated_at, UTC) if self.data_updated_at else None

    def same_as(self, other: QueryResult) -> bool:
        """Whether a listener could tell them apart; data and errors by identity, never by ``==``."""
        return (
            self.data is other.data
            and self.error is other.error
            and self.failure_reason is other.failure_reason
            and self._plain() == other._plain()
        )

    def _plain(self) -> tuple[Any, ...]:
        return (
            self.has_data,
            self.status,
            self.fetch_status,
            self.data_updated_at,
            self.error_updated_at,
            self.error_update_count,
            self.failure_count,
            self.is_stale,
            self.is_fetched,
            self.is_enabled,
        )
