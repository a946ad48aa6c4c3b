"""The two tokens of a session, in memory only.

They are never part of a repr, a log, an error, a trait or a pickle. There is one `Tokens` for each server.
Watchers are called after each change with the reason why the tokens were dropped, never with the tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Never

from kaizen_widgets.core.callbacks import fit_callback


class Tokens:
    """An access and a refresh token, or neither.

    Args:
        access: Token that is sent with each request; short-lived.
        refresh: Token that can be exchanged for the next pair, once.
    """

    __slots__ = ("_access", "_generation", "_refresh", "_watchers")

    def __init__(self, access: str = "", refresh: str = "") -> None:
        self._access = access
        self._refresh = refresh
        self._generation = 0
        self._watchers: tuple[Callable[[str], object], ...] = ()

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
        """Whether there is an access token (it may have expired)."""
        return bool(self._access)

    @property
    def generation(self) -> int:
        """Session counter; a response to a request of an earlier session is dropped."""
        return self._generation

    def void(self) -> None:
        """Drop the responses to requests in progress, without dropping the tokens."""
        self._generation += 1

    def set(self, access: str, refresh: str = "") -> None:
        """Set a new pair of the same session."""
        self._access, self._refresh = access, refresh
        self._notify("")

    def clear(self, why: str = "") -> None:
        """Drop both tokens.

        Args:
            why: Reason to show, if the user did not sign out themselves.
        """
        self._access = self._refresh = ""
        self.void()
        self._notify(why)

    def watch(self, watcher: Callable[[str], object]) -> Callable[[], None]:
        """Call ``watcher(why)`` on the changing thread after each change; return a function that stops it."""
        fitted = fit_callback(watcher, 1)
        self._watchers = (*self._watchers, fitted)

        def end() -> None:
            self._watchers = tuple(each for each in self._watchers if each is not fitted)

        return end

    def _notify(self, why: str) -> None:
        for watcher in self._watchers:
            watcher(why)

    def redact(self, text: str) -> str:
        """Return ``text`` without the tokens, in case a server has echoed one."""
        for token in (self._access, self._refresh):
            if token:
                text = text.replace(token, "[token]")
        return text

    def __repr__(self) -> str:
        return f"Tokens({'signed in' if self.signed_in else 'signed out'})"

    def __reduce__(self) -> Never:
        raise TypeError("Tokens stay in memory: they cannot be pickled or copied.")
