"""Gateways: where agents can be deployed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from kaizen_widgets.api.capped_lists import whole
from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import Input, Record, UtcTime, read
from kaizen_widgets.api.pagination import SearchFilters, narrowed
from kaizen_widgets.api.resource import EditableResource
from kaizen_widgets.query import Mutation

KEYS = query_keys.gateways

Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(min_length=1)]
USUAL = ("development", "staging", "production", "testing")


class Gateway(Record):
    """A gateway; its key is never told."""

    id: str
    name: str
    organization_id: str = ""
    description: str = ""
    api_url: str = ""
    environment: str = ""
    status: str = "active"
    health_check_url: str = ""
    last_health_check: UtcTime | None = None
    last_health_status: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class GatewayHealth(Record):
    """How a gateway answers: ``healthy``, ``unhealthy`` or ``unknown``."""

    status: str
    gateway_id: str = ""
    checked_at: UtcTime | None = None
    response_time_ms: float | None = None
    error: str = ""


class GatewayCreate(Input):
    """A new gateway."""

    name: Name
    api_url: Text
    api_key: SecretStr = Field(min_length=1)
    description: str = ""
    environment: str = "development"
    health_check_url: str = ""


class GatewayUpdate(Input):
    """What to change; what is not given stays."""

    name: Name | None = None
    api_url: Text | None = None
    api_key: SecretStr | None = None
    description: str | None = None
    environment: str | None = None
    health_check_url: str | None = None
    status: Literal["active", "inactive", "error"] | None = None


class GatewayFilters(SearchFilters):
    """Which gateways to list."""

    environment: str | None = None


class GatewayEndpoints(Endpoints):
    """The requests."""

    async def list(self, filters: GatewayFilters) -> list[Gateway]:
        """Return all gateways that fit."""

        async def environments(seen: Sequence[Mapping[str, Any]]) -> list[str]:
            return sorted({*USUAL, *(str(row.get("environment")) for row in seen)})

        found = await whole(
            self._transport,
            "/gateways",
            filters.model_dump(),
            "gateways",
            {"environment": environments},
        )
        return narrowed(
            [read(Gateway, row, "gateway") for row in found], filters.search, filters.sort
        )

    async def get(self, id: str) -> Gateway:
        """Return one gateway."""
        return await self._one(Gateway, "gateway", "GET", "gateways", id)

    async def create(self, gateway: GatewayCreate) -> Gateway:
        """Make a gateway."""
        return await self._one(Gateway, "gateway", "POST", "gateways", json=gateway.model_dump())

    async def update(self, id: str, change: GatewayUpdate) -> Gateway:
        """Change a gateway."""
        body = change.model_dump(exclude_none=True)
        return await self._one(Gateway, "gateway", "PUT", "gateways", id, json=body)

    async def delete(self, id: str) -> None:
        """Delete a gateway."""
        await self._gone("gateways", id)

    async def check(self, id: str) -> GatewayHealth:
        """Have the server call a gateway."""
        return await self._one(
            GatewayHealth, "state of health", "POST", "gateways", id, "health", idempotent=True
        )


class Gateways(EditableResource):
    """Gateways through the cache; see `GatewayFilters`, `GatewayCreate` and `GatewayUpdate`."""

    keys = KEYS
    filters = GatewayFilters
    input = GatewayCreate
    change = GatewayUpdate
    endpoints: GatewayEndpoints

    def check(self, id: str) -> Mutation:
        """Have the server call a gateway; gives its `GatewayHealth`."""
        return self._mutate("check", self.endpoints.check, id, KEYS.lists, KEYS.detail(id))
