"""TokenExpiry knows when an access token expires, so that it is renewed before a request is refused.

A server states the lifetime in one of two ways: ``expires_in`` beside the token, or ``exp`` inside it, if it
is a JWT. The first counts from its arrival, by a monotonic clock; the second by the server's clock, known
from its ``Date`` headers. A token's content is trusted for nothing else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.transport.http_dates import http_date

MARGIN = 30.0
"""Seconds before its end at which a token is renewed, but at most a tenth of its lifetime."""
MARGIN_DIVISOR = 10
LATEST = datetime.max.replace(tzinfo=UTC).timestamp()


class TokenExpiry:
    """Knows when the current access token should be renewed.

    Args:
        clock: Source of time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._server_ahead = 0.0
        self._last_date = ""
        self._token = ""
        self._renew_at: float | None = None

    def observe_date(self, date: str | None) -> None:
        """Update the server's time from a ``Date`` header."""
        if not date or date == self._last_date:
            return
        self._last_date = date
        server_time = http_date(date)
        if server_time is not None:
            self._server_ahead = (server_time - self._clock.now()).total_seconds()

    def set_token(self, token: str, expires_in: Any) -> None:
        """Take a new token.

        Args:
            token: The access token.
            expires_in: Its lifetime in seconds; anything but a positive number means unknown.
        """
        self._token, self._renew_at = token, None
        if isinstance(expires_in, int | float) and not isinstance(expires_in, bool):
            if 0 < expires_in < 1e9:
                self._renew_at = self._clock.monotonic() + _until_renewal(float(expires_in))
        else:
            self._renew_at = self._renewal_from_claims(token)

    def should_renew(self, token: str) -> bool:
        """Return whether a token expires so soon that a request might arrive too late."""
        if token != self._token:
            self.set_token(token, None)
        return self._renew_at is not None and self._clock.monotonic() >= self._renew_at

    def _renewal_from_claims(self, token: str) -> float | None:
        claims = _claims(token)
        expires_at, issued_at = _timestamp(claims.get("exp")), _timestamp(claims.get("iat"))
        if expires_at is None:
            return None
        server_time = self._clock.now().timestamp() + self._server_ahead
        lifetime = MARGIN * MARGIN_DIVISOR
        if issued_at is not None and issued_at < expires_at:
            lifetime = expires_at - issued_at
        margin = lifetime - _until_renewal(lifetime)
        return self._clock.monotonic() + (expires_at - server_time) - margin


def _until_renewal(lifetime: float) -> float:
    """Return after how many seconds a token of that lifetime is renewed."""
    return lifetime - min(MARGIN, lifetime / MARGIN_DIVISOR)


def _claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a JWT, unverified; empty if it is not a JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _timestamp(value: Any) -> float | None:
    """Return a claim as seconds since the epoch; None if it is something else."""
    is_timestamp = isinstance(value, int | float) and 0 <= value <= LATEST
    return float(value) if is_timestamp else None
