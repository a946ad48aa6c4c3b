"""A change shown before the server has agreed, and taken back if it does not.

The steps are the usual ones: stop fetches that would overwrite it, remember what was there, write, roll
back on an error, and fetch again at the end, unless another change of the same kind is still under way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.api.key_factories import ResourceKeys
from kaizen_widgets.query import MutationOptions, QueryClient, QueryKey


def set_status(
    client: QueryClient, keys: ResourceKeys, send: Callable[[Mapping[str, Any]], Any]
) -> MutationOptions:
    """Return how to give one thing another status, in its detail and in every list, and send that.

    Its key is to end with ``"set_active"`` and the thing's id.

    Args:
        client: Whose cache.
        keys: The keys of its kind.
        send: Tells the server; called with ``{"id": ..., "status": ...}``, as the change is.
    """

    def is_last(given: Mapping[str, Any]) -> bool:
        return client.is_mutating((*keys.all, "set_active", given["id"])) == 1

    async def write(given: Mapping[str, Any]) -> list[tuple[QueryKey, Any]]:
        before = []
        for shown in (keys.lists, keys.detail(given["id"])):
            await client.cancel_queries(shown)
            before += client.get_queries_data(shown)
        changed = [
            (query_key, data, new)
            for query_key, data in before
            if (new := _with_status(data, given["id"], given["status"])) is not data
        ]
        for query_key, _, new in changed:
            client.set_query_data(query_key, new)
        return [(query_key, data) for query_key, data, _ in changed]

    def roll_back(
        error: BaseException, given: Mapping[str, Any], before: list[tuple[QueryKey, Any]] | None
    ) -> None:
        # A later change has written since; what it sees at its end is the server's word anyway.
        if is_last(given):
            for query_key, data in before or ():
                client.set_query_data(query_key, data)

    def settled(
        data: Any, error: BaseException | None, given: Mapping[str, Any], before: Any
    ) -> None:
        if is_last(given):
            client.invalidate_queries(keys.lists)
            client.invalidate_queries(keys.detail(given["id"]))

    return MutationOptions(send, on_mutate=write, on_error=roll_back, on_settled=settled)


def _with_status(data: Any, id: str, status: str) -> Any:
    """Return ``data`` with the new status, or ``data`` itself if it does not show that one thing."""
    if isinstance(data, list):
        changed = [_with_status(one, id, status) for one in data]
        same = all(new is old for new, old in zip(changed, data, strict=True))
        return data if same else changed
    if getattr(data, "id", None) == id and hasattr(data, "status"):
        return data.model_copy(update={"status": status})
    return data
