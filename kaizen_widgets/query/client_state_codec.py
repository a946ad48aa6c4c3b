"""What a persister stores of a client, as JSON, and back; see `persister` for when.

What cannot be written as JSON is left out, entry by entry. What cannot be read is refused whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.query.host import Host
from kaizen_widgets.query.hydration import dehydrate
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.options import MutationOptions
from kaizen_widgets.query.query import Query


class ClientStateCodec:
    """One client's entries, chosen and made plain.

    Args:
        client: Whose.
        should_dehydrate_query: Which queries; None for those whose last fetch went well.
        should_dehydrate_mutation: Which of the mutations that can go on; None for the paused ones.
        serialize: Makes JSON values of data and variables.
        deserialize: The opposite.
    """

    def __init__(
        self,
        client: Host,
        *,
        should_dehydrate_query: Callable[[Query], bool] | None,
        should_dehydrate_mutation: Callable[[Mutation], bool] | None,
        serialize: Callable[[Any], Any],
        deserialize: Callable[[Any], Any],
    ) -> None:
        self._client = client
        self._should_dehydrate_query = should_dehydrate_query
        self._should_dehydrate_mutation = should_dehydrate_mutation
        self._serialize = serialize
        self._deserialize = deserialize

    def entries(self) -> tuple[str, frozenset[Mutation]]:
        """Return what is kept of the client, as JSON, and the mutations that are in it."""
        chosen: list[Mutation] = []

        def choose(mutation: Mutation) -> bool:
            if chosen_too := self.can_go_on(mutation):
                chosen.append(mutation)
            return chosen_too

        state = dehydrate(
            self._client,
            should_dehydrate_query=self._should_dehydrate_query,
            should_dehydrate_mutation=choose,
        )
        queries = [self._entry(query, "data") for query in state["queries"]]
        mutations = [self._entry(one, "variables") for one in state["mutations"]]
        kept = {
            "queries": [entry for entry in queries if entry is not None],
            "mutations": [entry for entry in mutations if entry is not None],
        }
        return json.dumps(kept, allow_nan=False), frozenset(chosen)

    def read(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the client's state with its data as it was, and stale; what ran waits now."""
        queries = [dict(entry, state=dict(entry["state"])) for entry in state["queries"]]
        mutations = [dict(entry, state=dict(entry["state"])) for entry in state["mutations"]]
        for entry in queries:
            entry["state"]["data"] = self._deserialize(entry["state"]["data"])
            entry["state"]["is_invalidated"] = True
        for entry in mutations:
            entry["state"]["is_paused"] = entry["state"].get("status") == "pending"
            if "variables" in entry["state"]:
                entry["state"]["variables"] = self._deserialize(entry["state"]["variables"])
        return {"queries": queries, "mutations": mutations}

    def can_go_on(self, mutation: Mutation) -> bool:
        """Return whether it is kept: another process finds its function again by its key."""
        key, wanted = mutation.options.mutation_key, self._should_dehydrate_mutation
        if key is None or not (mutation.state.is_paused if wanted is None else wanted(mutation)):
            return False
        known = self._client.default_mutation_options(MutationOptions(mutation_key=key))
        return known.mutation_fn is not None

    def _entry(self, entry: dict[str, Any], part: str) -> dict[str, Any] | None:
        """Return an entry with its part made plain, or None if it cannot be kept."""
        state = dict(entry["state"])
        state.pop("context", None)  # what on_mutate returned: for this process alone
        try:
            if part in state:
                state[part] = self._serialize(state[part])
            made = {**entry, "state": state}
            json.dumps(made, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return None
        return made


def written_at(found: Any) -> float:
    """Return when a stored text was written, in seconds since the epoch.

    Raises:
        ValueError: It is no text of a persister.
    """
    if not isinstance(found, Mapping) or not isinstance(found.get("client_state"), Mapping):
        raise ValueError("it is no state of a query client")
    at = found.get("timestamp")
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        raise ValueError("it does not say when it was written")
    return at
