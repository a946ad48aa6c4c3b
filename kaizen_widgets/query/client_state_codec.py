"""ClientStateCodec turns the state of a client's caches into the JSON that a persister stores, and back.

Data and variables come back exactly as they were (see `core.json_codec`); an entry that cannot is left out.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.core.json_codec import InexactError, decode, encode
from kaizen_widgets.query.hydration import dehydrate
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.options import MutationOptions
from kaizen_widgets.query.query import Query

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient

logger = logging.getLogger(__name__)


@dataclass
class EncodedState:
    """State of a client as JSON.

    Attributes:
        text: JSON of the queries and mutations.
        mutations: Mutations that are in it.
        left_out: What is not in it, with the reason, by name such as "query ['a']".
    """

    text: str = ""
    mutations: frozenset[Mutation] = frozenset()
    left_out: dict[str, str] = field(default_factory=dict)


class ClientStateCodec:
    """Encodes and decodes the state of one client.

    Args:
        client: Query client whose state is stored.
        should_dehydrate_query: Returns whether to store a query; None for those whose last fetch succeeded.
        should_dehydrate_mutation: Returns whether to store one of the mutations that another process can
            continue; None for the paused ones.
        serialize: Turns data and variables into values that `core.json_codec` can write.
        deserialize: The opposite.
    """

    def __init__(
        self,
        client: QueryClient,
        *,
        should_dehydrate_query: Callable[[Query], bool] | None,
        should_dehydrate_mutation: Callable[[Mutation], bool] | None,
        serialize: Callable[[Any], Any],
        deserialize: Callable[[Any], Any],
    ) -> None:
        self._client = client
        self._should_dehydrate_query = should_dehydrate_query
        self._should_dehydrate_mutation = fit_callback(should_dehydrate_mutation or _is_paused, 1)
        self._serialize = fit_callback(serialize, 1)
        self._deserialize = fit_callback(deserialize, 1)

    def encode(self) -> EncodedState:
        """Return the client's state as JSON."""
        chosen: list[Mutation] = []

        def choose(mutation: Mutation) -> bool:
            if is_chosen := self.can_continue_elsewhere(mutation):
                chosen.append(mutation)
            return is_chosen

        state = dehydrate(
            self._client,
            should_dehydrate_query=self._should_dehydrate_query,
            should_dehydrate_mutation=choose,
        )
        encoded = EncodedState()
        queries = [
            self._entry_text(entry, "data", f"query {entry['query_key']}", encoded)
            for entry in state["queries"]
        ]
        mutations = [
            self._entry_text(entry, "variables", f"mutation {entry['mutation_key']}", encoded)
            for entry in state["mutations"]
        ]
        encoded.mutations = frozenset(
            mutation for mutation, text in zip(chosen, mutations, strict=True) if text
        )
        encoded.text = (
            f'{{"queries": [{", ".join(filter(None, queries))}], '
            f'"mutations": [{", ".join(filter(None, mutations))}]}}'
        )
        return encoded

    def decode(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return a stored state for `hydrate`: queries count as stale, and what ran is paused.

        An entry that ``deserialize`` fails for is left out.
        """
        queries, mutations = [], []
        for stored in state["queries"]:
            entry = self._decoded(stored, "data", f"query {stored['query_key']}")
            if entry is not None:
                entry["state"]["is_invalidated"] = True
                queries.append(entry)
        for stored in state["mutations"]:
            entry = self._decoded(stored, "variables", f"mutation {stored.get('mutation_key')}")
            if entry is not None:
                entry["state"]["is_paused"] = entry["state"].get("status") == "pending"
                mutations.append(entry)
        return {"queries": queries, "mutations": mutations}

    def can_continue_elsewhere(self, mutation: Mutation) -> bool:
        """Return whether a mutation is stored: another process knows a function for its key."""
        key = mutation.options.mutation_key
        if key is None or not self._should_dehydrate_mutation(mutation):
            return False
        known = self._client.default_mutation_options(MutationOptions(mutation_key=key))
        return known.mutation_fn is not None

    def _entry_text(
        self, entry: dict[str, Any], part: str, name: str, encoded: EncodedState
    ) -> str:
        """Return an entry as JSON; empty if it is left out, with the reason in ``encoded``.

        Args:
            entry: Entry of a dehydrated state.
            part: Field of its state that holds the user's value.
            name: What the entry is called in messages.
            encoded: Collects the reasons.
        """
        state = dict(entry["state"])
        state.pop("context", None)  # the result of on_mutate is for this process only
        try:
            if part in state:
                state[part] = encode(self._serialize(state[part]))
            plain = {**entry, "state": state}
            if "meta" in entry:
                plain["meta"] = encode(entry["meta"])
            return json.dumps(plain, allow_nan=False)
        except InexactError as error:
            reason = str(error)
        except Exception as error:  # of the user's serializer, or data changed by another thread
            reason = f"{type(error).__name__}: {error}"
        encoded.left_out[name] = reason
        return ""

    def _decoded(self, stored: Mapping[str, Any], part: str, name: str) -> dict[str, Any] | None:
        entry = dict(stored, state=dict(stored["state"]))
        try:
            if part in entry["state"]:
                entry["state"][part] = self._deserialize(decode(entry["state"][part]))
            if "meta" in entry:
                entry["meta"] = decode(entry["meta"])
        except Exception as error:  # of the user's deserializer, which may raise anything
            logger.warning("The stored %s was not restored: %s", name, error)
            return None
        return entry


def _is_paused(mutation: Mutation) -> bool:
    return mutation.state.is_paused


def stored_at(stored: Any) -> float:
    """Return when a stored state was written, in seconds since the epoch.

    Raises:
        ValueError: It was not written by a persister.
    """
    if not isinstance(stored, Mapping) or not isinstance(stored.get("client_state"), Mapping):
        raise ValueError("it is not the state of a query client")
    at = stored.get("timestamp")
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        raise ValueError("it does not say when it was written")
    return at
