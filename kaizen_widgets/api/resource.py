"""What every kind of thing on the server has: lists, details, and changes that say what they make stale.

A resource is a subclass that names its keys and models, and adds what only it has. Reads are queries that
are under way when returned; changes are mutations likewise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from kaizen_widgets.api.defaults import retry_repeatable
from kaizen_widgets.api.keys import ResourceKeys
from kaizen_widgets.api.models import Input, check, path
from kaizen_widgets.api.optimistic import set_status
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient, QueryKey


class Readable:
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
        self,
        name: str,
        function: Callable[[Any], Awaitable[Any]],
        variables: Any,
        *stale: QueryKey,
        repeatable: bool = False,
    ) -> Mutation:
        """Return a change under way; what it makes stale is fetched anew."""
        return self._client.mutate(
            MutationOptions(
                function,
                mutation_key=(*self.keys.all, name),
                invalidates=list(stale),
                retry=retry_repeatable if repeatable else None,
            ),
            variables,
        )


class Changeable(Readable):
    """One kind of thing that can be made, changed and taken away.

    Attributes:
        endpoints: Also ``create``, ``update`` and ``delete``.
    """

    input: ClassVar[type[Input]]
    change: ClassVar[type[Input]]

    def create(self, **fields: Any) -> Mutation:
        """Make one; the resource's ``input`` model says of what. Never sent twice.

        Raises:
            InvalidInputError: A field is wrong; nothing was sent.
        """
        return self._client.mutate(
            MutationOptions(
                self.endpoints.create,
                mutation_key=(*self.keys.all, "create"),
                invalidates=[self.keys.lists],
            ),
            check(self.input, fields),
        )

    def update(self, id: str, **fields: Any) -> Mutation:
        """Change one; the resource's ``change`` model says what can be.

        Raises:
            InvalidInputError: A field is wrong; nothing was sent.
        """
        path(*self.keys.all, id)
        return self._client.mutate(
            MutationOptions(
                lambda change: self.endpoints.update(id, change),
                mutation_key=(*self.keys.all, "update"),
                scope=self.keys.scope(id),
                invalidates=[self.keys.lists, self.keys.detail(id)],
                retry=retry_repeatable,
            ),
            check(self.change, fields),
        )

    def delete(self, id: str) -> Mutation:
        """Take one away (agents and pipelines: archive it); all that is kept of it leaves the cache."""
        path(*self.keys.all, id)
        return self._client.mutate(
            MutationOptions(
                self.endpoints.delete,
                mutation_key=(*self.keys.all, "delete"),
                scope=self.keys.scope(id),
                on_success=lambda *_: self._client.remove_queries(self.keys.detail(id)),
                invalidates=[self.keys.lists],
                retry=retry_repeatable,
            ),
            id,
        )


class Resource(Changeable):
    """One kind of thing that can also be switched on and off."""

    def set_active(self, id: str, active: bool = True) -> Mutation:
        """Make one ``active``, or a ``draft`` again; shown at once, taken back on an error."""
        path(*self.keys.all, id)
        return set_status(
            self._client,
            self.keys,
            id,
            "active" if active else "draft",
            lambda status: self.endpoints.update(id, check(self.change, {"status": status})),
        )
