"""The tokens in the operating system's keyring (extra `secrets`); never in a file of ours.

Probed once. Where there is no keyring, or none that works (a container, a server without a desktop),
nothing is kept and `problem` says why; nothing here raises, and no sentence holds a token.
"""

from __future__ import annotations

import json
from typing import Any

SERVICE = "kaizen-auth"


class SystemKeyring:
    """Keeps one pair of tokens.

    Args:
        account: Whose: the server's address, so that two servers do not share a session.
        backend: Something with keyring's three functions; by default the `keyring` package.
    """

    def __init__(self, account: str = "default", *, backend: Any = None) -> None:
        self._account = account
        self._problem = ""
        self._backend = _found() if backend is None else backend
        if self._backend is None:
            self._problem = "there is no keyring (pip install 'kaizen-widgets[secrets]')"

    @property
    def problem(self) -> str:
        """Why nothing is kept; empty when all is well."""
        return self._problem

    def load(self) -> tuple[str, str] | None:
        """Return the access and the refresh token, or None."""
        text = self._ask("get_password")
        try:
            access, refresh = json.loads(text or "null")
        except (TypeError, ValueError):
            return None  # Nothing there, or another program's.
        return (access, refresh) if isinstance(access, str) and isinstance(refresh, str) else None

    def save(self, access: str, refresh: str) -> None:
        """Keep a pair in the place of the one before."""
        self._ask("set_password", json.dumps([access, refresh]))

    def clear(self) -> None:
        """Forget them; harmless when there are none."""
        if self.load() is not None:
            self._ask("delete_password")

    def _ask(self, what: str, *facts: str) -> Any:
        if self._backend is None or self._problem:
            return None
        try:
            return getattr(self._backend, what)(SERVICE, self._account, *facts)
        except Exception as error:
            # Only the kind: a backend's text might quote what it was given.
            self._problem = f"the keyring does not work ({type(error).__name__})"
            return None

    def __repr__(self) -> str:
        return f"SystemKeyring({self._account!r})"


def _found() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    return keyring
