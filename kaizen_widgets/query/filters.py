"""Which queries are meant: by key, exactly or as a beginning, and by what they are doing."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.keys import QueryKey, as_key, hash_key, matches
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.state import FetchStatus


@dataclass(frozen=True)
class QueryFilters:
    """All conditions must hold.

    Attributes:
        query_key: What the key begins with; empty for every key.
        exact: The key must be that very one.
        type: ``active`` (an enabled observer watches), ``inactive``, or ``all``.
        stale: Whether it is stale.
        fetch_status: What its function is doing.
        predicate: Any other condition, a function of the query.
    """

    query_key: QueryKey = ()
    exact: bool = False
    type: Literal["all", "active", "inactive"] = "all"
    stale: bool | None = None
    fetch_status: FetchStatus | None = None
    predicate: Callable[[Query], bool] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "query_key", as_key(self.query_key))
        if self.type not in ("all", "active", "inactive"):
            raise QueryError(f'type must be "all", "active" or "inactive", not {self.type!r}.')
        if self.predicate is not None and not callable(self.predicate):
            raise QueryError("predicate must be a function of a query.")

    @classmethod
    def of(cls, query_key: Any, named: Mapping[str, Any]) -> QueryFilters:
        """Return filters from a call's arguments.

        Raises:
            QueryError: There is no such filter.
        """
        known = [field.name for field in fields(cls)]
        for name in named:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
                raise QueryError(f"There is no filter {name!r}; {hint}")
        return cls(query_key, **named)

    def match(self, query: Query) -> bool:
        """Return whether ``query`` is meant."""
        if self.exact:
            if query.hash != hash_key(self.query_key):
                return False
        elif not matches(query.key, self.query_key):
            return False
        if self.type != "all" and query.is_active != (self.type == "active"):
            return False
        if self.stale is not None and query.is_stale != self.stale:
            return False
        if self.fetch_status is not None and query.state.fetch_status != self.fetch_status:
            return False
        return self.predicate is None or bool(self.predicate(query))
