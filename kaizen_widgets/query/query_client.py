"""QueryClient: fetch through it, read and write its cache, and invalidate what is out of date.

Every method may be called from any thread, and none blocks. A call that takes time returns a `Pending`: wait
for it or await it, or do neither. Semantics are those of TanStack Query v5; names are its, in snake case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from kaizen_widgets.core.background import BackgroundLoop, Pending, background
from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.futures import all_done, completed_future
from kaizen_widgets.query.infinite_query_observer import InfiniteQueryObserver, check_infinite
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.live_query import LiveQuery
from kaizen_widgets.query.managers import FocusManager, OnlineManager
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_cache import MutationCache, MutationCallbacks
from kaizen_widgets.query.mutation_observer import MutationObserver
from kaizen_widgets.query.option_defaults import OptionDefaults
from kaizen_widgets.query.options import (
    DefaultOptions,
    MutationOptions,
    QueryOptions,
    build_options,
    resolve_option,
)
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_cache import QueryCache, QueryCallbacks
from kaizen_widgets.query.query_key import QueryKey, as_key
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_state import UNSET, QueryState

RefetchType: TypeAlias = Literal["active", "inactive", "all", "none"]

# Loop iterations after which callbacks that never wait have ended.
CALLBACK_TURNS = 20


class QueryClient:
    """A cache of queries and mutations.

    Args:
        loop: Background loop on which functions run; by default the one of the process.
        clock: Source of time; by default the loop.
        default_options: Default options of queries and mutations.
        online: Knows whether there is a network; by default a manager of its own.
        focus: Knows whether the window is focused; by default a manager of its own.
        on_query: Functions to call when any fetch ends.
        on_mutation: Functions to call for every mutation.

    Attributes:
        query_cache: The queries.
        mutation_cache: The mutations.
        environment: What all parts of the client share.
    """

    def __init__(
        self,
        *,
        loop: BackgroundLoop = background,
        clock: Clock | None = None,
        default_options: DefaultOptions | None = None,
        online: OnlineManager | None = None,
        focus: FocusManager | None = None,
        on_query: QueryCallbacks | None = None,
        on_mutation: MutationCallbacks | None = None,
    ) -> None:
        self.environment = Environment(
            loop, clock or loop, online or OnlineManager(), focus or FocusManager()
        )
        self._defaults = OptionDefaults(default_options or DefaultOptions())
        self.query_cache = QueryCache(self, self.environment, on_query)
        self.mutation_cache = MutationCache(self, self.environment, on_mutation)
        self._mount_count = 0
        self._unsubscribes: list[Callable[[], None]] = []
        self._forget_listeners: list[Callable[[], object]] = []

    # ------------------------------------------------------------- environment

    @property
    def loop(self) -> BackgroundLoop:
        """The background loop on which functions run."""
        return self.environment.loop

    @property
    def online(self) -> OnlineManager:
        """Knows whether there is a network."""
        return self.environment.online

    @property
    def focus(self) -> FocusManager:
        """Knows whether the window is focused."""
        return self.environment.focus

    @property
    def mount_count(self) -> int:
        """How many more calls of `mount` than of `unmount` there were."""
        return self._mount_count

    def mount(self) -> None:
        """Follow the two managers: when one turns on, resume what is paused and refetch what is stale."""
        with self.environment.notifier.locked():
            self._mount_count += 1
            if self._mount_count == 1:
                self._unsubscribes = [
                    self.focus.subscribe(lambda on: self._on_switch(on, self.query_cache.on_focus)),
                    self.online.subscribe(
                        lambda on: self._on_switch(on, self.query_cache.on_online)
                    ),
                ]

    def unmount(self) -> None:
        """Stop following the managers when it has been called as often as `mount`."""
        with self.environment.notifier.locked():
            if self._mount_count:
                self._mount_count -= 1
            if not self._mount_count:
                for unsubscribe in self._unsubscribes:
                    unsubscribe()
                self._unsubscribes = []

    def resume_paused_mutations(self) -> Pending[None]:
        """Let paused mutations continue, if there is a network; ends when their functions have."""
        return Pending(self._resume_mutations(), self.loop)

    def _resume_mutations(self) -> Future[None]:
        if self.online.is_online:
            return self.mutation_cache.resume_paused()
        return completed_future(None)

    def _on_switch(self, is_on: bool, update_queries: Callable[[], None]) -> None:
        if is_on:
            self.loop.start(self._update_after(self._resume_mutations(), update_queries))

    async def _update_after(
        self, resumed: Future[None], update_queries: Callable[[], None]
    ) -> None:
        await asyncio.wrap_future(resumed)
        # First let the callbacks of those mutations run: a fetch that they start is joined.
        for _ in range(CALLBACK_TURNS):
            await asyncio.sleep(0)
        update_queries()

    # ---------------------------------------------------------------- defaults

    @property
    def default_options(self) -> DefaultOptions:
        """Default options of queries and mutations."""
        return self._defaults.options

    def set_default_options(self, options: DefaultOptions) -> None:
        """Replace the client's defaults, for queries and mutations created from now on."""
        self._defaults.options = options

    def set_query_defaults(
        self, query_key: QueryKey, options: QueryOptions | None = None, **named: Any
    ) -> None:
        """Set defaults of the queries whose keys begin with ``query_key``; later ones win.

        Args:
            query_key: Key to match.
            options: Default options.
            **named: Options by name, in place of those in ``options``.
        """
        self._defaults.queries.set(as_key(query_key), build_options(QueryOptions, options, named))

    def set_mutation_defaults(
        self, mutation_key: QueryKey, options: MutationOptions | None = None, **named: Any
    ) -> None:
        """Set defaults of the mutations whose keys begin with ``mutation_key``; later ones win.

        Args:
            mutation_key: Key to match.
            options: Default options.
            **named: Options by name, in place of those in ``options``.
        """
        key = as_key(mutation_key, "mutation_key")
        self._defaults.mutations.set(key, build_options(MutationOptions, options, named))

    def default_query_options(self, options: QueryOptions) -> QueryOptions:
        """Return ``options`` with defaults for what they leave open."""
        return self._defaults.apply_to_query(options)

    def default_mutation_options(self, options: MutationOptions) -> MutationOptions:
        """Return ``options`` with defaults for what they leave open."""
        return self._defaults.apply_to_mutation(options)

    # ---------------------------------------------------------------- fetching

    def fetch_query(self, options: QueryOptions | None = None, **named: Any) -> Pending[Any]:
        """Return a handle on the data, fetched unless it is fresh. A failed fetch is not retried.

        Args:
            options: Options of the query.
            **named: Options by name, in place of those in ``options``.
        """
        return self.environment.pending(self._fetch(options, named))

    def prefetch_query(self, options: QueryOptions | None = None, **named: Any) -> Pending[None]:
        """Fetch as `fetch_query` does; the handle gives None, after success and after failure."""
        return Pending(all_done([self._fetch(options, named)]), self.loop)

    def ensure_query_data(
        self,
        options: QueryOptions | None = None,
        *,
        revalidate_if_stale: bool = False,
        **named: Any,
    ) -> Pending[Any]:
        """Return a handle on the existing data, however old; without data, fetch it.

        Args:
            options: Options of the query.
            revalidate_if_stale: Also fetch in the background if the existing data is stale.
            **named: Options by name, in place of those in ``options``.
        """
        options = self._fetch_options(options, named)
        with self.environment.notifier.locked():
            query = self.query_cache.build(options)
            if query.state.data is UNSET:
                return self.fetch_query(options)
            stale_time = resolve_option(options.stale_time, query)
            if revalidate_if_stale and query.is_stale_by_time(stale_time):
                query.fetch(options)
            return self.environment.pending(completed_future(query.state.data))

    def fetch_infinite_query(
        self, options: QueryOptions | None = None, **named: Any
    ) -> Pending[Any]:
        """Fetch data that consists of pages, as many as ``pages`` says; otherwise as `fetch_query`."""
        return self.fetch_query(self._infinite_options(options, named))

    def prefetch_infinite_query(
        self, options: QueryOptions | None = None, **named: Any
    ) -> Pending[None]:
        """Prefetch data that consists of pages; otherwise as `prefetch_query`."""
        return self.prefetch_query(self._infinite_options(options, named))

    def ensure_infinite_query_data(
        self,
        options: QueryOptions | None = None,
        *,
        revalidate_if_stale: bool = False,
        **named: Any,
    ) -> Pending[Any]:
        """Ensure data that consists of pages; otherwise as `ensure_query_data`."""
        built = self._infinite_options(options, named)
        return self.ensure_query_data(built, revalidate_if_stale=revalidate_if_stale)

    def observe(self, options: QueryOptions | None = None, **named: Any) -> QueryObserver:
        """Return an observer of a query; it fetches when subscribed to, started or waited for."""
        return QueryObserver(self, options, **named)

    def observe_infinite(
        self, options: QueryOptions | None = None, **named: Any
    ) -> InfiniteQueryObserver:
        """Return an observer of a query whose data consists of pages."""
        return InfiniteQueryObserver(self, options, **named)

    def live(self, options: QueryOptions | None = None, **named: Any) -> LiveQuery:
        """Return a query whose data and status are traits: ``observe``, ``link`` and ``dlink`` them."""
        return LiveQuery(self.observe(options, **named))

    def _fetch(self, options: QueryOptions | None, named: dict[str, Any]) -> Future[Any]:
        options = self._fetch_options(options, named)
        with self.environment.notifier.locked():
            query = self.query_cache.build(options)
            if query.is_stale_by_time(resolve_option(options.stale_time, query)):
                return query.fetch(options)
            return completed_future(query.state.data)

    def _fetch_options(self, options: QueryOptions | None, named: dict[str, Any]) -> QueryOptions:
        built = self.default_query_options(build_options(QueryOptions, options, named))
        if not built.query_key:
            raise QueryError("A query needs a query_key, such as ('agents', 'list').")
        return replace(built, retry=False) if built.retry is None else built

    def _infinite_options(
        self, options: QueryOptions | None, named: dict[str, Any]
    ) -> QueryOptions:
        built = replace(build_options(QueryOptions, options, named), infinite=True)
        check_infinite(self.default_query_options(built))
        return built

    # ------------------------------------------------------ reading, writing

    def get_query_data(self, query_key: QueryKey, default: Any = None) -> Any:
        """Return the cached data of a key, or ``default``; never fetches."""
        query = self.query_cache.get(query_key)
        return default if query is None or query.state.data is UNSET else query.state.data

    def get_queries_data(
        self, query_key: QueryKey = (), **filters: Any
    ) -> list[tuple[QueryKey, Any]]:
        """Return the keys and data of all queries that match; `UNSET` where there is no data.

        Args:
            query_key: Key to match; empty for all.
            **filters: See `QueryFilters`.
        """
        found = self.query_cache.find_all(QueryFilters.of(query_key, filters))
        return [(query.key, query.state.data) for query in found]

    def get_query_state(self, query_key: QueryKey) -> QueryState | None:
        """Return the state of a key, or None if it is not in the cache."""
        query = self.query_cache.get(query_key)
        return None if query is None else query.state

    def set_query_data(
        self,
        query_key: QueryKey,
        updater: Any | Callable[..., Any],
        *,
        updated_at: float | None = None,
    ) -> Any:
        """Write data by hand; it counts as fetched now.

        Args:
            query_key: Key of the query; an entry is created if there is none.
            updater: The data, or a function from the old data to the new. It is called with None where
                there is no data, and may then return None to write nothing. `UNSET` writes nothing.
            updated_at: Seconds since the epoch, instead of now.

        Returns:
            The written data, or None if nothing was written.
        """
        with self.environment.notifier.locked():
            query = self.query_cache.get(query_key)
            data = _updated_data(query, updater)
            if data is UNSET:
                return None
            if query is None:
                options = QueryOptions(query_key=as_key(query_key))
                query = self.query_cache.build(self.default_query_options(options))
            return query.set_data(data, updated_at)

    def set_queries_data(
        self,
        query_key: QueryKey,
        updater: Any | Callable[..., Any],
        *,
        updated_at: float | None = None,
        **filters: Any,
    ) -> list[tuple[QueryKey, Any]]:
        """Write data by hand into all existing queries that match.

        Args:
            query_key: Key to match; empty for all.
            updater: The data, or a function from the old data (None if there is none) to the new. `UNSET`
                writes nothing.
            updated_at: Seconds since the epoch, instead of now.
            **filters: See `QueryFilters`.

        Returns:
            The keys and the written data (`UNSET` for nothing).
        """
        wanted = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            return [
                (query.key, data if data is UNSET else query.set_data(data, updated_at))
                for query in self.query_cache.find_all(wanted)
                for data in (_updated_data(query, updater),)
            ]

    def forget(self, *, changes: bool = True) -> None:
        """Drop what the cache holds because another user signed in; observed queries are fetched again.

        Args:
            changes: Also drop mutations; a running one continues, a paused one never runs.
        """
        self.remove_queries(type="inactive")
        self.reset_queries()
        with self.environment.notifier.locked():
            for mutation in self.mutation_cache.get_all() if changes else ():
                self.mutation_cache.remove(mutation)
        for listener in tuple(self._forget_listeners):
            listener()

    def on_forget(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` after each `forget`; return the unsubscribe function."""
        return add_listener(self._forget_listeners, listener)

    def clear(self) -> None:
        """Empty both caches."""
        with self.environment.notifier.locked():
            for query in self.query_cache.get_all():
                self.query_cache.remove(query)
            for mutation in self.mutation_cache.get_all():
                self.mutation_cache.remove(mutation)

    # ------------------------------------------------------------ many queries

    def invalidate_queries(
        self,
        query_key: QueryKey = (),
        *,
        refetch_type: RefetchType | None = None,
        cancel_refetch: bool = True,
        throw_on_error: bool = False,
        **filters: Any,
    ) -> Pending[None]:
        """Mark queries as stale and fetch those that are observed.

        Args:
            query_key: Key to match; empty for all.
            refetch_type: Which of them to fetch; by default those of the ``type`` filter, if any, else
                the active ones.
            cancel_refetch: Restart running fetches of queries that have data.
            throw_on_error: Raise the first error.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have succeeded or failed; paused ones are not waited for.
        """
        if refetch_type not in (None, "active", "inactive", "all", "none"):
            raise QueryError(
                f'refetch_type must be "active", "inactive", "all" or "none", not {refetch_type!r}.'
            )
        wanted = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            found = self.query_cache.find_by_key(wanted)
            for query in [query for query in found if wanted.match_state(query)]:
                query.invalidate()
            if refetch_type == "none":
                return Pending(completed_future(None), self.loop)
            # The states have changed, so the other conditions are checked again.
            to_fetch = replace(wanted, type=refetch_type or filters.get("type") or "active")
            return self._refetch(
                [query for query in found if to_fetch.match_state(query)],
                cancel_refetch,
                throw_on_error,
            )

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
            query_key: Key to match; empty for all.
            cancel_refetch: Restart running fetches of queries that have data.
            throw_on_error: Raise the first error.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have succeeded or failed; paused ones are not waited for.
        """
        wanted = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            found = self.query_cache.find_all(wanted)
            return self._refetch(found, cancel_refetch, throw_on_error)

    def cancel_queries(
        self, query_key: QueryKey = (), *, revert: bool = True, silent: bool = False, **filters: Any
    ) -> Pending[None]:
        """Stop running fetches; each query returns to its state before, and a late result is dropped.

        Args:
            query_key: Key to match; empty for all.
            revert: Return to the state before; otherwise the fetch counts as failed.
            silent: Raise `QueryCancelledError` for waiters, also if there is data.
            **filters: See `QueryFilters`.
        """
        wanted = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            for query in self.query_cache.find_all(wanted):
                query.cancel(revert=revert, silent=silent)
        return Pending(completed_future(None), self.loop)

    def remove_queries(self, query_key: QueryKey = (), **filters: Any) -> None:
        """Drop queries from the cache; observers keep their last result.

        Args:
            query_key: Key to match; empty for all.
            **filters: See `QueryFilters`.
        """
        wanted = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            for query in self.query_cache.find_all(wanted):
                self.query_cache.remove(query)

    def reset_queries(
        self,
        query_key: QueryKey = (),
        *,
        cancel_refetch: bool = True,
        throw_on_error: bool = False,
        **filters: Any,
    ) -> Pending[None]:
        """Return queries to their initial state, and fetch those that are observed.

        Args:
            query_key: Key to match; empty for all.
            cancel_refetch: Restart running fetches of queries that have data.
            throw_on_error: Raise the first error.
            **filters: See `QueryFilters`.

        Returns:
            A handle that ends when the fetches have succeeded or failed.
        """
        wanted = QueryFilters.of(query_key, filters)
        with self.environment.notifier.locked():
            found = self.query_cache.find_all(wanted)
            for query in found:
                query.reset()
            active = [query for query in found if query.is_active]
            refetched = self._refetch(active, cancel_refetch, throw_on_error)
            for query in found:
                query.refuse_abandoned()
            return refetched

    def is_fetching(self, query_key: QueryKey = (), **filters: Any) -> int:
        """Return how many queries are being fetched.

        Args:
            query_key: Key to match; empty for all.
            **filters: See `QueryFilters`.
        """
        wanted = QueryFilters.of(query_key, filters | {"fetch_status": "fetching"})
        return len(self.query_cache.find_all(wanted))

    def _refetch(
        self, queries: Sequence[Query], cancel_refetch: bool, throw_on_error: bool
    ) -> Pending[None]:
        fetches = []
        for query in queries:
            if not query.is_disabled and not query.is_static:
                outcome = query.fetch(cancel_refetch=cancel_refetch)
                if query.state.fetch_status != "paused":
                    fetches.append(outcome)
        return Pending(all_done(fetches, throw=throw_on_error), self.loop)

    # -------------------------------------------------------------- mutations

    def mutation(self, options: MutationOptions | None = None, **named: Any) -> Mutation:
        """Return a new mutation; start it with ``run(variables)``."""
        built = build_options(MutationOptions, options, named)
        return self.mutation_cache.build(self.default_mutation_options(built))

    def mutate(self, options: MutationOptions, variables: Any = None) -> Mutation:
        """Create a mutation, start it and return it."""
        return self.mutation(options).run(variables)

    def observe_mutation(
        self, options: MutationOptions | None = None, **named: Any
    ) -> MutationObserver:
        """Return an observer that runs mutations of one kind and follows the last one."""
        return MutationObserver(self, options, **named)

    def is_mutating(self, mutation_key: QueryKey = (), **filters: Any) -> int:
        """Return how many mutations are pending.

        Args:
            mutation_key: Key to match; empty for all.
            **filters: See `MutationFilters`.
        """
        return len(self.mutation_cache.find_all(mutation_key, **filters | {"status": "pending"}))

    def __repr__(self) -> str:
        return f"QueryClient({self.query_cache!r}, {self.mutation_cache!r})"


def _updated_data(query: Query | None, updater: Any) -> Any:
    """Return the data to write into ``query`` (None for a new entry); `UNSET` for none."""
    if not callable(updater):
        return updater
    old = UNSET if query is None else query.state.data
    if old is not UNSET:
        return call_fitting(updater, old)
    data = call_fitting(updater, None)
    return UNSET if data is None else data  # `lambda old: old and [*old, new]` changes nothing
