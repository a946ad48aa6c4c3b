"""The agent form: make an agent, or change one, through the agents of a studio.

AgentForm(agents=studio.agents)             # a new one
AgentForm(agent, agents=studio.agents)      # one there is
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaizen_widgets.errors import InvalidInputError
from kaizen_widgets.forms.agent_input import AgentInput
from kaizen_widgets.widgets.form_panel import FormPanel

MODELS: Mapping[str, Sequence[str]] = {
    "openai": ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "o4-mini"),
    "anthropic": ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"),
    "azure": ("gpt-4.1", "gpt-4o", "gpt-4o-mini"),
    "ollama": ("llama3.3", "qwen3", "mistral", "gemma3"),
}
"""What each provider offers; give `AgentForm` your own where it does not fit."""
SERVER_NAMES = {"model_id": "model", "agent_type": "type"}
"""What the server calls fields of the form."""


class AgentForm(FormPanel):
    """Create or edit an agent.

    After success it holds what was saved, and goes on editing that agent.

    Args:
        agent: The agent to edit; a new one by default.
        agents: Where agents are: ``studio.agents``.
        models: By provider, the models to offer.
        on_success: Called with the saved agent.
        **options: As of a `FormPanel`.
    """

    def __init__(
        self,
        agent: Any = None,
        *,
        agents: Any,
        models: Mapping[str, Sequence[str]] = MODELS,
        on_success: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        self.agent = agent
        self.agents = agents
        options = {
            "title": "New agent" if agent is None else "Edit agent",
            "submit_label": "Create Agent" if agent is None else "Save Agent",
            "busy_label": "Saving...",
            "done_label": "Saved",
            "default_values": None if agent is None else values_of(agent),
            **options,
        }
        options["options"] = {
            "model": lambda values: models.get(values.get("provider") or "", ()),
            **options.get("options", {}),
        }
        options["read_outs"] = {
            "max_tokens": lambda values: _tokens(values.get("max_tokens")),
            **options.get("read_outs", {}),
        }
        super().__init__(AgentInput, self._save, on_success=on_success, **options)

    async def _save(self, value: AgentInput) -> Any:
        fields = {
            "name": value.name,
            "description": value.description or "",
            "system_prompt": value.system_prompt,
            "provider": value.provider,
            "model": value.model,
            "temperature": value.temperature,
            "max_tokens": value.max_tokens or 0,
        }
        try:
            if self.agent is None:
                tools = [{"name": name, "description": name} for name in value.tools]
                saved = await self.agents.create(**fields, tools=tools)
            else:
                saved = await self.agents.update(self.agent.id, **fields)
                await self._save_tools(value.tools)
        except InvalidInputError as error:
            raise _in_our_words(error) from error
        # The answer to a change leaves out what hangs on the agent, its tools too.
        return await self.agents.endpoints.get(saved.id)

    async def _save_tools(self, names: Sequence[str]) -> None:
        """Add the tools that are new, and remove those that are not there any more."""
        there = {tool.name: tool.id for tool in getattr(self.agent, "tools", ())}
        for name in names:
            if name not in there:
                await self.agents.add_tool(self.agent.id, name=name, description=name)
        for name, tool_id in there.items():
            if name not in names:
                await self.agents.remove_tool(self.agent.id, tool_id)

    def _succeeded(self, result: Any) -> None:
        was_new, self.agent = self.agent is None, result
        self.form.reset(values_of(result))
        if was_new:
            self.submit_label = "Save Agent"
            self.set_title("Edit agent")
        super()._succeeded(result)


def values_of(agent: Any) -> dict[str, Any]:
    """Return the form's values of an agent; what the server keeps as 0 or "" is not set."""
    return {
        "name": agent.name,
        "description": agent.description or None,
        "system_prompt": agent.system_prompt,
        "provider": agent.provider,
        "model": agent.model,
        "temperature": agent.temperature,
        "max_tokens": agent.max_tokens or None,
        "tools": [tool.name for tool in getattr(agent, "tools", ())],
    }


def _tokens(value: Any) -> str:
    return f"{value:,} tokens" if isinstance(value, int) else ""


def _in_our_words(error: InvalidInputError) -> InvalidInputError:
    """Return a server's refusal with the names this form has for its fields."""
    details = {SERVER_NAMES.get(name, name): said for name, said in error.details.items()}
    return InvalidInputError(
        str(error),
        status=error.status,
        code=error.code,
        details=details,
        method=error.method,
        url=error.url,
    )
