"""Executions of agents and pipelines, as rows."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from kaizen_widgets.server import metric_rows
from kaizen_widgets.server.access import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.execute import Outcome
from kaizen_widgets.server.pipeline_checks import check_pipeline
from kaizen_widgets.server.pipeline_rows import connections_of, nodes_of, pipeline_of
from kaizen_widgets.server.rows import insert, owned

JSON_COLUMNS = ("input_data", "output_data", "facts", "token_usage")


def keep(
    db: sqlite3.Connection,
    studio: Services,
    caller: Caller,
    started: str,
    given: dict[str, Any],
    outcome: Outcome,
    *,
    agent_id: str = "",
    pipeline_id: str = "",
) -> dict[str, Any]:
    """Keep what came of an execution; return it parsed."""
    execution_id = studio.new_id()
    facts = {"nodes": outcome.nodes, "logs": outcome.logs}
    row = {
        "id": execution_id,
        "organization_id": caller.organization_id,
        "agent_id": agent_id,
        "pipeline_id": pipeline_id,
        "input_data": json.dumps(given),
        "output_data": json.dumps(outcome.output),
        "facts": json.dumps(facts),
        "status": outcome.status,
        "execution_time_ms": outcome.milliseconds,
        "token_usage": json.dumps(outcome.usage),
        "error_message": outcome.error,
        "created_by": caller.user_id,
        "created_at": started,
        "ended_at": stamp(studio.clock),
    }
    insert(db, "executions", row)
    return execution_of(db, caller, execution_id)


def keep_metric(
    db: sqlite3.Connection,
    studio: Services,
    caller: Caller,
    agent_id: str,
    execution_id: str,
    outcome: Outcome,
) -> None:
    """Count an agent's execution among the metrics; the embedded models cost nothing."""
    failed = outcome.status == "failed"
    metric_rows.record(
        db,
        studio,
        caller.organization_id,
        {
            "agent_id": agent_id,
            "execution_id": execution_id,
            "status": "failure" if failed else "success",
            "latency_ms": outcome.milliseconds,
            "input_tokens": outcome.usage["input"],
            "output_tokens": outcome.usage["output"],
            "error_type": "ModelError" if failed else "",
            "error_message": outcome.error,
        },
    )


def execution_of(db: sqlite3.Connection, caller: Caller, execution_id: str) -> dict[str, Any]:
    """Return an execution of the caller's organization, its JSON parsed.

    Raises:
        ApiError: 404 or 403.
    """
    row = owned(db, caller, "executions", "execution", execution_id)
    return parsed(row)


def parsed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its JSON parsed."""
    return row | {name: json.loads(row[name]) for name in JSON_COLUMNS}


def runnable(
    db: sqlite3.Connection, caller: Caller, pipeline_id: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the nodes, connections and agents of a pipeline that can run.

    Raises:
        ApiError: There is none, or it cannot run as it stands (400, with every reason).
    """
    pipeline_of(db, caller, pipeline_id)
    nodes, connections = nodes_of(db, pipeline_id), connections_of(db, pipeline_id)
    rows = db.execute(
        "SELECT * FROM agents WHERE organization_id = ?", (caller.organization_id,)
    ).fetchall()
    agents = {row["id"]: dict(row) for row in rows}
    found = check_pipeline(nodes, connections, {id: one["status"] for id, one in agents.items()})
    if not found["valid"]:
        raise ApiError(400, f"Invalid pipeline: {'; '.join(found['errors'])}")
    return nodes, connections, agents
