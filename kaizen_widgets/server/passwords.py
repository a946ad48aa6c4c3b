"""Passwords are kept as scrypt hashes, with their own salt and cost: ``scrypt$n$r$p$salt$hash``.

Hashing takes some 50 ms and 16 MB on purpose; never call it while holding the database.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

COST, BLOCK, LANES = 2**14, 8, 1
LONGEST = 1000
"""Characters a password may have: more would only keep the hash busy."""


def hash_password(password: str) -> str:
    """Return what to keep instead of the password."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, COST, BLOCK, LANES)
    return f"scrypt${COST}${BLOCK}${LANES}${salt.hex()}${digest.hex()}"


def verify_password(password: str, kept: str | None) -> bool:
    """Return whether the password is the one that was hashed; False when there is none.

    Takes as long when there is none, so that a stranger cannot find out who has an account.
    """
    _, cost, block, lanes, salt, digest = (kept or _NOBODY).split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, bytes.fromhex(digest)) and kept is not None


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=lanes)


_NOBODY = f"scrypt${COST}${BLOCK}${LANES}${'00' * 16}${'00' * 64}"
