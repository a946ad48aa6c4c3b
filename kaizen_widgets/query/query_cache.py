"""QueryCache: all queries of a client by the hash of their key, and listeners for changes to any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_key import QueryKey, hash_key, hash_unchecked_key
from kaizen_widgets.query.query_key_index import QueryKeyIndex
from kaizen_widgets.query.query_state import UNSET, QueryState
from kaizen_widgets.query.user_functions import listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient

EventType: TypeAlias = Literal["added", "removed", "updated", "observer_added", "observer_removed"]


@dataclass(frozen=True)
class QueryCacheEvent:
    """A change to a query.

    Attributes:
        type: Kind of the change.
        query: The query that changed.
    """

    type: EventType
    query: Query


@dataclass(frozen=True)
class QueryCallbacks:
    """Functions to call when any fetch of a client ends; an exception in one is logged.

    Attributes:
        on_success: Called with the data and the query.
        on_error: Called with the error and the query.
        on_settled: Called after `on_success` or `on_error`, with the data (None if there is none), the error
            (None after success) and the query.
    """

    on_success: Callable[..., object] | None = None
    on_error: Callable[..., object] | None = None
    on_settled: Callable[..., object] | None = None


class QueryCache:
    """The queries of a client. May be read from any thread.

    Args:
        client: Client to which it belongs.
        environment: Environment of the client.
        callbacks: Functions to call when any fetch ends.
    """

    def __init__(
        self,
        client: QueryClient,
        environment: Environment,
        callbacks: QueryCallbacks | None = None,
    ) -> None:
        self.client = client
        self.environment = self._env = environment
        self._callbacks = callbacks or QueryCallbacks()
        self._queries: dict[str, Query] = {}
        self._index = QueryKeyIndex()
        self._listeners: list[Callable[[QueryCacheEvent], object]] = []

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._listeners)

    def build(self, options: QueryOptions, state: QueryState | None = None) -> Query:
        """Return the entry of a key; create it, with ``state``, if there is none."""
        with self._env.notifier.locked():
            query_hash = hash_key(options.query_key)
            query = self._queries.get(query_hash)
            if query is None:
                query = self._queries[query_hash] = Query(self, query_hash, options, state)
                self._index.add(query)
                self.notify("added", query)
            return query

    def get(self, query_key: QueryKey) -> Query | None:
        """Return the entry of exactly this key, or None."""
        return self._queries.get(hash_unchecked_key(query_key))

    def current(self, query: Query) -> Query | None:
        """Return the entry that now has the key of ``query``, or None."""
        return self._queries.get(query.hash)

    def get_all(self) -> tuple[Query, ...]:
        """Return all entries in order of creation."""
        with self._env.notifier.locked():
            return tuple(self._queries.values())

    def find_all(self, filters: QueryFilters) -> tuple[Query, ...]:
        """Return the entries that match, in order of creation."""
        with self._env.notifier.locked():
            found = self.find_by_key(filters)
            if filters.is_key_only:
                return tuple(found)
            return tuple(query for query in found if filters.match_state(query))

    def find_by_key(self, filters: QueryFilters) -> Sequence[Query]:
        """Return the entries whose keys match, whatever the other conditions; the lock must be held."""
        if filters.exact and filters.query_key:
            query = self._queries.get(hash_key(filters.query_key))
            return () if query is None else (query,)
        return self._index.find(filters.query_key)

    def remove(self, query: Query) -> None:
        """Drop an entry; its fetch is cancelled, its observers keep their last result."""
        with self._env.notifier.locked():
            if self._queries.get(query.hash) is query:
                query.destroy()
                del self._queries[query.hash]
                self._index.remove(query)
                self.notify("removed", query)

    def on_focus(self) -> None:
        """Let all entries refetch as their options say, because the window is focused again."""
        with self._env.notifier.locked():
            for query in tuple(self._queries.values()):
                query.on_focus()

    def on_online(self) -> None:
        """Let all entries refetch as their options say, because the network is back."""
        with self._env.notifier.locked():
            for query in tuple(self._queries.values()):
                query.on_online()

    def subscribe(
        self, listener: Callable[[QueryCacheEvent], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` after every change to any entry; return the unsubscribe function."""
        return add_listener(self._listeners, listener_call(listener, 1))

    def notify(self, event_type: EventType, query: Query) -> None:
        """Notify the listeners of a change; the lock must be held."""
        if self._listeners:
            event = QueryCacheEvent(event_type, query)
            for listener in tuple(self._listeners):
                self._env.notifier.post(listener, event)

    def on_success(self, query: Query, data: Any) -> None:
        """Call the callbacks for a fetch that succeeded; the lock must be held."""
        self._post(self._callbacks.on_success, data, query)
        self._post(self._callbacks.on_settled, data, None, query)

    def on_error(self, query: Query, error: BaseException) -> None:
        """Call the callbacks for a fetch that failed for good; the lock must be held."""
        data = None if query.state.data is UNSET else query.state.data
        self._post(self._callbacks.on_error, error, query)
        self._post(self._callbacks.on_settled, data, error, query)

    def _post(self, callback: Callable[..., object] | None, *arguments: Any) -> None:
        if callback is not None:
            self._env.notifier.post(listener_call(callback, len(arguments)), *arguments)

    def __repr__(self) -> str:
        return f"QueryCache({len(self._queries)} queries)"
