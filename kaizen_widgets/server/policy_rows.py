"""Policies: which exist, whom they are for, and whether they let somebody do something.

A policy says ``allow`` or ``deny`` of an action on a kind of thing, under conditions, to those it is
assigned to. A deny wins. Where any policy of somebody's is about the action, one must allow it; where none
is, the role decides.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Protocol

from kaizen_widgets.server.conditions import holds


class Asking(Protocol):
    """Who wants to do something."""

    @property
    def user_id(self) -> str:
        """Who."""
        ...

    @property
    def organization_id(self) -> str:
        """In which organization."""
        ...

    @property
    def role(self) -> str:
        """As what."""
        ...


def is_allowed(
    db: sqlite3.Connection,
    who: Asking,
    resource_type: str,
    action: str,
    resource: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the policies of somebody let them do it."""
    facts = {
        "user": {
            "id": who.user_id,
            "role": who.role,
            "organization_id": who.organization_id,
        },
        "resource": dict(resource or {}),
        "context": dict(context or {}),
    }
    rows = db.execute(
        "SELECT * FROM policies WHERE organization_id = ? AND status = 'active'"
        " AND resource_type IN ('*', ?) AND action IN ('*', ?)",
        (who.organization_id, resource_type, action),
    ).fetchall()
    effects = {
        (row["effect"], holds(json.loads(row["conditions"]), facts))
        for row in rows
        if is_for(db, row["id"], who)
    }
    return not effects or (("deny", True) not in effects and ("allow", True) in effects)


def is_for(db: sqlite3.Connection, policy_id: str, who: Asking) -> bool:
    """Whether a policy is assigned to somebody, their role or one of their teams."""
    assigned = db.execute(
        "SELECT principal_type, principal_id FROM policy_assignments WHERE policy_id = ?",
        (policy_id,),
    ).fetchall()
    teams = {
        row["team_id"]
        for row in db.execute("SELECT team_id FROM team_members WHERE user_id = ?", (who.user_id,))
    }
    mine = {"user": {who.user_id}, "role": {who.role}, "team": teams}
    return any(one["principal_id"] in mine[one["principal_type"]] for one in assigned)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy as the API tells it: its conditions are an object."""
    return {**row, "conditions": json.loads(row["conditions"])}
