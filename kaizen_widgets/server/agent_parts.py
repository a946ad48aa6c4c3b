"""``/agents/{id}/contexts`` and ``/agents/{id}/tools``: what an agent knows and what it may use."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter

from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.agent_models import (
    AddContextRequest,
    AddToolRequest,
    ContextResponse,
    ToolResponse,
    UpdateContextRequest,
    UpdateToolRequest,
)
from kaizen_widgets.server.agent_rows import agent_of, agent_to_change, part_of, parts_of
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.fields import MessageResponse, changes_of, to_text
from kaizen_widgets.server.rows import change, insert, update

router = APIRouter(prefix="/agents/{agent_id}", tags=["agents"])

Reader = Annotated[Caller, allow("agents:read")]
Editor = Annotated[Caller, allow("agents:update")]


@router.get("/contexts", response_model=list[ContextResponse])
def list_contexts(agent_id: str, caller: Reader, studio: WithServices) -> Any:
    """List what the agent knows, oldest first."""
    with studio.database.read() as db:
        agent_of(db, caller, agent_id)
        return parts_of(db, "agent_contexts", agent_id)


@router.post("/contexts", status_code=201, response_model=ContextResponse)
def add_context(
    agent_id: str, body: AddContextRequest, caller: Editor, studio: WithServices
) -> Any:
    """Let the agent know something."""
    context_id, now = studio.new_id(), stamp(studio.clock)
    own = {"id": context_id, "agent_id": agent_id, "created_at": now, "updated_at": now}
    with studio.database.write() as db:
        change(db, studio, "agents", agent_to_change(db, caller, agent_id))
        insert(db, "agent_contexts", body.model_dump() | own)
        return part_of(db, "agent_contexts", "context", agent_id, context_id)


@router.put("/contexts/{context_id}", response_model=ContextResponse)
def update_context(
    agent_id: str,
    context_id: str,
    body: UpdateContextRequest,
    caller: Editor,
    studio: WithServices,
) -> Any:
    """Change what the agent knows."""
    with studio.database.write() as db:
        change(db, studio, "agents", agent_to_change(db, caller, agent_id))
        context = part_of(db, "agent_contexts", "context", agent_id, context_id)
        change(db, studio, "agent_contexts", context, changes_of(body))
        return part_of(db, "agent_contexts", "context", agent_id, context_id)


@router.delete("/contexts/{context_id}", response_model=MessageResponse)
def delete_context(agent_id: str, context_id: str, caller: Editor, studio: WithServices) -> Any:
    """Let the agent forget something."""
    with studio.database.write() as db:
        change(db, studio, "agents", agent_to_change(db, caller, agent_id))
        part_of(db, "agent_contexts", "context", agent_id, context_id)
        db.execute("DELETE FROM agent_contexts WHERE id = ?", (context_id,))
    return {"message": "Context deleted successfully"}


@router.get("/tools", response_model=list[ToolResponse])
def list_tools(agent_id: str, caller: Reader, studio: WithServices) -> Any:
    """List what the agent may use, oldest first."""
    with studio.database.read() as db:
        agent_of(db, caller, agent_id)
        return parts_of(db, "agent_tools", agent_id)


@router.post("/tools", status_code=201, response_model=ToolResponse)
def add_tool(agent_id: str, body: AddToolRequest, caller: Editor, studio: WithServices) -> Any:
    """Let the agent use something."""
    tool_id = studio.new_id()
    own = {
        "id": tool_id,
        "agent_id": agent_id,
        "config": to_text(body.config),
        "created_at": stamp(studio.clock),
    }
    with studio.database.write() as db:
        change(db, studio, "agents", agent_to_change(db, caller, agent_id))
        insert(db, "agent_tools", body.model_dump() | own)
        return part_of(db, "agent_tools", "tool", agent_id, tool_id)


@router.put("/tools/{tool_id}", response_model=ToolResponse)
def update_tool(
    agent_id: str, tool_id: str, body: UpdateToolRequest, caller: Editor, studio: WithServices
) -> Any:
    """Change what the agent may use."""
    with studio.database.write() as db:
        change(db, studio, "agents", agent_to_change(db, caller, agent_id))
        part_of(db, "agent_tools", "tool", agent_id, tool_id)
        changes = changes_of(body)
        if "config" in changes:
            changes["config"] = to_text(changes["config"])
        update(db, "agent_tools", tool_id, changes)
        return part_of(db, "agent_tools", "tool", agent_id, tool_id)


@router.delete("/tools/{tool_id}", response_model=MessageResponse)
def delete_tool(agent_id: str, tool_id: str, caller: Editor, studio: WithServices) -> Any:
    """Take a tool from the agent."""
    with studio.database.write() as db:
        change(db, studio, "agents", agent_to_change(db, caller, agent_id))
        part_of(db, "agent_tools", "tool", agent_id, tool_id)
        db.execute("DELETE FROM agent_tools WHERE id = ?", (tool_id,))
    return {"message": "Tool deleted successfully"}
