"""QueryOptions and MutationOptions, checked when they are created.

Names and defaults are those of TanStack Query v5, in snake case. Durations are seconds (a number or a
timedelta). None (for data: `UNSET`) means "not given": then the defaults of the key apply, then the
client's, then the library's. A "function of the query" is called with the `Query` whenever its value is
needed; if it raises, that is logged and the option counts as not given. Every function may take fewer
arguments than it is offered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypeVar

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.option_checks import (
    check_callable,
    check_known,
    check_one_of,
    check_positive_int,
    check_retry,
    check_seconds,
)
from kaizen_widgets.query.query_key import QueryKey, as_key
from kaizen_widgets.query.query_result import RESULT_FIELDS
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.query.user_functions import is_failure

log = logging.getLogger(__name__)

Seconds: TypeAlias = "float | timedelta"
Retry: TypeAlias = "bool | int | Callable[..., bool]"
RetryDelay: TypeAlias = "Seconds | Callable[..., float]"
NetworkMode: TypeAlias = Literal["online", "always", "offlineFirst"]
Refetch: TypeAlias = 'bool | Literal["always"] | Callable[..., Any]'

DEFAULT_GC_TIME: Final = 300.0
O = TypeVar("O", "QueryOptions", "MutationOptions")  # noqa: E741
_MODES = ("online", "always", "offlineFirst")


class _Skip(Enum):
    SKIP = "no function yet"

    def __repr__(self) -> str:
        return "SKIP"


SKIP: Final = _Skip.SKIP
"""Given as ``query_fn``, it disables the query, which then only reads the cache (``skipToken``)."""


@dataclass(frozen=True, eq=False)
class QueryOptions:
    """Options of a query.

    Attributes:
        query_key: Key of the query; equal keys share one cache entry.
        query_fn: Returns the data; a coroutine function or a plain one, without parameters or with one
            for the `QueryContext`. It runs on the background loop, so put blocking code in
            `asyncio.to_thread`. `SKIP` disables the query.
        stale_time: Seconds for which data counts as fresh (0); ``math.inf`` for "until invalidated",
            ``"static"`` for "always"; or a function of the query.
        gc_time: Seconds for which an entry without observers is kept (300); ``math.inf`` for ever.
        retry: How often a failed fetch is retried (3; `QueryClient.fetch_query` and similar calls:
            never), True for always, or a function of the earlier failures and the error.
        retry_delay: Seconds before a retry, or a function of the same two; min(2ⁿ, 30) by default.
        network_mode: ``online``: no attempt while offline; ``always``: the network does not matter;
            ``offlineFirst``: the first attempt always, retries wait for the network.
        enabled: Whether observers fetch by themselves (True), or a function of the query.
        refetch_interval: Seconds between two fetches by an observer (False: never), or a function of
            the query.
        refetch_interval_in_background: Whether that continues while the window is not focused (False).
        refetch_on_mount: Whether a new observer fetches although there is data: if it is stale (True),
            never (False), or ``"always"``; or a function of the query.
        refetch_on_window_focus: The same, when the window gets the focus again.
        refetch_on_reconnect: The same, when the network is back (not if ``network_mode`` is ``always``).
        retry_on_mount: Whether a new observer fetches a query that failed and has no data (True).
        initial_data: Data that the entry starts with, or a function that returns it; it is cached.
        initial_data_updated_at: When that data was fetched, in seconds since the epoch (now), or a
            function that returns it.
        placeholder_data: Data that observers show while there is none, or a function of the previous
            data and the previous query; it is not cached. See `keep_previous_data`.
        select: Function that an observer applies to the data.
        structural_sharing: Whether new data keeps equal parts of the old (True), or a function of both.
        notify_on_change_props: Names of result fields; listeners are called only when one of them
            changed.
        throw_on_error: Call listeners for a new error whatever ``notify_on_change_props`` says (False).
        initial_page_param: For an infinite query: parameter of the first page.
        get_next_page_param: Function of the last page, all pages, the last parameter and all
            parameters; returns the next parameter, or None after the last page.
        get_previous_page_param: The same for the first page.
        max_pages: How many pages are kept (all).
        pages: How many pages the first fetch loads (1).
        infinite: Whether the data consists of pages; calls for infinite queries set it.
        meta: Any information for the function or for cache listeners.
    """

    query_key: QueryKey = ()
    query_fn: Callable[..., Any] | _Skip | None = None
    stale_time: Seconds | Literal["static"] | Callable[..., Any] | None = None
    gc_time: Seconds | None = None
    retry: Retry | None = None
    retry_delay: RetryDelay | None = None
    network_mode: NetworkMode | None = None
    enabled: bool | Callable[..., bool] | None = None
    refetch_interval: Seconds | Literal[False] | Callable[..., Any] | None = None
    refetch_interval_in_background: bool | None = None
    refetch_on_mount: Refetch | None = None
    refetch_on_window_focus: Refetch | None = None
    refetch_on_reconnect: Refetch | None = None
    retry_on_mount: bool | Callable[..., bool] | None = None
    initial_data: Any = UNSET
    initial_data_updated_at: float | Callable[[], float | None] | None = None
    placeholder_data: Any = UNSET
    select: Callable[..., Any] | None = None
    structural_sharing: bool | Callable[..., Any] | None = None
    notify_on_change_props: tuple[str, ...] | None = None
    throw_on_error: bool | None = None
    initial_page_param: Any = UNSET
    get_next_page_param: Callable[..., Any] | None = None
    get_previous_page_param: Callable[..., Any] | None = None
    max_pages: int | None = None
    pages: int | None = None
    infinite: bool | None = None
    meta: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "query_key", as_key(self.query_key))
        if self.query_fn is not SKIP:
            check_callable("query_fn", self.query_fn)
        if self.stale_time != "static" and not callable(self.stale_time):
            check_seconds("stale_time", self.stale_time)
        if self.refetch_interval is not False and not callable(self.refetch_interval):
            check_seconds("refetch_interval", self.refetch_interval)
        check_seconds("gc_time", self.gc_time)
        check_retry(self.retry, self.retry_delay)
        check_one_of("network_mode", self.network_mode, _MODES, or_function=False)
        for name in ("enabled", "retry_on_mount"):
            check_one_of(name, getattr(self, name), (True, False), or_function=True)
        for name in ("refetch_on_mount", "refetch_on_window_focus", "refetch_on_reconnect"):
            check_one_of(name, getattr(self, name), (True, False, "always"), or_function=True)
        for name in ("refetch_interval_in_background", "throw_on_error", "infinite"):
            check_one_of(name, getattr(self, name), (True, False), or_function=False)
        check_one_of("structural_sharing", self.structural_sharing, (True, False), or_function=True)
        for name in ("select", "get_next_page_param", "get_previous_page_param"):
            check_callable(name, getattr(self, name))
        check_positive_int("max_pages", self.max_pages)
        check_positive_int("pages", self.pages)
        if self.notify_on_change_props is not None:
            object.__setattr__(self, "notify_on_change_props", _props(self.notify_on_change_props))


@dataclass(frozen=True, eq=False)
class MutationOptions:
    """Options of a mutation.

    Each callback may be a coroutine function; it is awaited before the mutation continues.

    Attributes:
        mutation_fn: Makes the change: called with the variables, returns the result.
        mutation_key: Key of the mutation, or None.
        on_mutate: Called first, with the variables; its result is the context of the later callbacks.
        on_success: Called with data, variables, context.
        on_error: Called with error, variables, context.
        on_settled: Called after success and after failure with data (None after an error), error (None
            after success), variables, context.
        invalidates: Keys of the queries to invalidate after success and after failure (a change that
            timed out may have arrived), or a function of data and variables that returns them.
        retry: As for queries; 0 by default.
        retry_delay: As for queries.
        network_mode: As for queries.
        scope: Mutations of one scope run one after another, in the order of their creation.
        gc_time: Seconds for which it stays in the cache without observers (300).
        meta: Any information for cache listeners.
    """

    mutation_fn: Callable[..., Any] | None = None
    mutation_key: QueryKey | None = None
    on_mutate: Callable[..., Any] | None = None
    on_success: Callable[..., Any] | None = None
    on_error: Callable[..., Any] | None = None
    on_settled: Callable[..., Any] | None = None
    invalidates: Iterable[QueryKey] | Callable[..., Iterable[QueryKey]] | None = None
    retry: Retry | None = None
    retry_delay: RetryDelay | None = None
    network_mode: NetworkMode | None = None
    scope: str | None = None
    gc_time: Seconds | None = None
    meta: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.mutation_key is not None:
            object.__setattr__(self, "mutation_key", as_key(self.mutation_key, "mutation_key"))
        for name in ("mutation_fn", "on_mutate", "on_success", "on_error", "on_settled"):
            check_callable(name, getattr(self, name))
        if self.invalidates is not None and not callable(self.invalidates):
            keys = tuple(as_key(key, "A key of invalidates") for key in self.invalidates)
            object.__setattr__(self, "invalidates", keys)
        check_seconds("gc_time", self.gc_time)
        check_retry(self.retry, self.retry_delay)
        check_one_of("network_mode", self.network_mode, _MODES, or_function=False)
        if self.scope is not None and not isinstance(self.scope, str):
            raise QueryError(f"scope must be text, not {self.scope!r}.")


@dataclass(frozen=True)
class DefaultOptions:
    """Default options of a client's queries and mutations."""

    queries: QueryOptions = field(default_factory=QueryOptions)
    mutations: MutationOptions = field(default_factory=MutationOptions)


def keep_previous_data(previous: Any, query: Any) -> Any:
    """Given as ``placeholder_data``: show the previous key's data until the new key's data arrives."""
    return previous


def build_options(kind: type[O], options: O | None, named: Mapping[str, Any]) -> O:
    """Return ``options`` with the named ones in place of theirs.

    Raises:
        QueryError: One of the names is not an option.
    """
    if named:
        check_known(named, [option.name for option in fields(kind)], "option")
    elif options is not None:
        return options
    return replace(options, **named) if options is not None else kind(**named)


def merge_options(options: O, defaults: O) -> O:
    """Return ``options`` with ``defaults`` for what they leave open."""
    missing = {}
    for name, given in vars(options).items():
        if given is None or given is UNSET:
            default = getattr(defaults, name)
            if default is not None and default is not UNSET:
                missing[name] = default
    return replace(options, **missing) if missing else options


def resolve_option(value: Any, query: Any) -> Any:
    """Return an option's value; a function is called with ``query``, and gives None if it raises."""
    if not callable(value):
        return value
    try:
        return call_fitting(value, query)
    except BaseException as error:
        if not is_failure(error):
            raise
        log.exception("A function given as an option of %r raised", query)
        return None


def to_seconds(value: Seconds) -> float:
    """Return a duration as a number of seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def _props(names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise QueryError("notify_on_change_props must be a list of names of result fields.")
    names = tuple(names)
    check_known(dict.fromkeys(names), RESULT_FIELDS, "result field")
    return names
