"""The input kind: where a run's inputs enter the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from kaizen_widgets.nodes.kind import Kind, KindConfig, Task
from kaizen_widgets.nodes.look import OUTPUT, Look


class InputConfig(KindConfig):
    """Config of an input node."""

    defaults: dict[str, Any] = Field(default_factory=dict)
    """Values for inputs that a run is started without."""


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
        """Return the run's inputs, or in a subflow what arrived at it."""
        given: Any = task.run_inputs
        if not task.is_start:
            given = task.value
            if not isinstance(given, Mapping):
                given = {"text" if isinstance(given, str) else "value": given}
        return {**task.config.defaults, **given}
