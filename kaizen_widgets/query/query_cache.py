"""All queries of a client, by the hash of their key; and who wants to hear of every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_key import QueryKey, hash_key, hash_of
from kaizen_widgets.query.query_state import UNSET, QueryState

EventType: TypeAlias = Literal["added", "removed", "updated", "observer_added", "observer_removed"]


@dataclass(frozen=True)
class QueryCacheEvent:
    """Something happened to a query."""

    type: EventType
    query: Query


@dataclass(frozen=True)
class QueryCallbacks:
    """What to call when any fetch of a client ends; an exception in one is logged.

    Attributes:
        on_success: Called with the data and the query.
        on_error: Called with the error and the query.
        on_settled: Called at either end, after the other, with the data (None if there is none), the
            error (None after a success) and the query.
    """

    on_success: Callable[[Any, Query], object] | None = None
    on_error: Callable[[BaseException, Query], object] | None = None
    on_settled: Callable[[Any, BaseException | None, Query], object] | None = None


class QueryCache:
    """The entries. May be read from any thread.

    Args:
        environment: What the client's caches share.
        client: What functions are given as the client.
        callbacks: What to call when any fetch ends.
    """

    def __init__(
        self, environment: Environment, client: Any, callbacks: QueryCallbacks | None = None
    ) -> None:
        self.environment = self._env = environment
        self.client = client
        self._callbacks = callbacks or QueryCallbacks()
        self._queries: dict[str, Query] = {}
        self._families: dict[str | None, dict[str, Query]] = {}
        self._listeners: list[Callable[[QueryCacheEvent], object]] = []

    def build(self, options: QueryOptions, state: QueryState | None = None) -> Query:
        """Return the entry of a key, made (with ``state``) if there is none."""
        with self._env.notifier.locked():
            key_hash = hash_key(options.query_key)
            query = self._queries.get(key_hash)
            if query is None:
                query = self._queries[key_hash] = Query(self, key_hash, options, state)
                self._family(query.key)[key_hash] = query
                self.notify("added", query)
            return query

    def get(self, query_key: QueryKey) -> Query | None:
        """Return the entry of exactly this key, or None."""
        return self._queries.get(hash_of(query_key))

    def current(self, query: Query) -> Query | None:
        """Return the entry of the same key as ``query`` now, or None."""
        return self._queries.get(query.hash)

    def get_all(self) -> tuple[Query, ...]:
        """Return all entries in order of creation."""
        with self._env.notifier.locked():
            return tuple(self._queries.values())

    def find_all(self, filters: QueryFilters) -> tuple[Query, ...]:
        """Return the entries that match."""
        wanted, size = filters.query_key, len(filters.query_key)
        with self._env.notifier.locked():
            if not wanted or type(wanted[0]) is not str:
                found = self._queries.values()
            else:
                found = self._families.get(wanted[0], {}).values()
                # Texts match what they equal: one comparison tells whether an entry begins so.
                if all(type(part) is str for part in wanted) and not filters.exact:
                    found = [query for query in found if query.key[:size] == wanted]
                    if filters.by_key_alone:
                        return tuple(found)
            return tuple(query for query in found if filters.match(query))

    def remove(self, query: Query) -> None:
        """Drop an entry; its fetch is cancelled, its observers keep what they have."""
        with self._env.notifier.locked():
            if self._queries.get(query.hash) is query:
                query.destroy()
                del self._queries[query.hash]
                family = self._family(query.key)
                del family[query.hash]
                if not family:
                    del self._families[_first_text(query.key)]
                self.notify("removed", query)

    def on_event(self, event: str) -> None:
        """Tell all entries that the network is back (``reconnect``) or somebody looks (``focus``)."""
        with self._env.notifier.locked():
            for query in tuple(self._queries.values()):
                query.on_event(event)

    def subscribe(self, listener: Callable[[QueryCacheEvent], object]) -> Callable[[], None]:
        """Call ``listener`` after every change to any entry; return what ends that."""
        return joined(self._listeners, listener)

    def notify(self, kind: EventType, query: Query) -> None:
        """Tell the listeners; the lock must be held."""
        if self._listeners:
            event = QueryCacheEvent(kind, query)
            for listener in tuple(self._listeners):
                self._env.notifier.post(lambda listener=listener: listener(event))

    def succeeded(self, query: Query, data: Any) -> None:
        """A fetch ended well; the lock must be held."""
        self._post(self._callbacks.on_success, data, query)
        self._post(self._callbacks.on_settled, data, None, query)

    def errored(self, query: Query, error: BaseException) -> None:
        """A fetch failed for good; the lock must be held."""
        data = None if query.state.data is UNSET else query.state.data
        self._post(self._callbacks.on_error, error, query)
        self._post(self._callbacks.on_settled, data, error, query)

    def _family(self, key: QueryKey) -> dict[str, Query]:
        """Return the entries whose keys begin with the same text, so that others are never looked at."""
        return self._families.setdefault(_first_text(key), {})

    def _post(self, callback: Callable[..., object] | None, *arguments: Any) -> None:
        if callback is not None:
            self._env.notifier.post(lambda: callback(*arguments))

    def __repr__(self) -> str:
        return f"QueryCache({len(self._queries)} queries)"


def _first_text(key: QueryKey) -> str | None:
    return key[0] if type(key[0]) is str else None
