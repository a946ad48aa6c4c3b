"""``/deployments``: agents made available on gateways.

This server calls no gateway: an agent that can be deployed is registered and ``active`` at once.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from kaizen_widgets.server.access import (
    Caller,
    Deployer,
    DeploymentEditor,
    DeploymentReader,
    DeploymentRemover,
)
from kaizen_widgets.server.agent_rows import agent_of, part_of
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.base.timestamps import stamp, stamp_after
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.etags import tagged
from kaizen_widgets.server.rows import Offset, Page, insert, owned, page, to_change, update

router = APIRouter(prefix="/deployments", tags=["deployments"])

Status = Literal["pending", "deploying", "active", "failed", "stopped"]
SomeId = Annotated[str, Field(min_length=1, max_length=1024)]


class DeploymentCreate(BaseModel):
    """Which agent to deploy where."""

    agent_id: SomeId
    gateway_id: SomeId
    agent_version_id: str | None = ""


class Deployment(BaseModel):
    """An agent on a gateway."""

    id: str
    organization_id: str
    agent_id: str
    agent_version_id: str
    gateway_id: str
    registration_id: str
    status: str
    endpoint_url: str
    error_message: str
    deployed_by: str
    deployed_at: str | None
    stopped_at: str | None
    created_at: str
    updated_at: str


class DeploymentListBody(BaseModel):
    """A page of deployments, newest first; ``total`` counts all that fit the filters."""

    deployments: list[Deployment]
    total: int


class DeploymentLog(BaseModel):
    """Something that happened to a deployment."""

    id: str
    deployment_id: str
    event_type: str
    message: str
    metadata: dict[str, Any]
    created_at: str


class DeploymentLogsBody(BaseModel):
    """Everything that happened, oldest first."""

    logs: list[DeploymentLog]


@router.get("", response_model=DeploymentListBody)
def list_deployments(
    caller: DeploymentReader,
    studio: WithServices,
    agent_id: str | None = None,
    gateway_id: str | None = None,
    status: Status | None = None,
    limit: Page = None,
    offset: Offset = 0,
) -> Any:
    """List deployments, newest first; all of them without a limit."""
    wanted = {"agent_id": agent_id, "gateway_id": gateway_id, "status": status}
    with studio.database.read() as db:
        rows, total = page(db, "deployments", caller.organization_id, wanted, limit or -1, offset)
    return {"deployments": rows, "total": total}


@router.post("", response_model=Deployment)
def create_deployment(body: DeploymentCreate, caller: Deployer, studio: WithServices) -> Any:
    """Deploy an agent to a gateway."""
    with studio.database.write() as db:
        made = deploy(
            db, studio, caller, body.agent_id, body.gateway_id, body.agent_version_id or ""
        )
        return owned(db, caller, "deployments", "deployment", made)


@router.get("/{deployment_id}", response_model=Deployment)
def get_deployment(
    deployment_id: str, caller: DeploymentReader, studio: WithServices, response: Response
) -> Any:
    """Get a deployment."""
    with studio.database.read() as db:
        return tagged(response, owned(db, caller, "deployments", "deployment", deployment_id))


@router.post("/{deployment_id}/stop", response_model=Deployment)
def stop_deployment(deployment_id: str, caller: DeploymentRemover, studio: WithServices) -> Any:
    """Take an agent off its gateway."""
    with studio.database.write() as db:
        deployment = to_change(db, caller, "deployments", "deployment", deployment_id)
        if deployment["status"] not in ("active", "deploying"):
            raise ApiError(400, f"A deployment that is {deployment['status']} cannot be stopped")
        _stop(db, studio, deployment)
        return owned(db, caller, "deployments", "deployment", deployment_id)


@router.post("/{deployment_id}/redeploy", response_model=Deployment)
def redeploy(deployment_id: str, caller: DeploymentEditor, studio: WithServices) -> Any:
    """Deploy the agent as it is now, as a new deployment; the old one is stopped."""
    with studio.database.write() as db:
        old = to_change(db, caller, "deployments", "deployment", deployment_id)
        if old["status"] != "stopped":
            _stop(db, studio, old)
        made = deploy(db, studio, caller, old["agent_id"], old["gateway_id"], "")
        return owned(db, caller, "deployments", "deployment", made)


@router.get("/{deployment_id}/logs", response_model=DeploymentLogsBody)
def list_logs(deployment_id: str, caller: DeploymentReader, studio: WithServices) -> Any:
    """List what happened to a deployment."""
    with studio.database.read() as db:
        owned(db, caller, "deployments", "deployment", deployment_id)
        rows = db.execute(
            "SELECT * FROM deployment_logs WHERE deployment_id = ? ORDER BY seq", (deployment_id,)
        )
        return {"logs": [dict(row) | {"metadata": json.loads(row["metadata"])} for row in rows]}


def deploy(
    db: sqlite3.Connection,
    studio: Services,
    caller: Caller,
    agent_id: str,
    gateway_id: str,
    version_id: str,
) -> str:
    """Add a deployment with its log; return its id.

    Raises:
        ApiError: There is no such agent, version or gateway, or the agent is archived.
    """
    agent = agent_of(db, caller, agent_id)
    gateway = owned(db, caller, "gateways", "gateway", gateway_id)
    if agent["status"] == "archived":
        raise ApiError(400, "An archived agent cannot be deployed")
    if version_id:
        part_of(db, "agent_versions", "version", agent_id, version_id)
    deployment_id, registration_id, now = studio.new_id(), studio.new_id(), stamp(studio.clock)
    insert(
        db,
        "deployments",
        {
            "id": deployment_id,
            "organization_id": caller.organization_id,
            "agent_id": agent_id,
            "agent_version_id": version_id,
            "gateway_id": gateway_id,
            "registration_id": registration_id,
            "status": "active",
            "endpoint_url": f"{gateway['api_url'].rstrip('/')}/agents/{registration_id}",
            "error_message": "",
            "deployed_by": caller.user_id,
            "deployed_at": now,
            "stopped_at": None,
            "created_at": now,
            "updated_at": now,
        },
    )
    _log(db, studio, deployment_id, "started", f"{agent['name']} goes to {gateway['name']}")
    _log(db, studio, deployment_id, "registered", "Registered without a call to the gateway")
    return deployment_id


def _stop(db: sqlite3.Connection, studio: Services, deployment: dict[str, Any]) -> None:
    now = stamp_after(studio.clock, deployment["updated_at"])
    changes = {"status": "stopped", "stopped_at": now, "updated_at": now}
    update(db, "deployments", deployment["id"], changes)
    _log(db, studio, deployment["id"], "stopped", "Stopped")


def _log(
    db: sqlite3.Connection, studio: Services, deployment_id: str, event_type: str, message: str
) -> None:
    insert(
        db,
        "deployment_logs",
        {
            "id": studio.new_id(),
            "deployment_id": deployment_id,
            "event_type": event_type,
            "message": message,
            "metadata": "{}",
            "created_at": stamp(studio.clock),
        },
    )
