"""A cache for the results of functions: fetched once, shared, kept fresh, observed. No HTTP, no Jupyter."""

from kaizen_widgets.query.filters import MutationFilters, QueryFilters
from kaizen_widgets.query.hydration import dehydrate, hydrate
from kaizen_widgets.query.infinite_query_observer import InfiniteQueryObserver
from kaizen_widgets.query.live_query import LiveQuery
from kaizen_widgets.query.managers import FocusManager, OnlineManager
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_cache import MutationCache, MutationCallbacks
from kaizen_widgets.query.mutation_observer import MutationObserver
from kaizen_widgets.query.mutation_state import MutationState
from kaizen_widgets.query.options import (
    SKIP,
    DefaultOptions,
    MutationOptions,
    QueryOptions,
    keep_previous_data,
)
from kaizen_widgets.query.persister import Persister, TextStorage
from kaizen_widgets.query.queries_observer import QueriesObserver
from kaizen_widgets.query.query import Query
from kaizen_widgets.query.query_cache import QueryCache, QueryCacheEvent, QueryCallbacks
from kaizen_widgets.query.query_client import QueryClient
from kaizen_widgets.query.query_key import QueryKey, hash_key
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_result import QueryResult
from kaizen_widgets.query.query_state import UNSET, QueryState
from kaizen_widgets.query.running_fetch import CancelSignal, QueryContext

__all__ = [
    "SKIP",
    "UNSET",
    "CancelSignal",
    "DefaultOptions",
    "FocusManager",
    "InfiniteQueryObserver",
    "LiveQuery",
    "Mutation",
    "MutationCache",
    "MutationCallbacks",
    "MutationFilters",
    "MutationObserver",
    "MutationOptions",
    "MutationState",
    "OnlineManager",
    "Persister",
    "QueriesObserver",
    "Query",
    "QueryCache",
    "QueryCacheEvent",
    "QueryCallbacks",
    "QueryClient",
    "QueryContext",
    "QueryFilters",
    "QueryKey",
    "QueryObserver",
    "QueryOptions",
    "QueryResult",
    "QueryState",
    "TextStorage",
    "dehydrate",
    "hash_key",
    "hydrate",
    "keep_previous_data",
]
