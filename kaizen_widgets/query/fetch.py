"""One fetch under way: its outcome, its signal, and the function called the way it wants to be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaizen_widgets.background import Pending
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.keys import QueryKey
from kaizen_widgets.query.state import UNSET

if TYPE_CHECKING:
    from kaizen_widgets.query.client import QueryClient


class CancelSignal:
    """Tells a function that nobody wants its result any more."""

    def __init__(self) -> None:
        self.aborted = False


class QueryContext:
    """What a query function may take as its one argument.

    Attributes:
        client: The client that fetches.
        query_key: The key.
        meta: The query's ``meta``, possibly empty.
    """

    def __init__(
        self, client: QueryClient, query_key: QueryKey, meta: Mapping[str, Any], fetch: Fetch
    ) -> None:
        self.client = client
        self.query_key = query_key
        self.meta = meta
        self._fetch = fetch

    @property
    def signal(self) -> CancelSignal:
        """The signal. Taking it says that the function may be stopped when the last observer leaves."""
        self._fetch.signal_taken = True
        return self._fetch.signal


@dataclass(eq=False)
class Fetch:
    """A fetch; restarted ones share one outcome, so whoever waited for the first gets the last."""

    outcome: Future[Any] = field(default_factory=Future)
    signal: CancelSignal = field(default_factory=CancelSignal)
    signal_taken: bool = False
    retries_stopped: bool = False
    task: Pending[None] | None = None

    def abort(self) -> None:
        """Stop the function; its result, should it still come, is dropped."""
        self.signal.aborted = True
        if self.task is not None:
            self.task.cancel()


async def call(function: Callable[..., Any] | None, context: QueryContext) -> Any:
    """Return what the query function gives.

    Raises:
        QueryError: There is no function, or it gave `UNSET`.
    """
    if function is None:
        raise QueryError(
            f"Query {list(context.query_key)} has no query_fn; give one to fetch it.",
            key=context.query_key,
        )
    value = function(context) if takes_context(function) else function()
    if inspect.isawaitable(value):
        value = await value
    if value is UNSET:
        raise QueryError(
            f"The query_fn of {list(context.query_key)} gave no data.", key=context.query_key
        )
    return value


def takes_context(function: Callable[..., Any]) -> bool:
    """Return whether ``function`` has a place for one argument that must be filled."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is p.empty for p in parameters)
