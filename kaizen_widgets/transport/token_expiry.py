"""When an access token ends, so that the next one is fetched before a request is refused.

A server says it in one of two ways: ``expires_in`` beside the token, or ``exp`` inside it, if it is a
JWT. The first counts from when it arrived, by a clock that never jumps; the second by the server's own
clock, as its ``Date`` headers tell it. Nothing here trusts a token's content for anything else.
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
"""Seconds before its end at which a token is renewed; a tenth of a short life."""
SHORT = 10
LATEST = datetime.max.replace(tzinfo=UTC).timestamp()


class TokenExpiry:
    """Knows when the token in use should be renewed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0
        self._date = ""
        self._token = ""
        self._due: float | None = None

    def heard(self, date: str | None) -> None:
        """Learn the server's time from a ``Date`` header."""
        if not date or date == self._date:
            return
        self._date = date
        theirs = http_date(date)
        if theirs is not None:
            self._ahead = (theirs - self._clock.now()).total_seconds()

    def took(self, token: str, expires_in: Any) -> None:
        """Learn how many seconds a new token lives; anything but a positive number says nothing."""
        self._token, self._due = token, None
        if isinstance(expires_in, int | float) and not isinstance(expires_in, bool):
            if 0 < expires_in < 1e9:
                self._due = self._clock.monotonic() + _early(float(expires_in))
        else:
            self._due = self._from_claims(token)

    def is_due(self, token: str) -> bool:
        """Whether a token ends so soon that a request might come too late."""
        if token != self._token:
            self.took(token, None)
        return self._due is not None and self._clock.monotonic() >= self._due

    def _from_claims(self, token: str) -> float | None:
        claims = _claims(token)
        ends, born = _moment(claims.get("exp")), _moment(claims.get("iat"))
        if ends is None:
            return None
        theirs = self._clock.now().timestamp() + self._ahead
        life = ends - born if born is not None and born < ends else MARGIN * SHORT
        return self._clock.monotonic() + (ends - theirs) - (life - _early(life))


def _early(life: float) -> float:
    """Return after how much of its life a token is renewed."""
    return life - min(MARGIN, life / SHORT)


def _claims(token: str) -> Mapping[str, Any]:
    """Return what a JWT says, unchecked; nothing if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _moment(value: Any) -> float | None:
    """Return seconds since 1970 if that is what a claim says."""
    is_one = isinstance(value, int | float) and 0 <= value <= LATEST
    return float(value) if is_one else None
