"""``/gateways``: where agents can be deployed to.

This server calls no gateway: its key is not kept, and its health is told as last reported, or unknown.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.server.access import (
    Deployer,
    DeploymentEditor,
    DeploymentReader,
    DeploymentRemover,
)
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.etags import tagged
from kaizen_widgets.server.fields import MessageResponse, changes_of
from kaizen_widgets.server.rows import (
    Offset,
    Page,
    Search,
    Sort,
    change,
    insert,
    owned,
    page,
    to_change,
)

router = APIRouter(prefix="/gateways", tags=["gateways"])

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
    """What to change."""

    name: GatewayName | None = None
    description: Text | None = None
    api_url: Url | None = None
    api_key: SecretStr | None = None
    environment: Annotated[str, Field(max_length=100)] | None = None
    health_check_url: Text | None = None
    status: Status | None = None


class Gateway(BaseModel):
    """A gateway; its key is never told."""

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
    """How a gateway was last seen."""

    gateway_id: str
    status: str
    checked_at: str
    response_time_ms: float | None = None
    error: str | None = None


@router.get("", response_model=GatewayListBody)
def list_gateways(
    caller: DeploymentReader,
    studio: WithServices,
    environment: str | None = None,
    search: Search = None,
    sort: Sort = None,
    limit: Page = None,
    offset: Offset = 0,
) -> Any:
    """List gateways, newest first unless sorted; all of them without a limit."""
    wanted = {"environment": environment}
    with studio.database.read() as db:
        rows, total = page(
            db,
            "gateways",
            caller.organization_id,
            wanted,
            limit or -1,
            offset,
            search=search,
            sort=sort,
        )
    return {"gateways": rows, "total": total}


@router.post("", response_model=Gateway)
def create_gateway(body: GatewayCreate, caller: Deployer, studio: WithServices) -> Any:
    """Create a gateway."""
    gateway_id, now = studio.new_id(), stamp(studio.clock)
    own = {
        "id": gateway_id,
        "organization_id": caller.organization_id,
        "description": body.description or "",
        "health_check_url": body.health_check_url or "",
        "status": "active",
        "created_at": now,
        "updated_at": now,
    }
    with studio.database.write() as db:
        insert(db, "gateways", body.model_dump(exclude={"api_key"}) | own)
        return owned(db, caller, "gateways", "gateway", gateway_id)


@router.get("/{gateway_id}", response_model=Gateway)
def get_gateway(
    gateway_id: str, caller: DeploymentReader, studio: WithServices, response: Response
) -> Any:
    """Get a gateway."""
    with studio.database.read() as db:
        return tagged(response, owned(db, caller, "gateways", "gateway", gateway_id))


@router.put("/{gateway_id}", response_model=Gateway)
def update_gateway(
    gateway_id: str,
    body: GatewayUpdate,
    caller: DeploymentEditor,
    studio: WithServices,
    response: Response,
) -> Any:
    """Change a gateway."""
    with studio.database.write() as db:
        gateway = to_change(db, caller, "gateways", "gateway", gateway_id)
        changes = changes_of(body)
        changes.pop("api_key", None)
        change(db, studio, "gateways", gateway, changes)
        return tagged(response, owned(db, caller, "gateways", "gateway", gateway_id))


@router.delete("/{gateway_id}", response_model=MessageResponse)
def delete_gateway(gateway_id: str, caller: DeploymentRemover, studio: WithServices) -> Any:
    """Delete a gateway nothing runs on."""
    with studio.database.write() as db:
        to_change(db, caller, "gateways", "gateway", gateway_id)
        running = db.execute(
            "SELECT count(*) FROM deployments WHERE gateway_id = ? AND status = 'active'",
            (gateway_id,),
        ).fetchone()[0]
        if running:
            raise ApiError(409, f"{running} agents run on this gateway: stop them first")
        db.execute("DELETE FROM gateways WHERE id = ?", (gateway_id,))
    return {"message": "Gateway deleted"}


@router.post("/{gateway_id}/health", response_model=Health)
def check_health(gateway_id: str, caller: DeploymentReader, studio: WithServices) -> Any:
    """Say how a gateway is; this server does not call it, so that is unknown."""
    now = stamp(studio.clock)
    seen = {"last_health_check": now, "last_health_status": "unknown"}
    with studio.database.write() as db:
        gateway = owned(db, caller, "gateways", "gateway", gateway_id)
        change(db, studio, "gateways", gateway, seen)
    reason = "The embedded API calls no gateway."
    return {"gateway_id": gateway_id, "status": "unknown", "checked_at": now, "error": reason}
