"""ResultBuilder makes an observer's result from a query's state: select, placeholder data, flags.

The order is query-core's (https://github.com/TanStack/query, packages/query-core/src/queryObserver.ts,
``createResult``). Called under the client's lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.query.fetch_conditions import is_enabled
from kaizen_widgets.query.infinite_pages import next_page_param, previous_page_param
from kaizen_widgets.query.options import QueryOptions, keep_previous_data, resolve_option
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET, QueryState
from kaizen_widgets.query.structural_sharing import is_same_value, replace_data
from kaizen_widgets.query.user_functions import is_failure

log = logging.getLogger(__name__)


class ResultBuilder:
    """Builds the results of one observer, and remembers what the last one was built from.

    Args:
        now: Returns the seconds since the epoch.

    Attributes:
        result: The last result, or None.
        state: State of the query from which it was built.
        options: Options with which it was built.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.result: QueryResult | None = None
        self.state: QueryState | None = None
        self.options: QueryOptions | None = None
        self._last_query_with_data: Query | None = None
        self._select: Callable[..., Any] | None = None
        self._selected: Any = UNSET
        self._select_error: BaseException | None = None

    def update(self, query: Query, options: QueryOptions, first_state: QueryState) -> bool:
        """Build the result again; return whether it differs from the last one.

        Args:
            query: The query.
            options: The observer's options.
            first_state: State that the query had when the observer got it.
        """
        result = self._build(query, options, first_state)
        self.state, self.options = query.state, options
        if query.state.data is not UNSET:
            self._last_query_with_data = query
        if self.result is not None and result.is_same_as(self.result):
            return False
        self.result = result
        return True

    def _build(self, query: Query, options: QueryOptions, first_state: QueryState) -> QueryResult:
        state, last = query.state, self.result
        data, status, error = state.data, state.status, state.error
        error_updated_at = state.error_updated_at
        is_selected = is_placeholder = False
        if data is UNSET and status == "pending" and options.placeholder_data is not UNSET:
            placeholder, is_selected = self._placeholder(options)
            if placeholder is not UNSET:
                data = replace_data(options.structural_sharing, _data_of(last), placeholder)
                status, is_placeholder = "success", True
        if options.select is not None and data is not UNSET and not is_selected:
            data = self._apply_select(options, data)
        elif data is UNSET:
            # The error belongs to data that no longer exists.
            self._select_error = None
        if self._select_error is not None:
            error, data, status, is_placeholder = self._select_error, self._selected, "error", False
            same_error = last is not None and last.error is error
            error_updated_at = last.error_updated_at if last and same_error else self._now()
        enabled = is_enabled(options, query)
        stale = enabled and query.is_stale_by_time(resolve_option(options.stale_time, query))
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
            state.data_update_count > first_state.data_update_count
            or state.error_update_count > first_state.error_update_count,
            is_placeholder,
            enabled,
            infinite,
            infinite and _has_page(next_page_param, options, state.data),
            infinite and _has_page(previous_page_param, options, state.data),
            state.fetch_direction if infinite else None,
        )

    def _placeholder(self, options: QueryOptions) -> tuple[Any, bool]:
        """Return the placeholder data, and whether ``select`` was already applied to it."""
        last, given = self.result, options.placeholder_data
        if (
            last is not None
            and last.is_placeholder_data
            and self.options is not None
            and is_same_value(given, self.options.placeholder_data)
        ):
            return _data_of(last), True
        if not callable(given):
            return given, False
        before = self._last_query_with_data
        data = UNSET if before is None else before.state.data
        if given is keep_previous_data:
            return data, False
        try:
            placeholder = call_fitting(given, None if data is UNSET else data, before)
        except BaseException as error:
            if not is_failure(error):
                raise
            log.exception("placeholder_data of %s raised", list(options.query_key))
            return UNSET, False
        return UNSET if placeholder is None else placeholder, False

    def _apply_select(self, options: QueryOptions, data: Any) -> Any:
        if (
            self.result is not None
            and self.state is not None
            and is_same_value(data, self.state.data)
            and options.select is self._select
        ):
            return self._selected
        self._select = options.select
        try:
            selected = data if options.select is None else call_fitting(options.select, data)
            last_data = _data_of(self.result)
            self._selected = replace_data(options.structural_sharing, last_data, selected)
            self._select_error = None
        except BaseException as error:
            if not is_failure(error):
                raise
            self._select_error = error
        return self._selected


def _data_of(result: QueryResult | None) -> Any:
    return result.data if result is not None and result.has_data else UNSET


def _has_page(
    page_param: Callable[[QueryOptions, Any], Any], options: QueryOptions, data: Any
) -> bool:
    if data is UNSET:
        return False
    try:
        return page_param(options, data) is not None
    except BaseException as error:
        if not is_failure(error):
            raise
        log.exception("A page parameter function of %s raised", list(options.query_key))
        return False
