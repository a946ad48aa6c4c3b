"""Models of agents and their parts: what the server sends, and what is sent to create or change them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.mapping import provider_and_model
from kaizen_widgets.api.models import JsonObject, RequestModel, ResponseModel, SingleFloat, UtcTime
from kaizen_widgets.api.pagination import SearchFilters

Name = Annotated[str, Field(min_length=1, max_length=100)]
Description = Annotated[str, Field(max_length=2000)]
Prompt = Annotated[str, Field(max_length=10_000)]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
MaxTokens = Annotated[int, Field(ge=0)]
AgentType = Literal["chat", "task", "pipeline", "custom"]
AgentStatus = Literal["draft", "active", "archived"]


class AgentActivity(ResponseModel):
    """What an agent did in the last 24 hours, and when it was executed last; times are in milliseconds."""

    execution_count: int = 0
    failure_count: int = 0
    total_tokens: int = 0
    total_cost_usd: SingleFloat = 0.0
    median_latency_ms: float | None = None
    p95_latency_ms: float | None = None
    last_executed_at: UtcTime | None = None


class Agent(ResponseModel):
    """An agent. ``max_tokens`` of 0 means no limit; a deleted agent is ``archived``.

    ``activity`` is in lists with ``include="activity"``, of servers that know it; the public server does not.
    """

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
    activity: AgentActivity | None = None

    @property
    def provider(self) -> str:
        """Provider of its model; empty if it cannot be determined from the name."""
        return provider_and_model(self.model_id)[0]

    @property
    def model(self) -> str:
        """Name of its model."""
        return provider_and_model(self.model_id)[1]

    @property
    def is_active(self) -> bool:
        """Whether it is in use: neither a draft nor archived."""
        return self.status == "active"


class AgentContext(ResponseModel):
    """A text, file or URL that is given to an agent as context."""

    id: str
    name: str
    content_type: str = "text"
    content: str = ""
    is_active: bool = True


class AgentTool(ResponseModel):
    """A tool an agent may use."""

    id: str
    name: str
    tool_type: str = "function"
    description: str = ""
    config: JsonObject = Field(default_factory=dict)
    is_enabled: bool = True


class AgentConnector(ResponseModel):
    """A connector attached to an agent under an ``alias``; ``connector`` describes it."""

    id: str
    connector_id: str = ""
    alias: str = ""
    connector: JsonObject = Field(default_factory=dict)
    config_override: JsonObject = Field(default_factory=dict)


class AgentDetail(Agent):
    """An agent with its contexts and tools."""

    contexts: list[AgentContext] = Field(default_factory=list)
    tools: list[AgentTool] = Field(default_factory=list)


class AgentVersion(ResponseModel):
    """A stored earlier state of an agent."""

    id: str
    agent_id: str
    version_number: int
    config_snapshot: JsonObject = Field(default_factory=dict)
    changelog: str = ""
    created_by: str = ""
    created_at: UtcTime | None = None


class AgentCreate(RequestModel):
    """A new agent; the default workspace is the client's."""

    name: Name
    model_id: Name
    agent_type: AgentType = "chat"
    description: Description = ""
    system_prompt: Prompt = ""
    temperature: Temperature = 0.7
    max_tokens: MaxTokens = 0
    workspace_id: str = ""


class AgentUpdate(RequestModel):
    """Changes to an agent; fields that are not given are not changed. An empty text clears a field."""

    name: Name | None = None
    model_id: Name | None = None
    description: Description | None = None
    system_prompt: Prompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    status: AgentStatus | None = None


class AgentFilters(SearchFilters):
    """Filters of a list of agents; ``include="activity"`` adds what each agent did."""

    status: AgentStatus | None = None
    include: Literal["activity"] | None = None
    agent_type: AgentType | None = None
    workspace_id: str | None = None


class ContextCreate(RequestModel):
    """A new context of an agent."""

    name: Name
    content: Annotated[str, Field(min_length=1)]
    content_type: Literal["text", "file", "url"] = "text"
    is_active: bool = True


class ContextUpdate(RequestModel):
    """Changes to a context; fields that are not given are not changed."""

    name: Name | None = None
    content: Annotated[str, Field(min_length=1)] | None = None
    content_type: Literal["text", "file", "url"] | None = None
    is_active: bool | None = None


class ToolCreate(RequestModel):
    """A new tool of an agent."""

    name: Name
    description: Annotated[str, Field(min_length=1, max_length=500)]
    tool_type: Literal["function", "mcp", "api"] = "function"
    config: dict[str, Any] = Field(default_factory=dict)
    is_enabled: bool = True


class ToolUpdate(RequestModel):
    """Changes to a tool; fields that are not given are not changed."""

    name: Name | None = None
    description: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    tool_type: Literal["function", "mcp", "api"] | None = None
    config: dict[str, Any] | None = None
    is_enabled: bool | None = None


class AgentReadiness(ResponseModel):
    """Whether an agent can be executed, and which provider and model would answer."""

    can_execute: bool = False
    is_configured: bool = False
    provider: str = ""
    model_id: str = ""
    message: str = ""


class AgentAnswer(ResponseModel):
    """An agent's answer."""

    content: str
    model: str = ""
    usage: JsonObject = Field(default_factory=dict)
    finish_reason: str = ""
    thread_id: str = ""
    timestamp: UtcTime | None = None
