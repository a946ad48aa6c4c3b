"""The output kind: what arrives here is the run's result."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.nodes.kind import Kind, KindConfig, Task
from kaizen_widgets.nodes.look import INPUT, Look
from kaizen_widgets.nodes.template_fields import Template
from kaizen_widgets.nodes.templates import render


class OutputConfig(KindConfig):
    """Config of an output node."""

    template: Template | None = None
    """Template filled with what arrives, such as "Dear {{ name }}"; empty to pass on the value unchanged."""


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

    async def run(self, task: Task) -> Any:
        """Return what arrived, in the template if there is one."""
        template = task.config.template
        if template is None:
            return task.value
        return await task.in_thread(render, template, task.value)
