"""Which failed requests to send again immediately, and after what delay.

This bridges short failures: a dropped connection, a busy moment. A request that timed out has already cost
its caller enough, and a server that asks for a long pause is not waited for; retrying for longer is up to
the query cache.
"""

from __future__ import annotations

from kaizen_widgets.errors import (
    CertificateError,
    ConnectError,
    StatusError,
    TransportError,
)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TRANSIENT_STATUSES = frozenset({429, 502, 503, 504})
"""Statuses of temporary failures, after which the same request may succeed."""
MAX_DELAY = 30.0
"""Longest pause in seconds; if a server asks for a longer one, its response is returned to the caller."""
BASE_DELAY = 0.25


def should_retry_request(error: TransportError) -> bool:
    """Return whether the same request may well succeed after a short delay."""
    if isinstance(error, StatusError):
        requested = error.retry_after or 0.0
        return error.status in TRANSIENT_STATUSES and requested <= MAX_DELAY
    return isinstance(error, ConnectError) and not isinstance(error, CertificateError)


def request_retry_delay(error: TransportError, attempt: int, jitter: float) -> float:
    """Return the seconds before the next attempt: what the server asked for, else with full jitter.

    Args:
        error: Why the last attempt failed.
        attempt: Number of failed attempts before it, from 0.
        jitter: Number from 0 to 1.
    """
    if isinstance(error, StatusError) and error.retry_after is not None:
        return error.retry_after
    return jitter * min(BASE_DELAY * 2**attempt, MAX_DELAY)
