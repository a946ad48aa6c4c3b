"""What observers, and whoever saves and restores, know of the client: enough, and not its class."""

from __future__ import annotations

from typing import Protocol

from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.mutation_cache import MutationCache
from kaizen_widgets.query.options import MutationOptions, QueryOptions
from kaizen_widgets.query.query_cache import QueryCache


class Host(Protocol):
    """A client's inside."""

    environment: Environment
    query_cache: QueryCache
    mutation_cache: MutationCache

    def default_query_options(self, options: QueryOptions) -> QueryOptions:
        """Return a query's options with the defaults for what they do not say."""
        ...

    def default_mutation_options(self, options: MutationOptions) -> MutationOptions:
        """Return a mutation's options with the defaults for what they do not say."""
        ...
