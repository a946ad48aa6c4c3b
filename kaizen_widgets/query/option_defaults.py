"""OptionDefaults fills in the options that a call did not give: by key, then from the client's defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic

from kaizen_widgets.query.options import (
    SKIP,
    DefaultOptions,
    MutationOptions,
    O,
    QueryOptions,
    merge_options,
)
from kaizen_widgets.query.query_key import QueryKey, hash_key, partial_match_key


class _DefaultsByKey(Generic[O]):
    """Defaults for the keys that begin with a given key; of several that match, the later one wins."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[QueryKey, O]] = {}

    def set(self, key: QueryKey, options: O) -> None:
        self._entries[hash_key(key)] = (key, options)

    def merged_over(self, base: O, key: QueryKey | None) -> O:
        """Return ``base`` overridden by the defaults whose keys match ``key``."""
        for prefix, options in self._entries.values() if key is not None else ():
            if partial_match_key(key, prefix):
                base = merge_options(options, base)
        return base


class OptionDefaults:
    """The defaults of one client.

    Args:
        options: Defaults for all queries and mutations of the client.
    """

    def __init__(self, options: DefaultOptions) -> None:
        self.options = options
        self.queries: _DefaultsByKey[QueryOptions] = _DefaultsByKey()
        self.mutations: _DefaultsByKey[MutationOptions] = _DefaultsByKey()

    def apply_to_query(self, options: QueryOptions) -> QueryOptions:
        """Return a query's options with defaults for what they leave open."""
        base = self.queries.merged_over(self.options.queries, options.query_key)
        merged = merge_options(options, base)
        if merged.query_fn is SKIP and merged.enabled is not False:
            merged = replace(merged, enabled=False)
        if merged.refetch_on_reconnect is None and merged.network_mode == "always":
            merged = replace(merged, refetch_on_reconnect=False)
        return merged

    def apply_to_mutation(self, options: MutationOptions) -> MutationOptions:
        """Return a mutation's options with defaults for what they leave open."""
        base = self.mutations.merged_over(self.options.mutations, options.mutation_key)
        return merge_options(options, base)
