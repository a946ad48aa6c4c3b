"""Agents, their versions, contexts and tools, as rows; no HTTP here but the errors."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from kaizen_widgets.server import accounts
from kaizen_widgets.server.access import Caller
from kaizen_widgets.server.agent_models import CreateAgentRequest, Status
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import not_found
from kaizen_widgets.server.fields import from_text
from kaizen_widgets.server.rows import insert, owned, to_change

IN_A_VERSION = (
    "name",
    "description",
    "agent_type",
    "system_prompt",
    "model_id",
    "temperature",
    "max_tokens",
)
"""What a version remembers of an agent."""


def agent_of(db: sqlite3.Connection, caller: Caller, agent_id: str) -> dict[str, Any]:
    """Return an agent of the caller's organization.

    Raises:
        ApiError: 404 or 403.
    """
    return owned(db, caller, "agents", "agent", agent_id)


def agent_to_change(db: sqlite3.Connection, caller: Caller, agent_id: str) -> dict[str, Any]:
    """Return an agent of the caller's organization, for a change of it or its parts.

    Raises:
        ApiError: 404, 403 or 412.
    """
    return to_change(db, caller, "agents", "agent", agent_id)


def insert_agent(
    db: sqlite3.Connection,
    studio: Services,
    organization_id: str,
    created_by: str,
    body: CreateAgentRequest,
    status: Status = "draft",
) -> str:
    """Add an agent; return its id."""
    agent_id, now = studio.new_id(), stamp(studio.clock)
    values = body.model_dump() | {
        "id": agent_id,
        "organization_id": organization_id,
        "workspace_id": body.workspace_id or accounts.default_workspace(db, organization_id),
        "max_tokens": body.max_tokens or 0,
        "status": status,
        "created_by": created_by,
        "created_at": now,
        "updated_at": now,
    }
    insert(db, "agents", values)
    return agent_id


def keep_version(
    db: sqlite3.Connection,
    studio: Services,
    agent: dict[str, Any],
    created_by: str,
    changelog: str | None,
) -> str:
    """Remember an agent as it is; return the version's id."""
    version_id = studio.new_id()
    last = db.execute(
        "SELECT max(version_number) FROM agent_versions WHERE agent_id = ?", (agent["id"],)
    ).fetchone()[0]
    insert(
        db,
        "agent_versions",
        {
            "id": version_id,
            "agent_id": agent["id"],
            "version_number": (last or 0) + 1,
            "config_snapshot": json.dumps({key: agent[key] for key in IN_A_VERSION}),
            "changelog": changelog,
            "created_by": created_by,
            "created_at": stamp(studio.clock),
        },
    )
    return version_id


def part_of(
    db: sqlite3.Connection, table: str, what: str, agent_id: str, part_id: str
) -> dict[str, Any]:
    """Return a version, context or tool of an agent.

    Raises:
        ApiError: 404.
    """
    for row in parts_of(db, table, agent_id):
        if row["id"] == part_id:
            return row
    raise not_found(what, part_id)


def parts_of(db: sqlite3.Connection, table: str, agent_id: str) -> list[dict[str, Any]]:
    """Return all versions, contexts or tools of an agent, in the order they were made."""
    # The table is named by our own routes.
    query = f"SELECT * FROM {table} WHERE agent_id = ? ORDER BY seq"  # noqa: S608
    rows = [dict(row) for row in db.execute(query, (agent_id,))]
    for row in rows:
        if "config" in row:
            row["config"] = from_text(row["config"])
    return rows
