"""Run the steps of a scenario on a client."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.query import (
    UNSET,
    InfiniteQueryObserver,
    MutationObserver,
    MutationOptions,
    QueryClient,
    QueryFilters,
    QueryObserver,
    dehydrate,
    hash_key,
    hydrate,
)
from kaizen_widgets.query.query_key import as_key, partial_match_key
from tests.conformance.query.functions import (
    UNDEFINED,
    Functions,
    ScriptError,
    at,
    canon,
    given_data,
    substitute,
    transform,
)
from tests.conformance.query.scripts import snake
from tests.conformance.query.trace import (
    Watched,
    mutation_snapshot,
    plain,
    project,
    query_snapshot,
    relative,
)

if TYPE_CHECKING:
    from tests.conformance.query.replay import World

EPOCH = 1_700_000_000
MANY = ("invalidateQueries", "refetchQueries", "cancelQueries", "resetQueries")
FETCHES = {
    "fetchQuery": True,
    "prefetchQuery": False,
    "ensureQueryData": True,
    "fetchInfiniteQuery": True,
    "prefetchInfiniteQuery": False,
    "ensureInfiniteQueryData": True,
}


class Steps:
    """Runs the steps of one scenario, and holds what they created.

    Args:
        world: The clients, and what is recorded.
        functions: The scenario's pure functions.
    """

    def __init__(self, world: World, functions: Functions) -> None:
        self._world = world
        self._functions = functions
        self._scripts = world.scripts
        self.observers: dict[str, Watched] = {}
        self.mutations: dict[str, Watched] = {}
        self.promises: dict[str, tuple[Any, bool]] = {}
        self._numbered = 0
        self._refs: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}

    def run(self, step: dict[str, Any]) -> tuple[Any] | None:
        """Run one step; return its result in a tuple, or None if it has none."""
        client = self._world.clients[step.get("client", "main")]
        op = step["op"]
        if op in FETCHES:
            self._fetch(client, step)
        elif op in MANY:
            self._many(client, step)
        else:
            returned = getattr(self, "_" + snake(op))(client, step)
            return None if returned is None else (returned[0],)
        return None

    def _track(self, step: dict[str, Any], pending: Any, encode: bool = False) -> None:
        name = step.get("as")
        if name is None:
            self._numbered += 1
            name = f"{step['op']}#{self._numbered}"
        self.promises[name] = (pending, encode)

    # ------------------------------------------------------------ environment

    def _set_online(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._world.online.set_online(step["online"])

    def _set_focused(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._world.focus.set_focused(step["focused"])

    def _set_flag(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._world.flags[step["name"]] = step["value"]

    def _mount(self, client: QueryClient, step: dict[str, Any]) -> None:
        client.mount()

    def _unmount(self, client: QueryClient, step: dict[str, Any]) -> None:
        client.unmount()

    # -------------------------------------------------------------- observers

    def _observe(self, client: QueryClient, step: dict[str, Any]) -> None:
        kind = InfiniteQueryObserver if step.get("infinite") else QueryObserver
        observer = kind(client, self._scripts.query_options(step["options"]))
        watched = Watched(observer, step["options"], {}, client)
        self.observers[step["id"]] = watched
        if step.get("subscribe") is not False:
            watched.subscribe()

    def _watched(self, name: str) -> Watched:
        return self.observers.get(name) or self.mutations[name]

    def _unobserve(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._watched(step["id"]).unsubscribe()

    def _resubscribe(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._watched(step["id"]).subscribe()

    def _set_options(self, client: QueryClient, step: dict[str, Any]) -> None:
        watched = self.observers[step["id"]]
        given = step["options"] if step.get("replace") else {**watched.spec, **step["options"]}
        dropped = step.get("unset", ())
        watched.spec = {name: value for name, value in given.items() if name not in dropped}
        watched.observer.set_options(self._scripts.query_options(watched.spec))

    def _get_result(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (project(self._watched(step["id"]).result),)

    def _page(self, step: dict[str, Any]) -> None:
        options = step.get("options") or {}
        fetch = getattr(self.observers[step["id"]].observer, snake(step["op"]))
        pending = fetch(
            cancel_refetch=options.get("cancelRefetch", True),
            throw_on_error=options.get("throwOnError", False),
        )
        self._track(step, pending)

    def _refetch(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._page(step)

    def _fetch_next_page(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._page(step)

    def _fetch_previous_page(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._page(step)

    # ----------------------------------------------------------------- client

    def _fetch(self, client: QueryClient, step: dict[str, Any]) -> None:
        named = {}
        if "revalidateIfStale" in step["options"]:
            named["revalidate_if_stale"] = step["options"]["revalidateIfStale"]
        options = self._scripts.query_options(step["options"])
        pending = getattr(client, snake(step["op"]))(options, **named)
        self._track(step, pending, FETCHES[step["op"]])

    def _many(self, client: QueryClient, step: dict[str, Any]) -> None:
        options = {snake(name): value for name, value in (step.get("options") or {}).items()}
        filters = self._scripts.filters(step.get("filters"))
        self._track(step, getattr(client, snake(step["op"]))(**filters, **options))

    def _updater(self, step: dict[str, Any]) -> Any:
        if "updater" in step:
            return transform(step["updater"])
        return given_data(step["data"])

    def _set_query_data(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        at_time = EPOCH + step["updatedAt"] / 1000 if "updatedAt" in step else None
        given: list[Any] = []
        updater = self._updater(step)
        missing = client.get_query_data(step["key"], UNSET) is UNSET

        def remember(old: Any) -> Any:
            given.append(updater(old))
            return given[0]

        written = client.set_query_data(
            step["key"], remember if callable(updater) else updater, updated_at=at_time
        )
        # A result computed from no data counts as no data.
        nothing = (
            (given[0] is UNSET or (given[0] is None and missing)) if given else updater is UNSET
        )
        return (UNDEFINED if nothing else copy.deepcopy(written),)

    def _set_queries_data(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        filters = self._scripts.filters(step.get("filters"))
        key = filters.pop("query_key", ())
        return (_pairs(client.set_queries_data(key, self._updater(step), **filters)),)

    def _get_query_data(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (copy.deepcopy(client.get_query_data(step["key"], UNDEFINED)),)

    def _get_queries_data(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (_pairs(client.get_queries_data(**self._scripts.filters(step.get("filters")))),)

    def _get_query_state(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        query = client.query_cache.get(step["key"])
        return (UNDEFINED if query is None else copy.deepcopy(query_snapshot(query)),)

    def _find_all(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        filters = self._scripts.filters(step.get("filters"))
        meant = QueryFilters.of(filters.pop("query_key", ()), filters)
        return (sorted(canon(list(query.key)) for query in client.query_cache.find_all(meant)),)

    def _remove_queries(self, client: QueryClient, step: dict[str, Any]) -> None:
        client.remove_queries(**self._scripts.filters(step.get("filters")))

    def _is_fetching(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (client.is_fetching(**self._scripts.filters(step.get("filters"))),)

    def _is_mutating(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        filters = dict(step.get("filters") or {})
        return (client.is_mutating(filters.pop("key", ()), **filters),)

    def _clear(self, client: QueryClient, step: dict[str, Any]) -> None:
        client.clear()

    def _set_query_defaults(self, client: QueryClient, step: dict[str, Any]) -> None:
        client.set_query_defaults(step["key"], self._scripts.query_options(step["options"]))

    def _set_mutation_defaults(self, client: QueryClient, step: dict[str, Any]) -> None:
        client.set_mutation_defaults(step["key"], self._scripts.mutation_options(step["options"]))

    def _hash_key(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (hash_key(as_key(step["key"])),)

    def _match_key(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (partial_match_key(as_key(step["key"]), as_key(step["filter"])),)

    def _snapshot(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        queries = sorted(client.query_cache.get_all(), key=lambda query: canon(list(query.key)))
        return (
            copy.deepcopy(
                {
                    "queries": [query_snapshot(query) for query in queries],
                    "mutations": [mutation_snapshot(m) for m in client.mutation_cache.get_all()],
                    "isFetching": client.is_fetching(),
                    "isMutating": client.is_mutating(),
                    "online": self._world.online.is_online,
                    "focused": self._world.focus.is_focused,
                }
            ),
        )

    def _located(self, client: QueryClient, step: dict[str, Any]) -> Any:
        if "id" in step:
            value = self.observers[step["id"]].result.data
        else:
            value = client.get_query_data(step["key"], UNSET)
        return at(value, step.get("path", []))

    def _ref(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._refs[step["as"]] = self._located(client, step)

    def _same_ref(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        return (self._located(client, step) is self._refs[step["ref"]],)

    def _dehydrate(self, client: QueryClient, step: dict[str, Any]) -> tuple[Any]:
        state = self._saved[step["as"]] = json.loads(json.dumps(dehydrate(client)))
        queries = [
            {
                "key": entry["query_key"],
                "status": entry["state"]["status"],
                "data": entry["state"].get("data", UNDEFINED),
                "dataUpdatedAt": relative(entry["state"]["data_updated_at"]),
            }
            for entry in state["queries"]
        ]
        mutations = [
            {
                "key": entry.get("mutation_key"),
                "status": entry["state"]["status"],
                "isPaused": entry["state"]["is_paused"],
                "variables": entry["state"].get("variables", UNDEFINED),
                "scope": entry.get("scope"),
            }
            for entry in state["mutations"]
        ]
        queries.sort(key=lambda entry: canon(entry["key"]))
        return ({"queries": queries, "mutations": mutations},)

    def _hydrate(self, client: QueryClient, step: dict[str, Any]) -> None:
        given = step.get("queryOptions")
        queries = None if given is None else self._scripts.query_options(given)
        hydrate(client, copy.deepcopy(self._saved[step["from"]]), queries=queries)

    # -------------------------------------------------------------- mutations

    def _create_mutation(self, client: QueryClient, step: dict[str, Any]) -> None:
        name, callbacks = step["id"], step.get("callbacks") or {}
        options = self._mutation_options(client, name, step["options"], callbacks)
        watched = Watched(MutationObserver(client, options), step["options"], callbacks, client)
        self.mutations[name] = watched
        if step.get("subscribe") is not False:
            watched.subscribe()

    def _set_mutation_options(self, client: QueryClient, step: dict[str, Any]) -> None:
        watched = self.mutations[step["id"]]
        watched.spec = {**watched.spec, **step["options"]}
        watched.observer.set_options(
            self._mutation_options(watched.client, step["id"], watched.spec, watched.callbacks)
        )

    def _mutate(self, client: QueryClient, step: dict[str, Any]) -> None:
        def said(what: str) -> Any:
            return lambda *_: self._said(step["id"], f"mutate.{what}")

        callbacks = {snake(what): said(what) for what in step.get("callbacks") or ()}
        variables = step.get("variables", UNSET)
        pending = self.mutations[step["id"]].observer.mutate(variables, **callbacks)
        self._track(step, pending, True)

    def _reset_mutation(self, client: QueryClient, step: dict[str, Any]) -> None:
        self.mutations[step["id"]].observer.reset()

    def _resume_paused_mutations(self, client: QueryClient, step: dict[str, Any]) -> None:
        self._track(step, client.resume_paused_mutations())

    def _said(self, name: str, what: str) -> None:
        self._world.instant.callbacks.setdefault(name, []).append(what)

    def _mutation_options(
        self, client: QueryClient, name: str, spec: dict[str, Any], callbacks: dict[str, Any]
    ) -> MutationOptions:
        def callback(what: str, actions: list[dict[str, Any]]) -> Any:
            async def run(*arguments: Any) -> Any:
                variables = arguments[{"onMutate": 0, "onSettled": 2}.get(what, 1)]
                context = {} if what == "onMutate" else arguments[-1]
                context = {} if context is None else context
                data = arguments[0] if what in ("onSuccess", "onSettled") else UNSET
                self._said(name, what)
                for action in actions:
                    await self._action(client, action, variables, context, data)
                return context if what == "onMutate" else None

            return run

        made = {snake(what): callback(what, actions) for what, actions in callbacks.items()}
        return self._scripts.mutation_options(spec, **made)

    async def _action(
        self, client: QueryClient, action: dict[str, Any], variables: Any, context: Any, data: Any
    ) -> None:
        def filled(value: Any) -> Any:
            return substitute(copy.deepcopy(value), {"vars": variables})

        filters = self._scripts.filters(filled(action.get("filters")))
        match action["op"]:
            case "sleep":
                await sleep(self._world.clock, action["ms"] / 1000)
            case "throw":
                raise ScriptError(action["error"])
            case "saveQueryData":
                context[action["as"]] = client.get_query_data(filled(action["key"]), UNSET)
            case "saveQueriesData":
                context[action["as"]] = client.get_queries_data(**filters)
            case "restoreQueryData":
                client.set_query_data(filled(action["key"]), context.get(action["from"], UNSET))
            case "restoreQueriesData":
                for key, saved in context[action["from"]]:
                    client.set_query_data(key, saved)
            case "setQueryData" if "updater" in action:
                client.set_query_data(filled(action["key"]), transform(filled(action["updater"])))
            case "setQueryData":
                value = data if action["data"] == "$data" else given_data(filled(action["data"]))
                client.set_query_data(filled(action["key"]), value)
            case "setQueriesData":
                key = filters.pop("query_key", ())
                client.set_queries_data(key, transform(filled(action["updater"])), **filters)
            case "removeQueries":
                client.remove_queries(**filters)
            case op:
                pending = getattr(client, snake(op))(**filters)
                if action.get("await") is not False:
                    await pending


def _pairs(found: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    pairs = [{"key": list(key), "data": plain(data)} for key, data in found]
    return sorted(pairs, key=lambda pair: canon(pair["key"]))
