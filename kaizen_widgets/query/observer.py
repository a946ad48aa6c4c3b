"""A query as a user holds it: read it, wait for it, watch it.

While somebody subscribes, the entry stays in the cache and is fetched by the rules of its options. An
observer nobody subscribes to costs nothing and keeps nothing alive; it reads the cache when asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kaizen_widgets.background import Pending
from kaizen_widgets.clock import Timer
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import resolved
from kaizen_widgets.query.options import QueryOptions, make, seconds
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.result import QueryResult
from kaizen_widgets.query.state import UNSET, FetchStatus, QueryStatus

if TYPE_CHECKING:
    from kaizen_widgets.query.client import QueryClient

# A timer may fire a hair early; data is stale *at* its time, so look just after it.
STALE_MARGIN = 0.001


class QueryObserver:
    """One query, seen with one set of options. Callable from any thread.

    Args:
        client: Whose cache.
        options: The query's options; or name them.
    """

    def __init__(
        self, client: QueryClient, options: QueryOptions | None = None, **named: Any
    ) -> None:
        self._client = client
        self._env = client.environment
        self._options = client.default_query_options(make(QueryOptions, options, named))
        if not self._options.query_key:
            raise QueryError("A query needs a query_key, such as ('agents', 'list').")
        self._listeners: list[Callable[[QueryResult], object]] = []
        self._last: QueryResult | None = None
        self._stale_timer: Timer | None = None
        with self._env.delivery.locked():
            self._query = client.query_cache.build(self._options)
            self._query.set_options(self._options)

    # ---------------------------------------------------------------- reading

    @property
    def options(self) -> QueryOptions:
        """The options, the client's defaults filled in."""
        return self._options

    @property
    def result(self) -> QueryResult:
        """Everything about this moment at once."""
        with self._env.delivery.locked():
            if self._listeners and self._last is not None:
                return self._last
            # Reading makes no entry: once it was collected, the last one answers.
            return self._result(self._client.query_cache.get(self._query.key) or self._query)

    @property
    def data(self) -> Any:
        """What the function last gave; None while there is nothing."""
        return self.result.data

    @property
    def status(self) -> QueryStatus:
        """``pending``, ``success`` or ``error``."""
        return self.result.status

    @property
    def fetch_status(self) -> FetchStatus:
        """``fetching`` or ``idle``."""
        return self.result.fetch_status

    @property
    def error(self) -> BaseException | None:
        """Why the last fetch failed, or None."""
        return self.result.error

    @property
    def is_stale(self) -> bool:
        """Whether the data is missing, invalidated or too old."""
        with self._env.delivery.locked():
            return self._stale(self._query)

    @property
    def updated_at(self) -> datetime | None:
        """When the data came, in UTC, or None."""
        return self.result.updated_at

    # --------------------------------------------------------------- fetching

    def start(self) -> QueryObserver:
        """Fetch if a new observer would, without waiting; return self."""
        with self._env.delivery.locked():
            query = self._entry()
            if self._fetches_on_mount(query):
                query.fetch(self._options)
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the data, fetched first if it is missing or stale.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It took longer; the fetch goes on.
            QueryError: The query is not enabled and has no data.
        """
        return self._fresh().wait(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        """Await the data, as `wait`."""
        return self._fresh().__await__()

    def refetch(self, *, cancel_refetch: bool = True) -> Pending[Any]:
        """Fetch even if the data is fresh; return a handle on the new data."""
        with self._env.delivery.locked():
            outcome = self._entry().fetch(self._options, cancel_refetch=cancel_refetch)
            return self._env.pending(outcome)

    def _fresh(self) -> Pending[Any]:
        with self._env.delivery.locked():
            query = self._entry()
            if self._options.enabled is False:
                if query.state.data is UNSET:
                    raise QueryError(
                        f"Query {list(query.key)} is not enabled and has no data; use refetch().",
                        key=query.key,
                    )
                return self._env.pending(resolved(query.state.data))
            if query.state.fetch_status == "idle" and not self._stale(query):
                return self._env.pending(resolved(query.state.data))
            return self._env.pending(query.fetch(self._options))

    # --------------------------------------------------------------- watching

    def subscribe(self, listener: Callable[[QueryResult], object]) -> Callable[[], None]:
        """Call ``listener`` with each new result; return what ends that.

        The first listener mounts the observer, which fetches data that is missing or stale.
        """
        with self._env.delivery.locked():
            self._listeners.append(listener)
            if len(self._listeners) == 1:
                query = self._entry()
                query.add_observer(self)
                self._last = None
                if self._fetches_on_mount(query):
                    query.fetch(self._options)
                self._last = self._result(query)
                self._arm_stale_timer()

        def unsubscribe() -> None:
            with self._env.delivery.locked():
                if listener in self._listeners:
                    self._listeners.remove(listener)
                    if not self._listeners:
                        self._clear_stale_timer()
                        self._query.remove_observer(self)

        return unsubscribe

    def set_options(self, options: QueryOptions | None = None, **named: Any) -> None:
        """Take other options; another key moves the observer to that query.

        Fetches if somebody subscribes and the key changed or the observer was disabled, and the
        data is stale.
        """
        with self._env.delivery.locked():
            before, old = self._options, self._query
            self._options = self._client.default_query_options(make(QueryOptions, options, named))
            query = self._query = self._client.query_cache.build(self._options)
            if not self._listeners:
                return
            if query is not old:
                old.remove_observer(self)
                query.add_observer(self)
            query.set_options(self._options)
            moved = query is not old or before.enabled is False
            if moved and self._options.enabled is not False and self._stale(query):
                query.fetch(self._options)
            self.on_query_update()

    def on_query_update(self) -> None:
        """Compute the result and tell the listeners if it differs; for the query, under its lock."""
        result = self._result(self._query)
        if self._last is not None and result.same_as(self._last):
            return
        self._last = result
        self._arm_stale_timer()
        for listener in tuple(self._listeners):
            self._env.delivery.post(lambda listener=listener: listener(result))

    # ---------------------------------------------------------------- judging

    def _entry(self) -> Query:
        """Return the entry to fetch, made anew if it was removed from the cache."""
        query = self._client.query_cache.build(self._options)
        if query is not self._query:
            if self._listeners:
                self._query.remove_observer(self)
                query.add_observer(self)
            self._query = query
        return query

    def _stale(self, query: Query) -> bool:
        return self._options.enabled is not False and query.is_stale_by_time(
            self._options.stale_time
        )

    def _fetches_on_mount(self, query: Query) -> bool:
        if self._options.enabled is False:
            return False
        if query.state.data is UNSET:
            return True
        on_mount = self._options.refetch_on_mount
        if self._options.stale_time == "static" or on_mount is False:
            return False
        return on_mount == "always" or self._stale(query)

    def _result(self, query: Query) -> QueryResult:
        state = query.state
        return QueryResult(
            data=None if state.data is UNSET else state.data,
            has_data=state.data is not UNSET,
            status=state.status,
            fetch_status=state.fetch_status,
            error=state.error,
            data_updated_at=state.data_updated_at,
            error_updated_at=state.error_updated_at,
            error_update_count=state.error_update_count,
            failure_count=state.failure_count,
            failure_reason=state.failure_reason,
            is_stale=self._stale(query),
            is_fetched=state.data_update_count + state.error_update_count > 0,
            is_enabled=self._options.enabled is not False,
        )

    def _arm_stale_timer(self) -> None:
        self._clear_stale_timer()
        stale_time = self._options.stale_time
        if not self._listeners or self._last is None or self._last.is_stale:
            return
        if stale_time is None or stale_time == "static" or math.isinf(seconds(stale_time)):
            return
        wait = self._query.time_until_stale(stale_time) + STALE_MARGIN
        self._stale_timer = self._env.clock.call_later(wait, self._turned_stale)

    def _clear_stale_timer(self) -> None:
        if self._stale_timer is not None:
            self._stale_timer.cancel()
            self._stale_timer = None

    def _turned_stale(self) -> None:
        with self._env.delivery.locked():
            if self._listeners:
                self.on_query_update()

    def __repr__(self) -> str:
        result = self.result
        return (
            f"QueryObserver({list(self._options.query_key)}, {result.status}/{result.fetch_status})"
        )
