"""Base classes of a resource's requests: `Endpoints`, and `CrudEndpoints` with the usual five."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from kaizen_widgets.api.models import RequestModel, ResponseModel, parse, parse_list, url_path
from kaizen_widgets.api.pagination import (
    SEARCHED_FIELDS,
    SearchFilters,
    fetch_all,
    fetch_page,
    search_and_sort,
)
from kaizen_widgets.transport import Transport

R = TypeVar("R", bound=ResponseModel)
Row = TypeVar("Row", bound=ResponseModel)
Detail = TypeVar("Detail", bound=ResponseModel)


class Endpoints:
    """The requests of one resource.

    Args:
        transport: HTTP client that sends the requests.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def _one(self, model: type[R], noun: str, method: str, *parts: str, **options: Any) -> R:
        """Send a request to a path of these parts, and return its answer as a model."""
        answer = await self._transport.request(method, url_path(*parts), **options)
        return parse(model, answer, noun)

    async def _many(self, model: type[R], noun: str, *parts: str, **params: Any) -> list[R]:
        """Get a list without pages, and return its rows as models."""
        answer = await self._transport.request("GET", url_path(*parts), params=params)
        return [parse(model, row, noun) for row in parse_list(answer, f"{noun}s")]

    async def _delete(self, *parts: str) -> None:
        await self._transport.request("DELETE", url_path(*parts))


class CrudEndpoints(Endpoints, Generic[Row, Detail]):
    """The five requests that most resources have.

    Attributes:
        resource: First part of the paths, and name of the list in errors: ``agents``.
        noun: Name of an item in errors: ``agent``.
        row: Model of an item in a list, and of the response to creating and updating.
        detail_model: Model of a single item with all its fields.
        searched_fields: Fields that are searched.
    """

    resource: ClassVar[str]
    noun: ClassVar[str]
    row: type[Row]
    detail_model: type[Detail]
    searched_fields: ClassVar[tuple[str, ...]] = SEARCHED_FIELDS

    async def list(self, filters: SearchFilters) -> list[Row]:
        """Return all items that match, from all pages."""
        found = [parse(self.row, row, self.noun) for row in await self._rows(filters)]
        return search_and_sort(found, filters.search, filters.sort, self.searched_fields)

    async def page(self, filters: SearchFilters, offset: int) -> dict[str, Any]:
        """Return the items that match from an offset on, see `fetch_page`."""

        def select(rows: Sequence[Any]) -> builtins.list[Row]:
            found = [parse(self.row, row, self.noun) for row in rows]
            return search_and_sort(found, filters.search, None, self.searched_fields)

        path, params = f"/{self.resource}", await self._params(filters)
        return await fetch_page(self._transport, path, params, self.resource, offset, select)

    async def get(self, id: str) -> Detail:
        """Return one item."""
        return await self._one(self.detail_model, self.noun, "GET", self.resource, id)

    async def create(self, new: Any) -> Row:
        """Create an item."""
        body = new.model_dump()
        return await self._one(self.row, self.noun, "POST", self.resource, json=body)

    async def update(self, id: str, change: RequestModel) -> Row:
        """Change an item; fields that are None are not changed."""
        body = change.model_dump(exclude_none=True)
        return await self._one(self.row, self.noun, "PUT", self.resource, id, json=body)

    async def delete(self, id: str) -> None:
        """Delete an item."""
        await self._delete(self.resource, id)

    async def _rows(self, filters: SearchFilters) -> list[Any]:
        params = await self._params(filters)
        return await fetch_all(self._transport, f"/{self.resource}", params, self.resource)

    async def _params(self, filters: SearchFilters) -> dict[str, Any]:
        """Return the query of a request for a list."""
        return filters.model_dump()
