"""The one object a program holds: fetch through it, read and write its cache, say what is stale.

Every method may be called from any thread; none blocks. What takes time gives a `Pending`: wait for it
or await it, or do neither. Semantics are TanStack Query v5's; names are its in snake case.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from kaizen_widgets.background import BackgroundLoop, Pending
from kaizen_widgets.clock import Clock
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.cache import QueryCache
from kaizen_widgets.query.environment import Environment, all_ended, resolved
from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.keys import QueryKey, as_key
from kaizen_widgets.query.mutation import Mutation, MutationCache
from kaizen_widgets.query.observer import QueryObserver
from kaizen_widgets.query.options import (
    DefaultOptions,
    MutationOptions,
    QueryOptions,
    make,
    merge,
)
from kaizen_widgets.query.state import UNSET, QueryState

RefetchType: TypeAlias = Literal["active", "inactive", "all", "none"]


class QueryClient:
    """A cache of queries and mutations.

    Args:
        loop: Where functions run.
        clock: The time; the loop itself is one.
        default_options: What queries and mutations are told unless they say otherwise.
    """

    def __init__(
        self,
        *,
        loop: BackgroundLoop,
        clock: Clock,
        default_options: DefaultOptions | None = None,
    ) -> None:
        self.environment = Environment(loop, clock)
        self.default_options = DefaultOptions() if default_options is None else default_options
        self.query_cache = QueryCache(self)
        self.mutation_cache = MutationCache(self)

    @property
    def loop(self) -> BackgroundLoop:
        """Where functions run."""
        return self.environment.loop

    def default_query_options(self, options: QueryOptions) -> QueryOptions:
        """Return ``options`` with the client's defaults for what they do not say."""
        return merge(options, self.default_options.queries)

    # --------------------------------------------------------------- fetching

    def fetch_query(self, options: QueryOptions | None = None, **named: Any) -> Pending[Any]:
        """Return the data: at once if it is fresh, else fetched. A failed fetch is not retried.

        Args:
            options: The query's options; or name them.
            **named: Options by name, over ``options``.
        """
        return self.environment.pending(self._fetch(options, named))

    def prefetch_query(self, options: QueryOptions | None = None, **named: Any) -> Pending[None]:
        """Fetch as `fetch_query`, and give None at the end, well or not."""
        return Pending(all_ended([self._fetch(options, named)]), self.loop)

    def ensure_query_data(
        self,
        options: QueryOptions | None = None,
        *,
        revalidate_if_stale: bool = False,
        **named: Any,
    ) -> Pending[Any]:
        """Return the data that is there, however old, else fetch it.

        Args:
            options: The query's options; or name them.
            revalidate_if_stale: Also fetch, behind, if what is there is stale.
            **named: Options by name, over ``options``.
        """
        options = self._fetch_options(options, named)
        with self.environment.delivery.locked():
            query = self.query_cache.build(options)
            if query.state.data is UNSET:
                return self.fetch_query(options)
            if revalidate_if_stale and query.is_stale_by_time(options.stale_time):
                query.fetch(options)
            return self.environment.pending(resolved(query.state.data))

    def observe(self, options: QueryOptions | None = None, **named: Any) -> QueryObserver:
        """Return an observer of a query; it fetches when subscribed to, started or waited for."""
        return QueryObserver(self, options, **named)

    def _fetch(self, options: QueryOptions | None, named: dict[str, Any]) -> Future[Any]:
        options = self._fetch_options(options, named)
        with self.environment.delivery.locked():
            query = self.query_cache.build(options)
            if query.is_stale_by_time(options.stale_time):
                return query.fetch(options)
            return resolved(query.state.data)

    def _fetch_options(self, options: QueryOptions | None, named: dict[str, Any]) -> QueryOptions:
        made = self.default_query_options(make(QueryOptions, options, named))
        if not made.query_key:
            raise QueryError("A query needs a query_key, such as ('agents', 'list').")
        return replace(made, retry=False) if made.retry is None else made

    # ------------------------------------------------------ reading, writing

    def get_query_data(self, query_key: QueryKey, default: Any = None) -> Any:
        """Return the data of a key as it is, or ``default``; never fetches."""
        query = self.query_cache.get(query_key)
        return default if query is None or query.state.data is UNSET else query.state.data

    def get_query_state(self, query_key: QueryKey) -> QueryState | None:
        """Return the state of a key, or None if it is not in the cache."""
        query = self.query_cache.get(query_key)
        return None if query is None else query.state

    def set_query_data(
        self,
        query_key: QueryKey,
        updater: Any | Callable[[Any], Any],
        *,
        updated_at: float | None = None,
    ) -> Any:
        """Write data by hand; it counts as fresh from now.

        Args:
            query_key: The key; an entry is made if there is none.
            updater: The data, or a function from the old data (None if there is none) to the new.
                `UNSET` writes nothing.
            updated_at: Seconds since the epoch, instead of now.

        Returns:
            What was written, or None if nothing was.
        """
        options = self.default_query_options(QueryOptions(query_key=as_key(query_key)))
        with self.environment.delivery.locked():
            data = updater(self.get_query_data(query_key)) if callable(updater) else updater
            if data is UNSET:
                return None
            self.query_cache.build(options).set_data(data, updated_at)
            return data

    # ------------------------------------------------------------ many at once

    def invalidate_queries(
        self,
        query_key: QueryKey = (),
        *,
        refetch_type: RefetchType | None = None,
        **filters: Any,
    ) -> Pending[None]:
        """Declare queries stale and fetch those that are watched.

        Args:
            query_key: What their keys begin with; empty for all.
            refetch_type: Which to fetch again: by default the ``type`` filter, if any, else ``active``.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have, well or not.
        """
        if refetch_type not in (None, "active", "inactive", "all", "none"):
            raise QueryError(
                f'refetch_type must be "active", "inactive", "all" or "none", not {refetch_type!r}.'
            )
        meant = QueryFilters.of(query_key, filters)
        with self.environment.delivery.locked():
            for query in self.query_cache.find_all(meant):
                query.invalidate()
            if refetch_type == "none":
                return Pending(resolved(None), self.loop)
            kind = refetch_type or filters.get("type") or "active"
            return self._refetch(replace(meant, type=kind), cancel_refetch=True)

    def refetch_queries(
        self, query_key: QueryKey = (), *, cancel_refetch: bool = True, **filters: Any
    ) -> Pending[None]:
        """Fetch queries again, except disabled and static ones.

        Args:
            query_key: What their keys begin with; empty for all.
            cancel_refetch: Start anew where a fetch runs and there is data already.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have, well or not.
        """
        return self._refetch(QueryFilters.of(query_key, filters), cancel_refetch=cancel_refetch)

    def cancel_queries(self, query_key: QueryKey = (), **filters: Any) -> Pending[None]:
        """Stop fetches; each query goes back to what it was before, and a late answer is dropped."""
        meant = QueryFilters.of(query_key, filters)
        with self.environment.delivery.locked():
            for query in self.query_cache.find_all(meant):
                query.cancel()
        return Pending(resolved(None), self.loop)

    def remove_queries(self, query_key: QueryKey = (), **filters: Any) -> None:
        """Drop queries from the cache; who observes one keeps the last result."""
        meant = QueryFilters.of(query_key, filters)
        with self.environment.delivery.locked():
            for query in self.query_cache.find_all(meant):
                self.query_cache.remove(query)

    def reset_queries(self, query_key: QueryKey = (), **filters: Any) -> Pending[None]:
        """Make queries as new, and fetch those that are watched.

        Returns:
            A handle that ends when the fetches have, well or not.
        """
        meant = QueryFilters.of(query_key, filters)
        with self.environment.delivery.locked():
            reset = self.query_cache.find_all(meant)
            for query in reset:
                query.reset()
            watched = QueryFilters.of(query_key, {"type": "active"} | filters)
            refetched = self._refetch(watched, cancel_refetch=True)
            for query in reset:
                query.refuse_abandoned()
            return refetched

    def is_fetching(self, query_key: QueryKey = (), **filters: Any) -> int:
        """Return how many queries are being fetched."""
        meant = QueryFilters.of(query_key, filters | {"fetch_status": "fetching"})
        return len(self.query_cache.find_all(meant))

    def clear(self) -> None:
        """Empty both caches."""
        with self.environment.delivery.locked():
            for query in self.query_cache.get_all():
                self.query_cache.remove(query)
            for mutation in self.mutation_cache.get_all():
                self.mutation_cache.remove(mutation)

    def _refetch(self, filters: QueryFilters, *, cancel_refetch: bool) -> Pending[None]:
        with self.environment.delivery.locked():
            fetches = [
                query.fetch(cancel_refetch=cancel_refetch)
                for query in self.query_cache.find_all(filters)
                if not query.is_disabled and not query.is_static
            ]
        return Pending(all_ended(fetches), self.loop)

    # -------------------------------------------------------------- mutations

    def mutation(self, options: MutationOptions | None = None, **named: Any) -> Mutation:
        """Return a new mutation; start it with ``run(variables)``."""
        made = make(MutationOptions, options, named)
        return self.mutation_cache.build(merge(made, self.default_options.mutations))

    def mutate(self, options: MutationOptions, variables: Any = None) -> Mutation:
        """Make a mutation, start it and return it."""
        return self.mutation(options).run(variables)

    def is_mutating(self, mutation_key: QueryKey = ()) -> int:
        """Return how many mutations are under way."""
        found = self.mutation_cache.find_all(mutation_key)
        return sum(mutation.status == "pending" for mutation in found)

    def __repr__(self) -> str:
        return f"QueryClient({self.query_cache!r}, {self.mutation_cache!r})"
