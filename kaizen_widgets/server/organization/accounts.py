"""Users, their organizations and their memberships in the database; no HTTP here.

A new organization has one workspace, "Default".
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from typing import Any

from kaizen_widgets.server.base.email_identity import email_identity
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.organization import session_tokens
from kaizen_widgets.server.organization.session_tokens import TokenHolder


def create_user(
    db: sqlite3.Connection,
    services: Services,
    *,
    email: str,
    name: str,
    password_hash: str | None,
) -> str:
    """Add a user; return the id.

    Raises:
        sqlite3.IntegrityError: Another user has the email, in this or another spelling.
    """
    user_id, now = services.new_id(), timestamp(services.clock)
    row = {
        "id": user_id,
        "name": name,
        "password_hash": password_hash,
        "created_at": now,
        "updated_at": now,
        **email_columns(email),
    }
    columns, places = ", ".join(row), ", ".join(f":{column}" for column in row)
    db.execute(f"INSERT INTO users ({columns}) VALUES ({places})", row)  # noqa: S608
    return user_id


def email_columns(email: str) -> dict[str, str]:
    """Return the columns of a user with this email: as it was typed, and its identity."""
    return {
        "email": unicodedata.normalize("NFC", email),
        "email_identity": email_identity(email),
    }


def find_user(db: sqlite3.Connection, email: str) -> sqlite3.Row | None:
    """Return the user with an email, in any spelling of it; None when there is none."""
    # Files of earlier versions may hold two spellings of one address: the exact one comes first.
    return db.execute(
        "SELECT * FROM users WHERE email = :email OR email_identity = :email_identity"
        " ORDER BY email = :email DESC LIMIT 1",
        email_columns(email),
    ).fetchone()


def create_organization(
    db: sqlite3.Connection, services: Services, *, name: str, owner: str
) -> str:
    """Add an organization with its first workspace and its owner; return the id."""
    organization_id, now = services.new_id(), timestamp(services.clock)
    db.execute(
        "INSERT INTO organizations (id, name, slug, created_at) VALUES (?, ?, ?, ?)",
        (organization_id, name, _free_slug(db, name), now),
    )
    db.execute(
        "INSERT INTO workspaces (id, organization_id, name, created_at) VALUES (?, ?, 'Default', ?)",
        (services.new_id(), organization_id, now),
    )
    has_other = db.execute("SELECT 1 FROM memberships WHERE user_id = ?", (owner,)).fetchone()
    db.execute(
        "INSERT INTO memberships VALUES (?, ?, 'org_owner', ?, ?, 'created')",
        (owner, organization_id, not has_other, now),
    )
    return organization_id


def add_membership(
    db: sqlite3.Connection, services: Services, user_id: str, organization_id: str, role: str
) -> None:
    """Make a new user a member of an organization."""
    db.execute(
        "INSERT INTO memberships VALUES (?, ?, ?, 1, ?, 'invited')",
        (user_id, organization_id, role, timestamp(services.clock)),
    )


def default_workspace(db: sqlite3.Connection, organization_id: str) -> str:
    """Return the id of an organization's first workspace."""
    row = db.execute(
        "SELECT id FROM workspaces WHERE organization_id = ? ORDER BY created_at, id",
        (organization_id,),
    ).fetchone()
    return row["id"] if row else ""


def home_organization(db: sqlite3.Connection, user_id: str) -> str | None:
    """Return the organization a user is signed in to unless they choose another."""
    row = db.execute(
        "SELECT organization_id FROM memberships WHERE user_id = ?"
        " ORDER BY is_primary DESC, joined_at",
        (user_id,),
    ).fetchone()
    return row["organization_id"] if row else None


def role_of(db: sqlite3.Connection, holder: TokenHolder) -> str | None:
    """Return the role of a token's holder; None when the account or the membership has ended."""
    row = db.execute(
        "SELECT role FROM memberships JOIN users ON users.id = user_id"
        " WHERE user_id = ? AND organization_id = ? AND users.status = 'active'",
        (holder.user_id, holder.organization_id),
    ).fetchone()
    return row["role"] if row else None


def signed_in_user(db: sqlite3.Connection, holder: TokenHolder) -> dict[str, Any]:
    """Return the API's ``UserResponse``: the user, in the organization they are signed in to."""
    row = db.execute(
        "SELECT users.id, email, name, organization_id, role, status, mfa_enabled, last_login_at,"
        " created_at FROM users JOIN memberships ON users.id = user_id"
        " WHERE user_id = ? AND organization_id = ?",
        (holder.user_id, holder.organization_id),
    ).fetchone()
    return dict(row) | {"mfa_enabled": bool(row["mfa_enabled"])}


def memberships(db: sqlite3.Connection, user_id: str) -> list[dict[str, Any]]:
    """Return the API's ``OrganizationMembership`` for each organization of a user, the primary one first."""
    rows = db.execute(
        "SELECT organizations.id, name, slug, role, is_primary, joined_at, joined_via"
        " FROM memberships JOIN organizations ON organizations.id = organization_id"
        " WHERE user_id = ? ORDER BY is_primary DESC, joined_at, slug",
        (user_id,),
    )
    return [dict(row) | {"is_primary": bool(row["is_primary"])} for row in rows]


def sign_in(
    db: sqlite3.Connection, services: Services, user_id: str, organization_id: str
) -> dict[str, Any]:
    """Begin a session; return the API's ``LoginResponse``."""
    db.execute(
        "UPDATE users SET last_login_at = ? WHERE id = ?", (timestamp(services.clock), user_id)
    )
    holder = TokenHolder(user_id, organization_id, services.new_id())
    tokens = session_tokens.issue(db, services.clock, holder)
    return tokens | {"user": signed_in_user(db, holder)}


def _free_slug(db: sqlite3.Connection, name: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "organization"
    slug, number = base, 1
    while db.execute("SELECT 1 FROM organizations WHERE slug = ?", (slug,)).fetchone():
        number += 1
        slug = f"{base}-{number}"
    return slug
