"""What pipelines did last: executions on the server, and runs of this kernel, which it does not know."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.api.pipelines import PipelineActivity
from kaizen_widgets.runs import RunHistory


def activity_of(pipeline: Any, history: RunHistory | None) -> PipelineActivity | None:
    """Return what a pipeline did last, here or on the server, and how often; None if nothing is known.

    Args:
        pipeline: The pipeline, as a list of pipelines has it.
        history: The runs of this kernel; None if there are none.
    """
    known: PipelineActivity | None = pipeline.activity
    run = None if history is None else history.last_of(pipeline.id)
    if run is None or history is None:
        return known
    made = known or PipelineActivity()
    made = made.model_copy(
        update={"execution_count": made.execution_count + history.count_of(pipeline.id)}
    )
    if made.last_executed_at is not None and made.last_executed_at > run.started:
        return made
    return made.model_copy(
        update={
            "last_status": run.status,
            "last_executed_at": run.started,
            "last_duration_ms": None if run.seconds is None else run.seconds * 1000,
        }
    )
