"""Fetch complete lists from servers that send pages with wrong totals: request pages until one is short.

Search and order are requested from the server and applied again here, because the public server ignores both.

Some lists of the public server return at most ten rows, without pages or a total, so ten rows may be all of
them or the first ten of many (see `fetch_capped`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field

from kaizen_widgets.api.models import RequestModel, ResponseModel, parse_list
from kaizen_widgets.transport import Transport

PAGE = 100
"""The most rows that servers send in a page."""
SHOWN = 50
"""Rows in a page of a list that is shown page by page."""
CAP = 10
"""The most rows in lists that the public server truncates."""
SEARCHED_FIELDS = ("name", "description")
R = TypeVar("R", bound=ResponseModel)


class SearchFilters(RequestModel):
    """Filters that every list of named things has.

    Attributes:
        search: Text that a name or description must contain, ignoring case.
        sort: ``name``, ``status``, ``created_at`` or ``updated_at``; ``-name`` for descending order.
    """

    search: Annotated[str, Field(max_length=200)] | None = None
    sort: Annotated[str, Field(pattern="^-?(name|status|created_at|updated_at)$")] | None = None


async def fetch_all(
    transport: Transport, path: str, params: Mapping[str, Any], noun: str, limit: int = PAGE
) -> list[Any]:
    """Return all rows of a list, page by page.

    The server's ``total`` is ignored, because the public server counts only the page. A page without new
    rows ends the list too, so a server that ignores ``offset`` cannot cause an endless loop.

    Args:
        transport: Sends the requests.
        path: Path of the list.
        params: Filters.
        noun: Name for the rows in an error, such as ``agents``.
        limit: Rows in the largest page that the server sends.
    """
    found: list[Any] = []
    seen: set[Any] = set()
    offset = 0
    while True:
        query = {**params, "limit": limit, "offset": offset}
        page = parse_list(await transport.request("GET", path, params=query), noun)
        fresh = [row for row in page if row_id(row) is None or row_id(row) not in seen]
        seen.update(row_id(row) for row in fresh)
        found += fresh
        if len(page) < limit or not fresh:
            return found
        offset += len(page)


async def fetch_page(
    transport: Transport,
    path: str,
    params: Mapping[str, Any],
    noun: str,
    offset: int,
    select: Callable[[list[Any]], list[Any]],
) -> dict[str, Any]:
    """Return the next rows of a list, as the page of an infinite query (see `next_offset`).

    Further pages are requested until there are `SHOWN` rows, because the public server does not search.

    Args:
        transport: Sends the requests.
        path: Path of the list.
        params: Filters.
        noun: Name for the rows in an error, such as ``agents``.
        offset: Rows of the list that earlier pages have.
        select: Returns the rows of a page that match, as models.

    Returns:
        ``rows``; ``next_offset``, None at the end of the list; and ``total``, None if the server does not
        say how many rows there are.
    """
    rows: list[Any] = []
    seen: set[Any] = set()
    total: int | None = None
    limit = SHOWN
    while True:
        query = {**params, "limit": limit, "offset": offset}
        answer = await transport.request("GET", path, params=query)
        page = parse_list(answer, noun)
        ids = {row_id(row) for row in page} - {None}
        offset += len(page)
        rows += select(page)
        counted = answer.get("total") if isinstance(answer, Mapping) else None
        # The public server's total counts only the page.
        if type(counted) is int and (counted > offset or (counted == offset and len(page) < limit)):
            total = counted
        # A server that ignores `offset` sends the same rows again.
        if len(page) < limit or (ids and ids <= seen):
            return {"rows": rows, "next_offset": None, "total": total}
        if len(rows) >= SHOWN:
            return {"rows": rows, "next_offset": offset, "total": total}
        seen |= ids
        limit = PAGE


def next_offset(last: Mapping[str, Any], pages: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the offset of the page after the last, or None if there is none."""
    earlier = {getattr(row, "id", None) for page in pages[:-1] for row in page["rows"]}
    if earlier and all(getattr(row, "id", None) in earlier for row in last["rows"]):
        return None  # The server ignores `offset`.
    return last["next_offset"]


FilterValues = Callable[[Sequence[Mapping[str, Any]]], Awaitable[Sequence[str]]]
"""Returns the values of a filter by which a list is divided; called with the rows seen so far."""


async def fetch_capped(
    transport: Transport,
    path: str,
    params: Mapping[str, Any],
    noun: str,
    dividers: Mapping[str, FilterValues],
) -> list[Any]:
    """Return the rows of a list that a server may truncate after ten rows.

    With a filter the server returns ten of the matching rows; divided finely enough, every part is complete.
    If a part is still truncated, a warning is logged and the rows received are returned.

    Args:
        transport: Sends the requests.
        path: Path of the list.
        params: Filters.
        noun: Name for the rows in a sentence, such as ``gateways``.
        dividers: Filters to divide by, coarse ones first; filters in ``params`` are not divided.
    """
    first = {**params, "limit": PAGE, "offset": 0}
    answer = await transport.request("GET", path, params=first)
    found = parse_list(answer, noun)
    if len(found) != CAP or (isinstance(answer, Mapping) and "total" in answer):
        if len(found) == PAGE:
            return await fetch_all(transport, path, params, noun)
        return found
    seen = {row_id(row): row for row in found}
    left = {name: values for name, values in dividers.items() if params.get(name) is None}
    for name, values in left.items():
        rest = {other: divide for other, divide in left.items() if other != name}
        for value in await values([row for row in seen.values() if isinstance(row, Mapping)]):
            part = await fetch_capped(transport, path, {**params, name: value}, noun, rest)
            seen |= {row_id(row): row for row in part}
        return list(seen.values())
    filters = ", ".join(f"{name} {value}" for name, value in params.items() if value is not None)
    _log.warning(
        "The server shows only the first %d %s%s: there may be more.",
        CAP,
        noun,
        f" of {filters}" if filters else "",
    )
    return found


def search_and_sort(
    found: Sequence[R],
    search: str | None,
    sort: str | None,
    fields: Sequence[str] = SEARCHED_FIELDS,
) -> list[R]:
    """Return the items with a text in one of their fields, sorted by a field (``-`` for descending order)."""
    matches = list(found)
    if search:
        wanted = search.casefold()
        matches = [
            item
            for item in matches
            if any(wanted in str(getattr(item, field)).casefold() for field in fields)
        ]
    if sort:
        field = sort.removeprefix("-")
        matches.sort(key=lambda item: _sort_key(item, field), reverse=sort.startswith("-"))
    return matches


def _sort_key(item: Any, field: str) -> tuple[bool, str]:
    value = getattr(item, field, None)
    # Times are all in UTC, so that they sort as text; texts sort ignoring case.
    return value is not None, (
        value.isoformat() if isinstance(value, datetime) else str(value).casefold()
    )


def row_id(row: Any) -> str | None:
    """Return a row's id, or None if it has none."""
    id = row.get("id") if isinstance(row, Mapping) else None
    return id if isinstance(id, str) else None


_log = logging.getLogger(__name__)
