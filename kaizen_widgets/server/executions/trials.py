"""``/test``: try an agent, a pipeline or one of its nodes, and read the results later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from kaizen_widgets.graph import Graph
from kaizen_widgets.server.agents.agent_rows import AGENTS
from kaizen_widgets.server.base.api_errors import ApiError, not_found
from kaizen_widgets.server.base.crud import Offset, Page, Table
from kaizen_widgets.server.base.field_types import JsonObject
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.executions.execution_rows import (
    EXECUTIONS,
    runnable_pipeline,
    save_agent_execution,
    save_execution,
)
from kaizen_widgets.server.executions.execution_run import (
    ExecutionRecord,
    ExecutionRun,
    graph_of_agent,
)
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller
from kaizen_widgets.server.pipelines.pipeline_checks import AgentDirectory
from kaizen_widgets.server.pipelines.pipeline_rows import PIPELINES

router = GuardedRouter(prefix="/test", tags=["test"])

HistoryLimit = Annotated[int, Query(ge=1, le=100)]


class TrialOptions(BaseModel):
    """How to run the trial; ``stream`` is ignored."""

    timeout_ms: Annotated[int, Field(ge=1, le=600_000)] = 30_000
    stream: bool = False


class TestInput(BaseModel):
    """The input of a trial."""

    input: JsonObject
    options: TrialOptions | None = None


class TokenUsage(BaseModel):
    """Tokens used."""

    input: int
    output: int
    total: int


class TestResult(BaseModel):
    """The result of a trial."""

    id: str
    status: str
    output: dict[str, Any] | None = None
    execution_time_ms: int | None = None
    token_usage: TokenUsage | None = None
    error_message: str | None = None


class TestExecution(BaseModel):
    """A trial or execution as it is stored."""

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
    """A page of trials and executions, newest first; ``total`` counts all."""

    records: list[TestExecution]
    total: int


@router.post("/agents/{agent_id}", response_model=TestResult)
def test_agent(agent_id: str, body: TestInput, caller: WithCaller, services: WithServices) -> Any:
    """Try an agent; a failure is part of the answer."""
    with services.database.read() as db:
        agent = AGENTS.get(db, caller, agent_id)
    started = timestamp(services.clock)
    record = _try(services, graph_of_agent(agent), AgentDirectory([agent]), body)
    with services.database.write() as db:
        row = save_agent_execution(
            db, services, caller, started, body.input, record.of_node(agent_id), agent_id
        )
    return _result(row)


@router.get("/agents/{agent_id}/history", response_model=ExecutionListResponse)
def agent_history(
    agent_id: str,
    caller: WithCaller,
    services: WithServices,
    limit: HistoryLimit = 20,
    offset: Offset = 0,
) -> Any:
    """List an agent's executions, newest first."""
    return _history(services, caller, AGENTS, agent_id, "agent_id", Page(limit, offset))


@router.post("/pipelines/{pipeline_id}", response_model=TestResult)
def test_pipeline(
    pipeline_id: str, body: TestInput, caller: WithCaller, services: WithServices
) -> Any:
    """Try a saved pipeline; a failure is part of the answer."""
    with services.database.read() as db:
        graph, agents = runnable_pipeline(db, caller, pipeline_id)
    started = timestamp(services.clock)
    record = _try(services, graph, agents, body)
    with services.database.write() as db:
        return _result(
            save_execution(
                db, services, caller, started, body.input, record, pipeline_id=pipeline_id
            )
        )


@router.get("/pipelines/{pipeline_id}/history", response_model=ExecutionListResponse)
def pipeline_history(
    pipeline_id: str,
    caller: WithCaller,
    services: WithServices,
    limit: HistoryLimit = 20,
    offset: Offset = 0,
) -> Any:
    """List a pipeline's executions, newest first."""
    return _history(services, caller, PIPELINES, pipeline_id, "pipeline_id", Page(limit, offset))


@router.post("/pipelines/{pipeline_id}/nodes/{node_id:path}", response_model=TestResult)
def test_node(
    pipeline_id: str, node_id: str, body: TestInput, caller: WithCaller, services: WithServices
) -> Any:
    """Try one node of a saved pipeline; a failure is part of the answer."""
    with services.database.read() as db:
        graph, agents = runnable_pipeline(db, caller, pipeline_id)
    node = next((candidate for candidate in graph.nodes if candidate.id == node_id), None)
    if node is None:
        raise not_found("node", node_id)
    started = timestamp(services.clock)
    record = _try(services, Graph([node]), agents, body)
    with services.database.write() as db:
        return _result(
            save_execution(
                db,
                services,
                caller,
                started,
                body.input,
                record.of_node(node_id),
                pipeline_id=pipeline_id,
            )
        )


@router.get("/executions/{execution_id}", response_model=TestExecution)
def get_test_execution(execution_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Get a trial."""
    with services.database.read() as db:
        return EXECUTIONS.get(db, caller, execution_id)


@router.delete("/executions/{execution_id}", status_code=204)
def delete_test_execution(execution_id: str, caller: WithCaller, services: WithServices) -> None:
    """Delete a trial: one's own, or any with the permission to delete agents."""
    with services.database.write() as db:
        row = EXECUTIONS.get(db, caller, execution_id)
        if row["created_by"] != caller.user_id and not caller.may("agents:delete"):
            raise ApiError(403, "Not authorized to delete this execution")
        EXECUTIONS.delete(db, execution_id)


def _try(
    services: Services, graph: Graph, agents: AgentDirectory, body: TestInput
) -> ExecutionRecord:
    options = body.options or TrialOptions()
    return ExecutionRun(
        services, graph, agents, body.input, seconds=options.timeout_ms / 1000
    ).wait()


def _result(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the API's ``TestResult``."""
    return {
        "id": row["id"],
        "status": row["status"],
        "output": row["output_data"],
        "execution_time_ms": row["execution_time_ms"],
        "token_usage": row["token_usage"],
        "error_message": row["error_message"] or None,
    }


def _history(
    services: Services, caller: Caller, table: Table, row_id: str, column: str, page: Page
) -> dict[str, Any]:
    """Return the executions of an agent or a pipeline."""
    with services.database.read() as db:
        table.get(db, caller, row_id)
        rows, total = EXECUTIONS.page(db, caller.organization_id, {column: row_id}, page)
    return {"records": rows, "total": total}
