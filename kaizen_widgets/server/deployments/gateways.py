"""``/gateways``: the gateways that agents can be deployed to.

This server calls no gateway: keys are not stored, and the health of a gateway is always unknown.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.crud import Page, Table, page_query
from kaizen_widgets.server.base.etags import tagged
from kaizen_widgets.server.base.field_types import MessageResponse, changes_of
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor

router = GuardedRouter(prefix="/gateways", tags=["gateways"])

GATEWAYS = Table("gateways", "gateway")
GatewayName = Annotated[str, Field(min_length=1, max_length=255)]
Url = Annotated[str, Field(min_length=1, max_length=2000)]
Text = Annotated[str, Field(max_length=2000)]
Status = Literal["active", "inactive", "error"]


class GatewayCreate(BaseModel):
    """A new gateway."""

    name: GatewayName
    description: Text | None = ""
    api_url: Url
    api_key: SecretStr = Field(min_length=1, max_length=2000)
    environment: Annotated[str, Field(max_length=100)] = "development"
    health_check_url: Text | None = ""


class GatewayUpdate(BaseModel):
    """The fields to change."""

    name: GatewayName | None = None
    description: Text | None = None
    api_url: Url | None = None
    api_key: SecretStr | None = None
    environment: Annotated[str, Field(max_length=100)] | None = None
    health_check_url: Text | None = None
    status: Status | None = None


class Gateway(BaseModel):
    """A gateway; its key is never sent."""

    id: str
    organization_id: str
    name: str
    description: str
    api_url: str
    environment: str
    status: str
    health_check_url: str
    last_health_check: str | None
    last_health_status: str | None
    created_at: str
    updated_at: str


class GatewayListBody(BaseModel):
    """A page of gateways, newest first; ``total`` counts all that fit the filters."""

    gateways: list[Gateway]
    total: int


class Health(BaseModel):
    """The result of a health check."""

    gateway_id: str
    status: str
    checked_at: str
    response_time_ms: float | None = None
    error: str | None = None


@router.get("", response_model=GatewayListBody)
def list_gateways(
    caller: WithCaller,
    services: WithServices,
    page: Annotated[Page, page_query(None)],
    environment: str | None = None,
) -> Any:
    """List gateways, newest first unless sorted; all of them without a limit."""
    with services.database.read() as db:
        rows, total = GATEWAYS.page(db, caller.organization_id, {"environment": environment}, page)
    return {"gateways": rows, "total": total}


@router.post("", response_model=Gateway)
def create_gateway(body: GatewayCreate, caller: WithCaller, services: WithServices) -> Any:
    """Create a gateway."""
    values = body.model_dump(exclude={"api_key"}) | {
        "description": body.description or "",
        "health_check_url": body.health_check_url or "",
        "status": "active",
    }
    with services.database.write() as db:
        gateway_id = GATEWAYS.create(db, services, caller.organization_id, values)
        return GATEWAYS.get(db, caller, gateway_id)


@router.get("/{gateway_id}", response_model=Gateway)
def get_gateway(
    gateway_id: str, caller: WithCaller, services: WithServices, response: Response
) -> Any:
    """Get a gateway."""
    with services.database.read() as db:
        return tagged(response, GATEWAYS.get(db, caller, gateway_id))


@router.put("/{gateway_id}", response_model=Gateway)
def update_gateway(
    gateway_id: str,
    body: GatewayUpdate,
    caller: WithEditor,
    services: WithServices,
    response: Response,
) -> Any:
    """Change a gateway."""
    with services.database.write() as db:
        gateway = GATEWAYS.get_for_change(db, caller, gateway_id)
        changes = changes_of(body)
        changes.pop("api_key", None)
        GATEWAYS.update(db, services, gateway, changes)
        return tagged(response, GATEWAYS.get(db, caller, gateway_id))


@router.delete("/{gateway_id}", response_model=MessageResponse)
def delete_gateway(gateway_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Delete a gateway without active deployments."""
    with services.database.write() as db:
        GATEWAYS.get_for_change(db, caller, gateway_id)
        active = db.execute(
            "SELECT count(*) FROM deployments WHERE gateway_id = ? AND status = 'active'",
            (gateway_id,),
        ).fetchone()[0]
        if active:
            raise ApiError(409, f"{active} agents are deployed to this gateway: stop them first")
        GATEWAYS.delete(db, gateway_id)
    return {"message": "Gateway deleted"}


@router.post("/{gateway_id}/health", response_model=Health)
def check_health(gateway_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Return the health of a gateway: always unknown, as this server does not call it."""
    now = timestamp(services.clock)
    checked = {"last_health_check": now, "last_health_status": "unknown"}
    with services.database.write() as db:
        gateway = GATEWAYS.get(db, caller, gateway_id)
        GATEWAYS.update(db, services, gateway, checked)
    reason = "The embedded API calls no gateway."
    return {"gateway_id": gateway_id, "status": "unknown", "checked_at": now, "error": reason}
