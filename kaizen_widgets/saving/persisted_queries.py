"""What the cache holds of the API, kept between kernels: as JSON and back, by a table, never by import.

Kept are lists and who is signed in; of changes that wait see `kept_changes`. Documents are not, graphs and
single agents and pipelines: an old one must not come back under somebody's hands as if it were the newest,
and there may be keys in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

from pydantic import BaseModel

from kaizen_widgets.api.agents import Agent
from kaizen_widgets.api.auth import Organization, User
from kaizen_widgets.api.pipelines import Pipeline
from kaizen_widgets.query import Mutation, Persister, QueryClient, TextStorage
from kaizen_widgets.stores import AuthStore

KINDS: Final[Mapping[str, type[BaseModel]]] = {
    kind.__name__: kind for kind in (Agent, Organization, Pipeline, User)
}
"""The records that are kept."""

MAX_AGE: Final = 7 * 86_400.0


def persist_queries(
    client: QueryClient, storage: TextStorage, *, address: str, session: AuthStore, **options: Any
) -> Persister:
    """Keep a client's lists in a storage, each user's for themselves, and bring them back.

    They come back at once if it is known who is signed in, else once it is; what is kept goes when the
    client forgets, as it does when somebody signs in or out.

    Args:
        client: Whose cache.
        storage: Where to.
        address: The server's.
        session: Who is signed in there.
        options: More for the `Persister`.
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
        should_dehydrate_mutation=lambda one: (
            one.state.is_paused and not is_persisted_mutation(one)
        ),
        serialize_data=to_json,
        deserialize_data=from_json,
        **options,
    )

    def known(change: Any) -> None:
        if change.new and not change.old:
            persister.restore()

    persister.restore()
    session.observe(known, names="user")
    return persister.start()


def is_persisted_mutation(mutation: Mutation) -> bool:
    """Return whether `PersistedMutations` keeps it: it is under way, and the same made twice."""
    return mutation.status == "pending" and bool((mutation.options.meta or {}).get("repeatable"))


_KIND, _FIELDS = "$kind", "$fields"


def to_json(value: Any) -> Any:
    """Return ``value`` as JSON values.

    Raises:
        TypeError: There is something in it that is not kept.
    """
    if isinstance(value, BaseModel):
        name = type(value).__name__
        if KINDS.get(name) is not type(value):
            raise TypeError(f"a {name} is not kept")
        return {_KIND: name, _FIELDS: value.model_dump(mode="json")}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        if _KIND in value:
            raise TypeError("an object that looks like a record is not kept")
        return {name: to_json(item) for name, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} is not kept")


def from_json(value: Any) -> Any:
    """Return what `to_json` was given.

    Raises:
        ValueError: It is nothing that `to_json` gave.
    """
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if _KIND not in value:
            return {name: from_json(item) for name, item in value.items()}
        kind = KINDS.get(value[_KIND]) if isinstance(value[_KIND], str) else None
        if kind is None:
            raise ValueError(f"there is no kind of record {value[_KIND]!r}")
        return kind.model_validate(value.get(_FIELDS))
    return value
