"""An immutable ordered map: every change returns a new map that shares the rest with the old one.

The order is a doubly linked list stored in a hash trie, so reading, setting, adding, removing and moving one
entry cost O(log n). Listing all costs O(n) and is cached. Each entry also has a rank, a whole number that
increases along the list, so that comparing the positions of two entries is one comparison. When there is no
number left between two ranks, all entries get new ranks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from rpds import HashTrieMap

V = TypeVar("V")


GAP = 2**256
"""Distance of two ranks: it can be halved 256 times. Python's integers have no upper limit."""


class _Entry(NamedTuple, Generic[V]):
    value: V
    previous: str | None
    following: str | None
    rank: int


class ValueTuple(tuple[V, ...]):
    """A tuple that a list can be added to, so that ``canvas.nodes += [node]`` works."""

    __slots__ = ()

    def __add__(self, other: Any) -> tuple[V, ...]:  # type: ignore[override]
        return super().__add__(tuple(other) if isinstance(other, list) else other)

    def __radd__(self, other: Any) -> tuple[V, ...]:
        return (*other, *self) if isinstance(other, list) else NotImplemented


class OrderedMap(Generic[V]):
    """An immutable mapping of ids to values, in order."""

    __slots__ = ("_entries", "_first", "_last", "_values")

    def __init__(self) -> None:
        self._entries: HashTrieMap[str, _Entry[V]] = HashTrieMap()
        self._first: str | None = None
        self._last: str | None = None
        self._values: tuple[V, ...] | None = ValueTuple()

    @classmethod
    def of(cls, items: Iterable[tuple[str, V]]) -> OrderedMap[V]:
        """Build a map from unique ids, in order."""
        pairs = list(items)
        ids = [key for key, _ in pairs]
        entries = {
            key: _Entry(
                value,
                ids[index - 1] if index else None,
                ids[index + 1] if index + 1 < len(ids) else None,
                index * GAP,
            )
            for index, (key, value) in enumerate(pairs)
        }
        if not ids:
            return cls()
        made = cls._make(HashTrieMap(entries), ids[0], ids[-1])
        made._values = ValueTuple(value for _, value in pairs)
        return made

    @classmethod
    def _make(
        cls, entries: HashTrieMap[str, _Entry[V]], first: str | None, last: str | None
    ) -> OrderedMap[V]:
        made = cls.__new__(cls)
        made._entries, made._first, made._last, made._values = entries, first, last, None
        return made

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        key = self._first
        while key is not None:
            yield key
            key = self._entries[key].following

    def __getitem__(self, key: str) -> V:
        return self._entries[key].value

    def get(self, key: str) -> V | None:
        """Return the value of ``key``, or None."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    @property
    def values(self) -> tuple[V, ...]:
        """All values in order; cached."""
        if self._values is None:
            self._values = ValueTuple(self._entries[key].value for key in self)
        return self._values

    def following(self, key: str) -> str | None:
        """Return the id after ``key``, or None at the end."""
        return self._entries[key].following

    def neighbors(self, key: str) -> tuple[str | None, str | None]:
        """Return the ids before and after ``key``."""
        entry = self._entries[key]
        return entry.previous, entry.following

    def comes_before(self, one: str, other: str) -> bool:
        """Whether ``one`` comes before ``other``."""
        return self._entries[one].rank < self._entries[other].rank

    def set(self, key: str, value: V) -> OrderedMap[V]:
        """Return a map in which an existing id has another value."""
        entry = self._entries[key]
        return self._make(
            self._entries.insert(key, entry._replace(value=value)), self._first, self._last
        )

    def insert(self, key: str, value: V, before: str | None = None) -> OrderedMap[V]:
        """Return a map with a new id in front of ``before``; at the end if that is None or unknown."""
        entries, first, last = self._entries, self._first, self._last
        after = before if before is not None and before in entries else None
        previous = entries[after].previous if after is not None else last
        low = None if previous is None else entries[previous].rank
        high = None if after is None else entries[after].rank
        if low is not None and high is not None and high - low < 2:
            return self._with_new_ranks().insert(key, value, before)
        entries = entries.insert(key, _Entry(value, previous, after, _between(low, high)))
        if previous is None:
            first = key
        else:
            entries = entries.insert(previous, entries[previous]._replace(following=key))
        if after is None:
            last = key
        else:
            entries = entries.insert(after, entries[after]._replace(previous=key))
        return self._make(entries, first, last)

    def remove(self, key: str) -> OrderedMap[V]:
        """Return a map without an existing id."""
        gone = self._entries[key]
        entries, first, last = self._entries.remove(key), self._first, self._last
        if gone.previous is None:
            first = gone.following
        else:
            entry = entries[gone.previous]
            entries = entries.insert(gone.previous, entry._replace(following=gone.following))
        if gone.following is None:
            last = gone.previous
        else:
            entry = entries[gone.following]
            entries = entries.insert(gone.following, entry._replace(previous=gone.previous))
        return self._make(entries, first, last)

    def _with_new_ranks(self) -> OrderedMap[V]:
        return OrderedMap.of((key, self._entries[key].value) for key in self)


def _between(low: int | None, high: int | None) -> int:
    if low is None:
        return 0 if high is None else high - GAP
    return low + GAP if high is None else (low + high) // 2
