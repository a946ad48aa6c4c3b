"""``/deployments``: agents deployed to gateways.

This server calls no gateway: a deployment is registered and ``active`` as soon as it is created.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel

from kaizen_widgets.server.agents.agent_rows import AGENTS, VERSIONS
from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.crud import ALL, Limit, Offset, Page, PartTable, Table
from kaizen_widgets.server.base.etags import tagged
from kaizen_widgets.server.base.field_types import SomeId
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.base.timestamps import timestamp, timestamp_after
from kaizen_widgets.server.deployments.gateways import GATEWAYS
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor

router = GuardedRouter(prefix="/deployments", tags=["deployments"])

DEPLOYMENTS = Table("deployments", "deployment")
LOGS = PartTable("deployment_logs", "log", "deployment_id", json_columns=("metadata",))
Status = Literal["pending", "deploying", "active", "failed", "stopped"]


class DeploymentCreate(BaseModel):
    """The agent to deploy and the gateway to deploy it to."""

    agent_id: SomeId
    gateway_id: SomeId
    agent_version_id: str | None = ""


class Deployment(BaseModel):
    """An agent deployed to a gateway."""

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
    """A line of a deployment's log."""

    id: str
    deployment_id: str
    event_type: str
    message: str
    metadata: dict[str, Any]
    created_at: str


class DeploymentLogsBody(BaseModel):
    """The whole log, oldest first."""

    logs: list[DeploymentLog]


@router.get("", response_model=DeploymentListBody)
def list_deployments(
    caller: WithCaller,
    services: WithServices,
    agent_id: str | None = None,
    gateway_id: str | None = None,
    status: Status | None = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Any:
    """List deployments, newest first; all of them without a limit."""
    filters = {"agent_id": agent_id, "gateway_id": gateway_id, "status": status}
    with services.database.read() as db:
        rows, total = DEPLOYMENTS.page(
            db, caller.organization_id, filters, Page(limit or ALL, offset)
        )
    return {"deployments": rows, "total": total}


@router.post("", response_model=Deployment)
def create_deployment(body: DeploymentCreate, caller: WithCaller, services: WithServices) -> Any:
    """Deploy an agent to a gateway."""
    with services.database.write() as db:
        made = deploy(
            db, services, caller, body.agent_id, body.gateway_id, body.agent_version_id or ""
        )
        return DEPLOYMENTS.get(db, caller, made)


@router.get("/{deployment_id}", response_model=Deployment)
def get_deployment(
    deployment_id: str, caller: WithCaller, services: WithServices, response: Response
) -> Any:
    """Get a deployment."""
    with services.database.read() as db:
        return tagged(response, DEPLOYMENTS.get(db, caller, deployment_id))


@router.post("/{deployment_id}/stop", response_model=Deployment)
def stop_deployment(deployment_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Stop a deployment."""
    with services.database.write() as db:
        deployment = DEPLOYMENTS.get_for_change(db, caller, deployment_id)
        if deployment["status"] not in ("active", "deploying"):
            raise ApiError(400, f"A deployment that is {deployment['status']} cannot be stopped")
        _stop(db, services, deployment)
        return DEPLOYMENTS.get(db, caller, deployment_id)


@router.post("/{deployment_id}/redeploy", response_model=Deployment)
def redeploy(deployment_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Deploy the agent as it is now, as a new deployment; the old one is stopped."""
    with services.database.write() as db:
        old = DEPLOYMENTS.get_for_change(db, caller, deployment_id)
        if old["status"] != "stopped":
            _stop(db, services, old)
        made = deploy(db, services, caller, old["agent_id"], old["gateway_id"], "")
        return DEPLOYMENTS.get(db, caller, made)


@router.get("/{deployment_id}/logs", response_model=DeploymentLogsBody)
def list_logs(deployment_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List the log of a deployment."""
    with services.database.read() as db:
        DEPLOYMENTS.get(db, caller, deployment_id)
        return {"logs": LOGS.of(db, deployment_id)}


def deploy(
    db: sqlite3.Connection,
    services: Services,
    caller: Caller,
    agent_id: str,
    gateway_id: str,
    version_id: str,
) -> str:
    """Add a deployment with its log; return its id.

    Raises:
        ApiError: There is no such agent, version or gateway, or the agent is archived.
    """
    agent = AGENTS.get(db, caller, agent_id)
    gateway = GATEWAYS.get(db, caller, gateway_id)
    if agent["status"] == "archived":
        raise ApiError(400, "An archived agent cannot be deployed")
    if version_id:
        VERSIONS.get(db, agent_id, version_id)
    registration_id = services.new_id()
    values = {
        "agent_id": agent_id,
        "agent_version_id": version_id,
        "gateway_id": gateway_id,
        "registration_id": registration_id,
        "status": "active",
        "endpoint_url": f"{gateway['api_url'].rstrip('/')}/agents/{registration_id}",
        "error_message": "",
        "deployed_by": caller.user_id,
        "deployed_at": timestamp(services.clock),
        "stopped_at": None,
    }
    deployment_id = DEPLOYMENTS.create(db, services, caller.organization_id, values)
    _log(db, services, deployment_id, "started", f"{agent['name']} goes to {gateway['name']}")
    _log(db, services, deployment_id, "registered", "Registered without a call to the gateway")
    return deployment_id


def _stop(db: sqlite3.Connection, services: Services, deployment: dict[str, Any]) -> None:
    stopped_at = timestamp_after(services.clock, deployment["updated_at"])
    changes = {"status": "stopped", "stopped_at": stopped_at}
    DEPLOYMENTS.update(db, services, deployment, changes)
    _log(db, services, deployment["id"], "stopped", "Stopped")


def _log(
    db: sqlite3.Connection, services: Services, deployment_id: str, event_type: str, message: str
) -> None:
    values = {"event_type": event_type, "message": message, "metadata": {}}
    LOGS.create(db, services, deployment_id, values)
