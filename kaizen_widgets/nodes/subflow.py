"""The subflow kind: a node whose work is a pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.graph.subflows import SUBFLOW, SubflowInput, SubflowOutput
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, KindConfig, Task
from kaizen_widgets.nodes.look import INPUT, Look
from kaizen_widgets.nodes.node_policy import NodePolicy, read_policy


class SubflowConfig(KindConfig):
    """Config of a subflow; see `kaizen_widgets.graph.subflows`."""

    nodes: list[dict[str, Any]] = Field(default_factory=list)
    """The nodes inside."""
    edges: list[dict[str, Any]] = Field(default_factory=list)
    """The edges between them."""
    inputs: list[SubflowInput] = Field(default_factory=list)
    """Where edges into the subflow lead to."""
    outputs: list[SubflowOutput] = Field(default_factory=list)
    """Where edges out of the subflow come from."""


class SubflowKind(Kind):
    """Stands for the nodes inside it; a run runs those in its place (`kaizen_widgets.graph.expand`)."""

    look = Look(
        type=SUBFLOW,
        title="Subflow",
        description="Holds a pipeline of its own.",
        icon="subflow",
        color="#4f46e5",
        inputs=INPUT,
        outputs=(),
        outputs_from=("config", "outputs"),
        inputs_from=("config", "inputs"),
        defaults={"nodes": [], "edges": [], "inputs": [], "outputs": []},
    )
    Config = SubflowConfig

    def summary(self, config: SubflowConfig) -> str:
        """Return how many nodes are inside."""
        count = len(config.nodes)
        return f"Subflow · {count} node{'' if count == 1 else 's'}"

    def check(self, node: Node, config: SubflowConfig, functions: Functions) -> Iterable[str]:
        """Refuse a policy that only its nodes can have, and a subflow without nodes."""
        policy, _ = read_policy(node)
        if policy.model_copy(update={"muted": False}) != NodePolicy():
            yield "can only be muted: give its nodes retries, time limits and needs"
        if not config.nodes:
            yield "has no nodes inside"

    async def run(self, task: Task) -> Any:
        """Refuse: a run runs the nodes inside."""
        raise RunError("A subflow runs only as a part of a pipeline.", node_id=task.node_id)
