"""One entry of the cache: its state, its observers, and at most one fetch at a time.

Everything here is called under the client's lock, from any thread; the function itself runs on the loop,
without the lock. A late answer of a fetch that was cancelled or replaced is dropped.
"""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from kaizen_widgets.clock import Timer, sleep
from kaizen_widgets.errors import QueryCancelledError
from kaizen_widgets.query.fetch import Fetch, QueryContext, call
from kaizen_widgets.query.keys import QueryKey
from kaizen_widgets.query.options import (
    DEFAULT_GC_TIME,
    DEFAULT_RETRY,
    QueryOptions,
    retry_wait,
    seconds,
    should_retry,
)
from kaizen_widgets.query.state import UNSET, QueryState

if TYPE_CHECKING:
    from kaizen_widgets.query.client import QueryClient


class Observer(Protocol):
    """What a query knows of its observers."""

    @property
    def options(self) -> QueryOptions:
        """Its options, defaults filled in."""
        ...

    @property
    def is_stale(self) -> bool:
        """Whether it finds the data stale."""
        ...

    def on_query_update(self) -> None:
        """The query's state changed."""


class Query:
    """One entry.

    Attributes:
        key: Its key.
        hash: The key's hash.
        options: Those of the last fetch or observer.
        state: What is known now.
        observers: Who watches, in order of arrival.
    """

    def __init__(self, client: QueryClient, key_hash: str, options: QueryOptions) -> None:
        self._client = client
        self._env = client.environment
        self.key: QueryKey = options.query_key
        self.hash = key_hash
        self.options = options
        self.state = QueryState()
        self.observers: list[Observer] = []
        self._fetch: Fetch | None = None
        self._abandoned: Fetch | None = None
        self._revert = self.state
        self._gc_time = 0.0
        self._gc_timer: Timer | None = None
        self.set_options(options)
        self._schedule_gc()

    # ---------------------------------------------------------------- reading

    @property
    def is_active(self) -> bool:
        """Whether an enabled observer watches it."""
        return any(observer.options.enabled is not False for observer in self.observers)

    @property
    def is_disabled(self) -> bool:
        """Whether it is not to be fetched along with others: all observers off, or never touched."""
        if self.observers:
            return not self.is_active
        return self.state.data_update_count + self.state.error_update_count == 0

    @property
    def is_static(self) -> bool:
        """Whether there is data that an observer holds for unchangeable."""
        return self.state.data is not UNSET and any(
            observer.options.stale_time == "static" for observer in self.observers
        )

    @property
    def is_stale(self) -> bool:
        """Whether any observer finds it stale; without observers, whether it lacks valid data."""
        if self.observers:
            return any(observer.is_stale for observer in self.observers)
        return self.state.data is UNSET or self.state.is_invalidated

    def is_stale_by_time(self, stale_time: Any) -> bool:
        """Return whether the data is missing, invalidated, or ``stale_time`` seconds old."""
        if self.state.data is UNSET:
            return True
        if stale_time == "static":
            return False
        return self.state.is_invalidated or self.time_until_stale(stale_time) <= 0

    def time_until_stale(self, stale_time: Any) -> float:
        """Return the seconds until the data is ``stale_time`` seconds old."""
        wait = 0.0 if stale_time is None else seconds(stale_time)
        return max(self.state.data_updated_at + wait - self._env.now(), 0.0)

    # --------------------------------------------------------------- changing

    def set_options(self, options: QueryOptions) -> None:
        """Take other options; the longest ``gc_time`` ever seen stays."""
        self.options = options
        gc_time = DEFAULT_GC_TIME if options.gc_time is None else seconds(options.gc_time)
        self._gc_time = max(self._gc_time, gc_time)

    def set_data(self, data: Any, updated_at: float | None = None) -> None:
        """Put data in by hand; a running fetch goes on, and a cancel of it comes back to this."""
        at = self._env.now() if updated_at is None else updated_at
        self._dispatch(self.state.succeeded(data, at, manual=True))
        self._revert = self.state

    def invalidate(self) -> None:
        """Declare the data stale."""
        if not self.state.is_invalidated:
            self._dispatch(replace(self.state, is_invalidated=True))

    def add_observer(self, observer: Observer) -> None:
        """Be watched; no collection meanwhile."""
        if observer not in self.observers:
            self.observers.append(observer)
            self._clear_gc()

    def remove_observer(self, observer: Observer) -> None:
        """Be watched no longer. The last to leave stops retries, and a function that took the signal."""
        if observer not in self.observers:
            return
        self.observers.remove(observer)
        if self.observers:
            return
        if self._fetch is not None:
            if self._fetch.signal_taken:
                self.cancel()
            else:
                self._fetch.retries_stopped = True
        self._schedule_gc()

    def fetch(
        self, options: QueryOptions | None = None, *, cancel_refetch: bool = False
    ) -> Future[Any]:
        """Fetch, or join the fetch under way, and return its outcome.

        Args:
            options: To take first, if a fetch starts.
            cancel_refetch: Start anew if one runs and there is data already.
        """
        outcome: Future[Any] | None = None
        if self._fetch is not None:
            if self.state.data is UNSET or not cancel_refetch:
                self._fetch.retries_stopped = False
                return self._fetch.outcome
            outcome = self._fetch.outcome
            self._fetch.abort()
        elif self._abandoned is not None:
            outcome, self._abandoned = self._abandoned.outcome, None
        if options is not None:
            self.set_options(options)
        if self.options.query_fn is None:
            for observer in self.observers:
                if observer.options.query_fn is not None:
                    self.set_options(observer.options)
                    break
        fetch = self._fetch = Fetch() if outcome is None else Fetch(outcome)
        self._revert = self.state
        self._dispatch(self.state.fetching())
        fetch.task = self._env.loop.start(self._run(fetch, self.options))
        return fetch.outcome

    def cancel(self) -> Future[Any] | None:
        """Stop the fetch under way and go back to the state before it; return its outcome.

        Who waits for it gets the data that is there, or `QueryCancelledError`.
        """
        fetch, self._fetch = self._fetch, None
        if fetch is None:
            return None
        self._dispatch(replace(self._revert, fetch_status="idle"))
        fetch.abort()
        self._schedule_gc()
        if self.state.data is UNSET:
            self._refuse(fetch)
        else:
            fetch.outcome.set_result(self.state.data)
        return fetch.outcome

    def reset(self) -> None:
        """Be as new: no data, no error; a fetch under way is cancelled.

        Who waited for it gets the next fetch's data; without one, `refuse_abandoned` tells them.
        """
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            fetch.abort()
            self._abandoned = fetch
        # As in the original, nothing collects it until it is fetched or observed again.
        self._clear_gc()
        self._dispatch(QueryState())

    def destroy(self) -> None:
        """Leave the cache: no timer, no fetch; observers keep their last result."""
        self._clear_gc()
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            fetch.abort()
            self._refuse(fetch)

    def refuse_abandoned(self) -> None:
        """Tell whoever waited for a fetch that a reset cancelled and nothing replaced."""
        fetch, self._abandoned = self._abandoned, None
        if fetch is not None:
            self._refuse(fetch)

    def _refuse(self, fetch: Fetch) -> None:
        error = QueryCancelledError(f"The fetch of {list(self.key)} was cancelled.", key=self.key)
        fetch.outcome.set_exception(error)

    def _dispatch(self, state: QueryState) -> None:
        self.state = state
        for observer in tuple(self.observers):
            observer.on_query_update()
        self._client.query_cache.notify("updated", self)

    # --------------------------------------------------------------- fetching

    async def _run(self, fetch: Fetch, options: QueryOptions) -> None:
        failures = 0
        while True:
            context = QueryContext(self._client, self.key, options.meta or {}, fetch)
            try:
                data = await call(self.options.query_fn, context)
            except asyncio.CancelledError:
                if fetch.signal.aborted:
                    raise
                error: BaseException = QueryCancelledError(
                    f"The query_fn of {list(self.key)} cancelled itself.", key=self.key
                )
            except (Exception, SystemExit, KeyboardInterrupt) as raised:
                # The last two would end the loop, and every other fetch with it.
                error = raised
            else:
                self._succeed(fetch, data)
                return
            wait = self._fail(fetch, options, failures, error)
            if wait is None:
                return
            failures += 1
            await sleep(self._env.clock, wait)
            if fetch.retries_stopped:
                self._give_up(fetch, error)
                return

    def _succeed(self, fetch: Fetch, data: Any) -> None:
        with self._env.delivery.locked():
            if self._fetch is not fetch:
                return
            self._fetch = None
            self._dispatch(self.state.succeeded(data, self._env.now(), manual=False))
            self._schedule_gc()
        # Outside the lock: what waits for the outcome may ask for anything.
        fetch.outcome.set_result(data)

    def _fail(
        self, fetch: Fetch, options: QueryOptions, failures: int, error: BaseException
    ) -> float | None:
        """Note a failed attempt; return the seconds until the next, or None if there is none."""
        retry = DEFAULT_RETRY if options.retry is None else options.retry
        try:
            again = not fetch.retries_stopped and should_retry(retry, failures, error)
            wait = retry_wait(options.retry_delay, failures, error) if again else None
        except Exception as raised:
            error, wait = raised, None
        if wait is None:
            self._give_up(fetch, error)
            return None
        with self._env.delivery.locked():
            if self._fetch is not fetch:
                return None
            self._dispatch(self.state.failed(failures + 1, error))
        return wait

    def _give_up(self, fetch: Fetch, error: BaseException) -> None:
        with self._env.delivery.locked():
            if self._fetch is not fetch:
                return
            self._fetch = None
            self._dispatch(self.state.errored(error, self._env.now()))
            self._schedule_gc()
        fetch.outcome.set_exception(error)

    # ------------------------------------------------------------- collection

    def _schedule_gc(self) -> None:
        self._clear_gc()
        if not self.observers and not math.isinf(self._gc_time):
            self._gc_timer = self._env.clock.call_later(self._gc_time, self._collect)

    def _clear_gc(self) -> None:
        if self._gc_timer is not None:
            self._gc_timer.cancel()
            self._gc_timer = None

    def _collect(self) -> None:
        with self._env.delivery.locked():
            if not self.observers and self._fetch is None:
                self._client.query_cache.remove(self)

    def __repr__(self) -> str:
        return f"Query({list(self.key)}, {self.state.status}/{self.state.fetch_status})"
