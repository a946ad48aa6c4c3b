"""QueryResult: a query's state as one observer sees it with its own options."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from inspect import getmembers
from typing import Any, Final

from kaizen_widgets.query.query_state import Direction, FetchStatus, QueryStatus, StatusFlags
from kaizen_widgets.query.structural_sharing import is_same_value


# Not frozen: one change may create thousands, and a frozen dataclass takes twice as long.
@dataclass(eq=False, slots=True)
class QueryResult(StatusFlags):
    """Result of a query at one moment.

    Attributes:
        data: What the function last returned, or what ``select`` or ``placeholder_data`` made of it; None
            while there is no data (see ``has_data``).
        has_data: Whether there is data, which may itself be None.
        status: ``pending``, ``success`` or ``error``.
        fetch_status: ``fetching``, ``paused`` or ``idle``.
        error: Why the last fetch (or ``select``) failed, or None.
        data_updated_at: Seconds since the epoch; 0 for never.
        error_updated_at: Seconds since the epoch; 0 for never.
        error_update_count: How often a fetch failed for good.
        failure_count: Failed attempts of the current or last fetch.
        failure_reason: Error of the last attempt, or None.
        is_stale: Whether a new observer with these options would fetch.
        is_fetched: Whether a fetch ever succeeded or failed, or data was written by hand.
        is_fetched_after_mount: Whether that happened since this observer got this query.
        is_placeholder_data: Whether the data is ``placeholder_data``.
        is_enabled: Whether the observer fetches by itself.
        is_infinite: Whether the data consists of pages.
        has_next_page: Whether there is a page after the last.
        has_previous_page: Whether there is a page before the first.
        fetch_direction: Where the page of the current or last fetch goes; None for all pages.
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
    is_fetched_after_mount: bool
    is_placeholder_data: bool
    is_enabled: bool
    is_infinite: bool = False
    has_next_page: bool = False
    has_previous_page: bool = False
    fetch_direction: Direction | None = None

    @property
    def is_fetching(self) -> bool:
        """The function is running, or waiting for its next attempt."""
        return self.fetch_status == "fetching"

    @property
    def is_paused(self) -> bool:
        """A fetch waits for the network or the window's focus."""
        return self.fetch_status == "paused"

    @property
    def is_loading(self) -> bool:
        """The first fetch is running."""
        return self.is_pending and self.is_fetching

    @property
    def is_refetching(self) -> bool:
        """A later fetch of all the data is running."""
        further = self.is_infinite and self.fetch_direction is not None
        return self.is_fetching and not self.is_pending and not further

    @property
    def is_loading_error(self) -> bool:
        """It failed and there is no data."""
        return self.is_error and not self.has_data

    @property
    def is_refetch_error(self) -> bool:
        """A fetch of all the data failed, and there is older data."""
        further = self.is_infinite and self.fetch_direction is not None
        return self.is_error and self.has_data and not further

    @property
    def is_fetching_next_page(self) -> bool:
        """The page after the last is being fetched."""
        return self.is_infinite and self.is_fetching and self.fetch_direction == "forward"

    @property
    def is_fetching_previous_page(self) -> bool:
        """The page before the first is being fetched."""
        return self.is_infinite and self.is_fetching and self.fetch_direction == "backward"

    @property
    def is_fetch_next_page_error(self) -> bool:
        """Fetching the page after the last failed."""
        return self.is_infinite and self.is_error and self.fetch_direction == "forward"

    @property
    def is_fetch_previous_page_error(self) -> bool:
        """Fetching the page before the first failed."""
        return self.is_infinite and self.is_error and self.fetch_direction == "backward"

    @property
    def updated_at(self) -> datetime | None:
        """When the data was received, in UTC, or None."""
        return datetime.fromtimestamp(self.data_updated_at, UTC) if self.data_updated_at else None

    def is_same_as(self, other: QueryResult) -> bool:
        """Return whether two results look the same to a listener; data and errors by identity."""
        return (
            # Most results differ in these; the rest is compared one by one.
            is_same_value(self.data, other.data)
            and self.data_updated_at == other.data_updated_at
            and self.status is other.status
            and self.fetch_status is other.fetch_status
            and self.is_stale is other.is_stale
            and self.failure_count == other.failure_count
            and self.error is other.error
            and all(is_same_value(getattr(self, name), getattr(other, name)) for name in _COMPARED)
        )


_NAMES: Final = tuple(field.name for field in fields(QueryResult))
_COMPARED: Final = tuple(
    name for name in _NAMES if name not in ("data", "data_updated_at", "status")
)

RESULT_FIELDS: Final = (
    *_NAMES,
    *(name for name, _ in getmembers(QueryResult, lambda value: isinstance(value, property))),
)
"""Names that ``notify_on_change_props`` may list."""
