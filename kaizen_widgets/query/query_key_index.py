"""QueryKeyIndex finds the cache entries whose keys match a filter without looking at the others.

Every key is filed under terms: its plain parts with their positions, and the plain members of objects in
it. ``("agents", "list", {"page": 2})`` is filed under ``(0, "agents")``, ``(1, "list")`` and
``(2, "page", 2)``. A key that matches a filter has all terms of the filter, so only the entries filed under
the rarest of them are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeAlias, TypeVar

from kaizen_widgets.query.query_key import QueryKey, partial_match_key

T = TypeVar("T")

_Term: TypeAlias = "tuple[object, ...]"
_PLAIN = frozenset({str, int, float, bool, type(None)})


class QueryKeyIndex(Generic[T]):
    """Entries by the terms of their keys, in the order in which they were added."""

    def __init__(self) -> None:
        self._keys: dict[T, QueryKey] = {}
        self._postings: dict[_Term, dict[T, None]] = {}

    def add(self, key: QueryKey, entry: T) -> None:
        """File an entry under its key."""
        self._keys[entry] = key
        for term in _terms(key):
            self._postings.setdefault(term, {})[entry] = None

    def remove(self, entry: T) -> None:
        """Take an entry out."""
        for term in _terms(self._keys.pop(entry)):
            posting = self._postings[term]
            del posting[entry]
            if not posting:
                del self._postings[term]

    def find(self, pattern: QueryKey) -> list[T]:
        """Return the entries whose keys match a pattern (see `partial_match_key`), in order."""
        terms = list(_terms(pattern))
        if not terms:
            candidates = self._keys
        else:
            postings = [self._postings.get(term) for term in terms]
            found = [posting for posting in postings if posting is not None]
            if len(found) < len(postings):
                return []
            candidates = min(found, key=len)
        if not pattern or (len(pattern) == 1 and type(pattern[0]) is str):
            return list(candidates)
        keys = self._keys
        if all(type(part) is str for part in pattern):
            # Strings match what they equal: one comparison of tuples decides.
            size = len(pattern)
            return [entry for entry in candidates if keys[entry][:size] == pattern]
        return [entry for entry in candidates if partial_match_key(keys[entry], pattern)]

    def __len__(self) -> int:
        return len(self._keys)


def _terms(key: QueryKey) -> Iterator[_Term]:
    for position, part in enumerate(key):
        if type(part) in _PLAIN:
            yield position, part
        elif type(part) is dict:
            for name, value in part.items():
                if type(value) in _PLAIN:
                    yield position, name, value
