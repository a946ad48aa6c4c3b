"""Passwords are kept as argon2id hashes, each with its own salt and cost; argon2-cffi does the work.

Hashing takes some 50 ms and 64 MB on purpose; never call it while holding the database.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 1000
"""Characters a password may have: more would only keep the hash busy."""

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return what to keep instead of the password."""
    return _hasher.hash(password)


def verify_password(password: str, kept: str | None) -> bool:
    """Return whether the password is the one that was hashed; False when there is none.

    Takes as long when there is none, so that a stranger cannot find out who has an account.
    """
    try:
        return _hasher.verify(kept or _NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


# The hash of nothing anybody knows, at today's cost.
_NOBODY = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)
