"""Access and refresh tokens of a sign-in: random text that is sent once and stored as a SHA-256 digest.

A refresh token works once (rotation): five simultaneous uses give one new pair, and one that comes
back later ends its session. The tokens of one sign-in share a session; signing out ends all of it. An access
token lives 15 minutes, a refresh token 7 days. Tokens are never logged and appear in no error.
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
"""Seconds in which a refresh token that was used may come back without ending its session."""

TokenKind = Literal["access", "refresh"]


@dataclass(frozen=True)
class TokenHolder:
    """The user, organization and session a token was issued for."""

    user_id: str
    organization_id: str
    session_id: str


def issue(
    db: sqlite3.Connection, clock: Clock, holder: TokenHolder, *, until: float | None = None
) -> dict[str, Any]:
    """Make a pair of tokens; return the API's ``TokenResponse``.

    Args:
        db: A transaction.
        clock: The current time.
        holder: The user, organization and session the tokens are for.
        until: When both tokens end at the latest, in seconds since 1970; None for their full lives.
    """
    now = clock.now().timestamp()
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
    lives: dict[TokenKind, int] = {"access": ACCESS_SECONDS, "refresh": REFRESH_SECONDS}
    ends = {
        kind: now + seconds if until is None else min(now + seconds, until)
        for kind, seconds in lives.items()
    }
    made = {kind: secrets.token_urlsafe(32) for kind in lives}
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
                ends[kind],
            )
            for kind in lives
        ],
    )
    return {
        "access_token": made["access"],
        "refresh_token": made["refresh"],
        "token_type": "bearer",
        "expires_in": round(ends["access"] - now),
    }


def find(db: sqlite3.Connection, clock: Clock, token: str) -> tuple[TokenKind, TokenHolder] | None:
    """Return a token's kind and holder; None when it is unknown, used or expired."""
    row = db.execute(
        "SELECT * FROM tokens WHERE digest = ? AND expires_at > ? AND used_at IS NULL",
        (_digest(token), clock.now().timestamp()),
    ).fetchone()
    if row is None:
        return None
    return row["kind"], TokenHolder(row["user_id"], row["organization_id"], row["session_id"])


def spend(db: sqlite3.Connection, clock: Clock, token: str) -> TokenHolder | None:
    """Use up a refresh token and return its holder; None when it cannot be used.

    A token that was used before ends the whole session: a copy of it exists. Within `GRACE_SECONDS` it is
    taken for the same client asking twice, and is only refused.
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


def session_end(db: sqlite3.Connection, session_id: str) -> float:
    """Return when the last token of a session expires, in seconds since 1970."""
    row = db.execute(
        "SELECT max(expires_at) FROM tokens WHERE session_id = ? AND used_at IS NULL", (session_id,)
    ).fetchone()
    return row[0] or 0.0


def end_session(db: sqlite3.Connection, session_id: str) -> None:
    """Delete every token of a sign-in."""
    db.execute("DELETE FROM tokens WHERE session_id = ?", (session_id,))


def _digest(token: str) -> str:
    # Looked up by digest: the time a comparison of tokens takes could tell how much of one is right.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
