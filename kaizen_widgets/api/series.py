"""Figures over time, counted from single executions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from kaizen_widgets.api.mapping import Interval
from kaizen_widgets.api.models import Record, UtcTime

Metric = Literal["latency", "tokens", "errors", "cost"]

STEPS: dict[Interval, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


class Point(Record):
    """One interval's figure, and of how many executions; ``timestamp`` is where it begins."""

    timestamp: UtcTime
    value: float = 0.0
    count: int = 0


class Execution(Protocol):
    """What one execution took."""

    @property
    def created_at(self) -> datetime | None:
        """When."""
        ...

    @property
    def status(self) -> str:
        """How it ended."""
        ...

    @property
    def latency_ms(self) -> int:
        """How long."""
        ...

    @property
    def total_tokens(self) -> int:
        """How much."""
        ...

    @property
    def cost_usd(self) -> float:
        """For what."""
        ...


def starts(first: datetime, last: datetime, interval: Interval) -> list[datetime]:
    """Return where each interval begins, the first one at a full hour."""
    step = STEPS[interval]
    begin = first.replace(minute=0, second=0, microsecond=0)
    return [begin + step * place for place in range((last - begin) // step + 1)]


def buckets(
    executions: Sequence[Execution],
    metric: Metric,
    first: datetime,
    last: datetime,
    interval: Interval,
) -> list[Point]:
    """Return a point for each interval from ``first`` to ``last``, empty ones too."""
    begins = starts(first, last, interval)
    found: list[list[Execution]] = [[] for _ in begins]
    for one in executions:
        if one.created_at is not None and first <= one.created_at <= last:
            found[(one.created_at - begins[0]) // STEPS[interval]].append(one)
    return [
        Point(timestamp=begin, value=figure(inside, metric), count=len(inside))
        for begin, inside in zip(begins, found, strict=True)
    ]


def figure(executions: Sequence[Execution], metric: Metric) -> float:
    """Return one figure of some executions; 0 of none."""
    match metric:
        case "latency":
            return sum(one.latency_ms for one in executions) / max(len(executions), 1)
        case "tokens":
            return sum(one.total_tokens for one in executions)
        case "errors":
            return sum(one.status != "success" for one in executions)
        case "cost":
            return sum(one.cost_usd for one in executions)
