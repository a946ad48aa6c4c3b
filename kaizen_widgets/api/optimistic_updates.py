"""Show a change before the server has accepted it, and undo it if the server does not.

The steps are those of every optimistic update: cancel fetches that would overwrite it, remember the
previous data, write, restore on an error, and fetch again at the end unless another change of the same kind
is still running.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.api.key_factories import ResourceKeys
from kaizen_widgets.query import MutationOptions, QueryClient, QueryKey


def set_status(
    client: QueryClient, keys: ResourceKeys, send: Callable[[Mapping[str, Any]], Any]
) -> MutationOptions:
    """Return the mutation that sets the status of one item, in its detail and in every list.

    Its key must end with ``"set_active"`` and the item's id.

    Args:
        client: Query client whose cache is written.
        keys: Keys of the resource.
        send: Sends the change; called with ``{"id": ..., "status": ...}``, the mutation's variables.
    """

    def is_last(given: Mapping[str, Any]) -> bool:
        return client.is_mutating((*keys.all, "set_active", given["id"])) == 1

    async def write(given: Mapping[str, Any]) -> list[tuple[QueryKey, Any]]:
        previous = []
        for shown in (keys.lists, keys.detail(given["id"])):
            await client.cancel_queries(shown)
            previous += client.get_queries_data(shown)
        changed = [
            (query_key, data, new)
            for query_key, data in previous
            if (new := _with_status(data, given["id"], given["status"])) is not data
        ]
        for query_key, _, new in changed:
            client.set_query_data(query_key, new)
        return [(query_key, data) for query_key, data, _ in changed]

    def roll_back(
        error: BaseException, given: Mapping[str, Any], previous: list[tuple[QueryKey, Any]] | None
    ) -> None:
        # Otherwise a later change has written data, and fetches the server's data when it ends.
        if is_last(given):
            for query_key, data in previous or ():
                client.set_query_data(query_key, data)

    def settled(
        data: Any, error: BaseException | None, given: Mapping[str, Any], previous: Any
    ) -> None:
        if is_last(given):
            client.invalidate_queries(keys.lists)
            client.invalidate_queries(keys.detail(given["id"]))

    return MutationOptions(send, on_mutate=write, on_error=roll_back, on_settled=settled)


def _with_status(data: Any, id: str, status: str) -> Any:
    """Return ``data`` with the new status, or ``data`` itself if it does not contain the item."""
    if isinstance(data, list):
        changed = [_with_status(one, id, status) for one in data]
        is_unchanged = all(new is old for new, old in zip(changed, data, strict=True))
        return data if is_unchanged else changed
    if isinstance(data, dict):  # The pages of a list.
        new = {name: _with_status(one, id, status) for name, one in data.items()}
        return data if all(new[name] is data[name] for name in data) else new
    if getattr(data, "id", None) == id and hasattr(data, "status"):
        return data.model_copy(update={"status": status})
    return data
