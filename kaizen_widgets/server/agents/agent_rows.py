"""Agents in the database, with their versions, contexts and tools; no HTTP here but the errors."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from kaizen_widgets.server.agents.agent_models import CreateAgentRequest, Status
from kaizen_widgets.server.base.crud import PartTable, Table
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.organization.accounts import default_workspace

AGENTS = Table("agents", "agent")
VERSIONS = PartTable("agent_versions", "version", "agent_id")
CONTEXTS = PartTable("agent_contexts", "context", "agent_id")
TOOLS = PartTable("agent_tools", "tool", "agent_id", json_columns=("config",))

VERSIONED_FIELDS = (
    "name",
    "description",
    "agent_type",
    "system_prompt",
    "model_id",
    "temperature",
    "max_tokens",
)
"""The fields of an agent that a version stores."""


def insert_agent(
    db: sqlite3.Connection,
    services: Services,
    organization_id: str,
    created_by: str,
    body: CreateAgentRequest,
    status: Status = "draft",
) -> str:
    """Add an agent; return its id."""
    values = body.model_dump() | {
        "workspace_id": body.workspace_id or default_workspace(db, organization_id),
        "max_tokens": body.max_tokens or 0,
        "status": status,
        "created_by": created_by,
    }
    return AGENTS.create(db, services, organization_id, values)


def insert_version(
    db: sqlite3.Connection,
    services: Services,
    agent: dict[str, Any],
    created_by: str,
    changelog: str | None,
) -> dict[str, Any]:
    """Store an agent as it is now as its next version; return the version."""
    last = db.execute(
        "SELECT max(version_number) FROM agent_versions WHERE agent_id = ?", (agent["id"],)
    ).fetchone()[0]
    values = {
        "version_number": (last or 0) + 1,
        "config_snapshot": json.dumps({key: agent[key] for key in VERSIONED_FIELDS}),
        "changelog": changelog,
        "created_by": created_by,
    }
    return VERSIONS.create(db, services, agent["id"], values)
