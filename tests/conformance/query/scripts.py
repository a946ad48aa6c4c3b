"""Scripted functions and options of a scenario, as ours."""

from __future__ import annotations

import asyncio
import copy
import re
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.query import SKIP, UNSET, MutationOptions, QueryOptions
from tests.conformance.query.clock import EPOCH, MillisecondClock
from tests.conformance.query.functions import (
    UNDEFINED,
    Functions,
    ScriptError,
    canon,
    given_data,
    seconds,
    substitute,
    transform,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.query.trace import Instant

PLAIN = {
    "networkMode",
    "refetchIntervalInBackground",
    "structuralSharing",
    "throwOnError",
    "pages",
    "maxPages",
    "initialPageParam",
    "meta",
}
BY_QUERY = {
    "enabled",
    "refetchOnMount",
    "refetchOnWindowFocus",
    "refetchOnReconnect",
    "retryOnMount",
}


def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


class Scripts:
    """Creates the functions and options of one scenario.

    Args:
        scenario: The scenario.
        clock: Its time.
        functions: Its pure functions.
        instant: Gives what is being recorded.
    """

    def __init__(
        self,
        scenario: dict[str, Any],
        clock: MillisecondClock,
        functions: Functions,
        instant: Callable[[], Instant],
    ) -> None:
        self._specs = scenario.get("fns", {})
        self._clock = clock
        self._functions = functions
        self._instant = instant
        self._counts: dict[str, int] = {}

    def _count(self, name: str) -> int:
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._counts[name]

    @staticmethod
    def _nth(spec: dict[str, Any], env: dict[str, Any]) -> dict[str, Any]:
        return spec["script"][min(env["n"], len(spec["script"])) - 1]

    async def _outcome(self, spec: dict[str, Any], env: dict[str, Any]) -> Any:
        outcome = self._nth(spec, env)
        if outcome.get("never"):
            await asyncio.get_running_loop().create_future()
        if not outcome.get("sync"):
            await sleep(self._clock, outcome["after"] / 1000)
        if "error" in outcome:
            raise ScriptError(outcome["error"])
        if "data" not in outcome:
            return UNSET
        return substitute(copy.deepcopy(outcome["data"]), env)

    def query_fn(self, name: str) -> Any:
        spec = self._specs[name]

        async def function(context: Any) -> Any:
            key = list(context.query_key)
            env: dict[str, Any] = {"n": self._count(name + canon(key)), "key": key}
            record: dict[str, Any] = {"fn": name, **env}
            if context.page_param is not UNSET:
                env["page"] = record["page"] = context.page_param
            if context.meta:
                record["meta"] = context.meta
            self._instant().calls.append(record)
            if spec.get("signal") in ("consume", "reject"):
                abort = {"fn": name, "n": env["n"], "key": key}
                signal = (
                    context.signal
                )  # read in any case; a function that returns immediately ignores it
                if not self._nth(spec, env).get("sync"):
                    signal.on_abort(lambda: self._instant().aborts.append(abort))
            return await self._outcome(spec, env)

        return self._functions.once({"fn": name}, "queryFn", lambda: function)

    def mutation_fn(self, name: str) -> Any:
        spec = self._specs[name]

        async def function(variables: Any) -> Any:
            shown = UNDEFINED if variables is UNSET else variables
            counted = name + canon(shown) if spec.get("per") == "vars" else name
            n = self._count(counted)
            self._instant().calls.append({"fn": name, "n": n, "vars": shown})
            return await self._outcome(spec, {"n": n, "vars": variables})

        return self._functions.once({"fn": name}, "mutationFn", lambda: function)

    def query_options(self, given: dict[str, Any]) -> QueryOptions:
        f = self._functions
        made: dict[str, Any] = {}
        for name, value in given.items():
            if name == "key":
                made["query_key"] = value
            elif name == "fn":
                made["query_fn"] = SKIP if value == "skip" else self.query_fn(value)
            elif name in ("staleTime", "refetchInterval"):
                made[snake(name)] = f.of_query(value, seconds)
            elif name in BY_QUERY:
                made[snake(name)] = f.of_query(value)
            elif name in PLAIN:
                made[snake(name)] = value
            elif name == "notifyOnChangeProps":
                made["notify_on_change_props"] = [snake(prop) for prop in value]
            elif name == "initialData":
                is_function = isinstance(value, dict) and "$fn" in value
                made["initial_data"] = (
                    (lambda spec=value: transform(spec)(None))
                    if is_function
                    else f.once({"data": value}, "initial", lambda value=value: given_data(value))
                )
            elif name == "initialDataUpdatedAt":
                made["initial_data_updated_at"] = EPOCH + value / 1000
            elif name == "placeholderData":
                made["placeholder_data"] = f.placeholder(value)
            elif name == "select":
                made["select"] = None if value is None else f.select(value)
            elif name in ("getNextPageParam", "getPreviousPageParam"):
                made[snake(name)] = f.page_param(value)
            elif name != "revalidateIfStale":
                made.update(self._common(name, value))
        return QueryOptions(**made)

    def mutation_options(self, given: dict[str, Any], **callbacks: Any) -> MutationOptions:
        made: dict[str, Any] = dict(callbacks)
        for name, value in given.items():
            if name == "key":
                made["mutation_key"] = value
            elif name == "fn":
                made["mutation_fn"] = self.mutation_fn(value)
            elif name in ("scope", "networkMode", "meta"):
                made[snake(name)] = value
            else:
                made.update(self._common(name, value))
        return MutationOptions(**made)

    def _common(self, name: str, value: Any) -> dict[str, Any]:
        if name == "retry":
            return {"retry": self._functions.retry(value)}
        if name == "retryDelay":
            return {"retry_delay": self._functions.delay(value)}
        if name == "gcTime":
            return {"gc_time": seconds(value)}
        raise ValueError(f"There is no option {name!r} in this language.")

    def filters(self, given: dict[str, Any] | None) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in (given or {}).items():
            if name == "key":
                made["query_key"] = value
            elif name == "predicate":
                made["predicate"] = self._functions.predicate(value)
            else:
                made[snake(name)] = value
        return made
