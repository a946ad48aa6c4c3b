"""What agents did in the last 24 hours, from the metrics of their executions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from kaizen_widgets.server.base.percentiles import percentiles
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp_of

_COUNTS = (
    "count(*) AS execution_count, coalesce(sum(status != 'success'), 0) AS failure_count,"
    " coalesce(sum(total_tokens), 0) AS total_tokens, coalesce(sum(cost_usd), 0.0) AS total_cost_usd"
)
_NOTHING = {
    "execution_count": 0,
    "failure_count": 0,
    "total_tokens": 0,
    "total_cost_usd": 0.0,
    "median_latency_ms": None,
    "p95_latency_ms": None,
    "last_executed_at": None,
}


def activity_of_agents(
    db: sqlite3.Connection, services: Services, organization_id: str, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return by id what agents did: counts of the last 24 hours, and when they were executed last."""
    names = [f"a{place}" for place in range(len(ids))]
    given = dict(zip(names, ids, strict=True)) | {
        "organization_id": organization_id,
        "start": timestamp_of(services.clock.now() - timedelta(hours=24)),
    }
    own = (
        f"organization_id = :organization_id AND agent_id IN ({', '.join(f':{n}' for n in names)})"
    )
    recent = f"{own} AND created_at >= :start"
    found = {id: dict(_NOTHING) for id in ids}
    last = f"SELECT agent_id, max(created_at) AS last FROM metrics WHERE {own} GROUP BY agent_id"  # noqa: S608
    for row in db.execute(last, given):
        found[row["agent_id"]]["last_executed_at"] = row["last"]
    counts = f"SELECT agent_id, {_COUNTS} FROM metrics WHERE {recent} GROUP BY agent_id"  # noqa: S608
    for row in db.execute(counts, given):
        found[row["agent_id"]].update({key: row[key] for key in row.keys() if key != "agent_id"})  # noqa: SIM118
    for id, ranked in percentiles(db, recent, given, "agent_id").items():
        found[id].update(ranked)
    return found
