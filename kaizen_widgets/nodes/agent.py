"""The agent kind: calls the notebook's function registered under the node's or the agent's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions, missing_function
from kaizen_widgets.nodes.kind import Kind, Task, TimedConfig, agent_id_of_node
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.template_fields import Template
from kaizen_widgets.nodes.templates import render


class AgentConfig(TimedConfig):
    """Config of an agent node."""

    calls: str | None = None
    """Name of the function it calls; by default that of its agent, or the one named like the node."""
    prompt: Template | None = None
    """Template filled with what arrives, such as "Answer {{ name }}"; the function gets the result."""


class AgentKind(Kind):
    """Calls a function with what arrives (see `arguments`) and passes on its result."""

    look = Look(
        type="agent",
        title="Agent",
        description="Calls your function with what arrives.",
        icon="agent",
        color="#3b82f6",
    )
    Config = AgentConfig
    call_field = "calls"
    calls_agents = True

    def check(self, node: Node, config: AgentConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node without a function."""
        if functions.find(*self.call_names(node, config)) is None:
            agent = functions.names.get(agent_id_of_node(node) or "")
            yield missing_function(config.calls or agent or node.label)

    async def run(self, task: Task) -> Any:
        """Call the function."""
        function = task.functions.get_for(task.names, task.label, task.node_id)
        prompt = task.config.prompt
        value = task.value if prompt is None else await task.in_thread(render, prompt, task.value)
        return await task.call(function, value)
