"""Metrics in the database: one row for each execution of an agent, and figures computed from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from kaizen_widgets.server.base.api_errors import InvalidField, invalid
from kaizen_widgets.server.base.crud import insert
from kaizen_widgets.server.base.percentiles import percentiles
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp, timestamp_of

Metric = Literal["latency", "tokens", "errors", "cost"]
Interval = Literal["hour", "day", "week"]

STEPS: dict[Interval, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
VALUES: dict[Metric, str] = {
    "latency": "avg(latency_ms)",
    "tokens": "sum(total_tokens)",
    "errors": "sum(status != 'success')",
    "cost": "sum(cost_usd)",
}
MAX_POINTS = 5_000
NO_PERCENTILES = {"median_latency_ms": None, "p95_latency_ms": None}
"""Percentiles where there was no execution."""


def record_metric(
    db: sqlite3.Connection, services: Services, organization_id: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Store the metrics of one execution; return the row."""
    row: dict[str, Any] = {
        "id": services.new_id(),
        "organization_id": organization_id,
        "deployment_id": "",
        "execution_id": "",
        "latency_ms": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "error_type": "",
        "error_message": "",
        "created_at": timestamp(services.clock),
    }
    row |= {name: value for name, value in values.items() if value is not None}
    row.setdefault("total_tokens", row["input_tokens"] + row["output_tokens"])
    insert(db, "metrics", row)
    return row


def query_time(text: str | None, field: str) -> str | None:
    """Return a date or time of a query as times are stored; one without an offset is UTC.

    Raises:
        ApiError: 422: it is no date or time.
    """
    if text is None:
        return None
    try:
        # A plus sign in a query that was not quoted arrives as a space.
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(
            [
                InvalidField(
                    field=f"query.{field}", message="is not an ISO 8601 date or time", type="date"
                )
            ]
        ) from None
    return timestamp_of(found)


def where_clause(organization_id: str, filters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a WHERE clause and its values; the filters ``start`` and ``end`` are times, the rest columns."""
    given = {name: value for name, value in filters.items() if value is not None}
    given["organization_id"] = organization_id
    tests = {"start": "created_at >= :start", "end": "created_at <= :end"}
    return " AND ".join(tests.get(name, f"{name} = :{name}") for name in given), given


def summary(
    db: sqlite3.Connection, organization_id: str, filters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the API's ``Summary`` of the metrics that fit."""
    where, given = where_clause(organization_id, filters)
    row = db.execute(
        "SELECT count(*) AS total_executions, coalesce(avg(latency_ms), 0) AS avg_latency_ms,"  # noqa: S608
        " coalesce(sum(total_tokens), 0) AS total_tokens,"
        " coalesce(sum(cost_usd), 0.0) AS total_cost_usd,"
        " coalesce(sum(status = 'success'), 0) AS success_count,"
        " coalesce(sum(status != 'success'), 0) AS failure_count"
        f" FROM metrics WHERE {where}",
        given,
    ).fetchone()
    made = dict(row)
    total = made["total_executions"]
    made["error_rate"] = 100 * made["failure_count"] / total if total else 0.0
    return made | percentiles(db, where, given).get(0, NO_PERCENTILES)


def series(
    db: sqlite3.Connection,
    organization_id: str,
    metric: Metric,
    interval: Interval,
    start: str,
    end: str,
    filters: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return a point for each interval from ``start`` to ``end``, including empty ones.

    Points of the latency have percentiles too.

    Raises:
        ApiError: 422: there would be too many points.
    """
    step, first = STEPS[interval].total_seconds(), datetime.fromisoformat(start)
    length = (datetime.fromisoformat(end) - first).total_seconds()
    count = int(length // step) + 1 if length >= 0 else 0
    if count > MAX_POINTS:
        message = f"would make {count} points of one {interval} each; ask for at most {MAX_POINTS}"
        raise invalid([InvalidField(field="query.start_date", message=message, type="too_long")])
    where, given = where_clause(organization_id, {**filters, "start": start, "end": end})
    given = given | {"step": step}
    place_of = "CAST((unixepoch(created_at) - unixepoch(:start)) / :step AS INTEGER)"
    rows = db.execute(
        f"SELECT {place_of} AS place,"  # noqa: S608
        f" {VALUES[metric]} AS value, count(*) AS count FROM metrics WHERE {where} GROUP BY place",
        given,
    )
    found = {row["place"]: (row["value"], row["count"]) for row in rows}
    ranked = percentiles(db, where, given, place_of) if metric == "latency" else {}
    return [
        {
            "timestamp": (first + timedelta(seconds=step * place)).isoformat(),
            "value": round(value, 4),
            "count": number,
            **(ranked.get(place, NO_PERCENTILES) if metric == "latency" else {}),
        }
        for place in range(count)
        for value, number in [found.get(place, (0, 0))]
    ]


def top_errors(
    db: sqlite3.Connection, organization_id: str, limit: int, filters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the most frequent types of errors."""
    where, given = where_clause(organization_id, filters)
    # SQLite takes bare columns from the row with the max().
    rows = db.execute(
        "SELECT error_type, count(*) AS count, error_message AS last_message,"  # noqa: S608
        " max(created_at) AS last_occurred FROM metrics"
        f" WHERE {where} AND status != 'success' AND error_type != ''"
        " GROUP BY error_type ORDER BY count DESC, error_type LIMIT :limit",
        given | {"limit": limit},
    )
    return [dict(row) for row in rows]


def top_agents(
    db: sqlite3.Connection, organization_id: str, limit: int, filters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the agents that were executed most often."""
    where, given = where_clause(organization_id, filters)
    rows = db.execute(
        "SELECT agent_id, count(*) AS execution_count, sum(total_tokens) AS total_tokens,"  # noqa: S608
        f" sum(cost_usd) AS total_cost FROM metrics WHERE {where}"
        " GROUP BY agent_id ORDER BY execution_count DESC, agent_id LIMIT :limit",
        given | {"limit": limit},
    )
    return [dict(row) for row in rows]
