"""Gateways, to which agents can be deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from kaizen_widgets.api.endpoints import CrudEndpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import RequestModel, ResponseModel, UtcTime
from kaizen_widgets.api.pagination import SearchFilters, fetch_capped
from kaizen_widgets.api.resource import EditableResource
from kaizen_widgets.query import Mutation

KEYS = query_keys.gateways

Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(min_length=1)]
COMMON_ENVIRONMENTS = ("development", "staging", "production", "testing")


class Gateway(ResponseModel):
    """A gateway; the server never sends its key."""

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


class GatewayHealth(ResponseModel):
    """The health of a gateway: ``healthy``, ``unhealthy`` or ``unknown``."""

    status: str
    gateway_id: str = ""
    checked_at: UtcTime | None = None
    response_time_ms: float | None = None
    error: str = ""


class GatewayCreate(RequestModel):
    """A new gateway."""

    name: Name
    api_url: Text
    api_key: SecretStr = Field(min_length=1)
    description: str = ""
    environment: str = "development"
    health_check_url: str = ""


class GatewayUpdate(RequestModel):
    """Changes to a gateway; fields that are not given are not changed."""

    name: Name | None = None
    api_url: Text | None = None
    api_key: SecretStr | None = None
    description: str | None = None
    environment: str | None = None
    health_check_url: str | None = None
    status: Literal["active", "inactive", "error"] | None = None


class GatewayFilters(SearchFilters):
    """Filters of a list of gateways."""

    environment: str | None = None


class GatewayEndpoints(CrudEndpoints[Gateway, Gateway]):
    """The requests about gateways."""

    resource, noun = "gateways", "gateway"
    row = detail_model = Gateway

    async def page(self, filters: SearchFilters, offset: int) -> dict[str, Any]:
        """Return the gateways from an offset on; all of them if the server has no pages (`fetch_capped`)."""
        page = await super().page(filters, offset)
        if page["total"] is not None or offset:
            return page
        return {"rows": await self.list(filters), "next_offset": None, "total": None}

    async def _rows(self, filters: SearchFilters) -> list[Any]:
        async def environments(seen: Sequence[Mapping[str, Any]]) -> list[str]:
            return sorted({*COMMON_ENVIRONMENTS, *(str(row.get("environment")) for row in seen)})

        return await fetch_capped(
            self._transport,
            "/gateways",
            filters.model_dump(),
            "gateways",
            {"environment": environments},
        )

    async def check(self, id: str) -> GatewayHealth:
        """Ask the server to check the health of a gateway."""
        return await self._one(
            GatewayHealth, "state of health", "POST", "gateways", id, "health", idempotent=True
        )


class Gateways(EditableResource[GatewayEndpoints]):
    """Gateways through the cache; see `GatewayFilters`, `GatewayCreate` and `GatewayUpdate`."""

    keys = KEYS
    filter_model = GatewayFilters
    create_model = GatewayCreate
    update_model = GatewayUpdate

    def check(self, id: str) -> Mutation:
        """Ask the server to check the health of a gateway; returns its `GatewayHealth`."""
        return self._mutate("check", self.endpoints.check, id, KEYS.lists, KEYS.detail(id))
