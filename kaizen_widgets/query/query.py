"""Query: one cache entry. It fetches its data and knows its age and its observers.

All methods are called under the client's lock, from any thread. The query function itself runs on the
background loop without the lock, one fetch at a time; the late result of a fetch that was cancelled or
replaced is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query.futures import completed_future
from kaizen_widgets.query.gc_timer import GcTimer
from kaizen_widgets.query.infinite_pages import page_fetcher
from kaizen_widgets.query.options import SKIP, QueryOptions, resolve_option, to_seconds
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_state import UNSET, Direction, QueryState
from kaizen_widgets.query.retryer import Retryer, RetryerCallbacks, can_fetch
from kaizen_widgets.query.running_fetch import QueryContext, RunningFetch
from kaizen_widgets.query.structural_sharing import replace_data
from kaizen_widgets.query.user_functions import as_failure, listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.query_cache import QueryCache
    from kaizen_widgets.query.query_observer import QueryObserver

# Times since the epoch are floats, exact to a microsecond; data this close to stale is stale.
EPSILON = 0.0001


class Query:
    """One entry of the query cache.

    Args:
        cache: Cache that holds the entry.
        query_hash: Hash of the key.
        options: Options, defaults filled in.
        state: State to start with, such as a restored one; by default that of the initial data.

    Attributes:
        key: Key of the query.
        hash: Hash of the key.
        options: Options of the last fetch or observer.
        state: What is known now.
        observers: Subscribed observers, in order of arrival.
        infinite: Whether the data consists of pages.
    """

    def __init__(
        self,
        cache: QueryCache,
        query_hash: str,
        options: QueryOptions,
        state: QueryState | None = None,
    ) -> None:
        self._cache = cache
        self._env = cache.environment
        self._gc = GcTimer(self._env.clock, self._collect)
        self._initial_state = self._state_of_initial_data(options)
        self.key: QueryKey = options.query_key
        self.hash = query_hash
        self.options = options
        self.state = self._initial_state if state is None else state
        self.observers: list[QueryObserver] = []
        self.infinite = False
        self._fetch: RunningFetch | None = None
        self._abandoned_fetch: RunningFetch | None = None
        self._is_signal_consumed = False
        self._revert_state = self.state
        self.set_options(options)
        self._gc.start()

    # ---------------------------------------------------------------- reading

    @property
    def meta(self) -> Any:
        """The ``meta`` of the options, possibly empty."""
        return self.options.meta or {}

    @property
    def is_active(self) -> bool:
        """Whether an enabled observer is subscribed."""
        return any(
            resolve_option(observer.options.enabled, self) is not False
            for observer in self.observers
        )

    @property
    def is_disabled(self) -> bool:
        """Whether bulk fetches skip it: all its observers are disabled, or it was never fetched."""
        if self.observers:
            return not self.is_active
        return self.options.query_fn is SKIP or not self.state.is_fetched

    @property
    def is_static(self) -> bool:
        """Whether it has data that an observer declares static."""
        return self.state.data is not UNSET and any(
            resolve_option(observer.options.stale_time, self) == "static"
            for observer in self.observers
        )

    @property
    def is_stale(self) -> bool:
        """Whether an observer considers it stale; without observers, whether it lacks valid data."""
        if self.observers:
            return any(observer.get_current_result().is_stale for observer in self.observers)
        return self.state.data is UNSET or self.state.is_invalidated

    def is_stale_by_time(self, stale_time: Any) -> bool:
        """Return whether the data is missing, invalidated, or at least ``stale_time`` seconds old."""
        if self.state.data is UNSET:
            return True
        if stale_time == "static":
            return False
        if stale_time == math.inf:
            return self.state.is_invalidated
        return self.state.is_invalidated or self.time_until_stale(stale_time) == 0

    def time_until_stale(self, stale_time: Any) -> float:
        """Return the seconds until the data is ``stale_time`` seconds old."""
        fresh_for = 0.0 if stale_time is None else to_seconds(stale_time)
        left = self.state.data_updated_at + fresh_for - self._env.now()
        return left if left > EPSILON else 0.0

    # ---------------------------------------------------------------- writing

    def set_options(self, options: QueryOptions) -> None:
        """Take other options. The longest ``gc_time`` counts; initial data fills an empty entry."""
        self.options = options
        self.infinite = self.infinite or bool(options.infinite)
        self._gc.extend(options.gc_time)
        if self.state.data is UNSET and options.initial_data is not UNSET:
            initial = self._state_of_initial_data(options)
            if initial.data is not UNSET:
                self.set_state(self.state.with_initial_data(initial.data, initial.data_updated_at))
                self._initial_state = initial

    def set_data(self, data: Any, updated_at: float | None = None) -> Any:
        """Write data by hand; return it after structural sharing.

        A running fetch continues, and cancelling it returns to this data.

        Args:
            data: The data.
            updated_at: Seconds since the epoch, instead of now.
        """
        data = self._shared_with_old(data)
        at = self._env.now() if updated_at is None else updated_at
        self._revert_state = self.state.with_data(data, at, manual=True)
        self.set_state(self._revert_state)
        return data

    def set_state(self, state: QueryState) -> None:
        """Take a state, and notify observers and cache listeners."""
        self.state = state
        if self.observers:
            for observer in tuple(self.observers):
                observer.on_query_update()
        self._cache.notify("updated", self)

    def invalidate(self) -> None:
        """Mark the data as stale."""
        if not self.state.is_invalidated:
            self.set_state(self.state.with_invalidation())

    def reset(self) -> None:
        """Return to the initial state and stop the running fetch.

        Its waiters get the next fetch's data; without a next fetch, `refuse_abandoned` ends their wait.
        """
        # As in query-core, an idle entry is not collected until it is fetched or observed again.
        self._gc.cancel()
        if self._fetch is not None:
            self._abandoned_fetch = self._fetch
            self._abort_fetch()
            self._start_gc()
        self.set_state(self._initial_state)

    def destroy(self) -> None:
        """Leave the cache: no timer and no fetch; observers keep their last result."""
        if self._fetch is not None:
            self.cancel(silent=True)
        self._gc.cancel()

    def _state_of_initial_data(self, options: QueryOptions) -> QueryState:
        data = options.initial_data
        data = data() if callable(data) else data
        if data is UNSET:
            return QueryState()
        at = options.initial_data_updated_at
        at = at() if callable(at) else at
        return QueryState(
            data=data, data_updated_at=self._env.now() if at is None else at, status="success"
        )

    def _shared_with_old(self, data: Any) -> Any:
        return replace_data(self.options.structural_sharing, self.state.data, data)

    # -------------------------------------------------------------- observers

    def add_observer(self, observer: QueryObserver) -> None:
        """Add an observer; the entry is not collected while it has one."""
        if observer not in self.observers:
            self.observers.append(observer)
            self._gc.cancel()
            self._cache.notify("observer_added", self)

    def remove_observer(self, observer: QueryObserver) -> None:
        """Remove an observer. The last one stops retries, and a function that read its signal."""
        if observer not in self.observers:
            return
        self.observers.remove(observer)
        if not self.observers:
            if self._fetch is not None:
                is_waiting = self.state.fetch_status == "paused" and self.state.status == "pending"
                if self._is_signal_consumed or is_waiting:
                    self.cancel(revert=True)
                else:
                    self._fetch.retryer.is_retry_cancelled = True
                    # A function about to be called may still read the signal, and is then stopped.
                    self._fetch.was_left_early = self._fetch.is_attempt_due
            self._start_gc()
        self._cache.notify("observer_removed", self)

    def on_focus(self) -> None:
        """Refetch for the first observer that wants it after a window focus; resume a paused fetch."""
        self._refetch_for_first(lambda observer: observer.should_fetch_on_window_focus())

    def on_online(self) -> None:
        """Refetch for the first observer that wants it after a reconnect; resume a paused fetch."""
        self._refetch_for_first(lambda observer: observer.should_fetch_on_reconnect())

    def _refetch_for_first(self, should_fetch: Callable[[QueryObserver], bool]) -> None:
        observer = next(filter(should_fetch, self.observers), None)
        if observer is not None:
            observer.refetch(cancel_refetch=False, throw_on_error=False)
        if self._fetch is not None:
            self._fetch.retryer.resume()

    # --------------------------------------------------------------- fetching

    def fetch(
        self,
        options: QueryOptions | None = None,
        *,
        cancel_refetch: bool = False,
        direction: Direction | None = None,
    ) -> Future[Any]:
        """Start a fetch, or join the running one; return its outcome.

        Args:
            options: Options to take first, if a fetch starts.
            cancel_refetch: Restart a running fetch if there is data already.
            direction: For an infinite query, where one more page goes.
        """
        outcome: Future[Any] | None = None
        if self._fetch is not None:
            if self.state.data is UNSET or not cancel_refetch:
                self._fetch.retryer.is_retry_cancelled = self._fetch.was_left_early = False
                return self._fetch.outcome
            outcome = self._fetch.outcome
            self._abort_fetch()
        elif self._abandoned_fetch is not None:
            outcome, self._abandoned_fetch = self._abandoned_fetch.outcome, None
        if options is not None:
            self.set_options(options)
        if self.options.query_fn is None:
            self._take_options_with_function()
        fetch = RunningFetch(self._on_signal_consumed, Future() if outcome is None else outcome)
        self._fetch = fetch
        fetch.retryer = Retryer(
            self._env,
            self._attempt_factory(fetch, direction),
            RetryerCallbacks(
                on_fail=lambda count, error: self.set_state(
                    self.state.with_failed_attempt(count, error)
                ),
                on_pause=lambda: self.set_state(replace(self.state, fetch_status="paused")),
                on_continue=lambda: self.set_state(replace(self.state, fetch_status="fetching")),
                on_success=lambda data: self._on_success(fetch, data),
                on_error=lambda error: self._on_error(fetch, error),
            ),
            retry=self.options.retry,
            retry_delay=self.options.retry_delay,
            network_mode=self.options.network_mode,
        )
        self._revert_state = self.state
        status = "fetching" if can_fetch(self._env, self.options.network_mode) else "paused"
        self.set_state(self.state.with_fetch_started(status, direction))
        fetch.retryer.start()
        return fetch.outcome

    def cancel(self, *, revert: bool = False, silent: bool = False) -> Future[Any]:
        """Stop the running fetch; return a future that ends when it has stopped.

        Args:
            revert: Return to the state before the fetch; waiters get the existing data, or
                `QueryCancelledError` if there is none. Otherwise the fetch counts as failed.
            silent: Leave the state alone; waiters get `QueryCancelledError`.
        """
        fetch = self._fetch
        if fetch is None:
            return completed_future(None)
        if revert:
            self.state = replace(self._revert_state, fetch_status="idle")
        self._abort_fetch()
        if revert:
            self.set_state(self.state)
        if silent:
            fetch.outcome.set_exception(self._cancelled_error())
        elif not revert:
            self._end_with_error(fetch, self._cancelled_error())
        elif self.state.data is UNSET:
            fetch.outcome.set_exception(self._cancelled_error())
        else:
            fetch.outcome.set_result(self.state.data)
        self._start_gc()
        return fetch.outcome

    def refuse_abandoned(self) -> None:
        """End the wait for a fetch that `reset` stopped and no other fetch replaced."""
        fetch, self._abandoned_fetch = self._abandoned_fetch, None
        if fetch is not None:
            fetch.outcome.set_exception(self._cancelled_error())

    def _take_options_with_function(self) -> None:
        """Take the options of the first observer that has a function."""
        for observer in self.observers:
            if observer.options.query_fn is not None:
                self.set_options(observer.options)
                break

    def _attempt_factory(
        self, fetch: RunningFetch, direction: Direction | None
    ) -> Callable[[], Callable[[], Any]]:
        """Return a function that prepares an attempt, which calls the query function set at that moment."""
        options = self.options

        def context(param: Any = UNSET, at: Direction | None = None) -> QueryContext:
            meta = (options if self.infinite else self.options).meta or {}
            return QueryContext(self._cache.client, self.key, meta, fetch, param, at)

        async def fetch_page(param: Any, at: Direction) -> Any:
            if fetch.is_signal_consumed and fetch.signal.aborted:
                raise self._cancelled_error()
            return await context(param, at).call(options.query_fn)

        # As in query-core, all pages of a fetch come from the function it began with.
        fetch_pages = page_fetcher(options, self.state.data, direction, fetch_page)

        def prepare_attempt() -> Callable[[], Any]:
            fetch.is_attempt_due = True
            if self.infinite:
                return fetch_pages
            self._is_signal_consumed = False
            return partial(context().call, self.options.query_fn)

        return prepare_attempt

    def _on_signal_consumed(self, fetch: RunningFetch) -> None:
        self._is_signal_consumed = True
        if fetch.was_left_early:
            with self._env.notifier.locked():
                if self._fetch is fetch and not self.observers:
                    self.cancel(revert=True)

    def _on_success(self, fetch: RunningFetch, data: Any) -> None:
        if data is UNSET:
            error = QueryError(f"The query_fn of {list(self.key)} gave no data.", key=self.key)
            self._on_error(fetch, error)
            return
        try:
            data = self._shared_with_old(data)
        except BaseException as error:  # user code may raise anything
            self._on_error(fetch, as_failure(error))
            return
        self._fetch = None
        self.set_state(self.state.with_data(data, self._env.now(), manual=False))
        self._cache.on_success(self, data)
        self._start_gc()
        fetch.outcome.set_result(data)

    def _on_error(self, fetch: RunningFetch, error: BaseException) -> None:
        self._fetch = None
        self._end_with_error(fetch, error)
        self._start_gc()

    def _end_with_error(self, fetch: RunningFetch, error: BaseException) -> None:
        self.set_state(self.state.with_error(error, self._env.now()))
        self._cache.on_error(self, error)
        fetch.outcome.set_exception(error)

    def _abort_fetch(self) -> None:
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            # As in query-core, pages of a function that never read the signal are fetched to the end.
            fetch.retryer.cancel(stop=not self.infinite or fetch.is_signal_consumed)
            for callback in fetch.signal.abort():
                self._env.notifier.post(listener_call(callback, 0))

    def _cancelled_error(self) -> QueryCancelledError:
        return QueryCancelledError(f"The fetch of {list(self.key)} was cancelled.", key=self.key)

    # ------------------------------------------------------ garbage collection

    def _start_gc(self) -> None:
        if self.observers:
            self._gc.cancel()
        else:
            self._gc.start()

    def _collect(self) -> None:
        with self._env.notifier.locked():
            if not self.observers and self.state.fetch_status == "idle":
                self._cache.remove(self)

    def __repr__(self) -> str:
        return f"Query({list(self.key)}, {self.state.status}/{self.state.fetch_status})"
