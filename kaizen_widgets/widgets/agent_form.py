"""The agent form: creates or edits an agent through the agents API.

AgentForm(studio)                           # a new agent
AgentForm(agent, agents=studio.agents)      # an existing one
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
"""The models of each provider; pass your own to `AgentForm` to replace them."""
SERVER_NAMES = {"model_id": "model", "agent_type": "type"}
"""The form's field names, by the server's names where they differ."""


class AgentForm(FormPanel):
    """A form that creates or edits an agent.

    After a successful save it edits the saved agent. The name of another agent is refused, because functions
    are looked up by the agent's name.

    Args:
        agent: The agent to edit; a new one by default. A studio given here means
            ``agents=studio.agents``.
        agents: The agents API: ``studio.agents``, or the studio itself.
        models: The models to offer, by provider.
        on_success: Called with the saved agent.
        **options: Options of a `FormPanel`.

    Raises:
        TypeError: The agents API is missing.
    """

    def __init__(
        self,
        agent: Any = None,
        *,
        agents: Any = None,
        models: Mapping[str, Sequence[str]] = MODELS,
        on_success: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        if agents is None and hasattr(agent, "agents"):
            agent, agents = None, agent
        agents = getattr(agents, "agents", agents)
        if agents is None:
            raise TypeError("AgentForm needs a studio: AgentForm(studio), or agents=studio.agents.")
        self.agent = agent
        self.agents = agents
        options = {
            "title": "New agent" if agent is None else "Edit agent",
            "submit_label": "Create Agent" if agent is None else "Save Agent",
            "busy_label": "Saving…",
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
                await self._check_name(value.name)
                saved = await self.agents.update(self.agent.id, **fields)
                await self._save_tools(value.tools)
        except InvalidInputError as error:
            raise _with_form_names(error) from error
        # The response to an update does not include the tools of the agent.
        return await self.agents.endpoints.get(saved.id)

    async def _check_name(self, name: str) -> None:
        """Refuse to rename the agent to the name of another one.

        Raises:
            InvalidInputError: The name is taken.
        """
        # `create` checks it itself. A replacement of the agents API may only create agents.
        check = getattr(self.agents.endpoints, "check_name", None)
        if check is not None and self.agent is not None and self.agent.name != name:
            await check(name)

    async def _save_tools(self, names: Sequence[str]) -> None:
        """Add the new tools, and remove those that are no longer listed."""
        existing = {tool.name: tool.id for tool in getattr(self.agent, "tools", ())}
        for name in names:
            if name not in existing:
                await self.agents.add_tool(self.agent.id, name=name, description=name)
        for name, tool_id in existing.items():
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
    """Return the form's values of an agent; the server's 0 or "" for an optional field is None here."""
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


def _with_form_names(error: InvalidInputError) -> InvalidInputError:
    """Return a server's error with the form's field names."""
    details = {SERVER_NAMES.get(name, name): texts for name, texts in error.details.items()}
    return InvalidInputError(
        str(error),
        status=error.status,
        code=error.code,
        details=details,
        method=error.method,
        url=error.url,
    )
