"""What a query or mutation may be told, checked when it is told.

Names and defaults are TanStack Query v5's in snake case. Durations are seconds (a number or a
timedelta). None means "not given": the client's defaults decide, then the library's.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, TypeVar

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.keys import QueryKey, as_key

Seconds: TypeAlias = "float | timedelta"
Retry: TypeAlias = "bool | int | Callable[[int, BaseException], bool]"
RetryDelay: TypeAlias = "Seconds | Callable[[int, BaseException], float]"

DEFAULT_GC_TIME: Final = 300.0
DEFAULT_RETRY: Final = 3
O = TypeVar("O", "QueryOptions", "MutationOptions")  # noqa: E741


@dataclass(frozen=True)
class QueryOptions:
    """One query.

    Attributes:
        query_key: What it is called; equal keys share one entry.
        query_fn: Gives the data; a coroutine function or a plain one, taking nothing or a
            `QueryContext`. It runs on the background loop: what blocks belongs in `asyncio.to_thread`.
        stale_time: Seconds data counts as fresh (0); ``math.inf`` until invalidated, ``"static"`` for ever.
        gc_time: Seconds an entry nobody observes is kept (300); ``math.inf`` for ever.
        retry: How often a failed fetch is tried again (3; `fetch_query` and its kin: never), True for
            always, or a function of the failures so far and the error.
        retry_delay: Seconds before trying again, or a function of the same; min(2ⁿ, 30) by default.
        enabled: Whether observers fetch by themselves (True).
        refetch_on_mount: Whether a new observer fetches data that is there: if stale (True), never
            (False), or ``"always"``.
        meta: Whatever the function or a cache listener should know.
    """

    query_key: QueryKey = ()
    query_fn: Callable[..., Any] | None = None
    stale_time: Seconds | Literal["static"] | None = None
    gc_time: Seconds | None = None
    retry: Retry | None = None
    retry_delay: RetryDelay | None = None
    enabled: bool | None = None
    refetch_on_mount: bool | Literal["always"] | None = None
    meta: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "query_key", as_key(self.query_key))
        _check_callable("query_fn", self.query_fn)
        if self.stale_time != "static":
            _check_seconds("stale_time", self.stale_time)
        _check_timing(self)
        if self.enabled not in (None, True, False):
            raise QueryError(f"enabled must be True or False, not {self.enabled!r}.")
        if self.refetch_on_mount not in (None, True, False, "always"):
            raise QueryError(
                f'refetch_on_mount must be True, False or "always", not {self.refetch_on_mount!r}.'
            )


@dataclass(frozen=True)
class MutationOptions:
    """One kind of change.

    Each callback may be a coroutine function; it is awaited before the mutation goes on.

    Attributes:
        mutation_fn: Makes the change: called with the variables, gives the result.
        mutation_key: What it is called, if anything.
        on_mutate: Called first, with the variables; what it returns is the later callbacks' context.
        on_success: Called with data, variables, context.
        on_error: Called with error, variables, context.
        on_settled: Called at either end with data (None after an error), error (None after a
            success), variables, context.
        invalidates: Keys that are stale once this has ended, well or not (a change that timed out
            may have arrived), or a function from data and variables to such keys.
        retry: As for queries; 0 by default.
        retry_delay: As for queries.
        gc_time: Seconds it stays in the cache after its end (300).
        meta: Whatever a cache listener should know.
    """

    mutation_fn: Callable[[Any], Any] | None = None
    mutation_key: QueryKey | None = None
    on_mutate: Callable[[Any], Any] | None = None
    on_success: Callable[[Any, Any, Any], Any] | None = None
    on_error: Callable[[BaseException, Any, Any], Any] | None = None
    on_settled: Callable[[Any, BaseException | None, Any, Any], Any] | None = None
    invalidates: Iterable[QueryKey] | Callable[[Any, Any], Iterable[QueryKey]] | None = None
    retry: Retry | None = None
    retry_delay: RetryDelay | None = None
    gc_time: Seconds | None = None
    meta: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.mutation_key is not None:
            object.__setattr__(self, "mutation_key", as_key(self.mutation_key, "mutation_key"))
        for name in ("mutation_fn", "on_mutate", "on_success", "on_error", "on_settled"):
            _check_callable(name, getattr(self, name))
        if self.invalidates is not None and not callable(self.invalidates):
            keys = tuple(as_key(key, "A key of invalidates") for key in self.invalidates)
            object.__setattr__(self, "invalidates", keys)
        _check_timing(self)


@dataclass(frozen=True)
class DefaultOptions:
    """What a client's queries and mutations are told unless they say otherwise."""

    queries: QueryOptions = field(default_factory=QueryOptions)
    mutations: MutationOptions = field(default_factory=MutationOptions)


def make(kind: type[O], options: O | None, named: Mapping[str, Any]) -> O:
    """Return ``options`` with the named ones over them.

    Raises:
        QueryError: There is no such option.
    """
    known = [option.name for option in fields(kind)]
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
            raise QueryError(f"There is no option {name!r}; {hint}")
    return replace(options, **named) if options is not None else kind(**named)


def merge(options: O, defaults: O) -> O:
    """Return ``options`` with the defaults for what they do not say."""
    missing = {
        option.name: getattr(defaults, option.name)
        for option in fields(options)
        if getattr(options, option.name) is None
    }
    return replace(options, **missing)


def seconds(value: Seconds) -> float:
    """Return a duration as a number."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def should_retry(retry: Retry, failures: int, error: BaseException) -> bool:
    """Return whether to try again after ``failures`` earlier ones."""
    if isinstance(retry, bool):
        return retry
    return failures < retry if isinstance(retry, int) else bool(retry(failures, error))


def retry_wait(delay: RetryDelay | None, failures: int, error: BaseException) -> float:
    """Return the seconds before trying again after ``failures`` earlier ones."""
    if delay is None:
        return min(2.0 ** min(failures, 16), 30.0)
    return max(seconds(delay(failures, error) if callable(delay) else delay), 0.0)


def _check_timing(options: QueryOptions | MutationOptions) -> None:
    _check_seconds("gc_time", options.gc_time)
    if not callable(options.retry_delay):
        _check_seconds("retry_delay", options.retry_delay)
    retry = options.retry
    if retry is not None and not callable(retry) and not (isinstance(retry, int) and retry >= 0):
        raise QueryError(f"retry must be a bool, a number of times or a function, not {retry!r}.")


def _check_seconds(name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
        raise QueryError(f"{name} must be seconds or a timedelta, not {value!r}.")
    if math.isnan(seconds(value)) or seconds(value) < 0:
        raise QueryError(f"{name} cannot be {value!r} seconds.")


def _check_callable(name: str, value: Any) -> None:
    if value is not None and not callable(value):
        raise QueryError(f"{name} must be a function, not {type(value).__name__}.")
