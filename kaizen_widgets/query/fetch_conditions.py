"""Whether an observer's options, asked about a query as it is now, want it fetched."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.query.options import QueryOptions, resolve
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_state import UNSET


def is_enabled(options: QueryOptions, query: Query) -> bool:
    """Return whether the observer fetches by itself."""
    return resolve(options.enabled, query) is not False


def is_stale(options: QueryOptions, query: Query) -> bool:
    """Return whether the data is missing, invalidated or too old for it; never if it is disabled."""
    return is_enabled(options, query) and query.is_stale_by_time(resolve(options.stale_time, query))


def wants_fetch(options: QueryOptions, query: Query, when: Any) -> bool:
    """Return whether it wants data that is there fetched at an event, as an option says of that."""
    if not is_enabled(options, query) or resolve(options.stale_time, query) == "static":
        return False
    when = resolve(when, query)
    return when == "always" or (when is not False and is_stale(options, query))


def fetches_on_mount(options: QueryOptions, query: Query) -> bool:
    """Return whether it fetches when it begins to watch."""
    if query.state.data is not UNSET:
        return wants_fetch(options, query, options.refetch_on_mount)
    failed = query.state.status == "error"
    return is_enabled(options, query) and not (
        failed and resolve(options.retry_on_mount, query) is False
    )
