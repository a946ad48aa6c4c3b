"""``/executions``: pipelines, executed as saved; a start answers when the execution has ended."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import from_thread
from fastapi import APIRouter, Query
from pydantic import BaseModel

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.execute import run_pipeline
from kaizen_widgets.server.execution_rows import execution_of, keep, parsed, runnable
from kaizen_widgets.server.fields import JsonObject
from kaizen_widgets.server.pipeline_rows import pipeline_of
from kaizen_widgets.server.rows import page as page_of

router = APIRouter(prefix="/executions", tags=["executions"])

Reader = Annotated[Caller, allow("agents:read", "agent:read")]


class StartExecutionRequest(BaseModel):
    """Which pipeline to execute, on what."""

    pipelineId: str
    inputs: JsonObject = {}


class StartExecutionResponse(BaseModel):
    """The execution."""

    executionId: str


class NodeExecution(BaseModel):
    """What a node did."""

    nodeId: str
    status: str
    startTime: str | None = None
    endTime: str | None = None
    error: str | None = None
    output: Any = None


class ExecutionLog(BaseModel):
    """What was said meanwhile."""

    id: str
    timestamp: str
    level: str
    message: str
    nodeId: str | None = None
    data: dict[str, Any] | None = None


class Execution(BaseModel):
    """An execution of a pipeline."""

    id: str
    pipelineId: str
    status: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    logs: list[ExecutionLog]
    nodeExecutions: list[NodeExecution]
    startTime: str
    endTime: str | None = None
    error: str | None = None


class ExecutionHistory(BaseModel):
    """A page of a pipeline's executions, newest first; ``total`` counts all."""

    executions: list[Execution]
    total: int
    page: int
    page_size: int


@router.post("/start", response_model=StartExecutionResponse)
def start_execution(body: StartExecutionRequest, caller: Reader, studio: WithServices) -> Any:
    """Execute a saved pipeline, and answer when it has ended."""
    with studio.database.read() as db:
        nodes, connections, agents = runnable(db, caller, body.pipelineId)
    started = stamp(studio.clock)
    outcome = from_thread.run(
        run_pipeline, studio.model, studio.clock, nodes, connections, agents, body.inputs
    )
    with studio.database.write() as db:
        kept = keep(db, studio, caller, started, body.inputs, outcome, pipeline_id=body.pipelineId)
    return {"executionId": kept["id"]}


@router.get("/history/{pipeline_id}", response_model=ExecutionHistory)
def get_history(
    pipeline_id: str,
    caller: Reader,
    studio: WithServices,
    page: Annotated[int, Query(ge=1, le=MAX_SAFE_INTEGER // 100)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Any:
    """List a pipeline's executions, newest first."""
    with studio.database.read() as db:
        pipeline_of(db, caller, pipeline_id)
        rows, total = page_of(
            db,
            "executions",
            caller.organization_id,
            {"pipeline_id": pipeline_id},
            page_size,
            (page - 1) * page_size,
        )
    return {
        "executions": [_shown(parsed(row)) for row in rows],
        "total": total,
        "page": page,
        "page_size": page_size,
    }


@router.get("/{execution_id}", response_model=Execution)
def get_execution(execution_id: str, caller: Reader, studio: WithServices) -> Any:
    """Get an execution."""
    with studio.database.read() as db:
        return _shown(execution_of(db, caller, execution_id))


@router.post("/{execution_id}/stop", status_code=204)
def stop_execution(execution_id: str, caller: Reader, studio: WithServices) -> None:
    """Refuse: an execution has ended when its id is known."""
    with studio.database.read() as db:
        execution = execution_of(db, caller, execution_id)
    raise ApiError(400, f"An execution that is {execution['status']} cannot be stopped")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "pipelineId": row["pipeline_id"],
        "status": row["status"],
        "inputs": row["input_data"],
        "outputs": row["output_data"],
        "logs": row["facts"]["logs"],
        "nodeExecutions": row["facts"]["nodes"],
        "startTime": row["created_at"],
        "endTime": row["ended_at"],
        "error": row["error_message"] or None,
    }
