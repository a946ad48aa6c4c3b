"""The input kind: where a run's inputs enter the pipeline."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from kaizen_widgets.nodes.kind import Kind, KindConfig
from kaizen_widgets.nodes.look import OUTPUT, Look
from kaizen_widgets.nodes.work import Task


class InputConfig(KindConfig):
    """Config of an input node."""

    defaults: dict[str, Any] = Field(default_factory=dict)
    """Values for the names a run was started without."""


class InputKind(Kind):
    """Passes the run's inputs on as a dict, over its defaults."""

    look = Look(
        type="input",
        title="Input",
        description="Where the run's inputs enter.",
        icon="input",
        color="#059669",
        inputs=(),
        outputs=OUTPUT,
    )
    Config = InputConfig

    async def run(self, task: Task) -> dict[str, Any]:
        """Return the run's inputs."""
        return {**task.config.defaults, **task.run_inputs}
