"""RunningFetch: one fetch of a query, with its outcome, its signal and the context of its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.options import SKIP
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_state import UNSET, Direction
from kaizen_widgets.query.retryer import Retryer

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient


class CancelSignal:
    """Tells a query function that its result is no longer wanted.

    Attributes:
        aborted: Whether the fetch was cancelled.
    """

    def __init__(self) -> None:
        self.aborted = False
        self._callbacks: list[Callable[[], object]] = []

    def on_abort(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` once when the fetch is cancelled; immediately if it already is."""
        if self.aborted:
            callback()
        else:
            self._callbacks.append(callback)

    def abort(self) -> list[Callable[[], object]]:
        """Set the signal; return the callbacks to call."""
        self.aborted = True
        callbacks, self._callbacks = self._callbacks, []
        return callbacks


class QueryContext:
    """The one argument that a query function may take.

    Attributes:
        client: The `QueryClient` that fetches.
        query_key: Key of the query.
        meta: The query's ``meta``, possibly empty.
        page_param: For an infinite query, the parameter of the page; else `UNSET`.
        direction: For an infinite query, where the page goes; else None.
    """

    def __init__(
        self,
        client: QueryClient,
        query_key: QueryKey,
        meta: Mapping[str, Any],
        fetch: RunningFetch,
        page_param: Any = UNSET,
        direction: Direction | None = None,
    ) -> None:
        self.client = client
        self.query_key = query_key
        self.meta = meta
        self.page_param = page_param
        self.direction = direction
        self._fetch = fetch

    @property
    def signal(self) -> CancelSignal:
        """The fetch's signal. A function that reads it is stopped when the last observer leaves."""
        self._fetch.consume_signal()
        return self._fetch.signal

    async def call(self, function: Any) -> Any:
        """Call the query function with or without this context; return its result.

        Raises:
            QueryError: There is no function.
        """
        if function is None or function is SKIP:
            raise QueryError(
                f"Query {list(self.query_key)} has no query_fn; give one to fetch it.",
                key=self.query_key,
            )
        self._fetch.is_attempt_due = False
        value = function(self) if _requires_argument(function) else function()
        return await value if inspect.isawaitable(value) else value


@dataclass(eq=False)
class RunningFetch:
    """One fetch. A restarted fetch takes over the outcome of the one it replaces.

    Attributes:
        on_signal_consumed: Called with this fetch when its function reads the signal.
        outcome: Ends with the data or the error.
        signal: Tells the function that its result is no longer wanted.
        is_signal_consumed: Whether the function read the signal.
        is_attempt_due: Whether an attempt has begun, but its function has not been called yet.
        was_left_early: Whether the last observer unsubscribed in that moment.
        retryer: Makes the attempts; set right after creation.
    """

    on_signal_consumed: Callable[[RunningFetch], None]
    outcome: Future[Any]
    signal: CancelSignal = field(default_factory=CancelSignal)
    is_signal_consumed: bool = False
    is_attempt_due: bool = False
    was_left_early: bool = False
    retryer: Retryer = field(init=False)

    def consume_signal(self) -> None:
        """Note that the function read the signal."""
        self.is_signal_consumed = True
        self.on_signal_consumed(self)


def _requires_argument(function: Callable[..., Any]) -> bool:
    """Return whether ``function`` has a positional parameter without a default."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is p.empty for p in parameters)
