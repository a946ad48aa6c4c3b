"""What a client does with many queries at once, chosen by filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import Environment, all_ended, resolved
from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_cache import QueryCache
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_state import UNSET

RefetchType: TypeAlias = Literal["active", "inactive", "all", "none"]


class ManyQueries:
    """The part of a client that works on all queries that match."""

    environment: Environment
    query_cache: QueryCache

    @property
    def loop(self) -> BackgroundLoop:
        """Where functions run."""
        return self.environment.loop

    def invalidate_queries(
        self,
        query_key: QueryKey = (),
        *,
        refetch_type: RefetchType | None = None,
        cancel_refetch: bool = True,
        throw_on_error: bool = False,
        **filters: Any,
    ) -> Pending[None]:
        """Declare queries stale and fetch those that are watched.

        Args:
            query_key: What their keys begin with; empty for all.
            refetch_type: Which to fetch again: by default the ``type`` filter, if any, else ``active``.
            cancel_refetch: Start anew where a fetch runs and there is data already.
            throw_on_error: Raise the first error.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have, well or not; paused ones are not waited for.
        """
        if refetch_type not in (None, "active", "inactive", "all", "none"):
            raise QueryError(
                f'refetch_type must be "active", "inactive", "all" or "none", not {refetch_type!r}.'
            )
        meant = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            for query in self.query_cache.find_all(meant):
                query.invalidate()
            if refetch_type == "none":
                return Pending(resolved(None), self.loop)
            wanted = replace(meant, type=refetch_type or filters.get("type") or "active")
            return self._refetch(self.query_cache.find_all(wanted), cancel_refetch, throw_on_error)

    def refetch_queries(
        self,
        query_key: QueryKey = (),
        *,
        cancel_refetch: bool = True,
        throw_on_error: bool = False,
        **filters: Any,
    ) -> Pending[None]:
        """Fetch queries again, except disabled and static ones.

        Args:
            query_key: What their keys begin with; empty for all.
            cancel_refetch: Start anew where a fetch runs and there is data already.
            throw_on_error: Raise the first error.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have, well or not; paused ones are not waited for.
        """
        meant = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            return self._refetch(self.query_cache.find_all(meant), cancel_refetch, throw_on_error)

    def cancel_queries(
        self, query_key: QueryKey = (), *, revert: bool = True, silent: bool = False, **filters: Any
    ) -> Pending[None]:
        """Stop fetches; each query goes back to what it was before, and a late answer is dropped.

        Args:
            query_key: What their keys begin with; empty for all.
            revert: Go back; otherwise the fetch counts as failed.
            silent: Tell who waits that it was cancelled, also if there is data.
            **filters: See `QueryFilters`.
        """
        meant = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            for query in self.query_cache.find_all(meant):
                query.cancel(revert=revert, silent=silent)
        return Pending(resolved(None), self.loop)

    def remove_queries(self, query_key: QueryKey = (), **filters: Any) -> None:
        """Drop queries from the cache; who observes one keeps the last result."""
        meant = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            for query in self.query_cache.find_all(meant):
                self.query_cache.remove(query)

    def reset_queries(
        self,
        query_key: QueryKey = (),
        *,
        cancel_refetch: bool = True,
        throw_on_error: bool = False,
        **filters: Any,
    ) -> Pending[None]:
        """Make queries as new, and fetch those that are watched.

        Args:
            query_key: What their keys begin with; empty for all.
            cancel_refetch: Start anew where a fetch runs and there is data already.
            throw_on_error: Raise the first error.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have, well or not.
        """
        meant = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            reset = self.query_cache.find_all(meant)
            for query in reset:
                query.reset()
            watched = [query for query in reset if query.is_active]
            refetched = self._refetch(watched, cancel_refetch, throw_on_error)
            for query in reset:
                query.refuse_abandoned()
            return refetched

    def is_fetching(self, query_key: QueryKey = (), **filters: Any) -> int:
        """Return how many queries are being fetched."""
        meant = QueryFilters.of(query_key, filters | {"fetch_status": "fetching"})
        return len(self.query_cache.find_all(meant))

    def get_queries_data(
        self, query_key: QueryKey = (), **filters: Any
    ) -> list[tuple[QueryKey, Any]]:
        """Return the keys and data of queries; `UNSET` where there is none."""
        found = self.query_cache.find_all(QueryFilters.of(query_key, filters))
        return [(query.key, query.state.data) for query in found]

    def set_queries_data(
        self,
        query_key: QueryKey,
        updater: Any | Callable[[Any], Any],
        *,
        updated_at: float | None = None,
        **filters: Any,
    ) -> list[tuple[QueryKey, Any]]:
        """Write data by hand into queries that are there.

        Args:
            query_key: What their keys begin with; empty for all.
            updater: The data, or a function from the old data (None if there is none) to the new.
                `UNSET` writes nothing.
            updated_at: Seconds since the epoch, instead of now.
            **filters: See `QueryFilters`.

        Returns:
            The keys, and what was written (`UNSET` for nothing).
        """
        meant = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            return [
                (query.key, data if data is UNSET else query.set_data(data, updated_at))
                for query in self.query_cache.find_all(meant)
                for data in (updated(query, updater),)
            ]

    def _refetch(
        self, queries: Sequence[Query], cancel_refetch: bool, throw: bool
    ) -> Pending[None]:
        fetches = []
        for query in queries:
            if not query.is_disabled and not query.is_static:
                outcome = query.fetch(cancel_refetch=cancel_refetch)
                if query.state.fetch_status != "paused":
                    fetches.append(outcome)
        return Pending(all_ended(fetches, throw=throw), self.loop)


def updated(query: Query | None, updater: Any) -> Any:
    """Return the data to write into ``query`` (None for an entry to be made); `UNSET` for none."""
    if not callable(updater):
        return updater
    old = UNSET if query is None else query.state.data
    if old is not UNSET:
        return updater(old)
    data = updater(None)
    return UNSET if data is None else data  # `lambda old: old and [*old, new]` changes nothing
