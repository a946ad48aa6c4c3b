"""What a query or mutation may be told, checked when it is told.

Names and defaults are TanStack Query v5's in snake case. Durations are seconds (a number or a
timedelta). None (for data: `UNSET`) means "not given": the defaults of the key decide, then the
client's, then the library's. A "function of the query" is given the `Query` whenever the answer is
needed; one that raises counts as not given, and is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypeVar

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.option_checks import (
    check_callable,
    check_count,
    check_known,
    check_one_of,
    check_retry,
    check_seconds,
)
from kaizen_widgets.query.query_key import QueryKey, as_key
from kaizen_widgets.query.query_state import UNSET

log = logging.getLogger(__name__)

Seconds: TypeAlias = "float | timedelta"
Retry: TypeAlias = "bool | int | Callable[[int, BaseException], bool]"
RetryDelay: TypeAlias = "Seconds | Callable[[int, BaseException], float]"
NetworkMode: TypeAlias = Literal["online", "always", "offlineFirst"]
Refetch: TypeAlias = 'bool | Literal["always"] | Callable[[Any], Any]'

DEFAULT_GC_TIME: Final = 300.0
O = TypeVar("O", "QueryOptions", "MutationOptions")  # noqa: E741
_MODES = ("online", "always", "offlineFirst")


class _Skip(Enum):
    SKIP = "no function yet"

    def __repr__(self) -> str:
        return "SKIP"


SKIP: Final = _Skip.SKIP
"""In place of a ``query_fn``: the query is disabled, and only reads (the original's ``skipToken``)."""


@dataclass(frozen=True, eq=False)
class QueryOptions:
    """One query.

    Attributes:
        query_key: What it is called; equal keys share one entry.
        query_fn: Gives the data; a coroutine function or a plain one, taking nothing or a
            `QueryContext`. It runs on the background loop: what blocks belongs in `asyncio.to_thread`.
            `SKIP` disables the query.
        stale_time: Seconds data counts as fresh (0); ``math.inf`` until invalidated, ``"static"`` for
            ever; or a function of the query.
        gc_time: Seconds an entry nobody observes is kept (300); ``math.inf`` for ever.
        retry: How often a failed fetch is tried again (3; `fetch_query` and its kin: never), True for
            always, or a function of the failures so far and the error.
        retry_delay: Seconds before trying again, or a function of the same; min(2ⁿ, 30) by default.
        network_mode: ``online``: no attempt while offline; ``always``: the network does not matter;
            ``offlineFirst``: the first attempt always, retries wait for the network.
        enabled: Whether observers fetch by themselves (True), or a function of the query.
        refetch_interval: Seconds after which observers fetch again (False: never), or a function of
            the query.
        refetch_interval_in_background: Whether that goes on while nobody looks (False).
        refetch_on_mount: Whether a new observer fetches data that is there: if stale (True), never
            (False), or ``"always"``; or a function of the query.
        refetch_on_window_focus: The same, when somebody looks again.
        refetch_on_reconnect: The same, when the network is back (not if ``network_mode`` is ``always``).
        retry_on_mount: Whether a new observer fetches what failed without data (True).
        initial_data: Data the entry has from the start, or a function that gives it; it is kept.
        initial_data_updated_at: Its age, in seconds since the epoch (now), or a function that gives it.
        placeholder_data: What observers show while there is no data, or a function of the previous data
            and the previous query; it is not kept. See `keep_previous_data`.
        select: What an observer makes of the data.
        structural_sharing: Whether new data keeps equal parts of the old (True), or a function of both.
        notify_on_change_props: Names of result fields; listeners hear only of changes in these.
        throw_on_error: Listeners hear of a new error whatever ``notify_on_change_props`` says (False).
        initial_page_param: Of an infinite query: the first page's parameter.
        get_next_page_param: A function of the last page, all pages, its parameter and all parameters;
            None ends.
        get_previous_page_param: The same, of the first page.
        max_pages: How many pages are kept (all).
        pages: How many pages a first fetch loads (1).
        infinite: Whether the data is pages; the infinite kinds of calls set it.
        meta: Whatever the function or a cache listener should know.
    """

    query_key: QueryKey = ()
    query_fn: Callable[..., Any] | _Skip | None = None
    stale_time: Seconds | Literal["static"] | Callable[[Any], Any] | None = None
    gc_time: Seconds | None = None
    retry: Retry | None = None
    retry_delay: RetryDelay | None = None
    network_mode: NetworkMode | None = None
    enabled: bool | Callable[[Any], bool] | None = None
    refetch_interval: Seconds | Literal[False] | Callable[[Any], Any] | None = None
    refetch_interval_in_background: bool | None = None
    refetch_on_mount: Refetch | None = None
    refetch_on_window_focus: Refetch | None = None
    refetch_on_reconnect: Refetch | None = None
    retry_on_mount: bool | Callable[[Any], bool] | None = None
    initial_data: Any = UNSET
    initial_data_updated_at: float | Callable[[], float | None] | None = None
    placeholder_data: Any = UNSET
    select: Callable[[Any], Any] | None = None
    structural_sharing: bool | Callable[[Any, Any], Any] | None = None
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
        check_count("max_pages", self.max_pages)
        check_count("pages", self.pages)
        if self.notify_on_change_props is not None:
            object.__setattr__(self, "notify_on_change_props", _props(self.notify_on_change_props))


@dataclass(frozen=True, eq=False)
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
        network_mode: As for queries.
        scope: Mutations of one scope run one after another, in the order they were made.
        gc_time: Seconds it stays in the cache once nobody observes it (300).
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
    """What a client's queries and mutations are told unless they say otherwise."""

    queries: QueryOptions = field(default_factory=QueryOptions)
    mutations: MutationOptions = field(default_factory=MutationOptions)


def keep_previous_data(previous: Any, query: Any) -> Any:
    """As ``placeholder_data``: show the previous key's data until the new one's is there."""
    return previous


def make(kind: type[O], options: O | None, named: Mapping[str, Any]) -> O:
    """Return ``options`` with the named ones over them.

    Raises:
        QueryError: There is no such option.
    """
    if named:
        check_known(named, [option.name for option in fields(kind)], "option")
    elif options is not None:
        return options
    return replace(options, **named) if options is not None else kind(**named)


def merge(options: O, defaults: O) -> O:
    """Return ``options`` with the defaults for what they do not say."""
    missing = {}
    for name, given in vars(options).items():
        if given is None or given is UNSET:
            default = getattr(defaults, name)
            if default is not None and default is not UNSET:
                missing[name] = default
    return replace(options, **missing) if missing else options


def resolve(value: Any, query: Any) -> Any:
    """Return an option's value, asked of ``query`` if it is a function; None if that raises."""
    if not callable(value):
        return value
    try:
        return value(query)
    except Exception:
        log.exception("A function given as an option of %r raised", query)
        return None


def seconds(value: Seconds) -> float:
    """Return a duration as a number."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def _props(names: Any) -> tuple[str, ...]:
    from kaizen_widgets.query.query_result import FIELDS

    if isinstance(names, str) or not isinstance(names, Iterable):
        raise QueryError("notify_on_change_props must be a list of names of result fields.")
    names = tuple(names)
    check_known(dict.fromkeys(names), FIELDS, "result field")
    return names
