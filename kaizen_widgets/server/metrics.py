"""``/metrics``: what executions took, as figures; of the caller's organization only."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server import metric_rows
from kaizen_widgets.server.access import SignedIn
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.metric_rows import Interval, Metric, moment

router = APIRouter(prefix="/metrics", tags=["metrics"])

Outcome = Literal["success", "failure", "timeout"]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
SomeId = Annotated[str, Field(min_length=1, max_length=1024)]
Text = Annotated[str, Field(max_length=10_000)]


class MetricRecord(BaseModel):
    """What one execution took."""

    deployment_id: Annotated[str, Field(max_length=1024)]
    agent_id: SomeId
    status: Outcome
    execution_id: Text | None = None
    latency_ms: Count | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    cost_usd: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    error_type: Text | None = None
    error_message: Text | None = None


class MetricBody(BaseModel):
    """What one execution took, as kept."""

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
    """The figures at a glance; ``error_rate`` is percent."""

    total_executions: int
    avg_latency_ms: float
    total_tokens: int
    total_cost_usd: float
    error_rate: float
    success_count: int
    failure_count: int


class Point(BaseModel):
    """One interval's figure, and of how many executions."""

    timestamp: str
    value: float
    count: int


class SeriesBody(BaseModel):
    """A point for each interval."""

    data: list[Point]


class ExecutionsBody(BaseModel):
    """Executions, newest first."""

    executions: list[MetricBody]
    count: int


class ErrorKind(BaseModel):
    """One kind of error."""

    error_type: str
    count: int
    last_message: str
    last_occurred: str


class ErrorsBody(BaseModel):
    """The most frequent kinds of errors."""

    errors: list[ErrorKind]


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
    top_errors: list[ErrorKind]
    top_agents: list[TopAgent]


@router.get("/summary", response_model=Summary)
def get_summary(
    caller: SignedIn,
    studio: WithServices,
    deployment_id: str | None = None,
    agent_id: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
) -> Any:
    """Get the figures at a glance."""
    wanted = {
        "deployment_id": deployment_id,
        "agent_id": agent_id,
        "start": moment(start_date, "start_date"),
        "end": moment(end_date, "end_date"),
    }
    with studio.database.read() as db:
        return metric_rows.summary(db, caller.organization_id, wanted)


@router.get("/timeseries", response_model=SeriesBody)
def get_timeseries(
    caller: SignedIn,
    studio: WithServices,
    metric: Metric,
    start_date: str,
    end_date: str,
    interval: Interval = "day",
    deployment_id: str | None = None,
    agent_id: str | None = None,
) -> Any:
    """Get one figure over time."""
    start, end = moment(start_date, "start_date"), moment(end_date, "end_date")
    wanted = {"deployment_id": deployment_id, "agent_id": agent_id}
    with studio.database.read() as db:
        points = metric_rows.series(
            db, caller.organization_id, metric, interval, str(start), str(end), wanted
        )
    return {"data": points}


@router.get("/executions", response_model=ExecutionsBody)
def list_executions(
    caller: SignedIn,
    studio: WithServices,
    deployment_id: str | None = None,
    agent_id: str | None = None,
    status: Outcome | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=MAX_SAFE_INTEGER)] = 0,
) -> Any:
    """List executions, newest first."""
    wanted = {"deployment_id": deployment_id, "agent_id": agent_id, "status": status}
    where, given = metric_rows.select(caller.organization_id, wanted)
    with studio.database.read() as db:
        rows = db.execute(
            f"SELECT * FROM metrics WHERE {where} ORDER BY created_at DESC, seq DESC"  # noqa: S608
            " LIMIT :limit OFFSET :offset",
            given | {"limit": limit, "offset": offset},
        ).fetchall()
    return {"executions": [dict(row) for row in rows], "count": len(rows)}


@router.get("/errors", response_model=ErrorsBody)
def list_errors(
    caller: SignedIn, studio: WithServices, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Any:
    """List the most frequent kinds of errors."""
    with studio.database.read() as db:
        return {"errors": metric_rows.top_errors(db, caller.organization_id, limit, {})}


@router.get("/dashboard", response_model=Dashboard)
def get_dashboard(caller: SignedIn, studio: WithServices) -> Any:
    """Get the last 24 hours."""
    since = studio.clock.now() - timedelta(hours=24)
    wanted, own = {"start": moment(since.isoformat(), "start")}, caller.organization_id
    with studio.database.read() as db:
        return {
            "period": "24h",
            "summary": metric_rows.summary(db, own, wanted),
            "top_errors": metric_rows.top_errors(db, own, 5, wanted),
            "top_agents": metric_rows.top_agents(db, own, 5, wanted),
        }


@router.get("/deployments/{deployment_id}", response_model=Summary)
def get_deployment_summary(deployment_id: str, caller: SignedIn, studio: WithServices) -> Any:
    """Get a deployment's figures; all zero if it was never executed."""
    with studio.database.read() as db:
        return metric_rows.summary(db, caller.organization_id, {"deployment_id": deployment_id})


@router.get("/agents/{agent_id}", response_model=Summary)
def get_agent_summary(agent_id: str, caller: SignedIn, studio: WithServices) -> Any:
    """Get an agent's figures; all zero if it was never executed."""
    with studio.database.read() as db:
        return metric_rows.summary(db, caller.organization_id, {"agent_id": agent_id})


@router.post("/record", response_model=MetricBody)
def record_metric(body: MetricRecord, caller: SignedIn, studio: WithServices) -> Any:
    """Keep what one execution took."""
    with studio.database.write() as db:
        return metric_rows.record(db, studio, caller.organization_id, body.model_dump())
