"""TokenRefresher: one refresh at a time, however many requests find their access token expired.

A refresh token works once, so its response must not get lost: the refresh is a task of its own that
continues when the request that started it is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import SecretStr

from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import DecodeError, InvalidInputError, UnauthorizedError

REFRESH_PATH = "/auth/refresh"
SESSION_ENDED = "The session has ended; sign in again."


class TokenRefresher:
    """Refreshes one pair of tokens.

    Args:
        tokens: The pair.
        post: Sends a JSON body to a path without credentials and returns the parsed response.
        on_new_token: Called with a new access token and its lifetime in seconds, as the server sent it.
        renew: Returns another pair when the refresh token has expired too, without asking the user: by
            signing in again, or because another kernel did. Raises UnauthorizedError if it has none.
            None where only the user can sign in.
    """

    def __init__(
        self,
        tokens: Tokens,
        post: Callable[[str, Any], Awaitable[Any]],
        on_new_token: Callable[[str, Any], object],
        renew: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        self._tokens = tokens
        self._post = post
        self._on_new_token = on_new_token
        self._renew = renew
        self._running: asyncio.Task[None] | None = None

    async def refresh(self, used: str) -> None:
        """Return once there is another access token than ``used``.

        Raises:
            UnauthorizedError: The session has ended; the tokens are cleared.
            TransportError: The server could not be reached; the tokens are kept.
        """
        if self._tokens.access and self._tokens.access != used:
            return
        if self._running is None:
            self._running = asyncio.ensure_future(self._refresh())
            self._running.add_done_callback(self._on_done)
        await asyncio.shield(self._running)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()  # Marks it as seen: all who waited may have been cancelled.

    async def _refresh(self) -> None:
        old = self._tokens.refresh
        if not old:
            self._tokens.clear(SESSION_ENDED)
            raise self._session_ended_error()
        try:
            response = await self._post(REFRESH_PATH, {"refresh_token": SecretStr(old)})
        except (UnauthorizedError, InvalidInputError):
            if self._tokens.refresh != old:
                raise self._session_ended_error() from None
            if self._renew is not None:
                try:
                    self._tokens.set(*self._renew())
                except UnauthorizedError:
                    self._tokens.clear(SESSION_ENDED)
                    raise
                return
            self._tokens.clear(SESSION_ENDED)
            raise self._session_ended_error() from None
        access = response.get("access_token") if isinstance(response, Mapping) else None
        if not isinstance(access, str) or not access:
            raise DecodeError(
                f"POST {REFRESH_PATH} sent no access_token.", method="POST", url=REFRESH_PATH
            )
        # After signing out, or in as another user, in the meantime, this pair is of no use.
        if self._tokens.refresh == old:
            self._on_new_token(access, response.get("expires_in"))
            self._tokens.set(access, str(response.get("refresh_token") or old))

    @staticmethod
    def _session_ended_error() -> UnauthorizedError:
        return UnauthorizedError(
            SESSION_ENDED,
            status=401,
            code="UNAUTHORIZED",
            method="POST",
            url=REFRESH_PATH,
        )
