"""Users, their organizations and their memberships, as rows; no HTTP here.

An organization begins with one workspace, "Default".
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.tokens import Holder


def create_user(
    db: sqlite3.Connection, studio: Services, *, email: str, name: str, password_hash: str | None
) -> str:
    """Add a user; return the id.

    Raises:
        sqlite3.IntegrityError: The email is taken (whatever its case).
    """
    user_id, now = studio.new_id(), stamp(studio.clock)
    db.execute(
        "INSERT INTO users (id, email, name, password_hash, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (user_id, email, name, password_hash, now, now),
    )
    return user_id


def create_organization(db: sqlite3.Connection, studio: Services, *, name: str, owner: str) -> str:
    """Add an organization with its first workspace and its owner; return the id."""
    organization_id, now = studio.new_id(), stamp(studio.clock)
    db.execute(
        "INSERT INTO organizations (id, name, slug, created_at) VALUES (?, ?, ?, ?)",
        (organization_id, name, _free_slug(db, name), now),
    )
    db.execute(
        "INSERT INTO workspaces (id, organization_id, name, created_at) VALUES (?, ?, 'Default', ?)",
        (studio.new_id(), organization_id, now),
    )
    has_other = db.execute("SELECT 1 FROM memberships WHERE user_id = ?", (owner,)).fetchone()
    db.execute(
        "INSERT INTO memberships VALUES (?, ?, 'org_owner', ?, ?, 'created')",
        (owner, organization_id, not has_other, now),
    )
    return organization_id


def join(
    db: sqlite3.Connection, studio: Services, user_id: str, organization_id: str, role: str
) -> None:
    """Let a new user belong to an organization."""
    db.execute(
        "INSERT INTO memberships VALUES (?, ?, ?, 1, ?, 'invited')",
        (user_id, organization_id, role, stamp(studio.clock)),
    )


def default_workspace(db: sqlite3.Connection, organization_id: str) -> str:
    """Return the id of an organization's first workspace."""
    row = db.execute(
        "SELECT id FROM workspaces WHERE organization_id = ? ORDER BY created_at, id",
        (organization_id,),
    ).fetchone()
    return row["id"] if row else ""


def home(db: sqlite3.Connection, user_id: str) -> str | None:
    """Return the organization a user is signed in to unless they choose another."""
    row = db.execute(
        "SELECT organization_id FROM memberships WHERE user_id = ?"
        " ORDER BY is_primary DESC, joined_at",
        (user_id,),
    ).fetchone()
    return row["organization_id"] if row else None


def role_of(db: sqlite3.Connection, holder: Holder) -> str | None:
    """Return the role of a token's holder; None when the account or the membership has ended."""
    row = db.execute(
        "SELECT role FROM memberships JOIN users ON users.id = user_id"
        " WHERE user_id = ? AND organization_id = ? AND users.status = 'active'",
        (holder.user_id, holder.organization_id),
    ).fetchone()
    return row["role"] if row else None


def user_response(db: sqlite3.Connection, holder: Holder) -> dict[str, Any]:
    """Return the API's ``UserResponse``: the user, in the organization they are signed in to."""
    row = db.execute(
        "SELECT users.id, email, name, organization_id, role, status, mfa_enabled, last_login_at,"
        " created_at FROM users JOIN memberships ON users.id = user_id"
        " WHERE user_id = ? AND organization_id = ?",
        (holder.user_id, holder.organization_id),
    ).fetchone()
    return dict(row) | {"mfa_enabled": bool(row["mfa_enabled"])}


def memberships(db: sqlite3.Connection, user_id: str) -> list[dict[str, Any]]:
    """Return the API's ``OrganizationMembership`` for each organization of a user, their own first."""
    rows = db.execute(
        "SELECT organizations.id, name, slug, role, is_primary, joined_at, joined_via"
        " FROM memberships JOIN organizations ON organizations.id = organization_id"
        " WHERE user_id = ? ORDER BY is_primary DESC, joined_at, slug",
        (user_id,),
    )
    return [dict(row) | {"is_primary": bool(row["is_primary"])} for row in rows]


def _free_slug(db: sqlite3.Connection, name: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "organization"
    slug, number = base, 1
    while db.execute("SELECT 1 FROM organizations WHERE slug = ?", (slug,)).fetchone():
        number += 1
        slug = f"{base}-{number}"
    return slug
