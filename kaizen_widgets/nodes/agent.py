"""The agent kind: calls the notebook's function of the node or its agent, or asks the agent's model."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, Task, TimedConfig, agent_id_of_node
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.model_usage import UsageLimits
from kaizen_widgets.nodes.template_fields import Template
from kaizen_widgets.nodes.templates import render


class AgentConfig(TimedConfig):
    """Config of an agent node."""

    calls: str | None = None
    """Name of the function it calls; by default that of its agent, or the one named like the node."""
    prompt: Template | None = None
    """Template filled with what arrives, such as "Answer {{ name }}"; the function or model gets it."""
    tools: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    """Names of functions that the model may call beside its agent's own; see ``@studio.tool``."""
    request_limit: Annotated[int, Field(ge=1)] | None = None
    """The most requests to the model; 50 if empty."""
    total_tokens_limit: Annotated[int, Field(ge=1)] | None = None
    """The most tokens that all requests read and write together."""
    cost_limit: Annotated[Decimal, Field(gt=0)] | None = None
    """The most that all requests together may cost, in US dollars."""

    @property
    def limits(self) -> UsageLimits:
        """The limits of the requests to a model."""
        return UsageLimits(self.request_limit, self.total_tokens_limit, self.cost_limit)


class AgentKind(Kind):
    """Calls a function with what arrives (see `arguments`), or asks a model, and passes on the result."""

    look = Look(
        type="agent",
        title="Agent",
        description="Calls your function or asks a model.",
        icon="agent",
        color="#3b82f6",
    )
    Config = AgentConfig
    call_field = "calls"
    calls_agents = True

    def check(self, node: Node, config: AgentConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node with neither a function nor a model that can answer."""
        agent = functions.names.get(agent_id_of_node(node) or "")
        problem = functions.problem_of(
            *self.call_names(node, config),
            wanted=config.calls or agent or node.label,
            tools=config.tools,
        )
        if problem is not None:
            yield problem

    async def run(self, task: Task) -> Any:
        """Call the function, or ask the model."""
        config: AgentConfig = task.config
        prompt = config.prompt
        value = task.value if prompt is None else await task.in_thread(render, prompt, task.value)
        function = task.functions.find_function(*task.names)
        record = task.functions.models.find(*task.names) if function is None else None
        if record is None:
            function = task.functions.get_for(task.names, task.label, task.node_id)
            return await task.call(function, value)
        ask = partial(
            task.functions.models.ask,
            prompt=None if prompt is None else value,
            tools=config.tools,
            limits=config.limits,
        )
        return await task.execute(ask, lambda: ((record, task.value, task.ctx), {}))
