"""A query as a user holds it: read it, wait for it, watch it.

While somebody subscribes, the entry stays in the cache and is fetched by the rules of its options. An
observer nobody subscribes to costs nothing and keeps nothing alive; it reads the cache when asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any

from kaizen_widgets.background import Pending
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import branch, resolved
from kaizen_widgets.query.host import Host
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.options import QueryOptions, make, resolve
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.result import QueryResult
from kaizen_widgets.query.sharing import same
from kaizen_widgets.query.state import UNSET, Direction, FetchStatus, QueryStatus
from kaizen_widgets.query.timers import WatchTimers
from kaizen_widgets.query.view import View


class QueryObserver:
    """One query, seen with one set of options. Callable from any thread.

    Args:
        client: Whose cache.
        options: The query's options; or name them.
    """

    def __init__(self, client: Host, options: QueryOptions | None = None, **named: Any) -> None:
        self._client = client
        self._env = client.environment
        self._listeners: list[Callable[[QueryResult], object]] = []
        self._view = View(self._env.now)
        self._timers = WatchTimers(self._env.clock, self._turned_stale, self._interval)
        self._options = self._defaulted(make(QueryOptions, options, named))
        with self._env.delivery.locked():
            self._query = client.query_cache.build(self._options)
            self._since = self._query.state
            self._query.set_options(self._options)
            self._update()

    # ---------------------------------------------------------------- reading

    @property
    def client(self) -> Any:
        """The `QueryClient` whose cache it reads."""
        return self._client

    @property
    def options(self) -> QueryOptions:
        """The options, the defaults filled in."""
        return self._options

    @property
    def query(self) -> Query:
        """The entry it observes."""
        return self._query

    @property
    def result(self) -> QueryResult:
        """Everything about this moment at once."""
        with self._env.delivery.locked():
            if not self._listeners:
                # Reading makes no entry: once it was collected, the last one answers.
                self._take(self._client.query_cache.current(self._query) or self._query)
                if not self._is_current():
                    self._update()
            elif self._view.state is not self._query.state:
                self._update()
            return self.get_current_result()

    def get_current_result(self) -> QueryResult:
        """Return the last result as it was made, without looking whether it still holds."""
        assert self._view.result is not None  # noqa: S101 - the constructor makes one
        return self._view.result

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
        """``fetching``, ``paused`` or ``idle``."""
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
    def was_stale(self) -> bool:
        """Whether it found the data stale when it last looked."""
        return self.get_current_result().is_stale

    @property
    def updated_at(self) -> datetime | None:
        """When the data came, in UTC, or None."""
        return self.result.updated_at

    # --------------------------------------------------------------- fetching

    def start(self) -> QueryObserver:
        """Fetch if a new observer would, without waiting; return self."""
        with self._env.delivery.locked():
            self._take(self._client.query_cache.build(self._options))
            if self._fetches_on_mount(self._query):
                self._query.fetch(self._options)
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

    def refetch(self, *, cancel_refetch: bool = True, throw_on_error: bool = True) -> Pending[Any]:
        """Fetch even if the data is fresh; return a handle on the new data.

        Args:
            cancel_refetch: Start anew where a fetch runs and there is data already.
            throw_on_error: Raise what made it fail; otherwise give the data that is there.
        """
        return self._refetch(cancel_refetch, throw_on_error)

    def refetch_quietly(self) -> None:
        """Fetch, or join the fetch under way; for the query, under its lock."""
        self._refetch(False, False)

    def _refetch(
        self, cancel_refetch: bool, throw: bool, direction: Direction | None = None
    ) -> Pending[Any]:
        with self._env.delivery.locked():
            self._take(self._client.query_cache.build(self._options))
            outcome = self._query.fetch(
                self._options, cancel_refetch=cancel_refetch, direction=direction
            )
            outcome.add_done_callback(self._fetched)
            data = branch(outcome, self._selected)
            if not throw:
                data = branch(data, or_else=lambda: self.get_current_result().data)
            return Pending(data, self._env.loop)

    def _selected(self, data: Any) -> Any:
        """Return what ``select`` makes of ``data``; it ran already if that is what is shown."""
        with self._env.delivery.locked():
            select, state, result = self._options.select, self._view.state, self._view.result
            if select is None:
                return data
            if (
                state is not None
                and state.data is data
                and result is not None
                and result.is_success
            ):
                return result.data
        return select(data)

    def _fetched(self, outcome: Future[Any]) -> None:
        # Who is watched heard of it from the query, at a better moment than amid a change of key.
        with self._env.delivery.locked():
            if not self._listeners:
                self._update()

    def _fresh(self) -> Pending[Any]:
        with self._env.delivery.locked():
            query = self._client.query_cache.build(self._options)
            self._take(query)
            idle = query.state.fetch_status == "idle"
            if resolve(self._options.enabled, query) is False:
                if query.state.data is UNSET:
                    raise QueryError(
                        f"Query {list(query.key)} is not enabled and has no data; use refetch().",
                        key=query.key,
                    )
                outcome = resolved(query.state.data)
            elif idle and not self._stale(query):
                outcome = resolved(query.state.data)
            else:
                outcome = query.fetch(self._options)
            return Pending(branch(outcome, self._selected), self._env.loop)

    # --------------------------------------------------------------- watching

    def subscribe(self, listener: Callable[[QueryResult], object]) -> Callable[[], None]:
        """Call ``listener`` with each new result; return what ends that.

        The first listener mounts the observer, which fetches data that is missing or stale.
        """
        with self._env.delivery.locked():
            leave = joined(self._listeners, listener, self._env.delivery.locked, self._left)
            if len(self._listeners) == 1:
                self._query.add_observer(self)
                if self._fetches_on_mount(self._query):
                    self._execute()
                else:
                    self._update()
                self._arm()

        return leave

    def _left(self) -> None:
        if not self._listeners:
            self._timers.clear()
            self._query.remove_observer(self)

    def set_options(self, options: QueryOptions | None = None, **named: Any) -> None:
        """Take other options; another key moves the observer to that query.

        Fetches if somebody subscribes and the key changed or the observer was disabled, and the
        data is stale.
        """
        with self._env.delivery.locked():
            before, old = self._options, self._query
            self._options = self._defaulted(make(QueryOptions, options, named))
            self._take(self._client.query_cache.build(self._options))
            query = self._query
            query.set_options(self._options)
            mounted = bool(self._listeners)
            moved = query is not old
            was_enabled = resolve(before.enabled, query) is not False
            if mounted and (moved or not was_enabled) and self._stale(query):
                self._execute()
            self._update()
            if not mounted:
                return
            was, now = resolve(before.enabled, query), resolve(self._options.enabled, query)
            moved = moved or was is not now
            stale_time = resolve(self._options.stale_time, query)
            if moved or not same(stale_time, resolve(before.stale_time, query)):
                self._arm_stale()
            every = resolve(self._options.refetch_interval, query)
            if moved or (every or None) != (self._timers.every or None):
                self._timers.arm_interval(every, enabled=self._enabled(query))

    def on_query_update(self) -> None:
        """Compute the result and tell the listeners if it differs; for the query, under its lock."""
        self._update()
        if self._listeners:
            self._arm()

    def wants_fetch_on(self, event: str) -> bool:
        """Return whether it wants a fetch on ``focus`` or ``reconnect``; for the query."""
        options = self._options
        if event == "focus":
            return self._wants_fetch(self._query, options.refetch_on_window_focus)
        return self._wants_fetch(self._query, options.refetch_on_reconnect)

    # ---------------------------------------------------------------- judging

    def _defaulted(self, options: QueryOptions) -> QueryOptions:
        options = self._client.default_query_options(options)
        if not options.query_key:
            raise QueryError("A query needs a query_key, such as ('agents', 'list').")
        return options

    def _is_current(self) -> bool:
        """Return whether the last result still holds, without making another."""
        view, options = self._view, self._options
        return (
            view.state is self._query.state
            and view.options is options
            and not callable(options.enabled)
            and self.was_stale is self._stale(self._query)
        )

    def _take(self, query: Query) -> None:
        """Observe ``query`` from now on."""
        old = self._query
        if query is old:
            return
        self._query, self._since = query, query.state
        if self._listeners:
            old.remove_observer(self)
            query.add_observer(self)

    def _execute(self) -> None:
        # The entry may have been removed from the cache meanwhile.
        self._take(self._client.query_cache.build(self._options))
        self._query.fetch(self._options)

    def _update(self) -> None:
        last = self._view.result
        if not self._view.look(self._query, self._options, self._since):
            return
        result = self.get_current_result()
        if last is None or self._worth_telling(last, result):
            for listener in tuple(self._listeners):
                self._env.delivery.post(partial(listener, result))

    def _worth_telling(self, last: QueryResult, result: QueryResult) -> bool:
        names = self._options.notify_on_change_props
        if names is None or (self._options.throw_on_error and last.error is not result.error):
            return True
        return any(not same(getattr(last, name), getattr(result, name)) for name in names)

    def _enabled(self, query: Query) -> bool:
        return resolve(self._options.enabled, query) is not False

    def _stale(self, query: Query) -> bool:
        return self._enabled(query) and query.is_stale_by_time(
            resolve(self._options.stale_time, query)
        )

    def _wants_fetch(self, query: Query, when: Any) -> bool:
        if not self._enabled(query) or resolve(self._options.stale_time, query) == "static":
            return False
        when = resolve(when, query)
        return when == "always" or (when is not False and self._stale(query))

    def _fetches_on_mount(self, query: Query) -> bool:
        if query.state.data is not UNSET:
            return self._wants_fetch(query, self._options.refetch_on_mount)
        failed = query.state.status == "error"
        return self._enabled(query) and not (
            failed and resolve(self._options.retry_on_mount, query) is False
        )

    # ----------------------------------------------------------------- timers

    def _arm(self) -> None:
        self._arm_stale()
        every = resolve(self._options.refetch_interval, self._query)
        if every is not None or self._timers.every is not None:
            self._timers.arm_interval(every, enabled=self._enabled(self._query))

    def _arm_stale(self) -> None:
        stale_time = resolve(self._options.stale_time, self._query)
        wait = None
        if (
            stale_time not in (None, "static", math.inf)
            and not self.was_stale
            and self._enabled(self._query)
        ):
            wait = self._query.time_until_stale(stale_time)
        self._timers.arm_stale(wait)

    def _turned_stale(self) -> None:
        with self._env.delivery.locked():
            if self._listeners and not self.was_stale:
                self._update()

    def _interval(self) -> None:
        with self._env.delivery.locked():
            background = self._options.refetch_interval_in_background
            if self._listeners and (background or self._env.focus.is_focused):
                self._execute()

    def __repr__(self) -> str:
        result = self.result
        return (
            f"{type(self).__name__}({list(self._options.query_key)}, "
            f"{result.status}/{result.fetch_status})"
        )
