"""What is worth sending again at once, and when: full jitter, or what the server asked for.

This bridges blips: a dropped connection, a busy moment. A request that timed out has cost its caller
enough; whether to go on for longer is the query cache's to decide.
"""

from __future__ import annotations

from kaizen_widgets.errors import (
    CertificateError,
    ConnectError,
    StatusError,
    TransportError,
)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PASSING = frozenset({429, 502, 503, 504})
"""Statuses that speak of a moment, not of the request."""
MAX_WAIT = 30.0
BASE_WAIT = 0.25


def passing(error: TransportError) -> bool:
    """Whether the same request may well succeed a moment later."""
    if isinstance(error, StatusError):
        return error.status in PASSING
    return isinstance(error, ConnectError) and not isinstance(error, CertificateError)


def wait(error: TransportError, attempt: int, jitter: float) -> float:
    """Return the seconds before the next attempt, at most `MAX_WAIT`.

    Args:
        error: Why the last one failed.
        attempt: How many failed before it, from 0.
        jitter: From 0 to 1.
    """
    if isinstance(error, StatusError) and error.retry_after is not None:
        return min(error.retry_after, MAX_WAIT)
    return jitter * min(BASE_WAIT * 2**attempt, MAX_WAIT)
