"""Lists of which the public server shows ten rows and no more: whole where filters can divide them.

It gives no pages and no total here, so ten rows may be all or the first ten of many. Asked with a filter
it shows ten of those that fit; divided finely enough, every part is whole. What stays full after that is
said in a warning, and the list is what was seen.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from kaizen_widgets.api.models import rows
from kaizen_widgets.api.pagination import PAGE, every, row_id
from kaizen_widgets.transport import Transport

log = logging.getLogger(__name__)

CAP = 10

Values = Callable[[Sequence[Mapping[str, Any]]], Awaitable[Sequence[str]]]
"""Gives the values of a filter to divide by; handed the rows seen so far."""


async def whole(
    transport: Transport,
    path: str,
    params: Mapping[str, Any],
    what: str,
    dividers: Mapping[str, Values],
) -> list[Any]:
    """Return all rows of a list.

    Args:
        transport: Sends the requests.
        path: Of the list.
        params: What is asked for.
        what: How to name the rows in a sentence.
        dividers: Filters to divide by, coarse ones first; those in ``params`` are left alone.
    """
    first = {**params, "limit": PAGE, "offset": 0}
    answer = await transport.request("GET", path, params=first)
    found = rows(answer, what)
    if len(found) != CAP or (isinstance(answer, Mapping) and "total" in answer):
        return await every(transport, path, params, what) if len(found) == PAGE else found
    seen = {row_id(row): row for row in found}
    left = {name: values for name, values in dividers.items() if params.get(name) is None}
    for name, values in left.items():
        rest = {other: divide for other, divide in left.items() if other != name}
        for value in await values([row for row in seen.values() if isinstance(row, Mapping)]):
            part = await whole(transport, path, {**params, name: value}, what, rest)
            seen |= {row_id(row): row for row in part}
        return list(seen.values())
    said = ", ".join(f"{name} {value}" for name, value in params.items() if value is not None)
    log.warning(
        "The server shows only the first %d %s%s: there may be more.",
        CAP,
        what,
        f" of {said}" if said else "",
    )
    return found
