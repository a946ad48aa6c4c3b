"""QueryObserver: a query with one set of options, to read, wait for and subscribe to.

While it has subscribers, the query stays in the cache and is fetched as the options say. Without them an
observer costs nothing and keeps nothing alive; it reads the cache when asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from kaizen_widgets.core.background import Pending
from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.fetch_conditions import (
    is_enabled,
    is_stale,
    should_fetch_on,
    should_fetch_on_mount,
)
from kaizen_widgets.query.futures import completed_future, derived_future
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.observer_timers import ObserverTimers
from kaizen_widgets.query.options import QueryOptions, build_options, resolve_option
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET, Direction, FetchStatus, QueryStatus
from kaizen_widgets.query.result_builder import ResultBuilder
from kaizen_widgets.query.structural_sharing import is_same_value
from kaizen_widgets.query.user_functions import listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient


class QueryObserver:
    """Observes one query. Callable from any thread.

    Args:
        client: Query client whose cache it reads.
        options: Options of the query.
        **named: Options by name, in place of those in ``options``.

    Raises:
        QueryError: There is no such option, or no query key.
    """

    def __init__(
        self, client: QueryClient, options: QueryOptions | None = None, **named: Any
    ) -> None:
        self._client = client
        self._env = client.environment
        with self._env.notifier.locked():
            self._options = self._with_defaults(build_options(QueryOptions, options, named))
            self._listeners: list[Callable[[QueryResult], object]] = []
            self._builder = ResultBuilder(self._env.now)
            self._timers = ObserverTimers(self._env.clock, self._on_stale, self._on_interval)
            self._query = client.query_cache.build(self._options)
            self._first_state = self._query.state
            self._query.set_options(self._options)
            self._update_result()

    def _with_defaults(self, options: QueryOptions) -> QueryOptions:
        options = self._client.default_query_options(options)
        if not options.query_key:
            raise QueryError("A query needs a query_key, such as ('agents', 'list').")
        return options

    # ---------------------------------------------------------------- reading

    @property
    def client(self) -> QueryClient:
        """The `QueryClient` whose cache it reads."""
        return self._client

    @property
    def options(self) -> QueryOptions:
        """The options, defaults filled in."""
        return self._options

    @property
    def query(self) -> Query:
        """The cache entry it observes."""
        return self._query

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._listeners)

    @property
    def result(self) -> QueryResult:
        """Data, status and everything else, all of the same moment."""
        with self._env.notifier.locked():
            if not self._listeners:
                # Reading creates no entry: after the entry was collected, the last one answers.
                self._set_query(self._client.query_cache.current(self._query) or self._query)
                if not self._is_result_current():
                    self._update_result()
            elif self._builder.state is not self._query.state:
                self._update_result()
            return self.get_current_result()

    def get_current_result(self) -> QueryResult:
        """Return the last result as it is, without checking whether it is still current."""
        assert self._builder.result is not None  # noqa: S101 - the constructor builds one
        return self._builder.result

    @property
    def data(self) -> Any:
        """What the function last returned; None while there is no data."""
        return self.result.data

    @property
    def status(self) -> QueryStatus:
        """``pending``, ``success`` or ``error``."""
        return self.result.status

    @property
    def fetch_status(self) -> FetchStatus:
        """``fetching``, ``paused`` or ``idle``."""
        return self.result.fetch_status

    @property
    def error(self) -> BaseException | None:
        """Why the last fetch failed, or None."""
        return self.result.error

    @property
    def is_stale(self) -> bool:
        """Whether the data is missing, invalidated or too old."""
        with self._env.notifier.locked():
            return is_stale(self._options, self._query)

    @property
    def updated_at(self) -> datetime | None:
        """When the data was received, in UTC, or None."""
        return self.result.updated_at

    # --------------------------------------------------------------- fetching

    def start(self) -> Self:
        """Start a fetch if a newly mounted observer would; return self without waiting."""
        with self._env.notifier.locked():
            self._set_query(self._client.query_cache.build(self._options))
            if should_fetch_on_mount(self._options, self._query):
                self._query.fetch(self._options)
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the data; fetch it first if it is missing or stale.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It took longer; the fetch continues.
            QueryError: The query is disabled and has no data.
        """
        return self._fetch_if_stale().wait(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        """Await the data, as `wait` does."""
        return self._fetch_if_stale().__await__()

    def refetch(self, *, cancel_refetch: bool = True, throw_on_error: bool = True) -> Pending[Any]:
        """Fetch even if the data is fresh; return a handle on the new data.

        Args:
            cancel_refetch: Restart a running fetch if there is data already; otherwise join it.
            throw_on_error: Raise the fetch's error; otherwise give the existing data.
        """
        return self._refetch(cancel_refetch, throw_on_error)

    def _refetch(
        self, cancel_refetch: bool, throw_on_error: bool, direction: Direction | None = None
    ) -> Pending[Any]:
        with self._env.notifier.locked():
            self._set_query(self._client.query_cache.build(self._options))
            outcome = self._query.fetch(
                self._options, cancel_refetch=cancel_refetch, direction=direction
            )
            outcome.add_done_callback(self._on_fetched)
            data = derived_future(outcome, self._select)
            if not throw_on_error:
                data = derived_future(data, or_else=lambda: self.get_current_result().data)
            return Pending(data, self._env.loop)

    def _fetch_if_stale(self) -> Pending[Any]:
        with self._env.notifier.locked():
            query = self._client.query_cache.build(self._options)
            self._set_query(query)
            is_idle = query.state.fetch_status == "idle"
            if not is_enabled(self._options, query):
                if query.state.data is UNSET:
                    raise QueryError(
                        f"Query {list(query.key)} is not enabled and has no data; use refetch().",
                        key=query.key,
                    )
                outcome = completed_future(query.state.data)
            elif is_idle and not is_stale(self._options, query):
                outcome = completed_future(query.state.data)
            else:
                outcome = query.fetch(self._options)
            return Pending(derived_future(outcome, self._select), self._env.loop)

    def _fetch(self) -> None:
        # The entry may have been removed from the cache in the meantime.
        self._set_query(self._client.query_cache.build(self._options))
        self._query.fetch(self._options)

    def _select(self, data: Any) -> Any:
        """Return the result of ``select``, which has already run if ``data`` is what is shown."""
        with self._env.notifier.locked():
            select, state, result = self._options.select, self._builder.state, self._builder.result
            if select is None:
                return data
            is_shown = state is not None and state.data is data
            if is_shown and result is not None and result.is_success:
                return result.data
        return call_fitting(select, data)

    def _on_fetched(self, outcome: Future[Any]) -> None:
        # An observer with listeners is notified by the query, which never does so during a key change.
        with self._env.notifier.locked():
            if not self._listeners:
                self._update_result()

    # ------------------------------------------------------------ subscribing

    def subscribe(
        self, listener: Callable[[QueryResult], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` with each new result; return the unsubscribe function.

        The first listener mounts the observer, which then fetches missing or stale data.
        """
        with self._env.notifier.locked():
            unsubscribe = add_listener(
                self._listeners,
                listener_call(listener, 1),
                self._env.notifier.locked,
                self._on_unsubscribe,
            )
            if len(self._listeners) == 1:
                self._query.add_observer(self)
                if should_fetch_on_mount(self._options, self._query):
                    self._fetch()
                else:
                    self._update_result()
                self._set_timers()
        return unsubscribe

    def _on_unsubscribe(self) -> None:
        if not self._listeners:
            self._timers.clear()
            self._query.remove_observer(self)

    def set_options(self, options: QueryOptions | None = None, **named: Any) -> None:
        """Take other options; another key moves the observer to that key's query.

        With subscribers, it fetches stale data if the key changed or the observer was disabled before.
        """
        with self._env.notifier.locked():
            before, old_query = self._options, self._query
            self._options = self._with_defaults(build_options(QueryOptions, options, named))
            self._set_query(self._client.query_cache.build(self._options))
            query = self._query
            query.set_options(self._options)
            is_mounted = bool(self._listeners)
            has_moved = query is not old_query
            was_enabled = is_enabled(before, query)
            if is_mounted and (has_moved or not was_enabled) and is_stale(self._options, query):
                self._fetch()
            self._update_result()
            if is_mounted:
                self._reset_timers(before, has_moved)

    def on_query_update(self) -> None:
        """Update the result and notify listeners if it changed; called by the query, under its lock."""
        self._update_result()
        if self._listeners:
            self._set_timers()

    def should_fetch_on_window_focus(self) -> bool:
        """Return whether it should fetch now that the window is focused again."""
        return should_fetch_on(self._options, self._query, self._options.refetch_on_window_focus)

    def should_fetch_on_reconnect(self) -> bool:
        """Return whether it should fetch now that the network is back."""
        return should_fetch_on(self._options, self._query, self._options.refetch_on_reconnect)

    def _set_query(self, query: Query) -> None:
        """Observe ``query`` from now on."""
        old = self._query
        if query is old:
            return
        self._query, self._first_state = query, query.state
        if self._listeners:
            old.remove_observer(self)
            query.add_observer(self)

    def _is_result_current(self) -> bool:
        """Return whether the last result is still right, without building another."""
        builder, options = self._builder, self._options
        return (
            builder.state is self._query.state
            and builder.options is options
            and not callable(options.enabled)
            and self.get_current_result().is_stale is is_stale(self._options, self._query)
        )

    def _update_result(self) -> None:
        last = self._builder.result
        if not self._builder.update(self._query, self._options, self._first_state):
            return
        result = self.get_current_result()
        if last is None or self._should_notify(last, result):
            for listener in tuple(self._listeners):
                self._env.notifier.post(listener, result)

    def _should_notify(self, last: QueryResult, result: QueryResult) -> bool:
        names = self._options.notify_on_change_props
        if names is None or (self._options.throw_on_error and last.error is not result.error):
            return True
        return any(not is_same_value(getattr(last, name), getattr(result, name)) for name in names)

    # ----------------------------------------------------------------- timers

    def _set_timers(self) -> None:
        self._set_stale_timer()
        interval = resolve_option(self._options.refetch_interval, self._query)
        if interval is not None or self._timers.interval is not None:
            self._timers.set_interval(interval, enabled=is_enabled(self._options, self._query))

    def _reset_timers(self, before: QueryOptions, has_moved: bool) -> None:
        """Restart the timers that other options affect.

        Args:
            before: Options until now.
            has_moved: Whether the observer moved to another query.
        """
        query, options = self._query, self._options
        was_enabled = resolve_option(before.enabled, query)
        has_changed = has_moved or was_enabled is not resolve_option(options.enabled, query)
        stale_time = resolve_option(options.stale_time, query)
        if has_changed or not is_same_value(stale_time, resolve_option(before.stale_time, query)):
            self._set_stale_timer()
        interval = resolve_option(options.refetch_interval, query)
        if has_changed or (interval or None) != (self._timers.interval or None):
            self._timers.set_interval(interval, enabled=is_enabled(options, query))

    def _set_stale_timer(self) -> None:
        stale_time = resolve_option(self._options.stale_time, self._query)
        seconds = None
        if (
            stale_time not in (None, "static", math.inf)
            and not self.get_current_result().is_stale
            and is_enabled(self._options, self._query)
        ):
            seconds = self._query.time_until_stale(stale_time)
        self._timers.set_stale_in(seconds)

    def _on_stale(self) -> None:
        with self._env.notifier.locked():
            if self._listeners and not self.get_current_result().is_stale:
                self._update_result()

    def _on_interval(self) -> None:
        with self._env.notifier.locked():
            in_background = self._options.refetch_interval_in_background
            if self._listeners and (in_background or self._env.focus.is_focused):
                self._fetch()

    def __repr__(self) -> str:
        result = self.result
        return (
            f"{type(self).__name__}({list(self._options.query_key)}, "
            f"{result.status}/{result.fetch_status})"
        )
