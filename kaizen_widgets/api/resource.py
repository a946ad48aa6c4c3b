"""What every kind of thing on the server has: lists, details, and changes that say what they make stale.

A resource is a subclass that names its keys and models, and adds what only it has. Reads are queries that
are under way when returned; changes are mutations likewise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from kaizen_widgets.api.key_factories import ResourceKeys
from kaizen_widgets.api.models import Input, check, path
from kaizen_widgets.api.optimistic_updates import set_status
from kaizen_widgets.api.query_defaults import IDEMPOTENT, retry_idempotent
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient, QueryKey


class ReadOnlyResource:
    """One kind of thing, through the cache: lists and details.

    Attributes:
        endpoints: The requests themselves: coroutines ``list`` and ``get``.
    """

    keys: ClassVar[ResourceKeys]
    filters: ClassVar[type[Input]]

    def __init__(self, endpoints: Any, client: QueryClient) -> None:
        self.endpoints = endpoints
        self._client = client

    def list(self, **filters: Any) -> LiveQuery:
        """Return the query of a list; the resource's ``filters`` model says what may be asked for.

        Raises:
            InvalidInputError: There is no such filter, or not with this value.
        """
        wanted = check(self.filters, filters)
        return self._query(self.keys.list(wanted.model_dump()), lambda: self.endpoints.list(wanted))

    def detail(self, id: str) -> LiveQuery:
        """Return the query of one."""
        path(*self.keys.all, id)
        return self._query(self.keys.detail(id), lambda: self.endpoints.get(id))

    def _query(self, key: QueryKey, function: Callable[[], Awaitable[Any]]) -> LiveQuery:
        return self._client.live(query_key=key, query_fn=function).start()

    def _mutate(
        self, name: str, function: Callable[[Any], Awaitable[Any]], variables: Any, *stale: QueryKey
    ) -> Mutation:
        """Return a change under way, sent once; what it makes stale is fetched anew."""
        return self._client.mutate(
            MutationOptions(function, mutation_key=(*self.keys.all, name), invalidates=list(stale)),
            variables,
        )


class EditableResource(ReadOnlyResource):
    """One kind of thing that can be made, changed and taken away.

    A change that is the same made twice is tried again, and outlives the kernel while it waits (see
    `kept_changes`): the client knows it by its key, and its variables say everything.

    Attributes:
        endpoints: Also ``create``, ``update`` and ``delete``.
    """

    input: ClassVar[type[Input]]
    change: ClassVar[type[Input]]

    def __init__(self, endpoints: Any, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._repeatable: dict[str, MutationOptions] = {}
        self._define("update", MutationOptions(self._send_update, invalidates=self._touched))
        self._define(
            "delete",
            MutationOptions(
                lambda given: endpoints.delete(given["id"]),
                on_success=lambda _, given, __: client.remove_queries(
                    self.keys.detail(given["id"])
                ),
                invalidates=[self.keys.lists],
            ),
        )

    def create(self, **fields: Any) -> Mutation:
        """Make one; the resource's ``input`` model says of what. Never sent twice.

        Raises:
            InvalidInputError: A field is wrong; nothing was sent.
        """
        wanted = check(self.input, fields)
        return self._mutate("create", self.endpoints.create, wanted, self.keys.lists)

    def update(self, id: str, **fields: Any) -> Mutation:
        """Change one; the resource's ``change`` model says what can be.

        Raises:
            InvalidInputError: A field is wrong; nothing was sent.
        """
        return self._change(
            "update", id, **check(self.change, fields).model_dump(exclude_none=True)
        )

    def delete(self, id: str) -> Mutation:
        """Take one away (agents and pipelines: archive it); all that is kept of it leaves the cache."""
        return self._change("delete", id)

    def _define(self, name: str, options: MutationOptions) -> None:
        """Say how a change is made that is the same made twice; it is called with a dict with ``id``."""
        self._repeatable[name] = replace(options, retry=retry_idempotent, meta=IDEMPOTENT)
        self._client.set_mutation_defaults((*self.keys.all, name), self._repeatable[name])

    def _change(self, name: str, id: str, /, **variables: Any) -> Mutation:
        """Return such a change of one thing, under way; changes of one thing go one after another."""
        path(*self.keys.all, id)
        options = replace(
            self._repeatable[name],
            mutation_key=(*self.keys.all, name, id),
            scope=self.keys.scope(id),
        )
        return self._client.mutate(options, {"id": id, **variables})

    def _send_update(self, given: Mapping[str, Any]) -> Awaitable[Any]:
        fields = {name: value for name, value in given.items() if name != "id"}
        return self.endpoints.update(given["id"], check(self.change, fields))

    def _touched(self, _data: Any, given: Mapping[str, Any]) -> list[QueryKey]:
        """Return what a change of one makes stale: the lists, and that one."""
        return [self.keys.lists, self.keys.detail(given["id"])]


class Resource(EditableResource):
    """One kind of thing that can also be switched on and off."""

    def __init__(self, endpoints: Any, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._define("set_active", set_status(client, self.keys, self._send_update))

    def set_active(self, id: str, active: bool = True) -> Mutation:
        """Make one ``active``, or a ``draft`` again; shown at once, taken back on an error."""
        return self._change("set_active", id, status="active" if active else "draft")
