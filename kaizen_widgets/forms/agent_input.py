"""The fields of the agent form, with its limits and messages.

`AgentForm` is a form of this model; its fields are then sent to the agents API.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.forms.fields.hint import Hint

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 500
PROMPT_LENGTH = 10
MAX_TOKENS = 128_000

AgentProvider = Literal["openai", "anthropic", "azure", "ollama"]


class AgentInput(BaseModel):
    """An agent as it is filled in by a user."""

    model_config = ConfigDict(extra="forbid", title="Agent")

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=NAME_LENGTH,
            description="The name of the agent, shown everywhere.",
        ),
        Hint(
            placeholder="Support helper",
            messages={
                "missing": "Name is required",
                "string_too_long": f"Name must be less than {NAME_LENGTH} characters",
            },
        ),
    ]
    description: Annotated[
        str | None,
        Field(max_length=DESCRIPTION_LENGTH, description="Shown to people; not sent to the model."),
        Hint(
            widget="long_text",
            messages={
                "string_too_long": f"Description must be less than {DESCRIPTION_LENGTH} characters"
            },
            more={"rows": 2},
        ),
    ] = None
    system_prompt: Annotated[
        str,
        Field(
            min_length=PROMPT_LENGTH, description="Instructions at the start of every conversation."
        ),
        Hint(
            label="System prompt",
            widget="long_text",
            placeholder="You are a helpful assistant that...",
            messages={
                "string_too_short": f"System prompt must be at least {PROMPT_LENGTH} characters"
            },
            more={"rows": 6},
        ),
    ]
    provider: Annotated[
        AgentProvider,
        Hint(
            options={
                "openai": "OpenAI",
                "anthropic": "Anthropic",
                "azure": "Azure OpenAI",
                "ollama": "Ollama",
            },
            messages={"missing": "Provider is required", "literal_error": "Provider is required"},
        ),
    ]
    model: Annotated[str, Field(min_length=1), Hint(messages={"missing": "Model is required"})]
    temperature: Annotated[
        float,
        Field(ge=0, le=2, description="0 gives the most predictable answers, 2 the most varied."),
        Hint(
            messages={
                "greater_than_equal": "Temperature must be at least 0",
                "less_than_equal": "Temperature must be at most 2",
            },
            more={"step": 0.1},
        ),
    ] = 0.7
    max_tokens: Annotated[
        int | None,
        Field(
            gt=0,
            le=MAX_TOKENS,
            description="The longest answer allowed; the model's own limit if not set.",
        ),
        Hint(
            label="Max tokens",
            messages={
                "greater_than": "Max tokens must be a positive number",
                "less_than_equal": f"Max tokens must be at most {MAX_TOKENS:,}",
            },
        ),
    ] = None
    tools: Annotated[
        list[str], Field(default_factory=list, description="Names of the tools it may call.")
    ]
