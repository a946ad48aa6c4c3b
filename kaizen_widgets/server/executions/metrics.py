"""``/metrics``: time, tokens, cost and errors of executions in the caller's organization."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server.base.field_types import SomeId
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.executions import metric_rows
from kaizen_widgets.server.executions.metric_rows import Interval, Metric, query_time
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller

router = GuardedRouter(prefix="/metrics", tags=["metrics"])

MetricStatus = Literal["success", "failure", "timeout"]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Text = Annotated[str, Field(max_length=10_000)]


class MetricRecord(BaseModel):
    """The metrics of one execution."""

    deployment_id: Annotated[str, Field(max_length=1024)]
    agent_id: SomeId
    status: MetricStatus
    execution_id: Text | None = None
    latency_ms: Count | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    cost_usd: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    error_type: Text | None = None
    error_message: Text | None = None


class MetricBody(BaseModel):
    """The metrics of one execution as they are stored."""

    id: str
    organization_id: str
    deployment_id: str
    agent_id: str
    execution_id: str
    status: str
    latency_ms: int
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost_usd: float
    error_type: str
    error_message: str
    created_at: str


class Summary(BaseModel):
    """Totals, averages and percentiles; ``error_rate`` is in percent."""

    total_executions: int
    avg_latency_ms: float
    total_tokens: int
    total_cost_usd: float
    error_rate: float
    success_count: int
    failure_count: int
    median_latency_ms: int | None
    p95_latency_ms: int | None


class Point(BaseModel):
    """The value of one interval, and the number of its executions; percentiles are of the latency."""

    timestamp: str
    value: float
    count: int
    median_latency_ms: int | None = None
    p95_latency_ms: int | None = None


class SeriesBody(BaseModel):
    """A point for each interval."""

    data: list[Point]


class ExecutionsBody(BaseModel):
    """Executions, newest first."""

    executions: list[MetricBody]
    count: int


class ErrorType(BaseModel):
    """A type of error."""

    error_type: str
    count: int
    last_message: str
    last_occurred: str


class ErrorsBody(BaseModel):
    """The most frequent types of errors."""

    errors: list[ErrorType]


class TopAgent(BaseModel):
    """An agent that was executed often."""

    agent_id: str
    execution_count: int
    total_tokens: int
    total_cost: float


class Dashboard(BaseModel):
    """The last 24 hours."""

    period: str
    summary: Summary
    top_errors: list[ErrorType]
    top_agents: list[TopAgent]


@router.get("/summary", response_model=Summary)
def get_summary(
    caller: WithCaller,
    services: WithServices,
    deployment_id: str | None = None,
    agent_id: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
) -> Any:
    """Get totals and averages."""
    filters = {
        "deployment_id": deployment_id,
        "agent_id": agent_id,
        "start": query_time(start_date, "start_date"),
        "end": query_time(end_date, "end_date"),
    }
    with services.database.read() as db:
        return metric_rows.summary(db, caller.organization_id, filters)


@router.get("/timeseries", response_model=SeriesBody)
def get_timeseries(
    caller: WithCaller,
    services: WithServices,
    metric: Metric,
    start_date: str,
    end_date: str,
    interval: Interval = "day",
    deployment_id: str | None = None,
    agent_id: str | None = None,
) -> Any:
    """Get one metric over time."""
    start, end = query_time(start_date, "start_date"), query_time(end_date, "end_date")
    filters = {"deployment_id": deployment_id, "agent_id": agent_id}
    with services.database.read() as db:
        points = metric_rows.series(
            db, caller.organization_id, metric, interval, str(start), str(end), filters
        )
    return {"data": points}


@router.get("/executions", response_model=ExecutionsBody)
def list_executions(
    caller: WithCaller,
    services: WithServices,
    deployment_id: str | None = None,
    agent_id: str | None = None,
    status: MetricStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=MAX_SAFE_INTEGER)] = 0,
) -> Any:
    """List executions, newest first."""
    filters = {"deployment_id": deployment_id, "agent_id": agent_id, "status": status}
    where, given = metric_rows.where_clause(caller.organization_id, filters)
    with services.database.read() as db:
        rows = db.execute(
            f"SELECT * FROM metrics WHERE {where} ORDER BY created_at DESC, seq DESC"  # noqa: S608
            " LIMIT :limit OFFSET :offset",
            given | {"limit": limit, "offset": offset},
        ).fetchall()
    return {"executions": [dict(row) for row in rows], "count": len(rows)}


@router.get("/errors", response_model=ErrorsBody)
def list_errors(
    caller: WithCaller, services: WithServices, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Any:
    """List the most frequent types of errors."""
    with services.database.read() as db:
        return {"errors": metric_rows.top_errors(db, caller.organization_id, limit, {})}


@router.get("/dashboard", response_model=Dashboard)
def get_dashboard(caller: WithCaller, services: WithServices) -> Any:
    """Get the last 24 hours."""
    since = services.clock.now() - timedelta(hours=24)
    filters, own = {"start": query_time(since.isoformat(), "start")}, caller.organization_id
    with services.database.read() as db:
        return {
            "period": "24h",
            "summary": metric_rows.summary(db, own, filters),
            "top_errors": metric_rows.top_errors(db, own, 5, filters),
            "top_agents": metric_rows.top_agents(db, own, 5, filters),
        }


@router.get("/deployments/{deployment_id}", response_model=Summary)
def get_deployment_summary(deployment_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Get a deployment's totals; all zero if it was never executed."""
    with services.database.read() as db:
        return metric_rows.summary(db, caller.organization_id, {"deployment_id": deployment_id})


@router.get("/agents/{agent_id}", response_model=Summary)
def get_agent_summary(agent_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Get an agent's totals; all zero if it was never executed."""
    with services.database.read() as db:
        return metric_rows.summary(db, caller.organization_id, {"agent_id": agent_id})


@router.post("/record", response_model=MetricBody)
def record_metric(body: MetricRecord, caller: WithCaller, services: WithServices) -> Any:
    """Record the metrics of one execution."""
    with services.database.write() as db:
        return metric_rows.record_metric(db, services, caller.organization_id, body.model_dump())
