"""Infinite queries: data that is pages, fetched one more at a time, refetched from the first on.

The order and the conditions are query-core's
(https://github.com/TanStack/query, packages/query-core/src/infiniteQueryBehavior.ts).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_state import UNSET, Direction

FetchPage = Callable[[Any, Direction], Awaitable[Any]]


def page_fetcher(
    options: QueryOptions, old: Any, direction: Direction | None, fetch_page: FetchPage
) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    """Return what gives the pages after a fetch: all again, or those there are and one more.

    Called again after a page failed, it goes on with that page.

    Args:
        options: The query's.
        old: The data there is, or `UNSET`.
        direction: Where one more page goes; None to fetch all again.
        fetch_page: Gives the page of a parameter.
    """
    pages = _list(old, "pages")
    params = _list(old, "page_params")
    wanted = options.pages or len(pages)
    first = options.initial_page_param if not params or params[0] is UNSET else params[0]
    data: dict[str, Any] = {"pages": [], "page_params": []}
    fetched = 0

    async def one_more() -> dict[str, Any]:
        there = {"pages": pages, "page_params": params}
        param = next_param(options, there) if direction == "forward" else prev_param(options, there)
        return await _add(options, there, param, direction or "forward", fetch_page)

    async def all_again() -> dict[str, Any]:
        nonlocal data, fetched
        while fetched == 0 or fetched < wanted:
            param = next_param(options, data) if fetched else first
            if fetched and param is None:
                break
            data = await _add(options, data, param, "forward", fetch_page)
            fetched += 1
        return data

    return one_more if direction is not None and pages else all_again


def next_param(options: QueryOptions, data: Any) -> Any:
    """Return the parameter of the page after the last, or None if there is none."""
    pages, params = _list(data, "pages"), _list(data, "page_params")
    if not pages:
        return None
    if options.get_next_page_param is None:
        raise QueryError(
            f"Query {list(options.query_key)} is infinite and needs get_next_page_param.",
            key=options.query_key,
        )
    param = options.get_next_page_param(pages[-1], pages, params[-1], params)
    return None if param is UNSET else param


def prev_param(options: QueryOptions, data: Any) -> Any:
    """Return the parameter of the page before the first, or None if there is none."""
    pages, params = _list(data, "pages"), _list(data, "page_params")
    if not pages or options.get_previous_page_param is None:
        return None
    param = options.get_previous_page_param(pages[0], pages, params[0], params)
    return None if param is UNSET else param


async def _add(
    options: QueryOptions, data: dict[str, Any], param: Any, at: Direction, fetch_page: FetchPage
) -> dict[str, Any]:
    if param is None and data["pages"]:
        return data
    page = await fetch_page(param, at)
    return {
        "pages": _keep(data["pages"], page, at, options.max_pages),
        "page_params": _keep(data["page_params"], param, at, options.max_pages),
    }


def _keep(items: list[Any], item: Any, at: Direction, most: int | None) -> list[Any]:
    if at == "forward":
        return [*items, item][-most if most else 0 :]
    return [item, *items][: most or None]


def _list(data: Any, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []
