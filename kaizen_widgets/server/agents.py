"""``/agents``: the agents of the caller's organization, and their versions.

Deleting one archives it. A null in an update leaves its field; an empty text clears it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Response

from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.agent_models import (
    AgentListResponse,
    AgentResponse,
    AgentType,
    AgentVersionResponse,
    AgentWithDetailsResponse,
    ConnectorInstance,
    CreateAgentRequest,
    CreateVersionRequest,
    Status,
    UpdateAgentRequest,
)
from kaizen_widgets.server.agent_rows import (
    agent_of,
    agent_to_change,
    insert_agent,
    keep_version,
    part_of,
    parts_of,
)
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.etags import tagged
from kaizen_widgets.server.fields import MessageResponse, changes_of
from kaizen_widgets.server.rows import Limit, Offset, Search, Sort, change, page

router = APIRouter(prefix="/agents", tags=["agents"])


@router.get("", response_model=AgentListResponse)
def list_agents(
    caller: Annotated[Caller, allow("agents:read")],
    studio: WithServices,
    workspace_id: str | None = None,
    status: Status | None = None,
    agent_type: AgentType | None = None,
    search: Search = None,
    sort: Sort = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Any:
    """List agents, newest first unless sorted."""
    wanted = {"workspace_id": workspace_id, "status": status, "agent_type": agent_type}
    with studio.database.read() as db:
        records, total = page(
            db, "agents", caller.organization_id, wanted, limit, offset, search=search, sort=sort
        )
    return {"records": records, "total": total}


@router.post("", status_code=201, response_model=AgentResponse)
def create_agent(
    body: CreateAgentRequest,
    caller: Annotated[Caller, allow("agents:create")],
    studio: WithServices,
) -> Any:
    """Create an agent."""
    with studio.database.write() as db:
        agent_id = insert_agent(db, studio, caller.organization_id, caller.user_id, body)
        return agent_of(db, caller, agent_id)


@router.get("/{agent_id}", response_model=AgentWithDetailsResponse)
def get_agent(
    agent_id: str,
    caller: Annotated[Caller, allow("agents:read")],
    studio: WithServices,
    response: Response,
) -> Any:
    """Get an agent with its contexts and tools."""
    with studio.database.read() as db:
        agent = tagged(response, agent_of(db, caller, agent_id))
        return agent | {
            "contexts": parts_of(db, "agent_contexts", agent_id),
            "tools": parts_of(db, "agent_tools", agent_id),
        }


@router.put("/{agent_id}", response_model=AgentResponse)
def update_agent(
    agent_id: str,
    body: UpdateAgentRequest,
    caller: Annotated[Caller, allow("agents:update")],
    studio: WithServices,
    response: Response,
) -> Any:
    """Change an agent."""
    with studio.database.write() as db:
        agent = agent_to_change(db, caller, agent_id)
        change(db, studio, "agents", agent, changes_of(body))
        return tagged(response, agent_of(db, caller, agent_id))


@router.delete("/{agent_id}", response_model=MessageResponse)
def delete_agent(
    agent_id: str, caller: Annotated[Caller, allow("agents:delete")], studio: WithServices
) -> Any:
    """Archive an agent."""
    with studio.database.write() as db:
        agent = agent_to_change(db, caller, agent_id)
        change(db, studio, "agents", agent, {"status": "archived"})
    return {"message": "Agent archived successfully"}


@router.get("/{agent_id}/connectors", response_model=list[ConnectorInstance])
def list_connectors(
    agent_id: str, caller: Annotated[Caller, allow("agents:read")], studio: WithServices
) -> Any:
    """List the connectors attached to an agent: this server keeps none, so there are none."""
    with studio.database.read() as db:
        agent_of(db, caller, agent_id)
    return []


@router.get("/{agent_id}/versions", response_model=list[AgentVersionResponse])
def list_versions(
    agent_id: str, caller: Annotated[Caller, allow("agents:read")], studio: WithServices
) -> Any:
    """List an agent's versions, newest first."""
    with studio.database.read() as db:
        agent_of(db, caller, agent_id)
        return parts_of(db, "agent_versions", agent_id)[::-1]


@router.post("/{agent_id}/versions", status_code=201, response_model=AgentVersionResponse)
def create_version(
    agent_id: str,
    body: CreateVersionRequest,
    caller: Annotated[Caller, allow("agents:update")],
    studio: WithServices,
) -> Any:
    """Remember the agent as it is."""
    with studio.database.write() as db:
        agent = agent_to_change(db, caller, agent_id)
        version_id = keep_version(db, studio, agent, caller.user_id, body.changelog)
        return part_of(db, "agent_versions", "version", agent_id, version_id)


@router.post("/{agent_id}/versions/{version_id}/rollback", response_model=AgentResponse)
def roll_back(
    agent_id: str,
    version_id: str,
    caller: Annotated[Caller, allow("agents:update")],
    studio: WithServices,
) -> Any:
    """Make the agent what it was; its status and versions stay."""
    with studio.database.write() as db:
        agent = agent_to_change(db, caller, agent_id)
        version = part_of(db, "agent_versions", "version", agent_id, version_id)
        change(db, studio, "agents", agent, json.loads(version["config_snapshot"]))
        return agent_of(db, caller, agent_id)
