"""State per view, for a bounded number of views."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

MOST_VIEWS = 256
"""A reloaded page is a new view, and views cannot report reliably that they closed."""

_Entry = TypeVar("_Entry")


class RememberedViews(Generic[_Entry]):
    """One entry for each view, up to a limit; the least recently active ones are forgotten.

    Args:
        make: Makes the entry of a new view.
        most: Maximum number of views to remember.
        on_forget: Called with an entry that is forgotten.
    """

    def __init__(
        self,
        make: Callable[[], _Entry],
        *,
        most: int = MOST_VIEWS,
        on_forget: Callable[[_Entry], object] = lambda _entry: None,
    ) -> None:
        self._make = make
        self._most = most
        self._on_forget = on_forget
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __getitem__(self, client: str) -> _Entry:
        """Return the entry of a view, a new one if it is not remembered."""
        entry = self._entries.get(client)
        if entry is None:
            entry = self._entries[client] = self._make()
            while len(self._entries) > self._most:
                self._on_forget(self._entries.popitem(last=False)[1])
        self._entries.move_to_end(client)
        return entry

    def get(self, client: str) -> _Entry | None:
        """Return the entry of a view, or None if it is not remembered."""
        return self._entries.get(client)

    def __iter__(self) -> Iterator[_Entry]:
        return iter(tuple(self._entries.values()))

    def clients(self) -> tuple[str, ...]:
        """Return the ids of the views."""
        return tuple(self._entries)

    def newest(self, is_wanted: Callable[[_Entry], bool]) -> str | None:
        """Return the client of the most recently active view whose entry is wanted, or None."""
        entries = reversed(tuple(self._entries.items()))
        return next((client for client, entry in entries if is_wanted(entry)), None)

    def __len__(self) -> int:
        return len(self._entries)

    def replace(self, make: Callable[[_Entry], _Entry]) -> None:
        """Replace the entry of every view by one that is made of it."""
        for client, entry in self._entries.items():
            self._entries[client] = make(entry)

    def clear(self) -> None:
        """Forget all views."""
        self._entries.clear()
