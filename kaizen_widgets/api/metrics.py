"""Metrics of executions: latency, tokens, cost and errors, as a summary, over time and per execution."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.mapping import Interval, parse_range
from kaizen_widgets.api.models import (
    RequestModel,
    ResponseModel,
    SingleFloat,
    UtcTime,
    invalid_input,
    parse,
    parse_list,
    url_path,
    validate,
)
from kaizen_widgets.api.pagination import fetch_all
from kaizen_widgets.api.resource_display import metrics_bundle, series_display, summary_bundle
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient, QueryKey
from kaizen_widgets.transport import Transport

KEYS = query_keys.metrics
MAX_EXECUTIONS = 1000
"""The most executions that servers send in a page."""

MetricOf = Literal["deployment", "agent"]
Metric = Literal["latency", "tokens", "errors", "cost"]
Outcome = Literal["success", "failure", "timeout"]
Count = Annotated[int, Field(ge=0)]


class MetricSummary(ResponseModel):
    """A summary of executions; ``error_rate`` is in percent.

    The percentiles are None without executions, and on the public server, which does not know them.
    """

    total_executions: int
    avg_latency_ms: float = 0.0
    total_tokens: int = 0
    total_cost_usd: SingleFloat = 0.0
    error_rate: float = 0.0
    success_count: int = 0
    failure_count: int = 0
    median_latency_ms: float | None = None
    p95_latency_ms: float | None = None


class MetricExecution(ResponseModel):
    """The latency, tokens and cost of one execution."""

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


class MetricError(ResponseModel):
    """A kind of error, and how often it occurred."""

    error_type: str = ""
    count: int = 0
    last_message: str = ""
    last_occurred: UtcTime | None = None


class AgentMetrics(ResponseModel):
    """The metrics of an agent that was executed often."""

    agent_id: str
    execution_count: int = 0
    total_tokens: int = 0
    total_cost: SingleFloat = 0.0


class Dashboard(ResponseModel):
    """A summary of the last 24 hours."""

    summary: MetricSummary
    period: str = "24h"
    top_errors: list[MetricError] = Field(default_factory=list)
    top_agents: list[AgentMetrics] = Field(default_factory=list)


class MetricPoint(ResponseModel):
    """The metric of one interval, and how many executions it covers; ``timestamp`` is its beginning.

    Points of the latency have percentiles, in milliseconds; None where the server does not know them.
    """

    timestamp: UtcTime
    value: float = 0.0
    count: int = 0
    median_latency_ms: float | None = None
    p95_latency_ms: float | None = None


class SummaryFilters(RequestModel):
    """Filters of a summary: one deployment or agent, a time range such as ``7d``, or everything.

    With ``previous``, the time range is the one before it, of the same length.
    """

    deployment_id: str | None = None
    agent_id: str | None = None
    range: str | None = None
    previous: bool | None = None


class MetricExecutionFilters(RequestModel):
    """Filters of a list of executions; the newest ``limit`` are returned."""

    deployment_id: str | None = None
    agent_id: str | None = None
    status: Outcome | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_EXECUTIONS)] = 100


class MetricCreate(RequestModel):
    """The latency, tokens and cost of one execution, to be recorded."""

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
    """The requests about metrics."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        super().__init__(transport)
        self._clock = clock

    async def summary(self, wanted: SummaryFilters) -> MetricSummary:
        """Return a summary."""
        params: dict[str, Any] = wanted.model_dump(exclude={"range", "previous"})
        if wanted.range is not None:
            length = parse_range(wanted.range)[0]
            end = self._clock.now() - (length if wanted.previous else timedelta())
            params["start_date"] = (end - length).isoformat()
            params["end_date"] = end.isoformat()
        return await self._one(MetricSummary, "summary", "GET", "metrics", "summary", params=params)

    async def timeseries(
        self, id: str | None, range: str, metric: Metric = "latency", of: MetricOf = "deployment"
    ) -> list[MetricPoint]:
        """Return a point for each interval until now, including empty ones."""
        length, interval = parse_range(range)
        end = self._clock.now()
        first, *_ = interval_starts(end - length, end, interval)
        if id is None and interval != "five minutes":
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
            return [parse(MetricPoint, row, "point") for row in parse_list(answer, "points")]
        return await self._count(id, of, metric, first, end, interval)

    async def _count(
        self,
        id: str | None,
        of: MetricOf,
        metric: Metric,
        first: datetime,
        end: datetime,
        interval: Interval,
    ) -> list[MetricPoint]:
        found = await fetch_all(
            self._transport,
            "/metrics/executions",
            {} if id is None else {f"{of}_id": id},
            "executions",
            MAX_EXECUTIONS,
        )
        executions = [parse(MetricExecution, row, "execution") for row in found]
        times = [one.created_at for one in executions if one.created_at is not None]
        if len(found) == MAX_EXECUTIONS and times and min(times) > first:
            _log.warning(
                "The server shows only the newest %d executions%s: metrics before %s are missing.",
                MAX_EXECUTIONS,
                "" if id is None else f" of {of} {id}",
                min(times).isoformat(timespec="minutes"),
            )
        return points_of(executions, metric, first, end, interval)

    async def executions(self, wanted: MetricExecutionFilters) -> list[MetricExecution]:
        """Return the newest executions."""
        return await self._many(
            MetricExecution, "execution", "metrics", "executions", **wanted.model_dump()
        )

    async def errors(self, limit: int) -> list[MetricError]:
        """Return the most frequent kinds of errors."""
        return await self._many(MetricError, "error", "metrics", "errors", limit=limit)

    async def dashboard(self) -> Dashboard:
        """Return a summary of the last 24 hours."""
        return await self._one(Dashboard, "dashboard", "GET", "metrics", "dashboard")

    async def record(self, metric: MetricCreate) -> MetricExecution:
        """Record the metrics of one execution."""
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
        checked = validate(SummaryFilters, wanted)
        if checked.range is not None:
            parse_range(checked.range)
        elif checked.previous:
            raise invalid_input({"previous": ["needs a range, such as 24h"]})
        return self._query(
            KEYS.summary_of(checked.model_dump()),
            lambda: self.endpoints.summary(checked),
            summary_bundle,
        )

    def timeseries(
        self,
        id: str | None = None,
        range: str = "24h",
        *,
        metric: Metric = "latency",
        of: MetricOf = "deployment",
    ) -> LiveQuery:
        """Return the query of a metric over time, as `MetricPoint`s.

        Args:
            id: Id of a deployment or agent; None for everything.
            range: Time range until now: ``1h``, ``24h``, ``7d``, ``12w``. Points are five minutes, hours,
                days or weeks accordingly.
            metric: ``latency`` (ms; also percentiles), ``tokens``, ``errors`` or ``cost`` (US dollars).
            of: Whether ``id`` is that of a ``deployment`` or an ``agent``.
        """
        parse_range(range)
        options = validate(_TimeseriesOptions, {"metric": metric, "of": of})
        if id is not None:
            url_path("metrics", id)
        return self._query(
            KEYS.timeseries(id, range, options.metric, options.of),
            lambda: self.endpoints.timeseries(id, range, options.metric, options.of),
            series_display(options.metric),
        )

    def executions(self, **wanted: Any) -> LiveQuery:
        """Return the query of the newest `MetricExecution`s; see `MetricExecutionFilters`."""
        checked = validate(MetricExecutionFilters, wanted)
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
        """Record the metrics of one execution; see `MetricCreate`. Never sent twice."""
        return self._client.mutate(
            MutationOptions(
                self.endpoints.record,
                mutation_key=(*KEYS.all, "record"),
                invalidates=[KEYS.all],
            ),
            validate(MetricCreate, fields),
        )

    def _query(
        self,
        key: QueryKey,
        function: Any,
        display: Callable[[Any], dict[str, Any]] | None = None,
    ) -> LiveQuery:
        query = self._client.live(query_key=key, query_fn=function)
        query.display = display
        return query.start()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return metrics_bundle(lambda: self.summary(range="24h"), self.timeseries)

    def __repr__(self) -> str:
        return "Metrics()"


class _TimeseriesOptions(RequestModel):
    metric: Metric
    of: MetricOf


INTERVALS: dict[Interval, timedelta] = {
    "five minutes": timedelta(minutes=5),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


def interval_starts(first: datetime, last: datetime, interval: Interval) -> list[datetime]:
    """Return the beginning of each interval; the first one begins at a full hour, or full five minutes."""
    step = INTERVALS[interval]
    minute = first.minute - first.minute % 5 if interval == "five minutes" else 0
    begin = first.replace(minute=minute, second=0, microsecond=0)
    return [begin + step * index for index in range((last - begin) // step + 1)]


def points_of(
    executions: Sequence[MetricExecution],
    metric: Metric,
    first: datetime,
    last: datetime,
    interval: Interval,
) -> list[MetricPoint]:
    """Return a point for each interval from ``first`` to ``last``, including empty ones."""
    begins = interval_starts(first, last, interval)
    found: list[list[MetricExecution]] = [[] for _ in begins]
    for one in executions:
        if one.created_at is not None and first <= one.created_at <= last:
            found[(one.created_at - begins[0]) // INTERVALS[interval]].append(one)
    return [
        MetricPoint(
            timestamp=begin,
            value=_metric_of(inside, metric),
            count=len(inside),
            median_latency_ms=_percentile(inside, 50) if metric == "latency" else None,
            p95_latency_ms=_percentile(inside, 95) if metric == "latency" else None,
        )
        for begin, inside in zip(begins, found, strict=True)
    ]


def _percentile(executions: Sequence[MetricExecution], percent: int) -> float | None:
    """Return the latency that so many percent did not exceed, by nearest rank; None of none."""
    times = sorted(one.latency_ms for one in executions)
    return times[(percent * len(times) + 99) // 100 - 1] if times else None


def _metric_of(executions: Sequence[MetricExecution], metric: Metric) -> float:
    match metric:
        case "latency":
            return sum(one.latency_ms for one in executions) / max(len(executions), 1)
        case "tokens":
            return sum(one.total_tokens for one in executions)
        case "errors":
            return sum(one.status != "success" for one in executions)
        case "cost":
            return sum(one.cost_usd for one in executions)


_log = logging.getLogger(__name__)
