"""From a query's state to an observer's result: select, placeholder data, flags; each made once.

The order is query-core's (https://github.com/TanStack/query, packages/query-core/src/queryObserver.ts,
``createResult``). Called under the client's lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kaizen_widgets.query.fetch_conditions import is_enabled
from kaizen_widgets.query.infinite_pages import next_param, prev_param
from kaizen_widgets.query.options import QueryOptions, keep_previous_data, resolve
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET, QueryState
from kaizen_widgets.query.structural_sharing import same, share_by

log = logging.getLogger(__name__)


class View:
    """What one observer made of its query, and from what.

    Attributes:
        result: The last result, or None.
        state: The state it was made from.
        options: The options it was made with.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.result: QueryResult | None = None
        self.state: QueryState | None = None
        self.options: QueryOptions | None = None
        self._with_data: Query | None = None
        self._select: Callable[[Any], Any] | None = None
        self._selected: Any = UNSET
        self._select_error: Exception | None = None

    def look(self, query: Query, options: QueryOptions, since: QueryState) -> bool:
        """Make the result anew; return whether it differs from the last.

        Args:
            query: The query.
            options: The observer's.
            since: The query's state when the observer took it.
        """
        result = self._make(query, options, since)
        self.state, self.options = query.state, options
        if query.state.data is not UNSET:
            self._with_data = query
        if self.result is not None and result.same_as(self.result):
            return False
        self.result = result
        return True

    def _make(self, query: Query, options: QueryOptions, since: QueryState) -> QueryResult:
        state, last = query.state, self.result
        data, status, error = state.data, state.status, state.error
        error_updated_at = state.error_updated_at
        ready = placeholder = False
        if data is UNSET and status == "pending" and options.placeholder_data is not UNSET:
            shown, ready = self._placeholder(options)
            if shown is not UNSET:
                data, status, placeholder = (
                    share_by(options.structural_sharing, _last_data(last), shown),
                    "success",
                    True,
                )
        if options.select is not None and data is not UNSET and not ready:
            data = self._apply_select(options, data)
        elif data is UNSET:
            # The error belongs to data that is gone.
            self._select_error = None
        if self._select_error is not None:
            error, data, status, placeholder = self._select_error, self._selected, "error", False
            same_error = last is not None and last.error is error
            error_updated_at = last.error_updated_at if last and same_error else self._now()
        enabled = is_enabled(options, query)
        stale = enabled and query.is_stale_by_time(resolve(options.stale_time, query))
        infinite = bool(options.infinite)
        return QueryResult(
            None if data is UNSET else data,
            data is not UNSET,
            status,
            state.fetch_status,
            error,
            state.data_updated_at,
            error_updated_at,
            state.error_update_count,
            state.failure_count,
            state.failure_reason,
            stale,
            state.data_update_count + state.error_update_count > 0,
            state.data_update_count > since.data_update_count
            or state.error_update_count > since.error_update_count,
            placeholder,
            enabled,
            infinite,
            infinite and _has(next_param, options, state.data),
            infinite and _has(prev_param, options, state.data),
            state.fetch_direction if infinite else None,
        )

    def _placeholder(self, options: QueryOptions) -> tuple[Any, bool]:
        """Return the placeholder, and whether ``select`` has had it already."""
        last, given = self.result, options.placeholder_data
        if (
            last is not None
            and last.is_placeholder_data
            and self.options is not None
            and same(given, self.options.placeholder_data)
        ):
            return _last_data(last), True
        if not callable(given):
            return given, False
        before = self._with_data
        data = UNSET if before is None else before.state.data
        if given is keep_previous_data:
            return data, False
        try:
            shown = given(None if data is UNSET else data, before)
        except Exception:
            log.exception("placeholder_data of %s raised", list(options.query_key))
            return UNSET, False
        return UNSET if shown is None else shown, False

    def _apply_select(self, options: QueryOptions, data: Any) -> Any:
        unchanged = self.result is not None and self.state is not None
        if unchanged and same(data, self.state.data) and options.select is self._select:  # type: ignore[union-attr]
            return self._selected
        self._select = options.select
        try:
            selected = options.select(data) if options.select is not None else data
            self._selected = share_by(options.structural_sharing, _last_data(self.result), selected)
            self._select_error = None
        except Exception as error:
            self._select_error = error
        return self._selected


def _last_data(result: QueryResult | None) -> Any:
    return result.data if result is not None and result.has_data else UNSET


def _has(param: Callable[[QueryOptions, Any], Any], options: QueryOptions, data: Any) -> bool:
    if data is UNSET:
        return False
    try:
        return param(options, data) is not None
    except Exception:
        log.exception("A page parameter function of %s raised", list(options.query_key))
        return False
