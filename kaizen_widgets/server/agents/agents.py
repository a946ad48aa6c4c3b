"""``/agents``: the agents of the caller's organization, with their versions, contexts and tools.

Deleting an agent archives it. A null in an update leaves its field; an empty text clears it. Every change
of a context or tool moves its agent's ``updated_at``, so that the agent's ETag covers them.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Response

from kaizen_widgets.server.agents.agent_activity import activity_of_agents
from kaizen_widgets.server.agents.agent_models import (
    AddContextRequest,
    AddToolRequest,
    AgentListResponse,
    AgentResponse,
    AgentType,
    AgentVersionResponse,
    AgentWithDetailsResponse,
    ConnectorInstance,
    ContextResponse,
    CreateAgentRequest,
    CreateVersionRequest,
    Status,
    ToolResponse,
    UpdateAgentRequest,
    UpdateContextRequest,
    UpdateToolRequest,
)
from kaizen_widgets.server.agents.agent_rows import (
    AGENTS,
    CONTEXTS,
    TOOLS,
    VERSIONS,
    insert_agent,
    insert_version,
)
from kaizen_widgets.server.base.crud import Page, page_query
from kaizen_widgets.server.base.etags import tagged
from kaizen_widgets.server.base.field_types import MessageResponse, changes_of
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import timestamp, timestamp_after
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor

router = GuardedRouter(prefix="/agents", tags=["agents"])


@router.get("", response_model=AgentListResponse, response_model_exclude_unset=True)
def list_agents(
    caller: WithCaller,
    services: WithServices,
    page: Annotated[Page, page_query()],
    workspace_id: str | None = None,
    status: Status | None = None,
    agent_type: AgentType | None = None,
    include: Literal["activity"] | None = None,
) -> Any:
    """List agents, newest first unless sorted; with ``include=activity`` also what each one did."""
    filters = {"workspace_id": workspace_id, "status": status, "agent_type": agent_type}
    with services.database.read() as db:
        records, total = AGENTS.page(db, caller.organization_id, filters, page)
        if include == "activity":
            ids = [record["id"] for record in records]
            found = activity_of_agents(db, services, caller.organization_id, ids)
            records = [record | {"activity": found[record["id"]]} for record in records]
    return {"records": records, "total": total}


@router.post("", status_code=201, response_model=AgentResponse)
def create_agent(body: CreateAgentRequest, caller: WithCaller, services: WithServices) -> Any:
    """Create an agent."""
    with services.database.write() as db:
        agent_id = insert_agent(db, services, caller.organization_id, caller.user_id, body)
        return AGENTS.get(db, caller, agent_id)


@router.get("/{agent_id}", response_model=AgentWithDetailsResponse)
def get_agent(agent_id: str, caller: WithCaller, services: WithServices, response: Response) -> Any:
    """Get an agent with its contexts and tools."""
    with services.database.read() as db:
        agent = tagged(response, AGENTS.get(db, caller, agent_id))
        return agent | {
            "contexts": CONTEXTS.of(db, agent_id),
            "tools": TOOLS.of(db, agent_id),
        }


@router.put("/{agent_id}", response_model=AgentResponse)
def update_agent(
    agent_id: str,
    body: UpdateAgentRequest,
    caller: WithEditor,
    services: WithServices,
    response: Response,
) -> Any:
    """Change an agent."""
    with services.database.write() as db:
        agent = AGENTS.get_for_change(db, caller, agent_id)
        AGENTS.update(db, services, agent, changes_of(body))
        return tagged(response, AGENTS.get(db, caller, agent_id))


@router.delete("/{agent_id}", response_model=MessageResponse)
def delete_agent(agent_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Archive an agent."""
    with services.database.write() as db:
        agent = AGENTS.get_for_change(db, caller, agent_id)
        AGENTS.update(db, services, agent, {"status": "archived"})
    return {"message": "Agent archived successfully"}


@router.get("/{agent_id}/connectors", response_model=list[ConnectorInstance])
def list_connectors(agent_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List the connectors attached to an agent: always none, as this server stores no connectors."""
    with services.database.read() as db:
        AGENTS.get(db, caller, agent_id)
    return []


@router.get("/{agent_id}/versions", response_model=list[AgentVersionResponse])
def list_versions(agent_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List an agent's versions, newest first."""
    with services.database.read() as db:
        AGENTS.get(db, caller, agent_id)
        return VERSIONS.of(db, agent_id)[::-1]


@router.post("/{agent_id}/versions", status_code=201, response_model=AgentVersionResponse)
def create_version(
    agent_id: str, body: CreateVersionRequest, caller: WithEditor, services: WithServices
) -> Any:
    """Store the agent as it is now as a version."""
    with services.database.write() as db:
        agent = AGENTS.get_for_change(db, caller, agent_id)
        return insert_version(db, services, agent, caller.user_id, body.changelog)


@router.post("/{agent_id}/versions/{version_id}/rollback", response_model=AgentResponse)
def roll_back(agent_id: str, version_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Restore an agent from a version; its status and versions stay."""
    with services.database.write() as db:
        agent = AGENTS.get_for_change(db, caller, agent_id)
        version = VERSIONS.get(db, agent_id, version_id)
        AGENTS.update(db, services, agent, json.loads(version["config_snapshot"]))
        return AGENTS.get(db, caller, agent_id)


@router.get("/{agent_id}/contexts", response_model=list[ContextResponse])
def list_contexts(agent_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List an agent's contexts, oldest first."""
    with services.database.read() as db:
        AGENTS.get(db, caller, agent_id)
        return CONTEXTS.of(db, agent_id)


@router.post("/{agent_id}/contexts", status_code=201, response_model=ContextResponse)
def add_context(
    agent_id: str, body: AddContextRequest, caller: WithEditor, services: WithServices
) -> Any:
    """Add a context to an agent."""
    with services.database.write() as db:
        AGENTS.update(db, services, AGENTS.get_for_change(db, caller, agent_id))
        values = body.model_dump() | {"updated_at": timestamp(services.clock)}
        return CONTEXTS.create(db, services, agent_id, values)


@router.put("/{agent_id}/contexts/{context_id}", response_model=ContextResponse)
def update_context(
    agent_id: str,
    context_id: str,
    body: UpdateContextRequest,
    caller: WithEditor,
    services: WithServices,
) -> Any:
    """Change a context."""
    with services.database.write() as db:
        AGENTS.update(db, services, AGENTS.get_for_change(db, caller, agent_id))
        context = CONTEXTS.get(db, agent_id, context_id)
        moved = {"updated_at": timestamp_after(services.clock, context["updated_at"])}
        CONTEXTS.update(db, context_id, changes_of(body) | moved)
        return CONTEXTS.get(db, agent_id, context_id)


@router.delete("/{agent_id}/contexts/{context_id}", response_model=MessageResponse)
def delete_context(
    agent_id: str, context_id: str, caller: WithEditor, services: WithServices
) -> Any:
    """Delete a context."""
    with services.database.write() as db:
        AGENTS.update(db, services, AGENTS.get_for_change(db, caller, agent_id))
        CONTEXTS.get(db, agent_id, context_id)
        CONTEXTS.delete(db, context_id)
    return {"message": "Context deleted successfully"}


@router.get("/{agent_id}/tools", response_model=list[ToolResponse])
def list_tools(agent_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List an agent's tools, oldest first."""
    with services.database.read() as db:
        AGENTS.get(db, caller, agent_id)
        return TOOLS.of(db, agent_id)


@router.post("/{agent_id}/tools", status_code=201, response_model=ToolResponse)
def add_tool(
    agent_id: str, body: AddToolRequest, caller: WithEditor, services: WithServices
) -> Any:
    """Add a tool to an agent."""
    with services.database.write() as db:
        AGENTS.update(db, services, AGENTS.get_for_change(db, caller, agent_id))
        return TOOLS.create(db, services, agent_id, body.model_dump())


@router.put("/{agent_id}/tools/{tool_id}", response_model=ToolResponse)
def update_tool(
    agent_id: str,
    tool_id: str,
    body: UpdateToolRequest,
    caller: WithEditor,
    services: WithServices,
) -> Any:
    """Change a tool."""
    with services.database.write() as db:
        AGENTS.update(db, services, AGENTS.get_for_change(db, caller, agent_id))
        TOOLS.get(db, agent_id, tool_id)
        TOOLS.update(db, tool_id, changes_of(body))
        return TOOLS.get(db, agent_id, tool_id)


@router.delete("/{agent_id}/tools/{tool_id}", response_model=MessageResponse)
def delete_tool(agent_id: str, tool_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Delete a tool."""
    with services.database.write() as db:
        AGENTS.update(db, services, AGENTS.get_for_change(db, caller, agent_id))
        TOOLS.get(db, agent_id, tool_id)
        TOOLS.delete(db, tool_id)
    return {"message": "Tool deleted successfully"}
