"""Access and refresh tokens: random text that is told once and kept only as a SHA-256 digest.

A refresh token works once (rotation): five uses at the same moment give one new pair, and one that comes
back later ends its sign-in. The tokens of one sign-in share a session; signing out ends all of it. An
access token lives 15 minutes, a refresh token 7 days, by the clock handed in. Tokens are never logged and
stand in no error.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from kaizen_widgets.core.clock import Clock

ACCESS_SECONDS = 15 * 60
REFRESH_SECONDS = 7 * 24 * 3600
GRACE_SECONDS = 10

TokenKind = Literal["access", "refresh"]


@dataclass(frozen=True)
class Holder:
    """Whom a token speaks for."""

    user_id: str
    organization_id: str
    session_id: str


def issue(db: sqlite3.Connection, clock: Clock, holder: Holder) -> dict[str, Any]:
    """Make a pair of tokens; return the API's ``TokenResponse``."""
    now = clock.now().timestamp()
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
    lifetimes: dict[TokenKind, int] = {"access": ACCESS_SECONDS, "refresh": REFRESH_SECONDS}
    made = {kind: secrets.token_urlsafe(32) for kind in lifetimes}
    db.executemany(
        "INSERT INTO tokens (digest, kind, session_id, user_id, organization_id, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                _digest(made[kind]),
                kind,
                holder.session_id,
                holder.user_id,
                holder.organization_id,
                now + seconds,
            )
            for kind, seconds in lifetimes.items()
        ],
    )
    return {
        "access_token": made["access"],
        "refresh_token": made["refresh"],
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
    }


def find(db: sqlite3.Connection, clock: Clock, token: str) -> tuple[TokenKind, Holder] | None:
    """Return what a token is and whom it speaks for; None when it is unknown, used or expired."""
    row = db.execute(
        "SELECT * FROM tokens WHERE digest = ? AND expires_at > ? AND used_at IS NULL",
        (_digest(token), clock.now().timestamp()),
    ).fetchone()
    if row is None:
        return None
    return row["kind"], Holder(row["user_id"], row["organization_id"], row["session_id"])


def spend(db: sqlite3.Connection, clock: Clock, token: str) -> Holder | None:
    """Use up a refresh token; None when it is not one that can be used.

    A token that was used before ends the whole sign-in: somebody has a copy. Within `GRACE_SECONDS` it
    is taken for the same client asking twice, and costs only its answer.
    """
    now = clock.now().timestamp()
    found = find(db, clock, token)
    if found is None:
        db.execute(
            "DELETE FROM tokens WHERE session_id IN (SELECT session_id FROM tokens"
            " WHERE digest = ? AND kind = 'refresh' AND used_at < ?)",
            (_digest(token), now - GRACE_SECONDS),
        )
        return None
    if found[0] != "refresh":
        return None
    db.execute("UPDATE tokens SET used_at = ? WHERE digest = ?", (now, _digest(token)))
    return found[1]


def end_session(db: sqlite3.Connection, session_id: str) -> None:
    """Make every token of a sign-in worthless."""
    db.execute("DELETE FROM tokens WHERE session_id = ?", (session_id,))


def _digest(token: str) -> str:
    # Looked up by digest: comparing tokens themselves could tell, by its time, how much of one is right.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
