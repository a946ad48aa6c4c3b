"""Base classes of resources: lists, details, and mutations that invalidate queries.

A resource is a subclass that names its keys and models, and adds its special requests. Reads return a query
that is already being fetched; changes return a mutation that is already being sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from kaizen_widgets.api.endpoints import CrudEndpoints
from kaizen_widgets.api.key_factories import ResourceKeys
from kaizen_widgets.api.models import RequestModel, url_path, validate
from kaizen_widgets.api.optimistic_updates import set_status
from kaizen_widgets.api.pagination import next_offset
from kaizen_widgets.api.query_defaults import IDEMPOTENT, retry_idempotent
from kaizen_widgets.api.resource_display import resource_bundle
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient, QueryKey


class ReadEndpoints(Protocol):
    """The requests of a resource that can be listed and read."""

    async def list(self, filters: Any, /) -> Any:
        """Return the items that match."""

    async def page(self, filters: Any, offset: int, /) -> dict[str, Any]:
        """Return the items that match from an offset on."""
        ...

    async def get(self, id: str, /) -> Any:
        """Return one item."""


E = TypeVar("E", bound=ReadEndpoints)
C = TypeVar("C", bound=CrudEndpoints[Any, Any])


class ReadOnlyResource(Generic[E]):
    """A resource with lists and details.

    Args:
        endpoints: Requests of the resource.
        client: Query client whose cache holds the answers.

    Attributes:
        filter_model: Request model of the filters of a list.
    """

    keys: ClassVar[ResourceKeys]
    filter_model: ClassVar[type[RequestModel]]

    def __init__(self, endpoints: E, client: QueryClient) -> None:
        self.endpoints = endpoints
        self._client = client

    @property
    def client(self) -> QueryClient:
        """Query client whose cache holds the answers."""
        return self._client

    def list(self, **filters: Any) -> LiveQuery:
        """Return the query of a list; `filter_model` has the possible filters.

        Raises:
            InvalidInputError: There is no such filter, or its value is invalid.
        """
        wanted = validate(self.filter_model, filters)
        return self._query(self.keys.list(wanted.model_dump()), lambda: self.endpoints.list(wanted))

    def pages(self, **filters: Any) -> LiveQuery:
        """Return the query of a list that is fetched page by page, for long lists.

        Its data is ``{"pages": [{"rows": [...], "next_offset": 50, "total": 57}], "page_params": [0]}``, see
        `fetch_page`; ``query.observer.fetch_next_page()`` fetches one more page.

        Raises:
            InvalidInputError: There is no such filter, or its value is invalid.
        """
        wanted = validate(self.filter_model, filters)
        observer = self._client.observe_infinite(
            query_key=self.keys.pages(wanted.model_dump()),
            query_fn=lambda context: self.endpoints.page(wanted, context.page_param),
            initial_page_param=0,
            get_next_page_param=next_offset,
        )
        return LiveQuery(observer).start()

    def detail(self, id: str) -> LiveQuery:
        """Return the query of one item."""
        return self._query_of(id, self.keys.detail(id), self.endpoints.get)

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return resource_bundle(self, self.list)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _query(self, key: QueryKey, function: Callable[[], Awaitable[Any]]) -> LiveQuery:
        return self._client.live(query_key=key, query_fn=function).start()

    def _query_of(
        self, id: str, key: QueryKey, request: Callable[[str], Awaitable[Any]]
    ) -> LiveQuery:
        """Return the query of one item, or of a part of it."""
        url_path(id)  # Refuse an invalid id before anything is cached under it.
        return self._query(key, lambda: request(id))

    def _mutate(
        self, name: str, function: Callable[[Any], Awaitable[Any]], variables: Any, *stale: QueryKey
    ) -> Mutation:
        """Return a mutation that is sent once and invalidates the queries with the keys ``stale``."""
        return self._client.mutate(
            MutationOptions(function, mutation_key=(*self.keys.all, name), invalidates=list(stale)),
            variables,
        )


class EditableResource(ReadOnlyResource[C]):
    """A resource whose items can be created, updated and deleted.

    Idempotent mutations are retried, and continue in the next kernel if this one ends while they wait (see
    `persisted_mutations`): the client knows them by key, and their variables are complete.

    Args:
        endpoints: Requests of the resource.
        client: Query client whose cache holds the answers.

    Attributes:
        create_model: Request model of a new item.
        update_model: Request model of a change.
    """

    create_model: ClassVar[type[RequestModel]]
    update_model: ClassVar[type[RequestModel]]

    def __init__(self, endpoints: C, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._idempotent: dict[str, MutationOptions] = {}
        self._define("update", MutationOptions(self._send_update, invalidates=self._stale_after))
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
        """Create an item; `create_model` has its fields. Never sent twice.

        Raises:
            InvalidInputError: A field is invalid; nothing was sent.
        """
        new = validate(self.create_model, fields)
        return self._mutate("create", self.endpoints.create, new, self.keys.lists)

    def update(self, id: str, **fields: Any) -> Mutation:
        """Change an item; `update_model` has the fields that can be changed.

        Raises:
            InvalidInputError: A field is invalid; nothing was sent.
        """
        changes = validate(self.update_model, fields).model_dump(exclude_none=True)
        return self._change("update", id, **changes)

    def delete(self, id: str) -> Mutation:
        """Delete an item (agents and pipelines are archived), and remove its queries from the cache."""
        return self._change("delete", id)

    def _define(self, name: str, options: MutationOptions) -> None:
        """Define an idempotent mutation; its function is called with a dict with ``id``."""
        self._idempotent[name] = replace(options, retry=retry_idempotent, meta=IDEMPOTENT)
        self._client.set_mutation_defaults((*self.keys.all, name), self._idempotent[name])

    def _change(self, name: str, id: str, /, **variables: Any) -> Mutation:
        """Return an idempotent mutation of one item; mutations of one item run one after another."""
        url_path(*self.keys.all, id)
        options = replace(
            self._idempotent[name],
            mutation_key=(*self.keys.all, name, id),
            scope=self.keys.scope(id),
        )
        return self._client.mutate(options, {"id": id, **variables})

    def _send_update(self, given: Mapping[str, Any]) -> Awaitable[Any]:
        fields = {name: value for name, value in given.items() if name != "id"}
        return self.endpoints.update(given["id"], validate(self.update_model, fields))

    def _stale_after(self, _data: Any, given: Mapping[str, Any]) -> list[QueryKey]:
        """Return the keys that a change of an item invalidates: the lists, and that item."""
        return [self.keys.lists, self.keys.detail(given["id"])]


class Resource(EditableResource[C]):
    """A resource whose items can also be activated."""

    def __init__(self, endpoints: C, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._define("set_active", set_status(client, self.keys, self._send_update))

    def set_active(self, id: str, active: bool = True) -> Mutation:
        """Make an item ``active``, or a ``draft`` again; shown immediately, and undone on an error."""
        return self._change("set_active", id, status="active" if active else "draft")
