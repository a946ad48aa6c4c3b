"""Passwords are stored as argon2id hashes, each with its own salt and cost; argon2-cffi does the work.

A hash takes some 50 ms and 64 MB on purpose, so few are computed at a time: the rest wait, and when too many
wait the request is refused (503). Never hash inside a database transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kaizen_widgets.server.base.api_errors import ApiError

MAX_LENGTH = 1000
"""Characters a password may have: more would only keep the hash busy."""
MAX_HASHES = 2
"""Hashes computed at the same time in this process: 128 MB."""
MAX_WAITING = 16
"""Requests that wait for their turn; each occupies one of the server's 40 worker threads."""

_hasher = PasswordHasher()
_queue = threading.BoundedSemaphore(MAX_HASHES + MAX_WAITING)
_turn = threading.BoundedSemaphore(MAX_HASHES)


def hash_password(password: str) -> str:
    """Return what to store instead of a password.

    Raises:
        ApiError: 503: too many requests wait for a hash.
    """
    with _bounded():
        return _hasher.hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Return whether a password is the one a stored hash was made of; False when there is no hash.

    Takes as long when there is none, so that a stranger cannot find out which accounts exist.

    Raises:
        ApiError: 503: too many requests wait for a hash.
    """
    with _bounded():
        try:
            return _hasher.verify(stored or _NO_HASH, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _bounded() -> Iterator[None]:
    if not _queue.acquire(blocking=False):
        sentence = "Too many sign-ins at the same time: try again in a moment"
        raise ApiError(503, sentence, headers={"Retry-After": "1"})
    try:
        with _turn:
            yield
    finally:
        _queue.release()


# A hash that no password matches, at the current cost.
_NO_HASH = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)
