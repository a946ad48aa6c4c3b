"""Defaults of the studio's query client, where they differ from the defaults of `kaizen_widgets.query`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kaizen_widgets.errors import CertificateError, StatusError
from kaizen_widgets.query import DefaultOptions, MutationOptions, QueryOptions

MAX_WAIT = 30.0
"""Longest wait before a retry, in seconds."""
READ_RETRIES = 2
IDEMPOTENT: Final[Mapping[str, Any]] = {"repeatable": True}
"""``meta`` of mutations that may be sent twice."""


def is_transient(error: BaseException) -> bool:
    """Return whether to retry: not after a permanent error, nor if the server asks for a long wait."""
    if isinstance(error, CertificateError):
        return False
    if not isinstance(error, StatusError):
        return True
    is_temporary = error.status >= 500 or error.status == 429
    return is_temporary and (error.retry_after or 0.0) <= MAX_WAIT


def retry_read(failures: int, error: BaseException) -> bool:
    """Retry reads twice, if the error is transient."""
    return failures < READ_RETRIES and is_transient(error)


def retry_idempotent(failures: int, error: BaseException) -> bool:
    """Retry idempotent mutations once, if the error is transient."""
    return failures < 1 and is_transient(error)


def retry_delay(failures: int, error: BaseException) -> float:
    """Return the wait before a retry: as long as the server asked for, otherwise min(2ⁿ, 30) seconds."""
    if isinstance(error, StatusError) and error.retry_after is not None:
        return min(error.retry_after, MAX_WAIT)
    return min(2.0 ** min(failures, 16), MAX_WAIT)


def studio_defaults() -> DefaultOptions:
    """Return the studio's defaults: stale after 5 minutes, collected after 10, two retries, offline first.

    Mutations are retried only where their own options say that they are idempotent.
    """
    return DefaultOptions(
        queries=QueryOptions(
            stale_time=300,
            gc_time=600,
            retry=retry_read,
            retry_delay=retry_delay,
            network_mode="offlineFirst",
            refetch_on_window_focus=False,
            refetch_on_reconnect=True,
        ),
        mutations=MutationOptions(retry_delay=retry_delay, network_mode="offlineFirst"),
    )
