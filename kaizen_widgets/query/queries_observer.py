"""QueriesObserver: several queries observed together, with a list of results or a combined value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.option_checks import check_callable
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_key import hash_key
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.query.structural_sharing import is_same_value, replace_equal_deep
from kaizen_widgets.query.user_functions import listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient


class QueriesObserver:
    """Observes a list of queries, each with an observer of its own.

    Args:
        client: Query client whose cache it reads.
        queries: Options of each query.
        combine: Function of the list of results, called when one of them changed; listeners get its result.
            Without it they get the list.
    """

    def __init__(
        self,
        client: QueryClient,
        queries: Iterable[QueryOptions],
        *,
        combine: Callable[[list[QueryResult]], Any] | None = None,
    ) -> None:
        check_callable("combine", combine)
        self._client = client
        self._env = client.environment
        self._combine = None if combine is None else fit_callback(combine, 1)
        self._combined: Any = UNSET
        self._combined_results: list[QueryResult] = []
        self._observers: list[QueryObserver] = []
        self._unsubscribes: dict[QueryObserver, Callable[[], None]] = {}
        self._listeners: list[Callable[[Any], object]] = []
        self.set_queries(queries)

    @property
    def observers(self) -> tuple[QueryObserver, ...]:
        """The observer of each query, in order."""
        return tuple(self._observers)

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._listeners)

    @property
    def results(self) -> list[QueryResult]:
        """The result of each query, in order."""
        with self._env.notifier.locked():
            return [observer.result for observer in self._observers]

    @property
    def result(self) -> Any:
        """What ``combine`` returns for the results; without it the list of results."""
        with self._env.notifier.locked():
            return self._combine_results(self.results)

    def set_queries(self, queries: Iterable[QueryOptions]) -> None:
        """Replace the queries; a key that was observed before keeps its observer, with the new options."""
        wanted = list(queries)
        with self._env.notifier.locked():
            before, by_key = self._observers, {}
            for observer in before:
                by_key.setdefault(hash_key(observer.options.query_key), []).append(observer)
            self._observers = []
            for options in wanted:
                found = by_key.get(hash_key(options.query_key))
                if found:
                    observer = found.pop(0)
                    observer.set_options(options)
                else:
                    observer = QueryObserver(self._client, options)
                self._observers.append(observer)
            if self._listeners:
                self._update_subscriptions()
                if before != self._observers:
                    self._notify()

    def subscribe(
        self, listener: Callable[[Any], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` with each new `result`; return the unsubscribe function."""
        with self._env.notifier.locked():
            unsubscribe = add_listener(
                self._listeners,
                listener_call(listener, 1),
                self._env.notifier.locked,
                self._update_subscriptions,
            )
            self._combine_results(self.results)
            self._update_subscriptions()
        return unsubscribe

    def _update_subscriptions(self) -> None:
        """Subscribe to all observers while there are listeners, and to none without."""
        wanted = set(self._observers) if self._listeners else set()
        for observer in [known for known in self._unsubscribes if known not in wanted]:
            self._unsubscribes.pop(observer)()
        for observer in self._observers if self._listeners else ():
            if observer not in self._unsubscribes:
                self._unsubscribes[observer] = observer.subscribe(lambda _: self._on_result())

    def _on_result(self) -> None:
        with self._env.notifier.locked():
            if self._listeners:
                self._notify()

    def _notify(self) -> None:
        before = self._combined
        result = self._combine_results(self.results)
        if self._combine is None or not is_same_value(before, result):
            for listener in tuple(self._listeners):
                self._env.notifier.post(listener, result)

    def _combine_results(self, results: list[QueryResult]) -> Any:
        if self._combine is None:
            return results
        has_changed = len(results) != len(self._combined_results) or any(
            one is not other for one, other in zip(results, self._combined_results, strict=True)
        )
        if has_changed or self._combined is UNSET:
            self._combined = replace_equal_deep(self._combined, self._combine(results))
            self._combined_results = results
        return self._combined
