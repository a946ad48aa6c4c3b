"""How the studio reads and writes through its cache, where that differs from the library's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kaizen_widgets.errors import CertificateError, StatusError
from kaizen_widgets.query import DefaultOptions, MutationOptions, QueryOptions

MAX_WAIT = 30.0
READ_RETRIES = 2
IDEMPOTENT: Final[Mapping[str, Any]] = {"repeatable": True}
"""The ``meta`` of a change that is the same made twice."""


def is_transient(error: BaseException) -> bool:
    """Return whether waiting may help: not after a final refusal, nor where the server asks for long."""
    if isinstance(error, CertificateError):
        return False
    if not isinstance(error, StatusError):
        return True
    may_pass = error.status >= 500 or error.status == 429
    return may_pass and (error.retry_after or 0.0) <= MAX_WAIT


def retry_read(failures: int, error: BaseException) -> bool:
    """Try twice more, if waiting may help."""
    return failures < READ_RETRIES and is_transient(error)


def retry_idempotent(failures: int, error: BaseException) -> bool:
    """Try once more; only for changes that are the same made twice."""
    return failures < 1 and is_transient(error)


def retry_delay(failures: int, error: BaseException) -> float:
    """Wait as long as the server said, else min(2ⁿ, 30) seconds."""
    if isinstance(error, StatusError) and error.retry_after is not None:
        return min(error.retry_after, MAX_WAIT)
    return min(2.0 ** min(failures, 16), MAX_WAIT)


def studio_defaults() -> DefaultOptions:
    """Return the studio's: stale after 5 minutes, collected after 10, two more tries, offline first.

    A change is tried again only where its own options say that making it twice is the same as once.
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
