"""The median and the 95th percentile of the times of executions, computed by SQLite.

Both are by nearest rank: the smallest time that at least half, or 95 %, of the executions did not exceed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any


def percentiles(
    db: sqlite3.Connection, where: str, given: Mapping[str, Any], group: str = "0"
) -> dict[Any, dict[str, int]]:
    """Return by group ``median_latency_ms`` and ``p95_latency_ms`` of the metrics that fit.

    Args:
        db: A transaction.
        where: A WHERE clause of this package, see `metric_rows.where_clause`.
        given: Its values.
        group: An SQL expression of this package; by default all metrics are one group, 0.
    """
    rows = db.execute(
        f"WITH ranked AS (SELECT {group} AS part, latency_ms,"  # noqa: S608
        f" row_number() OVER (PARTITION BY {group} ORDER BY latency_ms) AS rank,"
        f" count(*) OVER (PARTITION BY {group}) AS total FROM metrics WHERE {where})"
        " SELECT part, max(CASE WHEN rank = (total + 1) / 2 THEN latency_ms END) AS median,"
        " max(CASE WHEN rank = (95 * total + 99) / 100 THEN latency_ms END) AS p95"
        " FROM ranked GROUP BY part",
        given,
    )
    return {
        row["part"]: {"median_latency_ms": row["median"], "p95_latency_ms": row["p95"]}
        for row in rows
    }
