"""A query as a notebook holds it: its moments are traits, so that `observe`, `link` and `dlink` work.

The traits keep nothing: read, they say what the query is now. While one is observed (or somebody
subscribes) the query is watched, as by any observer: fetched by its options' rules, kept in the cache.
Otherwise it costs nothing and keeps nothing alive. Knows traitlets, no Jupyter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from traitlets import All, Bunch, HasTraits, TraitError, TraitType
from traitlets.utils.sentinel import Sentinel

from kaizen_widgets.core.background import Pending
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import FetchStatus, QueryStatus
from kaizen_widgets.query.structural_sharing import same

T = TypeVar("T")


class _Moment(TraitType[T, T], Generic[T]):
    """A trait that reads the query."""

    def __init__(self, help: str) -> None:
        super().__init__(help=help)

    def get(self, obj: Any, cls: type[Any] | None = None) -> Any:
        """Return what the query says now."""
        return getattr(obj.result, str(self.name))

    def set(self, obj: Any, value: Any) -> None:
        """Refuse: only the query knows.

        Raises:
            TraitError: Always.
        """
        raise TraitError(f"{self.name} is what the query says; use refetch(), or assign data.")


class _Data(_Moment[Any]):
    """The one that can be assigned."""

    def set(self, obj: Any, value: Any) -> None:
        """Write into the cache, as `QueryClient.set_query_data`.

        Raises:
            TraitError: The query has a ``select``, so it does not show what the cache holds.
        """
        obj._write(value)


class LiveQuery(HasTraits):
    """A query whose moments can be observed; callable from any thread.

    Observers are called on the thread that made the change, mostly the background loop's.

    Args:
        observer: What fetches and watches; `QueryClient.live` makes both.

    Attributes:
        data: What the function last gave; None while there is nothing. Assigning writes into the
            cache, as if it had been fetched now.
        error: Why the last fetch failed, or None.
        status: ``pending``, ``success`` or ``error``.
        fetch_status: ``fetching``, ``paused`` or ``idle``.
        is_stale: Whether the data is missing, invalidated or too old.
        updated_at: When the data came, in UTC, or None.
    """

    data = _Data("What the function last gave.")
    error: _Moment[BaseException | None] = _Moment("Why the last fetch failed.")
    status: _Moment[QueryStatus] = _Moment("pending, success or error.")
    fetch_status: _Moment[FetchStatus] = _Moment("fetching, paused or idle.")
    is_stale: _Moment[bool] = _Moment("Whether the data is missing, invalidated or too old.")
    updated_at: _Moment[datetime | None] = _Moment("When the data came.")

    _observer: QueryObserver | None = None  # None while the base is being made

    def __init__(self, observer: QueryObserver) -> None:
        super().__init__()
        self._telling: tuple[int, QueryResult] | None = None
        self._told = observer.result
        self._stop: Callable[[], None] | None = None
        self._observer = observer
        self._follow()

    # ---------------------------------------------------------------- reading

    @property
    def observer(self) -> QueryObserver:
        """What fetches and watches: options, and of an infinite query its pages."""
        assert self._observer is not None  # noqa: S101 - the constructor sets it
        return self._observer

    @property
    def client(self) -> Any:
        """The `QueryClient` whose cache it is in."""
        return self.observer.client

    @property
    def query_key(self) -> QueryKey:
        """What it is called."""
        return self.observer.options.query_key

    @property
    def result(self) -> QueryResult:
        """Everything about this moment at once."""
        telling = self._telling
        # An observer reads what it is being told of, even if the query has moved on since.
        if telling is not None and telling[0] == threading.get_ident():
            return telling[1]
        return self.observer.result

    # --------------------------------------------------------------- fetching

    def start(self) -> LiveQuery:
        """Fetch if a new observer would, without waiting; return self."""
        self.observer.start()
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the data, fetched first if it is missing or stale.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It took longer; the fetch goes on.
            QueryError: The query is not enabled and has no data.
        """
        return self.observer.wait(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        """Await the data, as `wait`."""
        return self.observer.__await__()

    def refetch(self) -> Pending[Any]:
        """Fetch even if the data is fresh; return a handle on the new data."""
        return self.observer.refetch()

    def cancel(self) -> None:
        """Stop a fetch under way; what was there before stays."""
        self.client.cancel_queries(self.query_key, exact=True)

    # --------------------------------------------------------------- watching

    def subscribe(self, listener: Callable[[QueryResult], object]) -> Callable[[], None]:
        """Call ``listener`` with each new result; return what ends that."""
        return self.observer.subscribe(listener)

    def observe(
        self,
        handler: Callable[..., Any],
        names: Any = All,
        type: Sentinel | str = "change",
    ) -> None:
        """Call ``handler`` with each change of these traits; the query is watched meanwhile."""
        super().observe(handler, names, type)
        self._follow()

    def unobserve(
        self,
        handler: Callable[..., Any],
        names: Any = All,
        type: Sentinel | str = "change",
    ) -> None:
        """Call ``handler`` no longer."""
        super().unobserve(handler, names, type)
        self._follow()

    def unobserve_all(self, name: Any = All) -> None:
        """Call nobody any longer."""
        super().unobserve_all(name)
        self._follow()

    # ----------------------------------------------------------------- within

    def _follow(self) -> None:
        """Watch the query while somebody observes a trait."""
        if self._observer is None:
            return
        notifiers: dict[Any, dict[Any, list[Any]]] = self._trait_notifiers
        wanted = any(handlers for kinds in notifiers.values() for handlers in kinds.values())
        with self.client.environment.notifier.locked():
            if wanted and self._stop is None:
                self._told = self._observer.result
                self._stop = self._observer.subscribe(self._tell)
            elif not wanted and self._stop is not None:
                self._stop()
                self._stop = None

    def _tell(self, result: QueryResult) -> None:
        before, self._told = self._told, result
        self._telling = threading.get_ident(), result
        try:
            for name in MOMENTS:
                old, new = getattr(before, name), getattr(result, name)
                if not (old == new if name == "updated_at" else same(old, new)):
                    change = Bunch(name=name, old=old, new=new, owner=self, type="change")
                    self.notify_change(change)
        finally:
            self._telling = None

    def _write(self, data: Any) -> None:
        if self.observer.options.select is not None:
            raise TraitError(
                "data is what `select` made; write with client.set_query_data(key, ...)."
            )
        self.client.set_query_data(self.query_key, lambda _: data)

    def __repr__(self) -> str:
        result = self.result
        return f"LiveQuery({list(self.query_key)}, {result.status}/{result.fetch_status})"


MOMENTS: Final = ("data", "error", "status", "fetch_status", "is_stale", "updated_at")
"""The traits; a change of several is told in this order."""
