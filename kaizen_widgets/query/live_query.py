"""LiveQuery exposes a query's current result as traits, for `observe`, `link` and `dlink`.

The traits store nothing: reading one reads the query. While a trait is observed (or a listener is
subscribed), the query is observed as by any observer: fetched as its options say, and kept in the cache.
Otherwise it costs nothing and keeps nothing alive. Depends on traitlets, not on Jupyter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from traitlets import All, Bunch, HasTraits, TraitError, TraitType
from traitlets.utils.sentinel import Sentinel

from kaizen_widgets.core.background import Pending
from kaizen_widgets.query.query_display import query_bundle
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import FetchStatus, QueryStatus
from kaizen_widgets.query.structural_sharing import is_same_value

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient

T = TypeVar("T")

RESULT_TRAITS: Final = ("data", "error", "status", "fetch_status", "is_stale", "updated_at")
"""Names of the traits; when several change at the same time, observers are notified in this order."""


class _ResultTrait(TraitType[T, T], Generic[T]):
    """A read-only trait that reads a field of the query's result."""

    def __init__(self, help: str) -> None:
        super().__init__(help=help)

    def get(self, obj: Any, cls: type[Any] | None = None) -> Any:
        """Return the field of the current result."""
        return getattr(obj.result, str(self.name))

    def set(self, obj: Any, value: Any) -> None:
        """Refuse the assignment.

        Raises:
            TraitError: Always.
        """
        raise TraitError(f"{self.name} comes from the query; use refetch(), or assign data.")


class _DataTrait(_ResultTrait[Any]):
    """The trait for the data, which can be assigned."""

    def set(self, obj: Any, value: Any) -> None:
        """Write the data into the cache, as `QueryClient.set_query_data` does.

        Raises:
            TraitError: The query has a ``select``, so it does not show what the cache holds.
        """
        obj._write(value)


class LiveQuery(HasTraits):
    """A query whose data and status can be observed as traits; callable from any thread.

    Observers are called on the thread that made the change, mostly the background loop's.

    Args:
        observer: Observer of the query; `QueryClient.live` creates both.

    Attributes:
        data: What the function last returned; None while there is no data. Assigning it writes into the
            cache, as if it had been fetched now.
        error: Why the last fetch failed, or None.
        status: ``pending``, ``success`` or ``error``.
        fetch_status: ``fetching``, ``paused`` or ``idle``.
        is_stale: Whether the data is missing, invalidated or too old.
        updated_at: When the data was received, in UTC, or None.
        display: Function of the data that returns the MIME bundle a cell shows; None for a table.
    """

    data = _DataTrait("What the function last returned.")
    error: _ResultTrait[BaseException | None] = _ResultTrait("Why the last fetch failed.")
    status: _ResultTrait[QueryStatus] = _ResultTrait("pending, success or error.")
    fetch_status: _ResultTrait[FetchStatus] = _ResultTrait("fetching, paused or idle.")
    is_stale: _ResultTrait[bool] = _ResultTrait(
        "Whether the data is missing, invalidated or too old."
    )
    updated_at: _ResultTrait[datetime | None] = _ResultTrait("When the data was received.")

    _observer: QueryObserver | None = None  # None while HasTraits initializes

    def __init__(self, observer: QueryObserver) -> None:
        super().__init__()
        self.display: Callable[[Any], Mapping[str, Any]] | None = None
        self._notifying: tuple[int, QueryResult] | None = None
        self._last_result = observer.result
        self._unsubscribe: Callable[[], None] | None = None
        self._observer = observer
        self._update_subscription()

    # ---------------------------------------------------------------- reading

    @property
    def observer(self) -> QueryObserver:
        """Observer of the query, with its options; an infinite query's fetches further pages."""
        assert self._observer is not None  # noqa: S101 - the constructor sets it
        return self._observer

    @property
    def client(self) -> QueryClient:
        """The `QueryClient` whose cache it reads."""
        return self.observer.client

    @property
    def query_key(self) -> QueryKey:
        """Key of the query."""
        return self.observer.options.query_key

    @property
    def result(self) -> QueryResult:
        """Data, status and everything else, all of the same moment."""
        notifying = self._notifying
        # A trait observer reads the result it is notified of, even if the query has changed since.
        if notifying is not None and notifying[0] == threading.get_ident():
            return notifying[1]
        return self.observer.result

    # --------------------------------------------------------------- fetching

    def start(self) -> LiveQuery:
        """Start a fetch if a newly mounted observer would; return self without waiting."""
        self.observer.start()
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the data; fetch it first if it is missing or stale.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It took longer; the fetch continues.
            QueryError: The query is disabled and has no data.
        """
        return self.observer.wait(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        """Await the data, as `wait` does."""
        return self.observer.__await__()

    def refetch(self) -> Pending[Any]:
        """Fetch even if the data is fresh; return a handle on the new data."""
        return self.observer.refetch()

    def cancel(self) -> None:
        """Stop a running fetch and keep the data from before."""
        self.client.cancel_queries(self.query_key, exact=True)

    # -------------------------------------------------------------- observing

    def subscribe(
        self, listener: Callable[[QueryResult], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` with each new result; return the unsubscribe function."""
        return self.observer.subscribe(listener)

    def observe(
        self,
        handler: Callable[..., Any],
        names: Any = All,
        type: Sentinel | str = "change",
    ) -> None:
        """Call ``handler`` with each change of these traits; meanwhile the query is observed."""
        super().observe(handler, names, type)
        self._update_subscription()

    def unobserve(
        self,
        handler: Callable[..., Any],
        names: Any = All,
        type: Sentinel | str = "change",
    ) -> None:
        """Stop calling ``handler``."""
        super().unobserve(handler, names, type)
        self._update_subscription()

    def unobserve_all(self, name: Any = All) -> None:
        """Stop calling all handlers."""
        super().unobserve_all(name)
        self._update_subscription()

    def _update_subscription(self) -> None:
        """Subscribe to the query while a trait has handlers."""
        if self._observer is None:
            return
        notifiers: dict[Any, dict[Any, list[Any]]] = self._trait_notifiers
        has_handlers = any(handlers for kinds in notifiers.values() for handlers in kinds.values())
        with self.client.environment.notifier.locked():
            if has_handlers and self._unsubscribe is None:
                self._last_result = self._observer.result
                self._unsubscribe = self._observer.subscribe(self._notify_changes)
            elif not has_handlers and self._unsubscribe is not None:
                self._unsubscribe()
                self._unsubscribe = None

    def _notify_changes(self, result: QueryResult) -> None:
        before, self._last_result = self._last_result, result
        self._notifying = threading.get_ident(), result
        try:
            for name in RESULT_TRAITS:
                old, new = getattr(before, name), getattr(result, name)
                if not (old == new if name == "updated_at" else is_same_value(old, new)):
                    change = Bunch(name=name, old=old, new=new, owner=self, type="change")
                    self.notify_change(change)
        finally:
            self._notifying = None

    def _write(self, data: Any) -> None:
        if self.observer.options.select is not None:
            raise TraitError(
                "data is the result of `select`; write with client.set_query_data(key, ...)."
            )
        self.client.set_query_data(self.query_key, lambda _: data)

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return query_bundle(self)

    def __repr__(self) -> str:
        result = self.result
        return f"LiveQuery({list(self.query_key)}, {result.status}/{result.fetch_status})"
