"""The part of an observer that asks: fetch, wait for the data, give each who waits what they select.

An observer nobody subscribes to costs nothing until it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Self

from kaizen_widgets.core.background import Pending
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import branch, resolved
from kaizen_widgets.query.fetch_conditions import fetches_on_mount, is_enabled, is_stale
from kaizen_widgets.query.host import Host
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET, Direction
from kaizen_widgets.query.result_builder import View


class Asking:
    """Base of an observer; it holds the query, the options and what was made of both.

    Args:
        client: Whose cache.
        options: The query's, the defaults filled in.
    """

    def __init__(self, client: Host, options: QueryOptions) -> None:
        self._client = client
        self._env = client.environment
        self._options = options
        self._listeners: list[Callable[[QueryResult], object]] = []
        self._view = View(self._env.now)
        self._query = client.query_cache.build(options)
        self._since = self._query.state

    def get_current_result(self) -> QueryResult:
        """Return the last result as it was made, without looking whether it still holds."""
        assert self._view.result is not None  # noqa: S101 - the constructor of an observer makes one
        return self._view.result

    def start(self) -> Self:
        """Fetch if a new observer would, without waiting; return self."""
        with self._env.notifier.locked():
            self._take(self._client.query_cache.build(self._options))
            if fetches_on_mount(self._options, self._query):
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
        with self._env.notifier.locked():
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
        with self._env.notifier.locked():
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
        with self._env.notifier.locked():
            if not self._listeners:
                self._update()

    def _fresh(self) -> Pending[Any]:
        with self._env.notifier.locked():
            query = self._client.query_cache.build(self._options)
            self._take(query)
            idle = query.state.fetch_status == "idle"
            if not is_enabled(self._options, query):
                if query.state.data is UNSET:
                    raise QueryError(
                        f"Query {list(query.key)} is not enabled and has no data; use refetch().",
                        key=query.key,
                    )
                outcome = resolved(query.state.data)
            elif idle and not is_stale(self._options, query):
                outcome = resolved(query.state.data)
            else:
                outcome = query.fetch(self._options)
            return Pending(branch(outcome, self._selected), self._env.loop)

    def _take(self, query: Query) -> None:
        """Observe ``query`` from now on."""

    def _update(self) -> None:
        """Look at the query again, and tell whoever listens."""
