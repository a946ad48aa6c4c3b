"""Whether an organization's policies let a user do something.

A policy allows or denies an action on a type of resource, under conditions, to those it is assigned to. A
deny wins. If any of a user's policies covers the action, one must allow it; otherwise the user's role
decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from kaizen_widgets.server.base.crud import Table
from kaizen_widgets.server.base.permissions import Subject
from kaizen_widgets.server.organization.policy_conditions import condition_holds

POLICIES = Table("policies", "policy", json_columns=("conditions",))


def is_allowed(
    db: sqlite3.Connection,
    subject: Subject,
    resource_type: str,
    action: str,
    resource: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> bool:
    """Return whether the policies of a user let them do something.

    Args:
        db: A transaction.
        subject: The user.
        resource_type: What the action is on, such as ``deployment``.
        action: What they want to do, such as ``read``.
        resource: Facts about the resource, for conditions.
        context: Other facts, for conditions.
    """
    facts = {
        "user": {
            "id": subject.user_id,
            "role": subject.role,
            "organization_id": subject.organization_id,
        },
        "resource": dict(resource or {}),
        "context": dict(context or {}),
    }
    rows = db.execute(
        "SELECT * FROM policies WHERE organization_id = ? AND status = 'active'"
        " AND resource_type IN ('*', ?) AND action IN ('*', ?)",
        (subject.organization_id, resource_type, action),
    ).fetchall()
    effects = {
        (policy["effect"], condition_holds(policy["conditions"], facts))
        for policy in map(POLICIES.decoded, rows)
        if is_assigned_to(db, policy["id"], subject)
    }
    return not effects or (("deny", True) not in effects and ("allow", True) in effects)


def is_assigned_to(db: sqlite3.Connection, policy_id: str, subject: Subject) -> bool:
    """Return whether a policy is assigned to a user, their role or one of their teams."""
    assigned = db.execute(
        "SELECT principal_type, principal_id FROM policy_assignments WHERE policy_id = ?",
        (policy_id,),
    ).fetchall()
    teams = {
        row["team_id"]
        for row in db.execute(
            "SELECT team_id FROM team_members WHERE user_id = ?", (subject.user_id,)
        )
    }
    principals = {"user": {subject.user_id}, "role": {subject.role}, "team": teams}
    return any(
        assignment["principal_id"] in principals[assignment["principal_type"]]
        for assignment in assigned
    )
