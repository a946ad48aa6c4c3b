"""Executions of agents and pipelines in the database."""

from __future__ import annotations

import sqlite3
from typing import Any

from kaizen_widgets.graph import Graph
from kaizen_widgets.server.agents.agent_rows import AGENTS
from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.crud import Table
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.executions import metric_rows
from kaizen_widgets.server.executions.execution_run import ExecutionRecord
from kaizen_widgets.server.pipelines.pipeline_checks import (
    AgentDirectory,
    check_pipeline,
    graph_of,
)
from kaizen_widgets.server.pipelines.pipeline_rows import PIPELINES, connections_of, nodes_of

EXECUTIONS = Table(
    "executions", "execution", json_columns=("input_data", "output_data", "facts", "token_usage")
)

MAX_REASONS = 20
"""How many reasons against a pipeline a refusal lists; ``validate`` lists all."""


def save_execution(
    db: sqlite3.Connection,
    services: Services,
    caller: Caller,
    started: str,
    inputs: dict[str, Any],
    record: ExecutionRecord,
    *,
    agent_id: str = "",
    pipeline_id: str = "",
) -> dict[str, Any]:
    """Store the record of an execution; return the row."""
    execution_id = services.new_id()
    values = {
        "id": execution_id,
        "organization_id": caller.organization_id,
        "agent_id": agent_id,
        "pipeline_id": pipeline_id,
        "input_data": inputs,
        "output_data": record.output,
        "facts": {"nodes": record.nodes, "logs": record.logs},
        "status": record.status,
        "execution_time_ms": record.milliseconds,
        "token_usage": record.usage,
        "error_message": record.error,
        "created_by": caller.user_id,
        "created_at": started,
        "ended_at": timestamp(services.clock),
    }
    EXECUTIONS.insert(db, values)
    return EXECUTIONS.get(db, caller, execution_id)


def save_agent_execution(
    db: sqlite3.Connection,
    services: Services,
    caller: Caller,
    started: str,
    inputs: dict[str, Any],
    record: ExecutionRecord,
    agent_id: str,
) -> dict[str, Any]:
    """Store the record of an agent's execution and its metric; return the execution's row.

    The embedded API's models cost nothing.
    """
    row = save_execution(db, services, caller, started, inputs, record, agent_id=agent_id)
    failed = "timeout" if record.timed_out else "failure"
    metric_rows.record_metric(
        db,
        services,
        caller.organization_id,
        {
            "agent_id": agent_id,
            "execution_id": row["id"],
            "status": failed if record.error else "success",
            "latency_ms": record.milliseconds,
            "input_tokens": record.usage["input"],
            "output_tokens": record.usage["output"],
            "error_type": "ModelError" if record.error else "",
            "error_message": record.error,
        },
    )
    return row


def runnable_pipeline(
    db: sqlite3.Connection, caller: Caller, pipeline_id: str
) -> tuple[Graph, AgentDirectory]:
    """Return the graph of a pipeline that can run, and the agents of its organization.

    Raises:
        ApiError: There is no such pipeline, or it cannot run as it is (400, with the reasons).
    """
    PIPELINES.get(db, caller, pipeline_id)
    nodes, connections = nodes_of(db, pipeline_id), connections_of(db, pipeline_id)
    rows, _ = AGENTS.page(db, caller.organization_id)
    agents = AgentDirectory(rows)
    found = check_pipeline(nodes, connections, agents)
    if not found["valid"]:
        reasons = [reason.rstrip(".") for reason in found["errors"]]
        if len(reasons) > MAX_REASONS:
            reasons[MAX_REASONS:] = [f"and {len(reasons) - MAX_REASONS} more reasons"]
        raise ApiError(400, f"Invalid pipeline: {'; '.join(reasons)}")
    return graph_of(nodes, connections), agents
