"""A query as a user holds it: read it, wait for it, watch it.

While somebody subscribes, the entry stays in the cache and is fetched by the rules of its options. An
observer nobody subscribes to costs nothing and keeps nothing alive; it reads the cache when asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.asking import Asking
from kaizen_widgets.query.fetch_conditions import (
    fetches_on_mount,
    is_enabled,
    is_stale,
    wants_fetch,
)
from kaizen_widgets.query.host import Host
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.observer_timers import ObserverTimers
from kaizen_widgets.query.options import QueryOptions, make, resolve
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import FetchStatus, QueryStatus
from kaizen_widgets.query.structural_sharing import same


class QueryObserver(Asking):
    """One query, seen with one set of options. Callable from any thread.

    Args:
        client: Whose cache.
        options: The query's options; or name them.
    """

    def __init__(self, client: Host, options: QueryOptions | None = None, **named: Any) -> None:
        with client.environment.notifier.locked():
            made = make(QueryOptions, options, named)
            super().__init__(client, self._defaulted(client, made))
            self._timers = ObserverTimers(self._env.clock, self._turned_stale, self._interval)
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
        with self._env.notifier.locked():
            if not self._listeners:
                # Reading makes no entry: once it was collected, the last one answers.
                self._take(self._client.query_cache.current(self._query) or self._query)
                if not self._is_current():
                    self._update()
            elif self._view.state is not self._query.state:
                self._update()
            return self.get_current_result()

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
        with self._env.notifier.locked():
            return is_stale(self._options, self._query)

    @property
    def was_stale(self) -> bool:
        """Whether it found the data stale when it last looked."""
        return self.get_current_result().is_stale

    @property
    def updated_at(self) -> datetime | None:
        """When the data came, in UTC, or None."""
        return self.result.updated_at

    # --------------------------------------------------------------- watching

    def subscribe(self, listener: Callable[[QueryResult], object]) -> Callable[[], None]:
        """Call ``listener`` with each new result; return what ends that.

        The first listener mounts the observer, which fetches data that is missing or stale.
        """
        with self._env.notifier.locked():
            leave = joined(self._listeners, listener, self._env.notifier.locked, self._left)
            if len(self._listeners) == 1:
                self._query.add_observer(self)
                if fetches_on_mount(self._options, self._query):
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
        with self._env.notifier.locked():
            before, old = self._options, self._query
            self._options = self._defaulted(self._client, make(QueryOptions, options, named))
            self._take(self._client.query_cache.build(self._options))
            query = self._query
            query.set_options(self._options)
            mounted = bool(self._listeners)
            moved = query is not old
            was_enabled = is_enabled(before, query)
            if mounted and (moved or not was_enabled) and is_stale(self._options, query):
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
                self._timers.arm_interval(every, enabled=is_enabled(self._options, query))

    def on_query_update(self) -> None:
        """Compute the result and tell the listeners if it differs; for the query, under its lock."""
        self._update()
        if self._listeners:
            self._arm()

    def wants_fetch_on(self, event: str) -> bool:
        """Return whether it wants a fetch on ``focus`` or ``reconnect``; for the query."""
        options = self._options
        if event == "focus":
            return wants_fetch(options, self._query, options.refetch_on_window_focus)
        return wants_fetch(options, self._query, options.refetch_on_reconnect)

    # ---------------------------------------------------------------- judging

    @staticmethod
    def _defaulted(client: Host, options: QueryOptions) -> QueryOptions:
        options = client.default_query_options(options)
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
            and self.was_stale is is_stale(self._options, self._query)
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
                self._env.notifier.post(partial(listener, result))

    def _worth_telling(self, last: QueryResult, result: QueryResult) -> bool:
        names = self._options.notify_on_change_props
        if names is None or (self._options.throw_on_error and last.error is not result.error):
            return True
        return any(not same(getattr(last, name), getattr(result, name)) for name in names)

    # ----------------------------------------------------------------- timers

    def _arm(self) -> None:
        self._arm_stale()
        every = resolve(self._options.refetch_interval, self._query)
        if every is not None or self._timers.every is not None:
            self._timers.arm_interval(every, enabled=is_enabled(self._options, self._query))

    def _arm_stale(self) -> None:
        stale_time = resolve(self._options.stale_time, self._query)
        wait = None
        if (
            stale_time not in (None, "static", math.inf)
            and not self.was_stale
            and is_enabled(self._options, self._query)
        ):
            wait = self._query.time_until_stale(stale_time)
        self._timers.arm_stale(wait)

    def _turned_stale(self) -> None:
        with self._env.notifier.locked():
            if self._listeners and not self.was_stale:
                self._update()

    def _interval(self) -> None:
        with self._env.notifier.locked():
            background = self._options.refetch_interval_in_background
            if self._listeners and (background or self._env.focus.is_focused):
                self._execute()

    def __repr__(self) -> str:
        result = self.result
        return (
            f"{type(self).__name__}({list(self._options.query_key)}, "
            f"{result.status}/{result.fetch_status})"
        )
