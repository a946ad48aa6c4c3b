"""Whole lists from servers that give pages and miscount them: ask until a page is short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.api.models import rows
from kaizen_widgets.transport import Transport

PAGE = 100
"""The largest page servers give."""


async def every(transport: Transport, path: str, params: Mapping[str, Any], what: str) -> list[Any]:
    """Return all rows of a list.

    The server's ``total`` is not believed: the public one counts the page. A page that brings nothing
    new ends it too, so a server that ignores ``offset`` cannot keep us for ever.
    """
    found: list[Any] = []
    seen: set[Any] = set()
    offset = 0
    while True:
        query = {**params, "limit": PAGE, "offset": offset}
        page = rows(await transport.request("GET", path, params=query), what)
        fresh = [row for row in page if _id(row) is None or _id(row) not in seen]
        seen.update(_id(row) for row in fresh)
        found += fresh
        if len(page) < PAGE or not fresh:
            return found
        offset += len(page)


def _id(row: Any) -> Any:
    return row.get("id") if isinstance(row, Mapping) else None
