"""A cache of what functions give: fetched once, shared, kept fresh, watched. Knows no HTTP, no Jupyter."""

from kaizen_widgets.query.cache import QueryCache, QueryCacheEvent
from kaizen_widgets.query.client import QueryClient
from kaizen_widgets.query.fetch import CancelSignal, QueryContext
from kaizen_widgets.query.filters import QueryFilters
from kaizen_widgets.query.keys import QueryKey, hash_key
from kaizen_widgets.query.mutation import Mutation, MutationCache, MutationState
from kaizen_widgets.query.observer import QueryObserver
from kaizen_widgets.query.options import DefaultOptions, MutationOptions, QueryOptions
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.result import QueryResult
from kaizen_widgets.query.state import UNSET, QueryState

__all__ = [
    "UNSET",
    "CancelSignal",
    "DefaultOptions",
    "Mutation",
    "MutationCache",
    "MutationOptions",
    "MutationState",
    "Query",
    "QueryCache",
    "QueryCacheEvent",
    "QueryClient",
    "QueryContext",
    "QueryFilters",
    "QueryKey",
    "QueryObserver",
    "QueryOptions",
    "QueryResult",
    "QueryState",
    "hash_key",
]
