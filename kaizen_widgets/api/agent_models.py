"""What agents are, and what is sent to make or change one and its parts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.mapping import provider_and_model
from kaizen_widgets.api.models import Input, JsonObject, Record, SingleFloat, UtcTime
from kaizen_widgets.api.pagination import SearchFilters

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

    @property
    def provider(self) -> str:
        """Whose model it uses; empty if its name does not tell."""
        return provider_and_model(self.model_id)[0]

    @property
    def model(self) -> str:
        """Which model it uses."""
        return provider_and_model(self.model_id)[1]

    @property
    def is_active(self) -> bool:
        """Whether it is in use: neither a draft nor archived."""
        return self.status == "active"


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


class AgentConnector(Record):
    """A connector attached to an agent, under its ``alias`` there; ``connector`` says what it is."""

    id: str
    connector_id: str = ""
    alias: str = ""
    connector: JsonObject = Field(default_factory=dict)
    config_override: JsonObject = Field(default_factory=dict)


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


class AgentCreate(Input):
    """A new agent. Without a workspace it goes to the client's."""

    name: Name
    model_id: Name
    agent_type: AgentType = "chat"
    description: Description = ""
    system_prompt: Prompt = ""
    temperature: Temperature = 0.7
    max_tokens: MaxTokens = 0
    workspace_id: str = ""


class AgentUpdate(Input):
    """What to change; what is not given stays. Texts are cleared by an empty one."""

    name: Name | None = None
    model_id: Name | None = None
    description: Description | None = None
    system_prompt: Prompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    status: AgentStatus | None = None


class AgentFilters(SearchFilters):
    """Which agents to list."""

    status: AgentStatus | None = None
    agent_type: AgentType | None = None
    workspace_id: str | None = None


class ContextCreate(Input):
    """Something an agent is to know."""

    name: Name
    content: Annotated[str, Field(min_length=1)]
    content_type: Literal["text", "file", "url"] = "text"
    is_active: bool = True


class ContextUpdate(Input):
    """What to change; what is not given stays."""

    name: Name | None = None
    content: Annotated[str, Field(min_length=1)] | None = None
    content_type: Literal["text", "file", "url"] | None = None
    is_active: bool | None = None


class ToolCreate(Input):
    """Something an agent may use."""

    name: Name
    description: Annotated[str, Field(min_length=1, max_length=500)]
    tool_type: Literal["function", "mcp", "api"] = "function"
    config: dict[str, Any] = Field(default_factory=dict)
    is_enabled: bool = True


class ToolUpdate(Input):
    """What to change; what is not given stays."""

    name: Name | None = None
    description: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    tool_type: Literal["function", "mcp", "api"] | None = None
    config: dict[str, Any] | None = None
    is_enabled: bool | None = None


class AgentReadiness(Record):
    """Whether an agent can be asked, and whose model would answer."""

    can_execute: bool = False
    is_configured: bool = False
    provider: str = ""
    model_id: str = ""
    message: str = ""


class AgentAnswer(Record):
    """What an agent said."""

    content: str
    model: str = ""
    usage: JsonObject = Field(default_factory=dict)
    finish_reason: str = ""
    thread_id: str = ""
    timestamp: UtcTime | None = None
