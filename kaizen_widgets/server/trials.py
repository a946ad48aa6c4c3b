"""``/test``: try an agent, a pipeline or one node of it, and what came of it."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from anyio import from_thread
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.agent_rows import agent_of
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError, not_found
from kaizen_widgets.server.execute import message_of, run_agent, run_node, run_pipeline
from kaizen_widgets.server.execution_rows import (
    execution_of,
    keep,
    keep_metric,
    parsed,
    runnable,
)
from kaizen_widgets.server.fields import JsonObject
from kaizen_widgets.server.pipeline_rows import pipeline_of
from kaizen_widgets.server.rows import Offset, page

router = APIRouter(prefix="/test", tags=["test"])

Reader = Annotated[Caller, allow("agents:read", "agent:read")]
HistoryLimit = Annotated[int, Query(ge=1, le=100)]


class TrialOptions(BaseModel):
    """How to try."""

    timeout_ms: Annotated[int, Field(ge=1, le=600_000)] = 30_000
    stream: bool = False


class TestInput(BaseModel):
    """What to try with."""

    input: JsonObject
    options: TrialOptions | None = None


class TokenUsage(BaseModel):
    """Tokens."""

    input: int
    output: int
    total: int


class TestResult(BaseModel):
    """What came of a try."""

    id: str
    status: str
    output: dict[str, Any] | None = None
    execution_time_ms: int | None = None
    token_usage: TokenUsage | None = None
    error_message: str | None = None


class TestExecution(BaseModel):
    """What came of a try, as kept."""

    id: str
    organization_id: str
    agent_id: str
    pipeline_id: str
    input_data: dict[str, Any]
    output_data: dict[str, Any]
    status: str
    execution_time_ms: int
    token_usage: TokenUsage
    error_message: str
    created_by: str
    created_at: str


class ExecutionListResponse(BaseModel):
    """A page of tries, newest first; ``total`` counts all."""

    records: list[TestExecution]
    total: int


@router.post("/agents/{agent_id}", response_model=TestResult)
def test_agent(agent_id: str, body: TestInput, caller: Reader, studio: WithServices) -> Any:
    """Try an agent; what fails is said in the answer."""
    with studio.database.read() as db:
        agent = agent_of(db, caller, agent_id)
    started, message = stamp(studio.clock), message_of(body.input)
    outcome = from_thread.run(run_agent, studio.model, studio.clock, agent, message, ())
    with studio.database.write() as db:
        kept = keep(db, studio, caller, started, body.input, outcome, agent_id=agent_id)
        keep_metric(db, studio, caller, agent_id, kept["id"], outcome)
    return _result(kept)


@router.get("/agents/{agent_id}/history", response_model=ExecutionListResponse)
def agent_history(
    agent_id: str,
    caller: Reader,
    studio: WithServices,
    limit: HistoryLimit = 20,
    offset: Offset = 0,
) -> Any:
    """List an agent's executions, newest first."""
    with studio.database.read() as db:
        agent_of(db, caller, agent_id)
        return _history(db, caller, {"agent_id": agent_id}, limit, offset)


@router.post("/pipelines/{pipeline_id}", response_model=TestResult)
def test_pipeline(pipeline_id: str, body: TestInput, caller: Reader, studio: WithServices) -> Any:
    """Try a saved pipeline."""
    with studio.database.read() as db:
        nodes, connections, agents = runnable(db, caller, pipeline_id)
    started = stamp(studio.clock)
    outcome = from_thread.run(
        run_pipeline, studio.model, studio.clock, nodes, connections, agents, body.input
    )
    with studio.database.write() as db:
        return _result(
            keep(db, studio, caller, started, body.input, outcome, pipeline_id=pipeline_id)
        )


@router.get("/pipelines/{pipeline_id}/history", response_model=ExecutionListResponse)
def pipeline_history(
    pipeline_id: str,
    caller: Reader,
    studio: WithServices,
    limit: HistoryLimit = 20,
    offset: Offset = 0,
) -> Any:
    """List a pipeline's executions, newest first."""
    with studio.database.read() as db:
        pipeline_of(db, caller, pipeline_id)
        return _history(db, caller, {"pipeline_id": pipeline_id}, limit, offset)


@router.post("/pipelines/{pipeline_id}/nodes/{node_id:path}", response_model=TestResult)
def test_node(
    pipeline_id: str, node_id: str, body: TestInput, caller: Reader, studio: WithServices
) -> Any:
    """Try one node of a saved pipeline."""
    with studio.database.read() as db:
        nodes, _, agents = runnable(db, caller, pipeline_id)
    node = next((one for one in nodes if one["id"] == node_id), None)
    if node is None:
        raise not_found("node", node_id)
    started = stamp(studio.clock)
    result, outcome = from_thread.run(
        run_node, studio.model, studio.clock, node, agents, body.input
    )
    outcome.output = result if isinstance(result, dict) else {"content": result}
    with studio.database.write() as db:
        return _result(
            keep(db, studio, caller, started, body.input, outcome, pipeline_id=pipeline_id)
        )


@router.get("/executions/{execution_id}", response_model=TestExecution)
def get_test_execution(execution_id: str, caller: Reader, studio: WithServices) -> Any:
    """Get what came of a try."""
    with studio.database.read() as db:
        return execution_of(db, caller, execution_id)


@router.delete("/executions/{execution_id}", status_code=204)
def delete_test_execution(execution_id: str, caller: Reader, studio: WithServices) -> None:
    """Forget what came of a try; only one's own, unless one may delete agents."""
    with studio.database.write() as db:
        row = execution_of(db, caller, execution_id)
        if row["created_by"] != caller.user_id and not caller.may("agents:delete"):
            raise ApiError(403, "Not authorized to delete this execution")
        db.execute("DELETE FROM executions WHERE id = ?", (execution_id,))


def _result(kept: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": kept["id"],
        "status": kept["status"],
        "output": kept["output_data"],
        "execution_time_ms": kept["execution_time_ms"],
        "token_usage": kept["token_usage"],
        "error_message": kept["error_message"] or None,
    }


def _history(
    db: sqlite3.Connection, caller: Caller, wanted: dict[str, str], limit: int, offset: int
) -> dict[str, Any]:
    rows, total = page(db, "executions", caller.organization_id, wanted, limit, offset)
    return {"records": [parsed(row) for row in rows], "total": total}
