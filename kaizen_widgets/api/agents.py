"""Agents: what they are, where they are asked for, and their queries and mutations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kaizen_widgets.api.keys import query_keys
from kaizen_widgets.api.models import (
    Input,
    JsonObject,
    Record,
    SingleFloat,
    UtcTime,
    path,
    read,
    rows,
)
from kaizen_widgets.api.paging import every
from kaizen_widgets.api.resource import Resource
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.transport import Transport

KEYS = query_keys.agents

Name = Annotated[str, Field(min_length=1, max_length=100)]
Description = Annotated[str, Field(max_length=2000)]
Prompt = Annotated[str, Field(max_length=10_000)]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
MaxTokens = Annotated[int, Field(ge=0)]
AgentType = Literal["chat", "task", "pipeline", "custom"]
AgentStatus = Literal["draft", "active", "archived"]


class Agent(Record):
    """An agent. ``max_tokens`` of 0 is no limit; a deleted agent is one that is ``archived``."""

    id: str
    name: str
    organization_id: str = ""
    workspace_id: str = ""
    description: str = ""
    agent_type: str = "chat"
    status: str = "draft"
    system_prompt: str = ""
    model_id: str = ""
    temperature: SingleFloat = 0.7
    max_tokens: int = 0
    created_by: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class AgentContext(Record):
    """A text, file or URL an agent knows of."""

    id: str
    name: str
    content_type: str = "text"
    content: str = ""
    is_active: bool = True


class AgentTool(Record):
    """A tool an agent may use."""

    id: str
    name: str
    tool_type: str = "function"
    description: str = ""
    config: JsonObject = Field(default_factory=dict)
    is_enabled: bool = True


class AgentDetail(Agent):
    """An agent with what hangs on it."""

    contexts: list[AgentContext] = Field(default_factory=list)
    tools: list[AgentTool] = Field(default_factory=list)


class AgentVersion(Record):
    """An agent as it was once."""

    id: str
    agent_id: str
    version_number: int
    config_snapshot: JsonObject = Field(default_factory=dict)
    changelog: str = ""
    created_by: str = ""
    created_at: UtcTime | None = None


class AgentInput(Input):
    """A new agent. Without a workspace it goes to the client's."""

    name: Name
    model_id: Name
    agent_type: AgentType = "chat"
    description: Description = ""
    system_prompt: Prompt = ""
    temperature: Temperature = 0.7
    max_tokens: MaxTokens = 0
    workspace_id: str = ""


class AgentChange(Input):
    """What to change; what is not given stays. Texts are cleared by an empty one."""

    name: Name | None = None
    model_id: Name | None = None
    description: Description | None = None
    system_prompt: Prompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    status: AgentStatus | None = None


class AgentFilters(Input):
    """Which agents to list."""

    status: AgentStatus | None = None
    agent_type: AgentType | None = None
    workspace_id: str | None = None


class AgentEndpoints:
    """The requests."""

    def __init__(self, transport: Transport, workspace_id: str = "") -> None:
        self._transport = transport
        self._workspace_id = workspace_id

    async def list(self, filters: AgentFilters) -> list[Agent]:
        """Return all agents that fit, however many pages."""
        found = await every(self._transport, "/agents", filters.model_dump(), "agents")
        return [read(Agent, row, "agent") for row in found]

    async def get(self, id: str) -> AgentDetail:
        """Return one agent with its contexts and tools."""
        return read(AgentDetail, await self._transport.request("GET", path("agents", id)), "agent")

    async def versions(self, id: str) -> list[AgentVersion]:
        """Return an agent's versions."""
        answer = await self._transport.request("GET", path("agents", id, "versions"))
        return [read(AgentVersion, row, "version") for row in rows(answer, "versions")]

    async def create(self, agent: AgentInput) -> Agent:
        """Make an agent."""
        body = agent.model_dump()
        body["workspace_id"] = agent.workspace_id or self._workspace_id
        return read(Agent, await self._transport.request("POST", "/agents", json=body), "agent")

    async def update(self, id: str, change: AgentChange) -> Agent:
        """Change an agent."""
        body = change.model_dump(exclude_none=True)
        answer = await self._transport.request("PUT", path("agents", id), json=body)
        return read(Agent, answer, "agent")

    async def delete(self, id: str) -> None:
        """Archive an agent."""
        await self._transport.request("DELETE", path("agents", id))


class Agents(Resource):
    """Agents through the cache; see `AgentFilters`, `AgentInput` and `AgentChange` for the fields."""

    keys = KEYS
    filters = AgentFilters
    input = AgentInput
    change = AgentChange
    endpoints: AgentEndpoints

    def versions(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentVersion`s."""
        path("agents", id)
        return self._query(KEYS.versions(id), lambda: self.endpoints.versions(id))
