"""The part of an entry that fetches: at most one fetch at a time, joined, restarted or cancelled.

Everything here is called under the client's lock, from any thread; the function itself runs on the loop,
without the lock. A late answer of a fetch that was cancelled or replaced is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from kaizen_widgets.errors import QueryCancelledError
from kaizen_widgets.query.environment import Environment, resolved
from kaizen_widgets.query.fetch import Fetch, QueryContext, call, no_data
from kaizen_widgets.query.infinite_pages import page_fetcher
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_state import UNSET, Direction, QueryState
from kaizen_widgets.query.removable import Removable
from kaizen_widgets.query.retryer import Hooks, Retryer, may_fetch
from kaizen_widgets.query.structural_sharing import share_by


class Keeper(Protocol):
    """What an entry knows of the cache that keeps it."""

    @property
    def environment(self) -> Environment:
        """What the client's caches share."""
        ...

    @property
    def client(self) -> Any:
        """What functions are given as the client."""
        ...

    def notify(self, kind: Any, query: Any) -> None:
        """Something happened to the entry."""
        ...

    def succeeded(self, query: Any, data: Any) -> None:
        """A fetch ended well."""
        ...

    def errored(self, query: Any, error: BaseException) -> None:
        """A fetch failed for good."""
        ...

    def remove(self, query: Any) -> None:
        """Drop the entry."""
        ...


class Fetching(Removable):
    """Base of an entry; it holds the state and changes it by what becomes of fetches.

    Attributes:
        key: The entry's key.
        options: Those of the last fetch or observer.
        state: What is known now.
        infinite: Whether the data is pages.
    """

    def __init__(self, keeper: Keeper, options: QueryOptions, state: QueryState) -> None:
        self._keeper = keeper
        self._env = keeper.environment
        self.key: QueryKey = options.query_key
        self.options = options
        self.state = state
        self.infinite = False
        self._fetch: Fetch | None = None
        self._abandoned: Fetch | None = None
        self._signal_taken = False
        self._revert = state

    def dispatch(self, state: QueryState) -> None:
        """Take a state and tell who watches."""
        self.state = state

    def set_options(self, options: QueryOptions) -> None:
        """Take other options."""
        self.options = options

    def _borrow_function(self) -> None:
        """Take the options of somebody who has a function, where the entry's have none."""

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
                self._fetch.retryer.retries_stopped = self._fetch.left_early = False
                return self._fetch.outcome
            outcome = self._fetch.outcome
            self._abort()
        elif self._abandoned is not None:
            outcome, self._abandoned = self._abandoned.outcome, None
        if options is not None:
            self.set_options(options)
        if self.options.query_fn is None:
            self._borrow_function()
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

    def abandon(self) -> None:
        """Stop the fetch under way; who waits for it gets the next one's outcome, if one follows."""
        if self._fetch is not None:
            self._abandoned = self._fetch
            self._abort()
            self._schedule_gc()

    def refuse_abandoned(self) -> None:
        """Tell whoever waited for a fetch that a reset cancelled and nothing replaced."""
        fetch, self._abandoned = self._abandoned, None
        if fetch is not None:
            self._refuse(fetch)

    def _attempt(
        self, fetch: Fetch, before: QueryState, direction: Direction | None
    ) -> Callable[[], Callable[[], Any]]:
        """Return what prepares an attempt: which function it calls is settled when it is due."""
        options = self.options

        def context(param: Any = UNSET, at: Direction | None = None) -> QueryContext:
            meta = (options if self.infinite else self.options).meta or {}
            return QueryContext(self._keeper.client, self.key, meta, fetch, param, at)

        async def page(param: Any, at: Direction) -> Any:
            if fetch.signal_taken and fetch.signal.aborted:
                raise self._cancelled()
            return await call(options.query_fn, context(param, at))

        def whole() -> Callable[[], Any]:
            self._signal_taken = False
            return partial(call, self.options.query_fn, context())

        # As in the original, all pages of a fetch come from the function it began with.
        pages = page_fetcher(options, before.data, direction, page)

        def prepared() -> Callable[[], Any]:
            fetch.is_due = True
            return pages if self.infinite else whole()

        return prepared

    def _took_signal(self, fetch: Fetch) -> None:
        self._signal_taken = True
        if fetch.left_early:
            with self._env.notifier.locked():
                if self._fetch is fetch and not self._is_watched():
                    self.cancel(revert=True)

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
        self._keeper.succeeded(self, data)
        self._schedule_gc()
        fetch.outcome.set_result(data)

    def _give_up(self, fetch: Fetch, error: BaseException) -> None:
        self._fetch = None
        self._errored(fetch, error)
        self._schedule_gc()

    def _errored(self, fetch: Fetch, error: BaseException) -> None:
        self.dispatch(self.state.errored(error, self._env.now()))
        self._keeper.errored(self, error)
        fetch.outcome.set_exception(error)

    def _abort(self) -> None:
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            # As in the original, pages of a function that never took the signal go on being fetched.
            fetch.retryer.cancel(stop=not self.infinite or fetch.signal_taken)
            for callback in fetch.signal.abort():
                self._env.notifier.post(callback)

    def _refuse(self, fetch: Fetch) -> None:
        fetch.outcome.set_exception(self._cancelled())

    def _cancelled(self) -> QueryCancelledError:
        return QueryCancelledError(f"The fetch of {list(self.key)} was cancelled.", key=self.key)

    def _shared(self, data: Any) -> Any:
        return share_by(self.options.structural_sharing, self.state.data, data)
