"""The output kind: what arrives here is the run's result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, KindConfig
from kaizen_widgets.nodes.look import INPUT, Look
from kaizen_widgets.nodes.templates import render, template_problem
from kaizen_widgets.nodes.work import Task


class OutputConfig(KindConfig):
    """Config of an output node."""

    template: str | None = None
    """A text to fill with what arrives, such as "Dear {{ name }}"; not set, it is passed on as it is."""


class OutputKind(Kind):
    """Keeps what arrives as the run's result."""

    look = Look(
        type="output",
        title="Output",
        description="What arrives here is the run's result.",
        icon="output",
        color="#e11d48",
        inputs=INPUT,
        outputs=(),
    )
    Config = OutputConfig

    def check(self, node: Node, config: OutputConfig, functions: Functions) -> Iterable[str]:
        """Refuse a template that cannot be read."""
        problem = template_problem(config.template or "")
        return [f"has a template that cannot be read: {problem}"] if problem else []

    async def run(self, task: Task) -> Any:
        """Return what arrived."""
        template = task.config.template
        return task.value if template is None else render(template, task.value)
