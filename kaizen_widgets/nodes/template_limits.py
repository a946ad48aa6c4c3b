"""How much a template may do: steps, characters and seconds, counted while it is filled in.

Python cannot stop a thread, so a template that loops or grows without end has to stop itself. `counting`
begins a count; loops, calls, operators and filters of the sandbox add to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import SecurityError

from kaizen_widgets.nodes.values import MAX_TEXT

MAX_STEPS = 10_000_000
"""Iterations, calls, operators and filters."""
MAX_TOTAL = 20 * MAX_TEXT
"""Characters and list items that all steps together may read or make."""
MAX_SECONDS = 5.0
MAX_NUMBER = 100_000
"""Largest count, width or size that a template may ask for."""
MAX_BITS = 10_000
"""Largest product of two integers, in bits."""
MAX_NESTED = 100_000
"""Items, with the items inside them, of a list that a template builds and compares."""
_CLOCK_EVERY = 1000
"""Steps between two checks of the clock."""


class LimitError(SecurityError):
    """A template does more than it may."""


class Count:
    """What one template has done so far.

    Args:
        monotonic: Returns the time in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._deadline = monotonic() + MAX_SECONDS
        self._steps = 0
        self._total = 0

    def add(self, size: int = 0) -> None:
        """Count a step that reads or makes ``size`` characters or items.

        Raises:
            LimitError: It is one too many.
        """
        self._steps += 1
        self._total += size
        if self._steps > MAX_STEPS:
            raise LimitError(f"it takes more than {MAX_STEPS:,} steps")
        if self._total > MAX_TOTAL:
            raise LimitError(f"it handles more than {MAX_TOTAL:,} characters and items")
        if self._steps % _CLOCK_EVERY == 0 and self._monotonic() > self._deadline:
            raise LimitError(f"it takes longer than {MAX_SECONDS:g} seconds")


_count: ContextVar[Count | None] = ContextVar("kaizen_template_count", default=None)


@contextmanager
def counting(monotonic: Callable[[], float]) -> Iterator[None]:
    """Count what templates do inside the block."""
    token = _count.set(Count(monotonic))
    try:
        yield
    finally:
        _count.reset(token)


def add_step(size: int = 0) -> None:
    """Count a step of the template that is being filled in, if one is."""
    count = _count.get()
    if count is not None:
        count.add(size)


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of a loop, each a step."""
    count = _count.get()
    for item in items:
        if count is not None:
            count.add()
        yield item


def check_size(size: int) -> None:
    """Refuse a text or list that is too large, before it is made.

    Raises:
        LimitError: It has more than 10 million characters or items.
    """
    if size > MAX_TEXT:
        raise LimitError(
            f"it would make a text or list of more than {MAX_TEXT:,} characters or items"
        )


def check_number(value: Any) -> None:
    """Refuse a count, width or size that is too large.

    Raises:
        LimitError: It is above 100,000.
    """
    if isinstance(value, int | float) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise LimitError(f"a count or width is above {MAX_NUMBER:,}")


def check_nested(value: Any) -> Any:
    """Return a value that can be compared or hashed in bounded time.

    A list that contains one list twice, nested forty deep, is small in memory but takes forever to compare.

    Raises:
        LimitError: It holds more than 100,000 items, counted each time they occur.
    """
    stack, seen = [value], 0
    while stack:
        one = stack.pop()
        if type(one) in (list, tuple, dict):
            seen += len(one)
            if seen > MAX_NESTED and one is not value:
                raise LimitError(f"it compares lists of more than {MAX_NESTED:,} nested items")
            items = one.values() if type(one) is dict else one
            stack += [item for item in items if type(item) in (list, tuple, dict)]
    return value
