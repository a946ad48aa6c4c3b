"""Metrics: what executions took, at a glance, over time, one by one."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.mapping import Interval, stretch
from kaizen_widgets.api.models import Input, Record, SingleFloat, UtcTime, check, path, read, rows
from kaizen_widgets.api.pagination import every
from kaizen_widgets.api.series import Metric, Point, buckets, starts
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient, QueryKey
from kaizen_widgets.transport import Transport

log = logging.getLogger(__name__)

KEYS = query_keys.metrics
MOST = 1000
"""Executions in a page."""

Of = Literal["deployment", "agent"]
Outcome = Literal["success", "failure", "timeout"]
Count = Annotated[int, Field(ge=0)]


class MetricSummary(Record):
    """The figures at a glance; ``error_rate`` is percent."""

    total_executions: int = 0
    avg_latency_ms: float = 0.0
    total_tokens: int = 0
    total_cost_usd: SingleFloat = 0.0
    error_rate: float = 0.0
    success_count: int = 0
    failure_count: int = 0


class MetricExecution(Record):
    """What one execution took."""

    id: str
    agent_id: str = ""
    deployment_id: str = ""
    execution_id: str = ""
    status: str = "success"
    latency_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cost_usd: SingleFloat = 0.0
    error_type: str = ""
    error_message: str = ""
    created_at: UtcTime | None = None


class MetricError(Record):
    """One kind of error."""

    error_type: str = ""
    count: int = 0
    last_message: str = ""
    last_occurred: UtcTime | None = None


class AgentMetrics(Record):
    """An agent that was executed often."""

    agent_id: str
    execution_count: int = 0
    total_tokens: int = 0
    total_cost: SingleFloat = 0.0


class Dashboard(Record):
    """The last 24 hours."""

    summary: MetricSummary
    period: str = "24h"
    top_errors: list[MetricError] = Field(default_factory=list)
    top_agents: list[AgentMetrics] = Field(default_factory=list)


class SummaryFilters(Input):
    """Of what to give the figures: of one thing, of a stretch of time such as ``7d``, or of all."""

    deployment_id: str | None = None
    agent_id: str | None = None
    range: str | None = None


class ExecutionFilters(Input):
    """Which executions to list; the newest ``limit`` of them."""

    deployment_id: str | None = None
    agent_id: str | None = None
    status: Outcome | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class MetricCreate(Input):
    """What one execution took."""

    deployment_id: str
    agent_id: Annotated[str, Field(min_length=1)]
    status: Outcome
    execution_id: str = ""
    latency_ms: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    error_type: str = ""
    error_message: str = ""


class MetricEndpoints(Endpoints):
    """The requests."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        super().__init__(transport)
        self._clock = clock

    async def summary(self, wanted: SummaryFilters) -> MetricSummary:
        """Return the figures at a glance."""
        params: dict[str, Any] = wanted.model_dump(exclude={"range"})
        if wanted.range is not None:
            end = self._clock.now()
            params["start_date"] = (end - stretch(wanted.range)[0]).isoformat()
            params["end_date"] = end.isoformat()
        return await self._one(MetricSummary, "summary", "GET", "metrics", "summary", params=params)

    async def timeseries(
        self, id: str | None, range: str, metric: Metric = "latency", of: Of = "deployment"
    ) -> list[Point]:
        """Return a point for each interval until now, empty ones too."""
        length, interval = stretch(range)
        end = self._clock.now()
        first, *_ = starts(end - length, end, interval)
        if id is None:
            answer = await self._transport.request(
                "GET",
                "/metrics/timeseries",
                params={
                    "metric": metric,
                    "interval": interval,
                    "start_date": first.isoformat(),
                    "end_date": end.isoformat(),
                },
            )
            return [read(Point, row, "point") for row in rows(answer, "points")]
        return await self._counted(id, of, metric, first, end, interval)

    async def _counted(
        self, id: str, of: Of, metric: Metric, first: datetime, end: datetime, interval: Interval
    ) -> list[Point]:
        found = await every(
            self._transport, "/metrics/executions", {f"{of}_id": id}, "executions", MOST
        )
        executions = [read(MetricExecution, row, "execution") for row in found]
        times = [one.created_at for one in executions if one.created_at is not None]
        if len(found) == MOST and times and min(times) > first:
            log.warning(
                "The server shows only the newest %d executions of %s %s: the figures before %s are missing.",
                MOST,
                of,
                id,
                min(times).isoformat(timespec="minutes"),
            )
        return buckets(executions, metric, first, end, interval)

    async def executions(self, wanted: ExecutionFilters) -> list[MetricExecution]:
        """Return the newest executions."""
        return await self._many(
            MetricExecution, "execution", "metrics", "executions", **wanted.model_dump()
        )

    async def errors(self, limit: int) -> list[MetricError]:
        """Return the most frequent kinds of errors."""
        return await self._many(MetricError, "error", "metrics", "errors", limit=limit)

    async def dashboard(self) -> Dashboard:
        """Return the last 24 hours."""
        return await self._one(Dashboard, "dashboard", "GET", "metrics", "dashboard")

    async def record(self, metric: MetricCreate) -> MetricExecution:
        """Keep what one execution took."""
        return await self._one(
            MetricExecution, "metric", "POST", "metrics", "record", json=metric.model_dump()
        )


class Metrics:
    """Metrics through the cache."""

    def __init__(self, endpoints: MetricEndpoints, client: QueryClient) -> None:
        self.endpoints = endpoints
        self._client = client

    def summary(self, **wanted: Any) -> LiveQuery:
        """Return the query of a `MetricSummary`; see `SummaryFilters`."""
        checked = check(SummaryFilters, wanted)
        if checked.range is not None:
            stretch(checked.range)
        return self._query(
            KEYS.summary_of(checked.model_dump()), lambda: self.endpoints.summary(checked)
        )

    def timeseries(
        self,
        id: str | None = None,
        range: str = "24h",
        *,
        metric: Metric = "latency",
        of: Of = "deployment",
    ) -> LiveQuery:
        """Return the query of one figure over time, as `Point`s.

        Args:
            id: Of which deployment or agent; None for everything.
            range: Until now: ``24h``, ``7d``, ``12w``. Points are hours, days or weeks accordingly.
            metric: ``latency`` (average, ms), ``tokens``, ``errors`` or ``cost`` (US dollars).
            of: What ``id`` is of: a ``deployment`` or an ``agent``.
        """
        stretch(range)
        asked = check(_SeriesWanted, {"metric": metric, "of": of})
        if id is not None:
            path("metrics", id)
        return self._query(
            KEYS.timeseries(id, range, asked.metric, asked.of),
            lambda: self.endpoints.timeseries(id, range, asked.metric, asked.of),
        )

    def executions(self, **wanted: Any) -> LiveQuery:
        """Return the query of the newest `MetricExecution`s; see `ExecutionFilters`."""
        checked = check(ExecutionFilters, wanted)
        return self._query(
            KEYS.executions(checked.model_dump()), lambda: self.endpoints.executions(checked)
        )

    def errors(self, limit: int = 10) -> LiveQuery:
        """Return the query of the most frequent `MetricError`s; at most 100."""
        return self._query(KEYS.errors(limit), lambda: self.endpoints.errors(limit))

    def dashboard(self) -> LiveQuery:
        """Return the query of the last 24 hours, a `Dashboard`."""
        return self._query(KEYS.dashboard, self.endpoints.dashboard)

    def record(self, **fields: Any) -> Mutation:
        """Keep what one execution took; see `MetricCreate`. Never sent twice."""
        return self._client.mutate(
            MutationOptions(
                self.endpoints.record,
                mutation_key=(*KEYS.all, "record"),
                invalidates=[KEYS.all],
            ),
            check(MetricCreate, fields),
        )

    def _query(self, key: QueryKey, function: Any) -> LiveQuery:
        return self._client.live(query_key=key, query_fn=function).start()


class _SeriesWanted(Input):
    metric: Metric
    of: Of
