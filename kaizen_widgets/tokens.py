"""Who is signed in: the two tokens, in memory and nowhere else.

They never stand in a repr, a log, an error, a trait or a pickle. One holder belongs to one server.
"""

from __future__ import annotations

from typing import Never


class Tokens:
    """An access and a refresh token, or neither.

    Args:
        access: What a request shows; short-lived.
        refresh: What buys the next pair, once.
    """

    __slots__ = ("_access", "_refresh")

    def __init__(self, access: str = "", refresh: str = "") -> None:
        self._access = access
        self._refresh = refresh

    @property
    def access(self) -> str:
        """The access token, or an empty string."""
        return self._access

    @property
    def refresh(self) -> str:
        """The refresh token, or an empty string."""
        return self._refresh

    @property
    def signed_in(self) -> bool:
        """Whether there is an access token (the server may still think it has expired)."""
        return bool(self._access)

    def set(self, access: str, refresh: str = "") -> None:
        """Take a new pair."""
        self._access, self._refresh = access, refresh

    def clear(self) -> None:
        """Forget both."""
        self._access = self._refresh = ""

    def redact(self, text: str) -> str:
        """Return ``text`` without the tokens, should a server have echoed one."""
        for token in (self._access, self._refresh):
            if token:
                text = text.replace(token, "[token]")
        return text

    def __repr__(self) -> str:
        return f"Tokens({'signed in' if self.signed_in else 'signed out'})"

    def __reduce__(self) -> Never:
        raise TypeError("Tokens stay in memory: they cannot be pickled or copied.")
