"""Where secrets of connectors and models are: in the environment, or else in the system's keyring."""

from __future__ import annotations

import os
from importlib.util import find_spec


def find_secret(variable: str, service: str, user: str) -> str | None:
    """Return a secret, or None if there is none; call it off the event loop, as a keyring may ask its user.

    Args:
        variable: Environment variable, which goes first; an empty one counts as not set.
        service: Service in the keyring.
        user: User of that service.
    """
    return os.environ.get(variable) or _find_in_keyring(service, user)


def _find_in_keyring(service: str, user: str) -> str | None:
    if find_spec("keyring") is None:
        return None
    import keyring  # Loads the system's libraries, and is an extra.
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, user) or None
    except KeyringError:
        return None  # There is no keyring on this machine, or it is locked.
