"""Request and response models of ``/agents``; names, limits and defaults are the public server's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server.base.field_types import JsonObject, Name, WorkspaceId

AgentType = Literal["chat", "task", "pipeline", "custom"]
Status = Literal["draft", "active", "archived"]
ModelId = Annotated[str, Field(min_length=1, max_length=100)]
Description = Annotated[str, Field(max_length=2000)]
SystemPrompt = Annotated[str, Field(max_length=10_000)]
Temperature = Annotated[float, Field(ge=0, le=2)]
MaxTokens = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
ContentType = Literal["text", "file", "url"]
ToolType = Literal["function", "mcp", "api"]
ToolDescription = Annotated[str, Field(min_length=1, max_length=500)]


class CreateAgentRequest(BaseModel):
    """A new agent, which starts as a draft; ``max_tokens`` 0 means no limit."""

    workspace_id: WorkspaceId
    name: Name
    agent_type: AgentType
    model_id: ModelId
    description: Description | None = ""
    system_prompt: SystemPrompt | None = ""
    temperature: Temperature = 0.7
    max_tokens: MaxTokens | None = 0


class UpdateAgentRequest(BaseModel):
    """The fields to change."""

    name: Name | None = None
    description: Description | None = None
    system_prompt: SystemPrompt | None = None
    model_id: ModelId | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    status: Status | None = None


class AgentResponse(BaseModel):
    """An agent."""

    id: str
    organization_id: str
    workspace_id: str
    name: str
    description: str | None = None
    agent_type: str
    status: str
    system_prompt: str | None = None
    model_id: str
    temperature: float
    max_tokens: int
    created_by: str
    created_at: str
    updated_at: str


class AgentActivityResponse(BaseModel):
    """What an agent did in the last 24 hours, and when it was executed last; times in milliseconds."""

    execution_count: int
    failure_count: int
    total_tokens: int
    total_cost_usd: float
    median_latency_ms: int | None
    p95_latency_ms: int | None
    last_executed_at: str | None


class ListedAgentResponse(AgentResponse):
    """An agent in a list, with what it did if that was asked for."""

    activity: AgentActivityResponse | None = None


class AgentListResponse(BaseModel):
    """A page of agents, newest first; ``total`` counts all that fit the filters."""

    records: list[ListedAgentResponse]
    total: int


class CreateVersionRequest(BaseModel):
    """The reason for a new version."""

    changelog: Annotated[str, Field(max_length=1000)] | None = ""


class AgentVersionResponse(BaseModel):
    """An agent at an earlier time; ``config_snapshot`` is JSON text."""

    id: str
    agent_id: str
    version_number: int
    config_snapshot: str
    changelog: str | None = None
    created_by: str
    created_at: str


class AddContextRequest(BaseModel):
    """New knowledge for an agent."""

    name: Name
    content_type: ContentType
    content: Annotated[str, Field(min_length=1)]
    is_active: bool = True


class UpdateContextRequest(BaseModel):
    """The fields to change."""

    name: Name | None = None
    content_type: ContentType | None = None
    content: Annotated[str, Field(min_length=1)] | None = None
    is_active: bool | None = None


class ContextResponse(BaseModel):
    """Knowledge of an agent."""

    id: str
    agent_id: str
    name: str
    content_type: str
    content: str
    is_active: bool
    created_at: str
    updated_at: str


class AddToolRequest(BaseModel):
    """A new tool for an agent."""

    tool_type: ToolType
    name: Name
    description: ToolDescription
    config: JsonObject = {}
    is_enabled: bool = True


class UpdateToolRequest(BaseModel):
    """The fields to change."""

    tool_type: ToolType | None = None
    name: Name | None = None
    description: ToolDescription | None = None
    config: JsonObject | None = None
    is_enabled: bool | None = None


class ToolResponse(BaseModel):
    """A tool of an agent; ``config`` is the object that was sent."""

    id: str
    agent_id: str
    tool_type: str
    name: str
    description: str
    config: dict[str, Any]
    is_enabled: bool
    created_at: str


class AgentWithDetailsResponse(AgentResponse):
    """An agent with its contexts and tools."""

    contexts: list[ContextResponse]
    tools: list[ToolResponse]


class ConnectorInstance(BaseModel):
    """A connector attached to an agent."""

    id: str
    agent_id: str
    connector_id: str
    alias: str
    created_at: str
