"""The one object a program holds: fetch through it, read and write its cache, say what is stale.

Every method may be called from any thread; none blocks. What takes time gives a `Pending`: wait for it
or await it, or do neither. Semantics are TanStack Query v5's; names are its in snake case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop, Pending, background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import Environment, all_ended, resolved
from kaizen_widgets.query.infinite_query_observer import InfiniteQueryObserver, check_infinite
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.live_query import LiveQuery
from kaizen_widgets.query.managers import FocusManager, OnlineManager
from kaizen_widgets.query.many import ManyQueries, updated
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_cache import MutationCache, MutationCallbacks
from kaizen_widgets.query.mutation_observer import MutationObserver
from kaizen_widgets.query.option_defaults import Defaults
from kaizen_widgets.query.options import (
    DefaultOptions,
    MutationOptions,
    QueryOptions,
    make,
    resolve,
)
from kaizen_widgets.query.query_cache import QueryCache, QueryCallbacks
from kaizen_widgets.query.query_key import QueryKey, as_key
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_state import UNSET, QueryState

# Turns of the loop within which callbacks that do not wait for anything have ended.
CALLBACK_TURNS = 20


class QueryClient(ManyQueries):
    """A cache of queries and mutations.

    Args:
        loop: Where functions run; by default the process's one background loop.
        clock: The time; by default the loop, which is one.
        default_options: What queries and mutations are told unless they say otherwise.
        online: Whether there is a network; its own manager by default.
        focus: Whether somebody looks; its own manager by default.
        on_query: What to call when any fetch ends.
        on_mutation: What to call for any mutation.
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
        self._defaults = Defaults(default_options or DefaultOptions())
        self.query_cache = QueryCache(self.environment, self, on_query)
        self.mutation_cache = MutationCache(self.environment, self.invalidate_queries, on_mutation)
        self._mounts = 0
        self._unmount: list[Callable[[], None]] = []
        self._on_forget: list[Callable[[], object]] = []

    # ------------------------------------------------------------- environment

    @property
    def online(self) -> OnlineManager:
        """Whether there is a network."""
        return self.environment.online

    @property
    def focus(self) -> FocusManager:
        """Whether somebody looks."""
        return self.environment.focus

    def mount(self) -> None:
        """Listen to the two managers: refetch what is stale and resume what is paused."""
        with self.environment.notifier.locked():
            self._mounts += 1
            if self._mounts == 1:
                self._unmount = [
                    self.focus.subscribe(lambda on: self._back("focus", on)),
                    self.online.subscribe(lambda on: self._back("reconnect", on)),
                ]

    def unmount(self) -> None:
        """Listen no longer, once called as often as `mount`."""
        with self.environment.notifier.locked():
            if self._mounts:
                self._mounts -= 1
            if not self._mounts:
                for stop in self._unmount:
                    stop()
                self._unmount = []

    def resume_paused_mutations(self) -> Pending[None]:
        """Let paused mutations go on, if there is a network; ends when their functions have."""
        return Pending(self._resume(), self.loop)

    def _resume(self) -> Future[None]:
        return self.mutation_cache.resume_paused() if self.online.is_online else resolved(None)

    def _back(self, event: str, on: bool) -> None:
        if on:
            self.loop.start(self._after(self._resume(), event))

    async def _after(self, resumed: Future[None], event: str) -> None:
        await asyncio.wrap_future(resumed)
        # First come what the callbacks of those mutations do at once: a fetch they start is joined.
        for _ in range(CALLBACK_TURNS):
            await asyncio.sleep(0)
        self.query_cache.on_event(event)

    # ---------------------------------------------------------------- defaults

    @property
    def default_options(self) -> DefaultOptions:
        """What queries and mutations are told unless they say otherwise."""
        return self._defaults.options

    def set_default_options(self, options: DefaultOptions) -> None:
        """Replace the client's defaults, for what is made from now on."""
        self._defaults.options = options

    def set_query_defaults(
        self, query_key: QueryKey, options: QueryOptions | None = None, **named: Any
    ) -> None:
        """Set defaults of the queries whose keys begin with ``query_key``; later ones win."""
        self._defaults.queries.set(as_key(query_key), make(QueryOptions, options, named))

    def set_mutation_defaults(
        self, mutation_key: QueryKey, options: MutationOptions | None = None, **named: Any
    ) -> None:
        """Set defaults of the mutations whose keys begin with ``mutation_key``; later ones win."""
        key = as_key(mutation_key, "mutation_key")
        self._defaults.mutations.set(key, make(MutationOptions, options, named))

    def default_query_options(self, options: QueryOptions) -> QueryOptions:
        """Return ``options`` with the defaults for what they do not say."""
        return self._defaults.query(options)

    def default_mutation_options(self, options: MutationOptions) -> MutationOptions:
        """Return ``options`` with the defaults for what they do not say."""
        return self._defaults.mutation(options)

    # ---------------------------------------------------------------- fetching

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
        with self.environment.notifier.locked():
            query = self.query_cache.build(options)
            if query.state.data is UNSET:
                return self.fetch_query(options)
            if revalidate_if_stale and query.is_stale_by_time(resolve(options.stale_time, query)):
                query.fetch(options)
            return self.environment.pending(resolved(query.state.data))

    def fetch_infinite_query(
        self, options: QueryOptions | None = None, **named: Any
    ) -> Pending[Any]:
        """As `fetch_query`, of data that is pages (as many as ``pages`` says)."""
        return self.fetch_query(self._infinite(options, named))

    def prefetch_infinite_query(
        self, options: QueryOptions | None = None, **named: Any
    ) -> Pending[None]:
        """As `prefetch_query`, of data that is pages (as many as ``pages`` says)."""
        return self.prefetch_query(self._infinite(options, named))

    def ensure_infinite_query_data(
        self,
        options: QueryOptions | None = None,
        *,
        revalidate_if_stale: bool = False,
        **named: Any,
    ) -> Pending[Any]:
        """As `ensure_query_data`, of data that is pages."""
        made = self._infinite(options, named)
        return self.ensure_query_data(made, revalidate_if_stale=revalidate_if_stale)

    def observe(self, options: QueryOptions | None = None, **named: Any) -> QueryObserver:
        """Return an observer of a query; it fetches when subscribed to, started or waited for."""
        return QueryObserver(self, options, **named)

    def observe_infinite(
        self, options: QueryOptions | None = None, **named: Any
    ) -> InfiniteQueryObserver:
        """Return an observer of a query whose data is pages."""
        return InfiniteQueryObserver(self, options, **named)

    def live(self, options: QueryOptions | None = None, **named: Any) -> LiveQuery:
        """Return a query whose moments are traits: ``observe``, ``link`` and ``dlink`` them."""
        return LiveQuery(self.observe(options, **named))

    def _fetch(self, options: QueryOptions | None, named: dict[str, Any]) -> Future[Any]:
        options = self._fetch_options(options, named)
        with self.environment.notifier.locked():
            query = self.query_cache.build(options)
            if query.is_stale_by_time(resolve(options.stale_time, query)):
                return query.fetch(options)
            return resolved(query.state.data)

    def _fetch_options(self, options: QueryOptions | None, named: dict[str, Any]) -> QueryOptions:
        made = self.default_query_options(make(QueryOptions, options, named))
        if not made.query_key:
            raise QueryError("A query needs a query_key, such as ('agents', 'list').")
        return replace(made, retry=False) if made.retry is None else made

    def _infinite(self, options: QueryOptions | None, named: dict[str, Any]) -> QueryOptions:
        made = replace(make(QueryOptions, options, named), infinite=True)
        check_infinite(self.default_query_options(made))
        return made

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
            updater: The data, or a function from the old data to the new; where there is none it is
                given None, and may give None back. `UNSET` writes nothing.
            updated_at: Seconds since the epoch, instead of now.

        Returns:
            What was written, or None if nothing was.
        """
        with self.environment.notifier.locked():
            query = self.query_cache.get(query_key)
            data = updated(query, updater)
            if data is UNSET:
                return None
            if query is None:
                options = QueryOptions(query_key=as_key(query_key))
                query = self.query_cache.build(self.default_query_options(options))
            return query.set_data(data, updated_at)

    def forget(self, *, changes: bool = True) -> None:
        """Drop what the cache holds, because it was another user's; what is watched is fetched anew.

        Args:
            changes: Also drop mutations; one that runs goes on, one that waits is never made.
        """
        self.remove_queries(type="inactive")
        self.reset_queries()
        with self.environment.notifier.locked():
            for mutation in self.mutation_cache.get_all() if changes else ():
                self.mutation_cache.remove(mutation)
        for call in tuple(self._on_forget):
            call()

    def on_forget(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` whenever the client forgets; return what ends that."""
        return joined(self._on_forget, listener)

    def clear(self) -> None:
        """Empty both caches."""
        with self.environment.notifier.locked():
            for query in self.query_cache.get_all():
                self.query_cache.remove(query)
            for mutation in self.mutation_cache.get_all():
                self.mutation_cache.remove(mutation)

    # -------------------------------------------------------------- mutations

    def mutation(self, options: MutationOptions | None = None, **named: Any) -> Mutation:
        """Return a new mutation; start it with ``run(variables)``."""
        made = make(MutationOptions, options, named)
        return self.mutation_cache.build(self.default_mutation_options(made))

    def mutate(self, options: MutationOptions, variables: Any = None) -> Mutation:
        """Make a mutation, start it and return it."""
        return self.mutation(options).run(variables)

    def observe_mutation(
        self, options: MutationOptions | None = None, **named: Any
    ) -> MutationObserver:
        """Return an observer that runs mutations of one kind and follows the last."""
        return MutationObserver(self, options, **named)

    def is_mutating(self, mutation_key: QueryKey = (), **filters: Any) -> int:
        """Return how many mutations are under way."""
        return len(self.mutation_cache.find_all(mutation_key, **filters | {"status": "pending"}))

    def __repr__(self) -> str:
        return f"QueryClient({self.query_cache!r}, {self.mutation_cache!r})"
