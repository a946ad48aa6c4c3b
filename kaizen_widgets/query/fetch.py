"""One fetch under way: its outcome, its signal, and the function called the way it wants to be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.options import SKIP
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_state import UNSET, Direction
from kaizen_widgets.query.retryer import Retryer


class CancelSignal:
    """Tells a function that nobody wants its result any more.

    Attributes:
        aborted: Whether that is so.
    """

    def __init__(self) -> None:
        self.aborted = False
        self._callbacks: list[Callable[[], object]] = []

    def on_abort(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` once when that is so; at once if it already is."""
        if self.aborted:
            callback()
        else:
            self._callbacks.append(callback)

    def abort(self) -> list[Callable[[], object]]:
        """Say so; return what is to be called."""
        self.aborted = True
        callbacks, self._callbacks = self._callbacks, []
        return callbacks


class QueryContext:
    """What a query function may take as its one argument.

    Attributes:
        client: The `QueryClient` that fetches.
        query_key: The key.
        meta: The query's ``meta``, possibly empty.
        page_param: Of an infinite query, the parameter of the page; else `UNSET`.
        direction: Of an infinite query, where the page goes; else None.
    """

    def __init__(
        self,
        client: Any,
        query_key: QueryKey,
        meta: Mapping[str, Any],
        fetch: Fetch,
        page_param: Any = UNSET,
        direction: Direction | None = None,
    ) -> None:
        self.client = client
        self.query_key = query_key
        self.meta = meta
        self.page_param = page_param
        self.direction = direction
        self._fetch = fetch

    def begins(self) -> None:
        """The function is called now."""
        self._fetch.is_due = False

    @property
    def signal(self) -> CancelSignal:
        """The signal. Taking it says that the function may be stopped when the last observer leaves."""
        self._fetch.take_signal()
        return self._fetch.signal


@dataclass(eq=False)
class Fetch:
    """A fetch; restarted ones share one outcome, so whoever waited for the first gets the last.

    Attributes:
        took_signal: Told of this fetch when the function takes the signal.
        outcome: The data or the error, at the end.
        signal: Tells the function that nobody wants its result any more.
        signal_taken: Whether the function looked at it.
        is_due: Whether an attempt has begun whose function is about to be called.
        left_early: Whether the last observer left just then.
        retryer: What makes the attempts; set right after.
    """

    took_signal: Callable[[Fetch], None]
    outcome: Future[Any]
    signal: CancelSignal = field(default_factory=CancelSignal)
    signal_taken: bool = False
    is_due: bool = False
    left_early: bool = False
    retryer: Retryer = field(init=False)

    def take_signal(self) -> None:
        """The function takes the signal."""
        self.signal_taken = True
        self.took_signal(self)


async def call(function: Any, context: QueryContext) -> Any:
    """Return what the query function gives.

    Raises:
        QueryError: There is no function, or it gave `UNSET`.
    """
    key = list(context.query_key)
    if function is None or function is SKIP:
        raise QueryError(
            f"Query {key} has no query_fn; give one to fetch it.", key=context.query_key
        )
    context.begins()
    value = function(context) if takes_context(function) else function()
    return await value if inspect.isawaitable(value) else value


def no_data(key: QueryKey) -> QueryError:
    """Return the error of a function that gave `UNSET`."""
    return QueryError(f"The query_fn of {list(key)} gave no data.", key=key)


def takes_context(function: Callable[..., Any]) -> bool:
    """Return whether ``function`` has a place for one argument that must be filled."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is p.empty for p in parameters)
