"""The size of pipelines and their executions on this server, for a list."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any


def activity_of_pipelines(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return by id the number of nodes and of executions, and how the last execution ended.

    Executions of a single node count, as they do in the pipeline's history.
    """
    places = ", ".join("?" for _ in ids)
    rows = db.execute(
        "SELECT pipelines.id AS id,"  # noqa: S608
        " (SELECT count(*) FROM pipeline_nodes WHERE pipeline_id = pipelines.id) AS node_count,"
        " coalesce(runs.number, 0) AS execution_count, last.status AS last_status,"
        " last.created_at AS last_executed_at, last.execution_time_ms AS last_duration_ms"
        " FROM pipelines"
        " LEFT JOIN (SELECT pipeline_id, count(*) AS number, max(seq) AS seq FROM executions"
        f" WHERE pipeline_id IN ({places}) GROUP BY pipeline_id) AS runs"
        " ON runs.pipeline_id = pipelines.id"
        " LEFT JOIN executions AS last ON last.seq = runs.seq"
        f" WHERE pipelines.id IN ({places})",
        (*ids, *ids),
    )
    return {row["id"]: {key: row[key] for key in row.keys() if key != "id"} for row in rows}  # noqa: SIM118
