"""QueryKeyIndex finds the queries whose keys match a filter without looking at the others.

Every query is filed under terms: the plain values in its key, each after the positions and names that lead to
it. ``("agents", "list", {"page": 2})`` is filed under ``(0, "agents")``, ``(1, "list")`` and
``(2, "page", 2)``. A key that matches a filter has all terms of the filter, so only the queries filed under
the rarest of them are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from kaizen_widgets.query.query_key import QueryKey, partial_match_key

if TYPE_CHECKING:
    from kaizen_widgets.query.query import Query

_Term: TypeAlias = "tuple[object, ...]"
_PLAIN = frozenset({str, int, float, bool, type(None)})


class QueryKeyIndex:
    """Queries by the terms of their keys, in the order in which they were added."""

    def __init__(self) -> None:
        self._queries: dict[Query, None] = {}
        # Most terms are ids that one query has: a dict for each would be most of the index.
        self._single: dict[_Term, Query] = {}
        self._several: dict[_Term, dict[Query, None]] = {}

    def add(self, query: Query) -> None:
        """File a query under its key."""
        self._queries[query] = None
        for term in _terms(query.key):
            if (queries := self._several.get(term)) is not None:
                queries[query] = None
            elif (other := self._single.pop(term, None)) is not None:
                self._several[term] = {other: None, query: None}
            else:
                self._single[term] = query

    def remove(self, query: Query) -> None:
        """Take a query out."""
        del self._queries[query]
        for term in _terms(query.key):
            if (queries := self._several.get(term)) is None:
                del self._single[term]
            else:
                del queries[query]
                if not queries:
                    del self._several[term]

    def find(self, pattern: QueryKey) -> Sequence[Query]:
        """Return the queries whose keys match a pattern (see `partial_match_key`), in order."""
        candidates: Collection[Query] = self._queries
        for term in _terms(pattern):
            if (queries := self._several.get(term)) is not None:
                if len(queries) <= len(candidates):
                    candidates = queries
            elif (query := self._single.get(term)) is not None:
                candidates = (query,)
            else:
                return ()
        size = len(pattern)
        if size == 0 or (size == 1 and type(pattern[0]) is str):
            return tuple(candidates)
        if all(type(part) is str for part in pattern):
            # Strings match what they equal: one comparison of tuples decides.
            return [query for query in candidates if query.key[:size] == pattern]
        return [query for query in candidates if partial_match_key(query.key, pattern)]


def _terms(key: QueryKey) -> list[_Term]:
    terms: list[_Term] = []
    _add_terms(terms, (), enumerate(key))
    return terms


def _add_terms(terms: list[_Term], path: _Term, parts: Iterable[tuple[object, object]]) -> None:
    """Add the terms of the parts of a list or dict, each given with its position or name."""
    for place, part in parts:
        if type(part) in _PLAIN:
            terms.append((*path, place, part))
        elif isinstance(part, dict):
            _add_terms(terms, (*path, place), part.items())
        elif isinstance(part, list):
            _add_terms(terms, (*path, place), enumerate(part))
