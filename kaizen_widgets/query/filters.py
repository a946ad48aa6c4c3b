"""QueryFilters and MutationFilters choose entries by key, exactly or as a prefix, and by state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.option_checks import check_callable, check_known, check_one_of
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_key import QueryKey, as_key, hash_key, partial_match_key
from kaizen_widgets.query.query_state import FetchStatus

TypeFilter: TypeAlias = Literal["all", "active", "inactive"]


@dataclass(frozen=True)
class QueryFilters:
    """Conditions for queries; all of them must hold.

    Attributes:
        query_key: Key that the query's key must match (see `query_key`); empty matches every key.
        exact: Whether the query's key must be equal to it.
        type: ``active`` (an enabled observer is subscribed), ``inactive``, or ``all``.
        stale: Whether the query must be stale.
        fetch_status: What its function must be doing.
        predicate: Any other condition, a function of the query.
    """

    query_key: QueryKey = ()
    exact: bool = False
    type: TypeFilter = "all"
    stale: bool | None = None
    fetch_status: FetchStatus | None = None
    predicate: Callable[..., bool] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "query_key", as_key(self.query_key))
        if self.type not in ("all", "active", "inactive"):
            raise QueryError(f'type must be "all", "active" or "inactive", not {self.type!r}.')
        check_one_of("exact", self.exact, (True, False), or_function=False)
        check_one_of("stale", self.stale, (True, False), or_function=False)
        states = ("fetching", "paused", "idle")
        check_one_of("fetch_status", self.fetch_status, states, or_function=False)
        check_callable("predicate", self.predicate)

    @classmethod
    def of(cls, query_key: Any, named: Mapping[str, Any]) -> QueryFilters:
        """Return filters from the arguments of a call.

        Args:
            query_key: Key to match.
            named: The other conditions by name.

        Raises:
            QueryError: There is no such filter.
        """
        check_known(named, [field.name for field in fields(cls)], "filter")
        return cls(query_key, **named)

    @property
    def is_key_only(self) -> bool:
        """Whether the key is the only condition."""
        return (
            self.type == "all"
            and self.stale is None
            and self.fetch_status is None
            and self.predicate is None
        )

    def match_state(self, query: Query) -> bool:
        """Return whether all conditions other than the key hold."""
        if self.type != "all" and query.is_active != (self.type == "active"):
            return False
        if self.stale is not None and query.is_stale != self.stale:
            return False
        if self.fetch_status is not None and query.state.fetch_status != self.fetch_status:
            return False
        return self.predicate is None or bool(call_fitting(self.predicate, query))


@dataclass(frozen=True)
class MutationFilters:
    """Conditions for mutations; all of them must hold.

    Attributes:
        mutation_key: Key that the mutation's key must match; empty matches every mutation, also one
            without a key.
        exact: Whether the mutation's key must be equal to it.
        status: ``idle``, ``pending``, ``success`` or ``error``.
        predicate: Any other condition, a function of the mutation.
    """

    mutation_key: QueryKey = ()
    exact: bool = False
    status: Literal["idle", "pending", "success", "error"] | None = None
    predicate: Callable[..., bool] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "mutation_key", as_key(self.mutation_key, "mutation_key"))
        check_one_of("exact", self.exact, (True, False), or_function=False)
        statuses = ("idle", "pending", "success", "error")
        check_one_of("status", self.status, statuses, or_function=False)
        check_callable("predicate", self.predicate)

    @classmethod
    def of(cls, mutation_key: Any, named: Mapping[str, Any]) -> MutationFilters:
        """Return filters from the arguments of a call.

        Args:
            mutation_key: Key to match.
            named: The other conditions by name.

        Raises:
            QueryError: There is no such filter.
        """
        check_known(named, [field.name for field in fields(cls)], "filter")
        return cls(mutation_key, **named)

    def match(self, mutation: Mutation) -> bool:
        """Return whether all conditions hold."""
        if self.mutation_key and not self._match_key(mutation.options.mutation_key):
            return False
        if self.status is not None and mutation.state.status != self.status:
            return False
        return self.predicate is None or bool(call_fitting(self.predicate, mutation))

    def _match_key(self, key: QueryKey | None) -> bool:
        if key is None:
            return False
        if self.exact:
            # Equal tuples may differ in JSON (True and 1), never the other way round.
            return key == self.mutation_key and hash_key(key) == hash_key(self.mutation_key)
        return partial_match_key(key, self.mutation_key)
