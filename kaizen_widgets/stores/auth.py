"""The session: who is signed in and what they may do. The tokens are not part of this state.

The user and the permissions are ordinary state: observed, persisted, shown in devtools. The two tokens are
in a `Tokens` object in memory and, where there is one, in the system's keyring. They are not traits, and
no repr, log, pickle or message to the browser contains them.

The store watches the `Tokens`, whichever code changes them: a pair that the transport has refreshed is saved
in the keyring, and a session that the server has ended ends here too, with the reason in ``message``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

from traitlets import Bool, Tuple, Unicode
from traitlets import Dict as DictTrait

from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.persistence import Persistence, Storage, persist
from kaizen_widgets.stores.store import Store

PERSISTED_AS = "kaizen-auth"
ALL_POWERFUL = frozenset({"admin", "org_owner"})
"""Roles with every permission."""

_NEVER_STATE = frozenset({"access_token", "refresh_token", "tokens", "password"})


class TokenStorage(Protocol):
    """Saves the tokens beyond this process, as `SystemKeyring` does."""

    @property
    def problem(self) -> str:
        """Why nothing is saved; empty when all is well."""
        ...

    def load(self) -> tuple[str, str] | None:
        """Return the access and the refresh token, or None."""
        ...

    def save(self, access: str, refresh: str) -> object:
        """Save a pair of tokens, which replaces the saved one."""

    def clear(self) -> object:
        """Delete the saved tokens."""


class AuthStore(Store):
    """The session.

    Args:
        tokens: The tokens, shared with the transport that sends them.
        token_storage: Saves the tokens beyond this process.
        account: The server's address, to keep sessions at several servers apart.

    Attributes:
        user: ``id``, ``email``, ``name``, ``role``, ... as the server sent them, or None.
        permissions: Permissions such as ``agents:create``; ``agents:*`` includes all others of agents.
        is_authenticated: Whether there are a user and a token.
        is_loading: True until it is known whether a user is signed in.
        message: Why the user has to sign in again; usually empty.
    """

    name: ClassVar[str] = "auth"

    user = DictTrait(default_value=None, allow_none=True)
    permissions = Tuple()
    is_authenticated = Bool(False)
    is_loading = Bool(True)
    message = Unicode()

    def __init__(
        self,
        tokens: Tokens | None = None,
        *,
        token_storage: TokenStorage | None = None,
        account: str = "",
    ) -> None:
        super().__init__()
        self._tokens = Tokens() if tokens is None else tokens
        self._token_storage = token_storage
        self._persisted_as = f"{PERSISTED_AS}:{account}" if account else PERSISTED_AS
        self._leaving = False
        self._unwatch = self._tokens.watch(self._tokens_changed)

    @property
    def has_tokens(self) -> bool:
        """Whether there is an access token; it may have expired."""
        return self._tokens.signed_in

    @property
    def token_storage_problem(self) -> str:
        """Why the tokens are not saved beyond this process; empty when they are, or need not be."""
        return self._token_storage.problem if self._token_storage is not None else ""

    def login(
        self,
        user: Mapping[str, Any],
        access_token: str,
        refresh_token: str = "",
        permissions: Iterable[str] = (),
    ) -> None:
        """Begin a session; listeners are called once."""
        made = _user(user)
        self._tokens.set(access_token, refresh_token)
        self.set(
            {
                "user": made,
                "is_authenticated": bool(access_token),
                "is_loading": False,
                "permissions": tuple(permissions),
                "message": "",
            },
            action="auth/login",
        )

    def logout(self, message: str = "") -> None:
        """End the session: drop the tokens, here and in the keyring, and reset the state.

        Args:
            message: The reason, if the user did not ask for it.
        """
        self._tokens.clear(message)

    def leave(self, message: str = "") -> None:
        """End the session in this process only, after another kernel ended it and cleared the saved tokens.

        Args:
            message: The reason.
        """

        def leave() -> None:
            self._leaving = True
            try:
                self._tokens.clear(message)
            finally:
                self._leaving = False

        self._run_locked(leave)

    def set_user(self, user: Mapping[str, Any] | None) -> None:
        """Set the user as the server describes them; None: no user is signed in."""
        made = None if user is None else _user(user)
        self.set(
            lambda _state: {
                "user": made,
                "is_authenticated": made is not None and self._tokens.signed_in,
                "is_loading": False,
            },
            action="auth/set_user",
        )

    def set_tokens(self, access_token: str, refresh_token: str = "") -> None:
        """Set a new pair of tokens of the same session."""
        self._tokens.set(access_token, refresh_token)

    def set_permissions(self, permissions: Iterable[str]) -> None:
        """Set the permissions the server has granted."""
        self.set({"permissions": tuple(permissions)}, action="auth/set_permissions")

    def has_permission(self, permission: str) -> bool:
        """Return whether the user has a permission, such as ``agents:create``."""
        state = self.get()
        user = state["user"]
        if not state["is_authenticated"] or user is None:
            return False
        if user.get("role") in ALL_POWERFUL:
            return True
        return any(_covers(granted, permission) for granted in state["permissions"])

    def persist(self, storage: Storage | None = None) -> Persistence:
        """Persist the user, and restore the previous session if its tokens are still available.

        Without a keyring the user has to sign in again; ``message`` says why.
        """
        persistence = persist(
            self, self._persisted_as, storage=storage, partialize=("user",), merge=self._restored
        )
        if not persistence.has_hydrated:
            self.set({"is_loading": False})
        return persistence

    def close(self) -> None:
        """Stop watching the tokens, without dropping them."""
        self._unwatch()

    # ------------------------------------------------------------ internal

    def _tokens_changed(self, reason: str) -> None:
        """Save a new pair of tokens, or end the session if they were dropped."""
        is_leaving = self._leaving
        self._run_locked(lambda: self._follow_tokens(reason, is_leaving=is_leaving))

    def _follow_tokens(self, reason: str, *, is_leaving: bool) -> None:
        if self._tokens.signed_in:
            if self._token_storage is not None:
                self._token_storage.save(self._tokens.access, self._tokens.refresh)
            self.set({"is_authenticated": self.user is not None}, action="auth/set_tokens")
            return
        ended = {**self.initial, "is_loading": False, "message": reason}
        if is_leaving:
            others = [each for each in self.middleware if not isinstance(each, Persistence)]
            self.set(ended, action="auth/leave", middleware=others)
            return
        if self._token_storage is not None:
            self._token_storage.clear()
        self.set(ended, action="auth/logout")

    def _restored(self, stored: Any, current: Mapping[str, Any]) -> dict[str, Any]:
        """Merge the stored user into the state, if there are tokens as well."""
        user = stored.get("user") if isinstance(stored, Mapping) else None
        if not isinstance(user, Mapping) or self._tokens.signed_in:
            return {**current, "is_loading": False}
        pair = self._token_storage.load() if self._token_storage is not None else None
        if pair is None:
            why = (
                self._token_storage.problem
                if self._token_storage is not None
                else "no keyring is used"
            )
            why = why or "the session is not in the keyring any more"
            return {**current, "is_loading": False, "message": f"Please sign in again: {why}."}
        self._tokens.set(*pair)
        known = {"user": _user(user), "is_authenticated": self._tokens.signed_in}
        return {**current, **known, "is_loading": False, "message": ""}

    def __repr__(self) -> str:
        return f"AuthStore({'signed in' if self.is_authenticated else 'signed out'})"


def _user(user: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(user, Mapping):
        raise StoreError(
            f"A user is a mapping (id, email, role, ...), not {type(user).__name__}.",
            store="auth",
        )
    return {key: value for key, value in user.items() if key not in _NEVER_STATE}


def _covers(granted: str, required: str) -> bool:
    """Return whether a permission includes another; a trailing ``*`` matches all remaining parts."""
    wide, narrow = granted.split(":"), required.split(":")
    if wide[-1] == "*" and len(narrow) >= len(wide):
        narrow = [*narrow[: len(wide) - 1], "*"]
    return len(wide) == len(narrow) and all(
        part in ("*", other) for part, other in zip(wide, narrow, strict=True)
    )
