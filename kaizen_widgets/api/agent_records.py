"""Turn the server's agents into what a run needs of them."""

from __future__ import annotations

from kaizen_widgets.api.agent_models import Agent, AgentDetail
from kaizen_widgets.nodes.agent_record import AgentRecord


def record_of(agent: Agent) -> AgentRecord:
    """Return an agent as a run needs it; only an `AgentDetail` has tools.

    Tools that are functions are called by their name; other types of tools are none of the kernel's.
    """
    tools = agent.tools if isinstance(agent, AgentDetail) else []
    return AgentRecord(
        agent.id,
        agent.name,
        provider=agent.provider,
        model=agent.model,
        system_prompt=agent.system_prompt,
        temperature=agent.temperature,
        max_tokens=agent.max_tokens or None,
        tools=tuple(
            tool.name for tool in tools if tool.is_enabled and tool.tool_type == "function"
        ),
        is_archived=agent.status == "archived",
    )
