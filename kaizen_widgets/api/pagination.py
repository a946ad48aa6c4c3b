"""Whole lists from servers that give pages and miscount them: ask until a page is short.

Searching and sorting are asked of the server and done again here: the public one ignores both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field

from kaizen_widgets.api.models import Input, Record, rows
from kaizen_widgets.transport import Transport

PAGE = 100
"""The largest page servers give."""
NAMED = ("name", "description")
R = TypeVar("R", bound=Record)


class SearchFilters(Input):
    """What any list of named things can be asked for.

    Attributes:
        search: Text that a name or description must hold, whatever its case.
        sort: ``name``, ``status``, ``created_at`` or ``updated_at``; ``-name`` for the other way round.
    """

    search: Annotated[str, Field(max_length=200)] | None = None
    sort: Annotated[str, Field(pattern="^-?(name|status|created_at|updated_at)$")] | None = None


async def every(
    transport: Transport, path: str, params: Mapping[str, Any], what: str, limit: int = PAGE
) -> list[Any]:
    """Return all rows of a list; ``limit`` is the largest page the server gives.

    The server's ``total`` is not believed: the public one counts the page. A page that brings nothing
    new ends it too, so a server that ignores ``offset`` cannot keep us for ever.
    """
    found: list[Any] = []
    seen: set[Any] = set()
    offset = 0
    while True:
        query = {**params, "limit": limit, "offset": offset}
        page = rows(await transport.request("GET", path, params=query), what)
        fresh = [row for row in page if row_id(row) is None or row_id(row) not in seen]
        seen.update(row_id(row) for row in fresh)
        found += fresh
        if len(page) < limit or not fresh:
            return found
        offset += len(page)


def narrowed(
    found: Sequence[R], search: str | None, sort: str | None, fields: Sequence[str] = NAMED
) -> list[R]:
    """Return what holds a text in one of its fields, sorted by a field (``-`` for the other way)."""
    kept = list(found)
    if search:
        wanted = search.casefold()
        kept = [
            one for one in kept if any(wanted in str(getattr(one, f)).casefold() for f in fields)
        ]
    if sort:
        kept.sort(key=lambda one: _key(one, sort.removeprefix("-")), reverse=sort.startswith("-"))
    return kept


def _key(one: Any, field: str) -> tuple[bool, str]:
    value = getattr(one, field, None)
    # Times of one zone, and texts whatever their case, sort as text.
    return value is not None, (
        value.isoformat() if isinstance(value, datetime) else str(value).casefold()
    )


def row_id(row: Any) -> str | None:
    """Return a row's id; None if it has none that could be one."""
    id = row.get("id") if isinstance(row, Mapping) else None
    return id if isinstance(id, str) else None
