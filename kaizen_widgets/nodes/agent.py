"""The agent kind: calls the notebook's own function of the node's or the agent's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, KindConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.templates import render, template_problem
from kaizen_widgets.nodes.work import Task

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class TimedConfig(KindConfig):
    """Config of nodes that call functions."""

    timeout: Seconds | None = None
    """Seconds the node may take; over it, the node fails."""

    @property
    def time_limit(self) -> float | None:
        """Seconds the node may take, or None."""
        return self.timeout


class AgentConfig(TimedConfig):
    """Config of an agent node."""

    prompt: str | None = None
    """A text to fill with what arrives; the function gets it in place of what arrived."""


def agent_id_of_node(node: Node) -> str | None:
    """Return the id or name of the agent a node stands for, or None."""
    value = node.data.get("agentId")
    return value if isinstance(value, str) and value else None


def no_function(name: str) -> str:
    """Return what to say of a node for which no function is registered."""
    return f"has no function: give it one with @studio.agent({quoted(name)})"


def quoted(name: str) -> str:
    """Return a name in double quotes, as a user would type it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class AgentKind(Kind):
    """Calls a function with what arrives (see `arguments`) and passes on what it returns."""

    look = Look(
        type="agent",
        title="Agent",
        description="Calls your function with what arrives.",
        icon="agent",
        color="#3b82f6",
    )
    Config = AgentConfig

    def check(self, node: Node, config: AgentConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node without a function, and a prompt that cannot be read."""
        if functions.find(node.label, agent_id_of_node(node), node.id) is None:
            yield no_function(node.label)
        problem = template_problem(config.prompt or "")
        if problem:
            yield f"has a prompt that cannot be read: {problem}"

    async def run(self, task: Task) -> Any:
        """Call the function."""
        function = task.functions.find(*task.names)
        if function is None:
            raise RunError(f"{quoted(task.label)} {no_function(task.label)}.", node_id=task.node_id)
        prompt = task.config.prompt
        return await task.call(
            function, task.value if prompt is None else render(prompt, task.value)
        )
