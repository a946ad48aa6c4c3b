"""``/executions``: executions of saved pipelines; a start is answered when the execution has ended."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.crud import Page
from kaizen_widgets.server.base.field_types import JsonObject
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.executions.execution_rows import (
    EXECUTIONS,
    runnable_pipeline,
    save_execution,
)
from kaizen_widgets.server.executions.execution_run import ExecutionRun
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller
from kaizen_widgets.server.pipelines.pipeline_rows import PIPELINES

router = GuardedRouter(prefix="/executions", tags=["executions"])


class StartExecutionRequest(BaseModel):
    """The pipeline to execute and its inputs."""

    pipelineId: str
    inputs: JsonObject = {}


class StartExecutionResponse(BaseModel):
    """The id of the new execution."""

    executionId: str


class NodeExecution(BaseModel):
    """The execution of one node."""

    nodeId: str
    status: str
    startTime: str | None = None
    endTime: str | None = None
    error: str | None = None
    output: Any = None


class ExecutionLog(BaseModel):
    """A line of an execution's log."""

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
def start_execution(body: StartExecutionRequest, caller: WithCaller, services: WithServices) -> Any:
    """Execute a saved pipeline, and answer when it has ended."""
    with services.database.read() as db:
        graph, agents = runnable_pipeline(db, caller, body.pipelineId)
    started = timestamp(services.clock)
    record = ExecutionRun(services, graph, agents, body.inputs).wait()
    with services.database.write() as db:
        row = save_execution(
            db, services, caller, started, body.inputs, record, pipeline_id=body.pipelineId
        )
    return {"executionId": row["id"]}


@router.get("/history/{pipeline_id}", response_model=ExecutionHistory)
def get_history(
    pipeline_id: str,
    caller: WithCaller,
    services: WithServices,
    page: Annotated[int, Query(ge=1, le=MAX_SAFE_INTEGER // 100)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Any:
    """List a pipeline's executions, newest first."""
    with services.database.read() as db:
        PIPELINES.get(db, caller, pipeline_id)
        rows, total = EXECUTIONS.page(
            db,
            caller.organization_id,
            {"pipeline_id": pipeline_id},
            Page(page_size, (page - 1) * page_size),
        )
    return {
        "executions": [_execution(row) for row in rows],
        "total": total,
        "page": page,
        "page_size": page_size,
    }


@router.get("/{execution_id}", response_model=Execution)
def get_execution(execution_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Get an execution."""
    with services.database.read() as db:
        return _execution(EXECUTIONS.get(db, caller, execution_id))


@router.post("/{execution_id}/stop", status_code=204)
def stop_execution(execution_id: str, caller: WithCaller, services: WithServices) -> None:
    """Refuse, because an execution has ended before its id is known."""
    with services.database.read() as db:
        execution = EXECUTIONS.get(db, caller, execution_id)
    raise ApiError(400, f"An execution that is {execution['status']} cannot be stopped")


def _execution(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the API's ``Execution``."""
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
