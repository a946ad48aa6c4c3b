"""All queries of a client, by the hash of their key; and who wants to hear of every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.keys import QueryKey, as_key, hash_key
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query import Query

if TYPE_CHECKING:
    from kaizen_widgets.query.client import QueryClient

EventType: TypeAlias = Literal["added", "removed", "updated"]


@dataclass(frozen=True)
class QueryCacheEvent:
    """Something happened to a query."""

    type: EventType
    query: Query


class QueryCache:
    """The entries. May be read from any thread."""

    def __init__(self, client: QueryClient) -> None:
        self._client = client
        self._env = client.environment
        self._queries: dict[str, Query] = {}
        self._listeners: list[Callable[[QueryCacheEvent], object]] = []

    def build(self, options: QueryOptions) -> Query:
        """Return the entry of a key, made if there is none."""
        with self._env.delivery.locked():
            key_hash = hash_key(options.query_key)
            query = self._queries.get(key_hash)
            if query is None:
                query = self._queries[key_hash] = Query(self._client, key_hash, options)
                self.notify("added", query)
            return query

    def get(self, query_key: QueryKey) -> Query | None:
        """Return the entry of exactly this key, or None."""
        return self._queries.get(hash_key(as_key(query_key)))

    def get_all(self) -> tuple[Query, ...]:
        """Return all entries in order of creation."""
        with self._env.delivery.locked():
            return tuple(self._queries.values())

    def find_all(self, filters: QueryFilters) -> tuple[Query, ...]:
        """Return the entries that match."""
        with self._env.delivery.locked():
            return tuple(query for query in self._queries.values() if filters.match(query))

    def remove(self, query: Query) -> None:
        """Drop an entry; its fetch is cancelled, its observers keep what they have."""
        with self._env.delivery.locked():
            query.destroy()
            if self._queries.get(query.hash) is query:
                del self._queries[query.hash]
                self.notify("removed", query)

    def subscribe(self, listener: Callable[[QueryCacheEvent], object]) -> Callable[[], None]:
        """Call ``listener`` after every change to any entry; return what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self, kind: EventType, query: Query) -> None:
        """Tell the listeners; the lock must be held."""
        if self._listeners:
            event = QueryCacheEvent(kind, query)
            for listener in tuple(self._listeners):
                self._env.delivery.post(lambda listener=listener: listener(event))

    def __repr__(self) -> str:
        return f"QueryCache({len(self._queries)} queries)"
