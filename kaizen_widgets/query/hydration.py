"""dehydrate and hydrate: the state of a client's caches as plain values, and back.

Queries with data and paused mutations are included; functions and errors are not: a paused mutation gets its
function from the defaults of its key (`QueryClient.set_mutation_defaults`). The values are JSON if the data
and the variables are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_state import MutationState
from kaizen_widgets.query.options import MutationOptions, QueryOptions, merge_options
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_state import UNSET, QueryState

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient

_LEFT_OUT = ("error", "failure_reason")


def dehydrate(
    client: QueryClient,
    *,
    should_dehydrate_query: Callable[[Query], bool] | None = None,
    should_dehydrate_mutation: Callable[[Mutation], bool] | None = None,
    serialize_data: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """Return the state of a client's caches.

    Args:
        client: Query client whose caches are saved.
        should_dehydrate_query: Returns whether to include a query; by default those whose last fetch
            succeeded.
        should_dehydrate_mutation: Returns whether to include a mutation; by default the paused ones.
        serialize_data: Turns the data of a query into plain values.
    """
    include_query = fit_callback(should_dehydrate_query or _has_succeeded, 1)
    include_mutation = fit_callback(should_dehydrate_mutation or _is_paused, 1)
    with client.environment.notifier.locked():
        queries = [query for query in client.query_cache.get_all() if include_query(query)]
        mutations = [
            mutation for mutation in client.mutation_cache.get_all() if include_mutation(mutation)
        ]
        return {
            "queries": [_query_entry(query, serialize_data) for query in queries],
            "mutations": [_mutation_entry(mutation) for mutation in mutations],
        }


def hydrate(
    client: QueryClient,
    state: Mapping[str, Any],
    *,
    queries: QueryOptions | None = None,
    mutations: MutationOptions | None = None,
    deserialize_data: Callable[[Any], Any] | None = None,
) -> None:
    """Put what `dehydrate` returned into a client; newer data that it already has stays.

    Args:
        client: Query client whose caches are filled.
        state: What `dehydrate` returned.
        queries: Options of the created queries.
        mutations: Options of the created mutations.
        deserialize_data: The opposite of ``serialize_data``.

    Raises:
        QueryError: ``state`` is not what `dehydrate` returns; nothing was restored.
    """
    try:
        read_queries = [_read_query(entry, deserialize_data) for entry in state["queries"]]
        read_mutations = [_read_mutation(entry) for entry in state["mutations"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise QueryError(
            "This is not the state of a query client; nothing was restored."
        ) from error
    with client.environment.notifier.locked():
        for own, saved in read_mutations:
            options = own if mutations is None else merge_options(own, mutations)
            client.mutation_cache.build(client.default_mutation_options(options), saved)
        for own, saved in read_queries:
            query = client.query_cache.get(own.query_key)
            if query is None:
                options = own if queries is None else merge_options(own, queries)
                client.query_cache.build(client.default_query_options(options), saved)
            elif saved.data_updated_at > query.state.data_updated_at:
                query.set_state(replace(saved, fetch_status=query.state.fetch_status))


def _has_succeeded(query: Query) -> bool:
    return query.state.status == "success"


def _is_paused(mutation: Mutation) -> bool:
    return mutation.state.is_paused


def _query_entry(query: Query, serialize: Callable[[Any], Any] | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"query_key": list(query.key), "state": _state_fields(query.state)}
    if serialize is not None and "data" in entry["state"]:
        entry["state"]["data"] = serialize(entry["state"]["data"])
    if query.options.meta:
        entry["meta"] = dict(query.options.meta)
    if query.infinite:
        entry["infinite"] = True
    return entry


def _mutation_entry(mutation: Mutation) -> dict[str, Any]:
    options = mutation.options
    entry: dict[str, Any] = {"state": _state_fields(mutation.state)}
    if options.mutation_key is not None:
        entry["mutation_key"] = list(options.mutation_key)
    if options.scope is not None:
        entry["scope"] = options.scope
    if options.meta:
        entry["meta"] = dict(options.meta)
    return entry


def _state_fields(state: QueryState | MutationState) -> dict[str, Any]:
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    return {
        name: value
        for name, value in values.items()
        if value is not UNSET and name not in _LEFT_OUT
    }


def _read_query(
    entry: Mapping[str, Any], deserialize: Callable[[Any], Any] | None
) -> tuple[QueryOptions, QueryState]:
    options = QueryOptions(
        query_key=entry["query_key"], meta=entry.get("meta"), infinite=entry.get("infinite")
    )
    if not options.query_key:
        raise QueryError("A saved query has no key; nothing was restored.")
    state = QueryState(**_checked(entry["state"], _QUERY_FIELDS))
    if state.status == "success" and state.data is UNSET:
        raise QueryError("A saved query succeeded, but has no data; nothing was restored.")
    if deserialize is not None and state.data is not UNSET:
        state = replace(state, data=deserialize(state.data))
    return options, replace(state, fetch_status="idle")


def _read_mutation(entry: Mapping[str, Any]) -> tuple[MutationOptions, MutationState]:
    options = MutationOptions(
        mutation_key=entry.get("mutation_key"), scope=entry.get("scope"), meta=entry.get("meta")
    )
    return options, MutationState(**_checked(entry["state"], _MUTATION_FIELDS))


def _checked(state: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    """Return a saved state, which may come from a file, after checking its fields.

    Args:
        state: Saved state.
        types: What each field must be: a type, or a tuple of allowed values.

    Raises:
        TypeError: A field has another type or value.
    """
    for name, value in state.items():
        wanted = types.get(name)
        if isinstance(wanted, tuple):
            fits = value in wanted and isinstance(value, str | None)
        elif wanted is float:
            fits = type(value) in (int, float) and math.isfinite(value)
        else:
            fits = wanted is None or type(value) is wanted
        if not fits:
            raise TypeError(f"{name} cannot be {value!r}")
    return dict(state)


_COUNTS = {"failure_count": int}
_QUERY_FIELDS: Mapping[str, Any] = {
    "data_updated_at": float,
    "data_update_count": int,
    "error_updated_at": float,
    "error_update_count": int,
    "is_invalidated": bool,
    "status": ("pending", "success", "error"),
    "fetch_status": ("fetching", "paused", "idle"),
    "fetch_direction": ("forward", "backward", None),
    **_COUNTS,
}
_MUTATION_FIELDS: Mapping[str, Any] = {
    "status": ("idle", "pending", "success", "error"),
    "is_paused": bool,
    "submitted_at": float,
    **_COUNTS,
}
"""Types of the fields of a saved state; data, variables and context may be anything."""
