"""Who is signed in, and what they may do; the tokens stand beside the state, never in it.

The user and the permissions are state like any other: observed, persisted, shown in devtools. The two
tokens live in a `Tokens` holder in memory and, where there is one, in the system's keyring; they are no
traits, and no repr, log, pickle or message to the browser holds them.

The store watches the holder, so it does not matter who changed it: a pair the transport bought is in the
keyring at once, and a session the server ended is over here too, with the reason in ``message``.
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
"""Roles that have every permission."""

_NEVER_STATE = frozenset({"access_token", "refresh_token", "tokens", "password"})


class TokenStorage(Protocol):
    """Keeps the tokens beyond this process; `SystemKeyring` is one."""

    @property
    def problem(self) -> str:
        """Why nothing is kept; empty when all is well."""
        ...

    def load(self) -> tuple[str, str] | None:
        """Return the access and the refresh token, or None."""
        ...

    def save(self, access: str, refresh: str) -> object:
        """Keep a pair in the place of the one before."""

    def clear(self) -> object:
        """Forget them."""


class AuthStore(Store):
    """The session.

    Args:
        tokens: The holder, shared with the transport that sends them.
        token_storage: Keeps the tokens beyond this process.
        account: Whose session, when there are several: the server's address.

    Attributes:
        user: ``id``, ``email``, ``name``, ``role``, ... as the server sent them, or None.
        permissions: Such as ``agents:create``; ``agents:*`` is all that begins so.
        is_authenticated: Whether there are a user and a token.
        is_loading: True until it is known whether anybody is signed in.
        message: Why one has to sign in again; usually empty.
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
        """Whether there is an access token; the server may still think it has expired."""
        return self._tokens.signed_in

    @property
    def token_storage_problem(self) -> str:
        """Why the tokens are not kept beyond this process; empty when they are, or need not be."""
        return self._token_storage.problem if self._token_storage is not None else ""

    def login(
        self,
        user: Mapping[str, Any],
        access_token: str,
        refresh_token: str = "",
        permissions: Iterable[str] = (),
    ) -> None:
        """Take up a session; heard of as one change."""
        known = {"user": _user(user), "is_authenticated": bool(access_token), "is_loading": False}
        with self._notifier.locked():
            self.set(
                {**known, "permissions": tuple(permissions), "message": ""}, action="auth/login"
            )
            self._tokens.set(access_token, refresh_token)

    def logout(self, message: str = "") -> None:
        """End the session: the tokens, here and in the keyring, and the state.

        Args:
            message: Why, when the user did not ask for it.
        """
        self._tokens.clear(message)

    def leave(self, message: str = "") -> None:
        """End the session in this process alone; what is kept beyond it is another kernel's to say.

        Args:
            message: Why.
        """
        with self._notifier.locked():
            self._leaving = True
            try:
                self._tokens.clear(message)
            finally:
                self._leaving = False

    def set_user(self, user: Mapping[str, Any] | None) -> None:
        """Take what the server says of the user; None says that nobody is signed in."""
        with self._notifier.locked():
            made = None if user is None else _user(user)
            known = made is not None and self._tokens.signed_in
            self.set(
                {"user": made, "is_authenticated": known, "is_loading": False},
                action="auth/set_user",
            )

    def set_tokens(self, access_token: str, refresh_token: str = "") -> None:
        """Take a new pair, such as a refresh gave."""
        self._tokens.set(access_token, refresh_token)

    def set_permissions(self, permissions: Iterable[str]) -> None:
        """Take what the server allows."""
        self.set({"permissions": tuple(permissions)}, action="auth/set_permissions")

    def has_permission(self, permission: str) -> bool:
        """Whether the user may do something, such as ``agents:create``."""
        with self._notifier.locked():
            if not self.is_authenticated or self.user is None:
                return False
            if self.user.get("role") in ALL_POWERFUL:
                return True
            return any(_covers(granted, permission) for granted in self.permissions)

    def keep(self, storage: Storage | None = None) -> Persistence:
        """Persist the user, and take up the session of last time if its tokens are still there.

        Without a keyring the user has to sign in again; ``message`` says why.
        """
        kept = persist(
            self, self._persisted_as, storage=storage, partialize=("user",), merge=self._restored
        )
        if not kept.has_hydrated:
            self.set({"is_loading": False})
        return kept

    def close(self) -> None:
        """Follow the tokens no longer; they stay."""
        self._unwatch()

    # -------------------------------------------------------------- within

    def _tokens_changed(self, why: str) -> None:
        """Keep a new pair, or end the session, whoever had it changed."""
        with self._notifier.locked():
            if self._tokens.signed_in:
                if self._token_storage is not None:
                    self._token_storage.save(self._tokens.access, self._tokens.refresh)
                self.set({"is_authenticated": self.user is not None}, action="auth/set_tokens")
                return
            over = {**self.initial, "is_loading": False, "message": why}
            if self._leaving:
                told = [one for one in self.middleware if not isinstance(one, Persistence)]
                self.set(over, action="auth/leave", middleware=told)
                return
            if self._token_storage is not None:
                self._token_storage.clear()
            self.set(over, action="auth/logout")

    def _restored(self, stored: Any, current: Mapping[str, Any]) -> dict[str, Any]:
        """Merge what is stored: a user counts only with tokens."""
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
            f"A user is a mapping of facts (id, email, role, ...), not {type(user).__name__}.",
            store="auth",
        )
    return {key: value for key, value in user.items() if key not in _NEVER_STATE}


def _covers(granted: str, asked: str) -> bool:
    """Whether a granted permission includes another: ``*`` last is all that follows, else one part."""
    wide, narrow = granted.split(":"), asked.split(":")
    if wide[-1] == "*" and len(narrow) >= len(wide):
        narrow = [*narrow[: len(wide) - 1], "*"]
    return len(wide) == len(narrow) and all(
        part in ("*", other) for part, other in zip(wide, narrow, strict=True)
    )
