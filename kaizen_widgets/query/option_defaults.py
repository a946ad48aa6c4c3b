"""What options are when a call does not say: of the client, and of keys that begin alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic

from kaizen_widgets.query.options import (
    SKIP,
    DefaultOptions,
    MutationOptions,
    O,
    QueryOptions,
    merge,
)
from kaizen_widgets.query.query_key import QueryKey, hash_key, matches


class _ByKey(Generic[O]):
    """Defaults of the keys that begin with another; later ones win."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[QueryKey, O]] = {}

    def set(self, key: QueryKey, options: O) -> None:
        self._entries[hash_key(key)] = (key, options)

    def over(self, key: QueryKey | None, base: O) -> O:
        """Return ``base`` with what the keys say over it."""
        for prefix, options in self._entries.values() if key is not None else ():
            if matches(key, prefix):
                base = merge(options, base)
        return base


class Defaults:
    """The defaults of one client.

    Args:
        options: The client's own.
    """

    def __init__(self, options: DefaultOptions) -> None:
        self.options = options
        self.queries: _ByKey[QueryOptions] = _ByKey()
        self.mutations: _ByKey[MutationOptions] = _ByKey()

    def query(self, options: QueryOptions) -> QueryOptions:
        """Return a query's options with the defaults for what they do not say."""
        base = self.queries.over(options.query_key, self.options.queries)
        made = merge(options, base)
        if made.query_fn is SKIP and made.enabled is not False:
            made = replace(made, enabled=False)
        if made.refetch_on_reconnect is None and made.network_mode == "always":
            made = replace(made, refetch_on_reconnect=False)
        return made

    def mutation(self, options: MutationOptions) -> MutationOptions:
        """Return a mutation's options with the defaults for what they do not say."""
        return merge(options, self.mutations.over(options.mutation_key, self.options.mutations))
