"""One entry of the cache: its state, how fresh it is, and who watches. How it fetches: see `fetching`.

Everything here is called under the client's lock, from any thread.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

from kaizen_widgets.query.fetching import Fetching, Keeper
from kaizen_widgets.query.options import SKIP, QueryOptions, resolve, seconds
from kaizen_widgets.query.query_state import UNSET, QueryState

# Times since the epoch are floats good to a microsecond; data this close to stale is stale.
EPSILON = 0.0001


class Observer(Protocol):
    """What a query knows of its observers."""

    @property
    def options(self) -> QueryOptions:
        """Its options, defaults filled in."""
        ...

    @property
    def was_stale(self) -> bool:
        """Whether it found the data stale when it last looked."""
        ...

    def wants_fetch_on(self, event: str) -> bool:
        """Whether it wants a fetch on ``focus`` or ``reconnect``."""
        ...

    def refetch_quietly(self) -> None:
        """Fetch, or join the fetch under way."""
        ...

    def on_query_update(self) -> None:
        """The query's state changed."""


class Query(Fetching):
    """One entry.

    Attributes:
        key: Its key.
        hash: The key's hash.
        options: Those of the last fetch or observer.
        state: What is known now.
        observers: Who watches, in order of arrival.
        infinite: Whether the data is pages.
    """

    def __init__(
        self,
        keeper: Keeper,
        key_hash: str,
        options: QueryOptions,
        state: QueryState | None = None,
    ) -> None:
        self._env = keeper.environment
        self.hash = key_hash
        self.observers: list[Observer] = []
        self._initial = self._initial_state(options)
        super().__init__(keeper, options, self._initial if state is None else state)
        self.set_options(options)
        self._schedule_gc()

    # ---------------------------------------------------------------- reading

    @property
    def meta(self) -> Any:
        """The ``meta`` of the options, possibly empty."""
        return self.options.meta or {}

    @property
    def is_active(self) -> bool:
        """Whether an enabled observer watches it."""
        return any(
            resolve(observer.options.enabled, self) is not False for observer in self.observers
        )

    @property
    def is_disabled(self) -> bool:
        """Whether it is not to be fetched along with others: all observers off, or never touched."""
        if self.observers:
            return not self.is_active
        return self.options.query_fn is SKIP or not self.state.is_fetched

    @property
    def is_static(self) -> bool:
        """Whether there is data that an observer holds for unchangeable."""
        return self.state.data is not UNSET and any(
            resolve(observer.options.stale_time, self) == "static" for observer in self.observers
        )

    @property
    def is_stale(self) -> bool:
        """Whether any observer finds it stale; without observers, whether it lacks valid data."""
        if self.observers:
            return any(observer.was_stale for observer in self.observers)
        return self.state.data is UNSET or self.state.is_invalidated

    def is_stale_by_time(self, stale_time: Any) -> bool:
        """Return whether the data is missing, invalidated, or ``stale_time`` seconds old."""
        if self.state.data is UNSET:
            return True
        if stale_time == "static":
            return False
        if stale_time == math.inf:
            return self.state.is_invalidated
        return self.state.is_invalidated or self.time_until_stale(stale_time) == 0

    def time_until_stale(self, stale_time: Any) -> float:
        """Return the seconds until the data is ``stale_time`` seconds old."""
        wait = 0.0 if stale_time is None else seconds(stale_time)
        left = self.state.data_updated_at + wait - self._env.now()
        return left if left > EPSILON else 0.0

    # --------------------------------------------------------------- changing

    def set_options(self, options: QueryOptions) -> None:
        """Take other options; the longest ``gc_time`` ever seen stays, initial data fills a gap."""
        self.options = options
        self.infinite = self.infinite or bool(options.infinite)
        self._keep_for(options.gc_time)
        if self.state.data is UNSET and options.initial_data is not UNSET:
            initial = self._initial_state(options)
            if initial.data is not UNSET:
                self.dispatch(self.state.filled(initial.data, initial.data_updated_at))
                self._initial = initial

    def set_data(self, data: Any, updated_at: float | None = None) -> Any:
        """Put data in by hand; a running fetch goes on, and a cancel of it comes back to this."""
        data = self._shared(data)
        at = self._env.now() if updated_at is None else updated_at
        self._revert = self.state.succeeded(data, at, manual=True)
        self.dispatch(self._revert)
        return data

    def invalidate(self) -> None:
        """Declare the data stale."""
        if not self.state.is_invalidated:
            self.dispatch(self.state.invalidated())

    def add_observer(self, observer: Observer) -> None:
        """Be watched; no collection meanwhile."""
        if observer not in self.observers:
            self.observers.append(observer)
            self._clear_gc()
            self._keeper.notify("observer_added", self)

    def remove_observer(self, observer: Observer) -> None:
        """Be watched no longer. The last to leave stops retries, and a function that took the signal."""
        if observer not in self.observers:
            return
        self.observers.remove(observer)
        if not self.observers:
            if self._fetch is not None:
                waits = self.state.fetch_status == "paused" and self.state.status == "pending"
                if self._signal_taken or waits:
                    self.cancel(revert=True)
                else:
                    self._fetch.retryer.retries_stopped = True
                    # Not called yet, it could not take the signal; it may, and is then not wanted.
                    self._fetch.left_early = self._fetch.is_due
            self._schedule_gc()
        self._keeper.notify("observer_removed", self)

    def on_event(self, event: str) -> None:
        """The network is back (``reconnect``) or somebody looks again (``focus``)."""
        for observer in self.observers:
            if observer.wants_fetch_on(event):
                observer.refetch_quietly()
                break
        if self._fetch is not None:
            self._fetch.retryer.resume()

    def reset(self) -> None:
        """Be as new: the initial data, no error; a fetch under way is cancelled.

        Who waited for it gets the next fetch's data; without one, `refuse_abandoned` tells them.
        """
        # As in the original, nothing collects an idle one until it is fetched or observed again.
        self._clear_gc()
        self.abandon()
        self.dispatch(self._initial)

    def destroy(self) -> None:
        """Leave the cache: no timer, no fetch; observers keep their last result."""
        if self._fetch is not None:
            self.cancel(silent=True)
        self._clear_gc()

    def set_state(self, state: QueryState) -> None:
        """Take a state as it is, such as one that was saved."""
        self.dispatch(state)

    def dispatch(self, state: QueryState) -> None:
        """Take a state and tell who watches."""
        self.state = state
        if self.observers:
            for observer in tuple(self.observers):
                observer.on_query_update()
        self._keeper.notify("updated", self)

    def _borrow_function(self) -> None:
        for observer in self.observers:
            if observer.options.query_fn is not None:
                self.set_options(observer.options)
                break

    def _initial_state(self, options: QueryOptions) -> QueryState:
        data = options.initial_data
        data = data() if callable(data) else data
        if data is UNSET:
            return QueryState()
        at = options.initial_data_updated_at
        at = at() if callable(at) else at
        return QueryState(
            data=data, data_updated_at=self._env.now() if at is None else at, status="success"
        )

    # ------------------------------------------------------------- collection

    def _is_watched(self) -> bool:
        return bool(self.observers)

    def _collect(self) -> None:
        with self._env.notifier.locked():
            if not self.observers and self.state.fetch_status == "idle":
                self._keeper.remove(self)

    def __repr__(self) -> str:
        return f"Query({list(self.key)}, {self.state.status}/{self.state.fetch_status})"
