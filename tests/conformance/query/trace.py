"""Record what happens, in the format of the traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query import UNSET, MutationState, Query, QueryResult
from tests.conformance.query.clock import EPOCH
from tests.conformance.query.functions import UNDEFINED, canon
from tests.conformance.query.scripts import snake

FLAGS = [
    "isPending",
    "isSuccess",
    "isError",
    "isLoading",
    "isFetching",
    "isRefetching",
    "isLoadingError",
    "isRefetchError",
    "isPaused",
    "isPlaceholderData",
    "isStale",
    "isFetched",
    "isFetchedAfterMount",
    "isEnabled",
    "hasNextPage",
    "hasPreviousPage",
    "isFetchingNextPage",
    "isFetchingPreviousPage",
    "isFetchNextPageError",
    "isFetchPreviousPageError",
]
MUTATION_FLAGS = ("isIdle", "isPending", "isSuccess", "isError", "isPaused")
STRICT = ("selects", "emits")
OUR_MESSAGES = {
    "has no query_fn": "!missing_query_fn",
    "needs a mutation_fn": "!missing_mutation_fn",
    "gave no data": "!undefined_data",
}


@dataclass
class Instant:
    """The records of one moment."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    aborts: list[dict[str, Any]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    observers: dict[str, Any] = field(default_factory=dict)
    mutations: dict[str, Any] = field(default_factory=dict)
    promises: dict[str, Any] = field(default_factory=dict)
    callbacks: dict[str, list[str]] = field(default_factory=dict)
    cacheCallbacks: dict[str, list[str]] = field(default_factory=dict)
    selects: dict[str, int] = field(default_factory=dict)
    emits: dict[str, int] = field(default_factory=dict)

    def json(self, ms: int, compare: list[str]) -> dict[str, Any] | None:
        """Return the non-empty parts, or None if there are none."""
        for records in (self.calls, self.aborts):
            records.sort(key=lambda one: (_text(one), one["n"]))
        self.added.sort()
        self.removed.sort()
        parts = {
            name: value
            for name, value in vars(self).items()
            if value and (name not in STRICT or name in compare)
        }
        return {"t": ms, **parts} if parts else None


@dataclass
class Watched:
    """An observer of a scenario, and the records of its results."""

    observer: Any
    spec: dict[str, Any]
    callbacks: dict[str, Any]
    client: Any
    infinite: bool = False
    stop: Any = None
    live: bool = False
    emits: int = 0
    path: list[str] = field(default_factory=list)
    pair: str = ""
    seen: str = ""

    @property
    def result(self) -> Any:
        observer = self.observer
        return observer.get_current_result() if hasattr(observer, "query") else observer.result

    def subscribe(self) -> None:
        self.live = False
        self.stop = self.observer.subscribe(self._told)
        self.live = True
        self.emits = 0
        self.pair = pair_of(self.result)
        self.path = [self.pair]

    def unsubscribe(self) -> None:
        if self.stop is not None:
            self.stop()
        self.live = False

    def close(self) -> dict[str, Any] | None:
        """End a moment; return its records."""
        recorded = None
        if self.live:
            self._on_result(self.result)
            last = project(self.result)
            if self.path or canon(last) != self.seen:
                recorded = {"path": self.path, "last": last}
            self.seen = canon(last)
        elif self.path:
            recorded = {"path": self.path}
        self.path, self.emits = [], 0
        return recorded

    def _told(self, result: Any) -> None:
        if self.live:
            self.emits += 1
            self._on_result(result)

    def _on_result(self, result: Any) -> None:
        pair = pair_of(result)
        if pair != self.pair:
            self.pair = pair
            self.path.append(pair)


def pair_of(result: Any) -> str:
    if isinstance(result, MutationState):
        return result.status + ("/paused" if result.is_paused else "")
    return f"{result.status}/{result.fetch_status}"


def plain(value: Any) -> Any:
    """Return a value as a trace has it: a word for no data, query-core's names in pages."""
    if isinstance(value, dict):
        shown = {name: plain(item) for name, item in value.items()}
        if set(shown) == {"pages", "page_params"}:
            shown["pageParams"] = shown.pop("page_params")
        return shown
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return UNDEFINED if value is UNSET else value


def message(error: BaseException | None) -> str | None:
    if isinstance(error, QueryCancelledError):
        return "!cancelled"
    if isinstance(error, QueryError):
        for ours, theirs in OUR_MESSAGES.items():
            if ours in str(error):
                return theirs
    return None if error is None else str(error)


def relative(at: float) -> int | None:
    return round((at - EPOCH) * 1000) if at else None


def project(result: Any) -> dict[str, Any]:
    """Return a result as a trace has it."""
    shown: dict[str, Any] = {
        "status": result.status,
        "error": message(result.error),
        "failureCount": result.failure_count,
        "failureReason": message(result.failure_reason),
    }
    if isinstance(result, QueryResult):
        return shown | {
            "fetchStatus": result.fetch_status,
            "data": plain(result.data) if result.has_data else UNDEFINED,
            "errorUpdateCount": result.error_update_count,
            "dataUpdatedAt": relative(result.data_updated_at),
            "errorUpdatedAt": relative(result.error_updated_at),
            "flags": sorted(flag for flag in FLAGS if getattr(result, snake(flag))),
        }
    return shown | {
        "data": plain(result.data),
        "variables": plain(result.variables),
        "submittedAt": relative(result.submitted_at),
        "flags": sorted(flag for flag in MUTATION_FLAGS if getattr(result, snake(flag))),
    }


def query_snapshot(query: Query) -> dict[str, Any]:
    state = query.state
    return {
        "key": list(query.key),
        "status": state.status,
        "fetchStatus": state.fetch_status,
        "data": plain(state.data),
        "error": message(state.error),
        "dataUpdatedAt": relative(state.data_updated_at),
        "errorUpdatedAt": relative(state.error_updated_at),
        "dataUpdateCount": state.data_update_count,
        "errorUpdateCount": state.error_update_count,
        "failureCount": state.failure_count,
        "isInvalidated": state.is_invalidated,
        "isStale": query.is_stale,
        "isActive": query.is_active,
        "isDisabled": query.is_disabled,
        "observers": len(query.observers),
    }


def mutation_snapshot(mutation: Any) -> dict[str, Any]:
    state, options = mutation.state, mutation.options
    return {
        "key": None if options.mutation_key is None else list(options.mutation_key),
        "status": state.status,
        "isPaused": state.is_paused,
        "variables": plain(state.variables),
        "data": plain(state.data),
        "error": message(state.error),
        "failureCount": state.failure_count,
        "scope": options.scope,
    }


def _text(record: dict[str, Any]) -> str:
    return f"{record['fn']} {canon(record.get('key'))} {canon(record.get('vars'))}"
