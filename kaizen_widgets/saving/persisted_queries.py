"""Persists the query cache's lists of API records between kernels.

Lists and the signed-in user are persisted; `persisted_mutations` does the same for waiting changes.
Documents (graphs, single agents and pipelines) are not persisted: an old one must not be taken for the
newest, and it may contain API keys.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any, Final

from pydantic import BaseModel

from kaizen_widgets.query import Mutation, Persister, Query, QueryClient, TextStorage
from kaizen_widgets.saving.record_json import RECORD_TYPES, from_json, to_json
from kaizen_widgets.stores import AuthStore

MAX_AGE: Final = 7 * 86_400.0
"""Seconds after which persisted queries and mutations are dropped."""


def persist_queries(
    client: QueryClient, storage: TextStorage, *, address: str, session: AuthStore, **options: Any
) -> Persister:
    """Persist a client's lists, separately for each user, and restore them.

    They are restored as soon as it is known which user is signed in. They are deleted when the client
    forgets its data, as it does when a user signs in or out.

    Args:
        client: Query client whose cache is persisted.
        storage: Where the texts are stored.
        address: Address of the server.
        session: Session at that server.
        options: Further arguments of `Persister`.
    """
    version = metadata.version("kaizen-widgets")

    def buster() -> str | None:
        user = session.user
        return f"{version} {user['id']}" if user and session.has_tokens else None

    persister = Persister(
        client,
        storage,
        name=f"kaizen-queries:{address}",
        max_age=MAX_AGE,
        buster=buster,
        should_dehydrate_query=is_persisted_query,
        should_dehydrate_mutation=lambda mutation: (
            mutation.state.is_paused and not is_persisted_mutation(mutation)
        ),
        serialize_data=to_json,
        deserialize_data=from_json,
        **options,
    )

    def restore_for(change: Any) -> None:
        if change.new and not change.old:
            persister.restore()

    persister.restore()
    session.observe(restore_for, names="user")
    return persister.start()


def is_persisted_query(query: Query) -> bool:
    """Return whether a query is persisted: its last fetch succeeded, and it has no documents."""
    data = query.state.data
    first = data[0] if isinstance(data, list | tuple) and data else data
    is_document = isinstance(first, BaseModel) and type(first).__name__ not in RECORD_TYPES
    return query.state.status == "success" and not is_document


def is_persisted_mutation(mutation: Mutation) -> bool:
    """Return whether `PersistedMutations` persists a mutation: it is pending and idempotent."""
    return mutation.status == "pending" and bool((mutation.options.meta or {}).get("repeatable"))
