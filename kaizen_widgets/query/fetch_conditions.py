"""Conditions for fetching a query, decided from an observer's options."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.query.options import QueryOptions, resolve_option
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_state import UNSET


def is_enabled(options: QueryOptions, query: Query) -> bool:
    """Return whether the observer fetches by itself."""
    return resolve_option(options.enabled, query) is not False


def is_stale(options: QueryOptions, query: Query) -> bool:
    """Return whether the data is missing, invalidated or too old; False for a disabled observer."""
    return is_enabled(options, query) and query.is_stale_by_time(
        resolve_option(options.stale_time, query)
    )


def should_fetch_on(options: QueryOptions, query: Query, refetch_option: Any) -> bool:
    """Return whether an observer should fetch a query that has data, because of an event.

    Args:
        options: The observer's options.
        query: The query.
        refetch_option: Value of the option for that event, such as ``refetch_on_mount``.
    """
    if not is_enabled(options, query) or resolve_option(options.stale_time, query) == "static":
        return False
    when = resolve_option(refetch_option, query)
    return when == "always" or (when is not False and is_stale(options, query))


def should_fetch_on_mount(options: QueryOptions, query: Query) -> bool:
    """Return whether an observer should fetch when its first listener subscribes."""
    if query.state.data is not UNSET:
        return should_fetch_on(options, query, options.refetch_on_mount)
    has_failed = query.state.status == "error"
    return is_enabled(options, query) and not (
        has_failed and resolve_option(options.retry_on_mount, query) is False
    )
