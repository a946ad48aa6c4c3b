"""Several queries watched as one: a list of results, or what a function makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kaizen_widgets.query.host import Host
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.option_checks import check_callable
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_key import hash_key
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.query.structural_sharing import same, share


class QueriesObserver:
    """Queries in an order, each with its own observer.

    Args:
        client: Whose cache.
        queries: The options of each.
        combine: Makes one thing of the list of results; made anew only when a result changed. Without
            it listeners get the list.
    """

    def __init__(
        self,
        client: Host,
        queries: Iterable[QueryOptions],
        *,
        combine: Callable[[list[QueryResult]], Any] | None = None,
    ) -> None:
        check_callable("combine", combine)
        self._client = client
        self._env = client.environment
        self._combine = combine
        self._combined: Any = UNSET
        self._combined_from: list[QueryResult] = []
        self._observers: list[QueryObserver] = []
        self._stops: dict[QueryObserver, Callable[[], None]] = {}
        self._listeners: list[Callable[[Any], object]] = []
        self.set_queries(queries)

    @property
    def observers(self) -> tuple[QueryObserver, ...]:
        """The observer of each query, in order."""
        return tuple(self._observers)

    @property
    def results(self) -> list[QueryResult]:
        """The result of each query, in order."""
        with self._env.notifier.locked():
            return [observer.result for observer in self._observers]

    @property
    def result(self) -> Any:
        """What ``combine`` makes of the results; without it the list."""
        with self._env.notifier.locked():
            return self._look(self.results)

    def set_queries(self, queries: Iterable[QueryOptions]) -> None:
        """Take other queries; observers of keys that stay are kept, with the new options."""
        wanted = list(queries)
        with self._env.notifier.locked():
            before, kept = self._observers, {}
            for observer in before:
                kept.setdefault(hash_key(observer.options.query_key), []).append(observer)
            self._observers = []
            for options in wanted:
                found = kept.get(hash_key(options.query_key))
                if found:
                    observer = found.pop(0)
                    observer.set_options(options)
                else:
                    observer = QueryObserver(self._client, options)
                self._observers.append(observer)
            if self._listeners:
                self._watch()
                if before != self._observers:
                    self._tell()

    def subscribe(self, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Call ``listener`` with each new `result`; return what ends that."""
        with self._env.notifier.locked():
            leave = joined(self._listeners, listener, self._env.notifier.locked, self._watch)
            self._look(self.results)
            self._watch()
        return leave

    def _watch(self) -> None:
        wanted = set(self._observers) if self._listeners else set()
        for observer in [one for one in self._stops if one not in wanted]:
            self._stops.pop(observer)()
        for observer in self._observers if self._listeners else ():
            if observer not in self._stops:
                self._stops[observer] = observer.subscribe(lambda _: self._changed())

    def _changed(self) -> None:
        with self._env.notifier.locked():
            if self._listeners:
                self._tell()

    def _tell(self) -> None:
        before = self._combined
        now = self._look(self.results)
        if self._combine is None or not same(before, now):
            for listener in tuple(self._listeners):
                self._env.notifier.post(lambda listener=listener: listener(now))

    def _look(self, results: list[QueryResult]) -> Any:
        if self._combine is None:
            return results
        changed = len(results) != len(self._combined_from) or any(
            one is not other for one, other in zip(results, self._combined_from, strict=True)
        )
        if changed or self._combined is UNSET:
            self._combined = share(self._combined, self._combine(results))
            self._combined_from = results
        return self._combined
