"""Save the tokens in the operating system's keyring (extra `secrets`); never in a file of this package.

Where there is no keyring, or none that works (a container, a server without a desktop), nothing is saved and
`SystemKeyring.problem` says why. Nothing here raises, and no message contains a token.
"""

from __future__ import annotations

import json
from typing import Any

SERVICE = "kaizen-auth"


class SystemKeyring:
    """Saves one pair of tokens.

    Args:
        account: The server's address, so that two servers do not share a session.
        backend: An object with keyring's three functions; by default the `keyring` package.
    """

    def __init__(self, account: str = "default", *, backend: Any = None) -> None:
        self._account = account
        self._problem = ""
        self._backend = _import_keyring() if backend is None else backend
        if self._backend is None:
            self._problem = "there is no keyring (pip install 'kaizen-widgets[secrets]')"

    @property
    def problem(self) -> str:
        """Why nothing is saved; empty when all is well."""
        return self._problem

    def load(self) -> tuple[str, str] | None:
        """Return the access and the refresh token, or None."""
        text = self._call("get_password")
        try:
            access, refresh = json.loads(text or "null")
        except (TypeError, ValueError):
            return None  # There is none, or another program wrote it.
        return (access, refresh) if isinstance(access, str) and isinstance(refresh, str) else None

    def save(self, access: str, refresh: str) -> None:
        """Save a pair of tokens, which replaces the saved one."""
        self._call("set_password", json.dumps([access, refresh]))

    def clear(self) -> None:
        """Delete the saved tokens; does nothing if there are none."""
        if self.load() is not None:
            self._call("delete_password")

    def _call(self, function: str, *arguments: str) -> Any:
        if self._backend is None or self._problem:
            return None
        try:
            return getattr(self._backend, function)(SERVICE, self._account, *arguments)
        except Exception as error:
            # Only the type: the message might quote the token.
            self._problem = f"the keyring does not work ({type(error).__name__})"
            return None

    def __repr__(self) -> str:
        return f"SystemKeyring({self._account!r})"


def _import_keyring() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    return keyring
