"""Turn iterators into lists, so that values can be read more than once.

A generator can be read once only, and shows nothing of its items. The value of a node may go to several
nodes, to a panel and to the user, so iterators become lists, as does an iterator in a dict, list or tuple.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.context import Context

MAX_ITEMS = 1_000_000
"""Items an iterator may give before its node fails; an endless one would fill the memory."""
MAX_SEARCHED = 1000
"""Items of a container in which an iterator is looked for."""
MAX_DEPTH = 3
"""Containers inside each other in which an iterator is looked for."""


def needs_collecting(value: Any, depth: int = 0) -> bool:
    """Return whether a value is, or holds, an iterator; looks at a bounded number of items."""
    if _is_iterator(value):
        return True
    items = _items(value)
    return (
        items is not None
        and depth < MAX_DEPTH
        and any(needs_collecting(item, depth + 1) for item in islice(items, MAX_SEARCHED))
    )


def collect(value: Any, ctx: Context | None = None, depth: int = 0) -> Any:
    """Return a value with its iterators as lists; anything else is returned unchanged.

    Args:
        value: Any value.
        ctx: Context of the node that gave it; checked for cancelling between items.
        depth: Containers around the value.

    Raises:
        RunError: An iterator gives more than 1,000,000 items.
        RunCancelledError: The node should stop.
    """
    if _is_iterator(value):
        return list(_limited(value, ctx))
    if not needs_collecting(value, depth):
        return value
    if type(value) is dict:
        return {key: collect(item, ctx, depth + 1) for key, item in value.items()}
    return type(value)(collect(item, ctx, depth + 1) for item in value)


async def collect_async(items: AsyncIterator[Any], ctx: Context) -> list[Any]:
    """Return the items of an async iterator; see `collect`."""
    found: list[Any] = []
    async for item in items:
        found.append(item)
        _check(len(found), ctx)
    return found


def _limited(items: Iterator[Any], ctx: Context | None) -> Iterator[Any]:
    for count, item in enumerate(items, start=1):
        _check(count, ctx)
        yield item


def _check(count: int, ctx: Context | None) -> None:
    if count > MAX_ITEMS:
        raise RunError(
            f"An iterator gave more than {MAX_ITEMS:,} items. "
            f"Return a list, or an object that reads its items when they are needed."
        )
    if ctx is not None:
        ctx.check()


def _is_iterator(value: Any) -> bool:
    # An open file is an iterator too, but an object of its own first.
    return issubclass(type(value), Iterator) and not hasattr(type(value), "read")


def _items(value: Any) -> Iterable[Any] | None:
    if type(value) is dict:
        return value.values()
    return value if type(value) in (list, tuple) else None
