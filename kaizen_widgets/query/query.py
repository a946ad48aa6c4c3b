"""One entry of the cache: its state, its observers, and at most one fetch at a time.

Everything here is called under the client's lock, from any thread; the function itself runs on the loop,
without the lock. A late answer of a fetch that was cancelled or replaced is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from kaizen_widgets.errors import QueryCancelledError
from kaizen_widgets.query.environment import resolved
from kaizen_widgets.query.fetch import Fetch, QueryContext, call, no_data
from kaizen_widgets.query.keys import QueryKey
from kaizen_widgets.query.options import SKIP, QueryOptions, resolve, seconds
from kaizen_widgets.query.pages import fetch_pages
from kaizen_widgets.query.removable import Removable
from kaizen_widgets.query.retryer import Hooks, Retryer, may_fetch
from kaizen_widgets.query.sharing import share
from kaizen_widgets.query.state import UNSET, Direction, QueryState

if TYPE_CHECKING:
    from kaizen_widgets.query.client import QueryClient

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


class Query(Removable):
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
        client: QueryClient,
        key_hash: str,
        options: QueryOptions,
        state: QueryState | None = None,
    ) -> None:
        self._client = client
        self._env = client.environment
        self.key: QueryKey = options.query_key
        self.hash = key_hash
        self.options = options
        self.infinite = False
        self.observers: list[Observer] = []
        self._fetch: Fetch | None = None
        self._abandoned: Fetch | None = None
        self._signal_taken = False
        self._initial = self._initial_state(options)
        self.state = self._initial if state is None else state
        self._revert = self.state
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
            self._client.query_cache.notify("observer_added", self)

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
            self._schedule_gc()
        self._client.query_cache.notify("observer_removed", self)

    def on_event(self, event: str) -> None:
        """The network is back (``reconnect``) or somebody looks again (``focus``)."""
        for observer in self.observers:
            if observer.wants_fetch_on(event):
                observer.refetch_quietly()
                break
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
        """Fetch, or join the fetch under way, and return its outcome.

        Args:
            options: To take first, if a fetch starts.
            cancel_refetch: Start anew if one runs and there is data already.
            direction: Of an infinite query, where one more page goes.
        """
        outcome: Future[Any] | None = None
        if self._fetch is not None:
            if self.state.data is UNSET or not cancel_refetch:
                self._fetch.retryer.retries_stopped = False
                return self._fetch.outcome
            outcome = self._fetch.outcome
            self._abort()
        elif self._abandoned is not None:
            outcome, self._abandoned = self._abandoned.outcome, None
        if options is not None:
            self.set_options(options)
        if self.options.query_fn is None:
            for observer in self.observers:
                if observer.options.query_fn is not None:
                    self.set_options(observer.options)
                    break
        fetch = Fetch(self._took_signal, Future() if outcome is None else outcome)
        self._fetch = fetch
        fetch.retryer = Retryer(
            self._env,
            self._attempt(fetch, self.state, direction),
            Hooks(
                failed=lambda count, error: self.dispatch(self.state.failed(count, error)),
                paused=lambda: self.dispatch(replace(self.state, fetch_status="paused")),
                continued=lambda: self.dispatch(replace(self.state, fetch_status="fetching")),
                succeeded=lambda data: self._succeed(fetch, data),
                errored=lambda error: self._give_up(fetch, error),
            ),
            retry=self.options.retry,
            retry_delay=self.options.retry_delay,
            network_mode=self.options.network_mode,
        )
        self._revert = self.state
        now = "fetching" if may_fetch(self._env, self.options.network_mode) else "paused"
        self.dispatch(self.state.fetching(now, direction))
        fetch.retryer.start()
        return fetch.outcome

    def cancel(self, *, revert: bool = False, silent: bool = False) -> Future[Any]:
        """Stop the fetch under way; return a future that ends when it has.

        Args:
            revert: Go back to the state before it; who waits gets the data that is there, or
                `QueryCancelledError`. Otherwise the fetch counts as failed.
            silent: Leave the state alone; who waits gets `QueryCancelledError`.
        """
        fetch = self._fetch
        if fetch is None:
            return resolved(None)
        if revert:
            self.state = replace(self._revert, fetch_status="idle")
        self._abort()
        if revert:
            self.dispatch(self.state)
        if silent:
            self._refuse(fetch)
        elif not revert:
            self._errored(fetch, self._cancelled())
        elif self.state.data is UNSET:
            self._refuse(fetch)
        else:
            fetch.outcome.set_result(self.state.data)
        self._schedule_gc()
        return fetch.outcome

    def reset(self) -> None:
        """Be as new: the initial data, no error; a fetch under way is cancelled.

        Who waited for it gets the next fetch's data; without one, `refuse_abandoned` tells them.
        """
        # As in the original, nothing collects an idle one until it is fetched or observed again.
        self._clear_gc()
        if self._fetch is not None:
            self._abandoned = self._fetch
            self._abort()
            self._schedule_gc()
        self.dispatch(self._initial)

    def destroy(self) -> None:
        """Leave the cache: no timer, no fetch; observers keep their last result."""
        if self._fetch is not None:
            self.cancel(silent=True)
        self._clear_gc()

    def refuse_abandoned(self) -> None:
        """Tell whoever waited for a fetch that a reset cancelled and nothing replaced."""
        fetch, self._abandoned = self._abandoned, None
        if fetch is not None:
            self._refuse(fetch)

    def set_state(self, state: QueryState) -> None:
        """Take a state as it is, such as one that was saved."""
        self.dispatch(state)

    def dispatch(self, state: QueryState) -> None:
        """Take a state and tell who watches."""
        self.state = state
        if self.observers:
            for observer in tuple(self.observers):
                observer.on_query_update()
        self._client.query_cache.notify("updated", self)

    def _attempt(
        self, fetch: Fetch, before: QueryState, direction: Direction | None
    ) -> Callable[[], Any]:
        def context(param: Any = UNSET, at: Direction | None = None) -> QueryContext:
            return QueryContext(self._client, self.key, self.meta, fetch, param, at)

        async def page(param: Any, at: Direction) -> Any:
            return await call(self.options.query_fn, context(param, at))

        async def whole() -> Any:
            self._signal_taken = False
            return await call(self.options.query_fn, context())

        options = self.options
        if self.infinite:
            return lambda: fetch_pages(options, before.data, direction, page)
        return whole

    def _took_signal(self) -> None:
        self._signal_taken = True

    def _succeed(self, fetch: Fetch, data: Any) -> None:
        if data is UNSET:
            self._give_up(fetch, no_data(self.key))
            return
        try:
            data = self._shared(data)
        except Exception as error:
            self._give_up(fetch, error)
            return
        self._fetch = None
        self.dispatch(self.state.succeeded(data, self._env.now(), manual=False))
        self._client.query_cache.succeeded(self, data)
        self._schedule_gc()
        fetch.outcome.set_result(data)

    def _give_up(self, fetch: Fetch, error: BaseException) -> None:
        self._fetch = None
        self._errored(fetch, error)
        self._schedule_gc()

    def _errored(self, fetch: Fetch, error: BaseException) -> None:
        self.dispatch(self.state.errored(error, self._env.now()))
        self._client.query_cache.errored(self, error)
        fetch.outcome.set_exception(error)

    def _abort(self) -> None:
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            # As in the original, pages of a function that never took the signal go on being fetched.
            fetch.retryer.cancel(stop=not self.infinite or fetch.signal_taken)
            for callback in fetch.signal.abort():
                self._env.delivery.post(callback)

    def _refuse(self, fetch: Fetch) -> None:
        fetch.outcome.set_exception(self._cancelled())

    def _cancelled(self) -> QueryCancelledError:
        return QueryCancelledError(f"The fetch of {list(self.key)} was cancelled.", key=self.key)

    def _shared(self, data: Any) -> Any:
        return share_by(self.options, self.state.data, data)

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
        with self._env.delivery.locked():
            if not self.observers and self.state.fetch_status == "idle":
                self._client.query_cache.remove(self)

    def __repr__(self) -> str:
        return f"Query({list(self.key)}, {self.state.status}/{self.state.fetch_status})"


def share_by(options: QueryOptions, old: Any, new: Any) -> Any:
    """Return ``new`` with what it shares with ``old``, as ``structural_sharing`` says."""
    sharing = options.structural_sharing
    if callable(sharing):
        return sharing(None if old is UNSET else old, new)
    return new if sharing is False else share(old, new)
