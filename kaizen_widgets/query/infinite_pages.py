"""Pages of an infinite query: fetched one more at a time, and refetched from the first.

The order and the conditions are query-core's
(https://github.com/TanStack/query, packages/query-core/src/infiniteQueryBehavior.ts).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_state import UNSET, Direction

FetchPage = Callable[[Any, Direction], Awaitable[Any]]


def page_fetcher(
    options: QueryOptions, old: Any, direction: Direction | None, fetch_page: FetchPage
) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    """Return a coroutine function that returns the pages after a fetch: all of them, or one more.

    When it is called again after a page failed, it continues with that page.

    Args:
        options: Options of the query.
        old: Data before the fetch, or `UNSET`.
        direction: Where one more page goes; None to fetch all pages again.
        fetch_page: Returns the page of a parameter.
    """
    pages = _list(old, "pages")
    params = _list(old, "page_params")
    wanted = options.pages or len(pages)
    first = options.initial_page_param if not params or params[0] is UNSET else params[0]
    data: dict[str, Any] = {"pages": [], "page_params": []}
    fetched = 0

    async def fetch_one_more() -> dict[str, Any]:
        old_data = {"pages": pages, "page_params": params}
        get_param = next_page_param if direction == "forward" else previous_page_param
        param = get_param(options, old_data)
        return await _with_page(options, old_data, param, direction or "forward", fetch_page)

    async def fetch_all() -> dict[str, Any]:
        nonlocal data, fetched
        while fetched == 0 or fetched < wanted:
            param = next_page_param(options, data) if fetched else first
            if fetched and param is None:
                break
            data = await _with_page(options, data, param, "forward", fetch_page)
            fetched += 1
        return data

    return fetch_one_more if direction is not None and pages else fetch_all


def next_page_param(options: QueryOptions, data: Any) -> Any:
    """Return the parameter of the page after the last, or None if there is none."""
    pages, params = _list(data, "pages"), _list(data, "page_params")
    if not pages:
        return None
    if options.get_next_page_param is None:
        raise QueryError(
            f"Query {list(options.query_key)} is infinite and needs get_next_page_param.",
            key=options.query_key,
        )
    param = call_fitting(options.get_next_page_param, pages[-1], pages, params[-1], params)
    return None if param is UNSET else param


def previous_page_param(options: QueryOptions, data: Any) -> Any:
    """Return the parameter of the page before the first, or None if there is none."""
    pages, params = _list(data, "pages"), _list(data, "page_params")
    if not pages or options.get_previous_page_param is None:
        return None
    param = call_fitting(options.get_previous_page_param, pages[0], pages, params[0], params)
    return None if param is UNSET else param


async def _with_page(
    options: QueryOptions,
    data: dict[str, Any],
    param: Any,
    direction: Direction,
    fetch_page: FetchPage,
) -> dict[str, Any]:
    if param is None and data["pages"]:
        return data
    page = await fetch_page(param, direction)
    return {
        "pages": _added(data["pages"], page, direction, options.max_pages),
        "page_params": _added(data["page_params"], param, direction, options.max_pages),
    }


def _added(items: list[Any], item: Any, direction: Direction, limit: int | None) -> list[Any]:
    if direction == "forward":
        return [*items, item][-limit if limit else 0 :]
    return [item, *items][: limit or None]


def _list(data: Any, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []
