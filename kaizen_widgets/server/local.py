"""The local user, who is created at the first start, and how they sign in.

The first start (`seed`) creates a user without a password, so that no one can sign in as them over HTTP. In
this process `local_session` signs them in directly; for a browser or another program `new_local_password`
makes a password, which is returned once and stored as a hash.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from kaizen_widgets.core.clock import Clock, NewId, random_id
from kaizen_widgets.errors import PersistError
from kaizen_widgets.server.base.database import Database
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.organization import accounts
from kaizen_widgets.server.organization.passwords import hash_password
from kaizen_widgets.server.sample import add_samples

LOCAL_EMAIL = "local@kaizen.localhost"
_USER = "local_user"


def seed(database: Database, clock: Clock, new_id: NewId = random_id) -> bool:
    """Create the local user, their organization and the samples; later calls do nothing.

    What a user has deleted since does not come back. Two processes that start together create it once.

    Returns:
        Whether this was the first start.
    """
    services = Services(database, clock, new_id)
    with database.write() as db:
        if _local_user(db) is not None:
            return False
        user_id = accounts.create_user(
            db, services, email=LOCAL_EMAIL, name="Local user", password_hash=None
        )
        home = accounts.create_organization(db, services, name="Local", owner=user_id)
        add_samples(db, services, home, user_id)
        db.execute("INSERT INTO settings VALUES (?, ?)", (_USER, user_id))
    return True


def local_session(database: Database, clock: Clock, new_id: NewId = random_id) -> dict[str, Any]:
    """Sign the local user in without a password, after `seed`.

    Only code of this process can call it; it is no route. The tokens are like any others: refresh them, or
    call this again.

    Returns:
        The API's ``LoginResponse`` (``access_token``, ``refresh_token``, ``token_type``,
        ``expires_in`` in seconds, ``user``) and ``workspace_id``, the workspace for new things.
    """
    seed(database, clock, new_id)
    services = Services(database, clock, new_id)
    with database.write() as db:
        user_id = _local_user(db)
        home = accounts.home_organization(db, user_id) if user_id else None
        if user_id is None or home is None:
            raise PersistError(f"{database!r} has lost its local user.", store="server")
        session = accounts.sign_in(db, services, user_id, home)
        return session | {"workspace_id": accounts.default_workspace(db, home)}


def has_local_password(database: Database) -> bool:
    """Return whether the local user has a password, and so can sign in over HTTP."""
    with database.read() as db:
        row = db.execute(
            "SELECT password_hash FROM users WHERE id = ?", (_local_user(db),)
        ).fetchone()
    return row is not None and row["password_hash"] is not None


def new_local_password(database: Database) -> str:
    """Give the seeded local user a new password and return it; only its hash is stored.

    Their sessions so far end.
    """
    password = secrets.token_urlsafe(15)
    hashed = hash_password(password)
    with database.write() as db:
        user_id = _local_user(db)
        db.execute("UPDATE users SET password_hash = ? WHERE id = ?", (hashed, user_id))
        db.execute("DELETE FROM tokens WHERE user_id = ?", (user_id,))
    return password


def _local_user(db: sqlite3.Connection) -> str | None:
    row = db.execute("SELECT value FROM settings WHERE key = ?", (_USER,)).fetchone()
    return row["value"] if row else None
