"""One refresh at a time: however many requests find their token expired, one buys the next pair.

A refresh token works once, so its answer may not get lost: the refresh is a task of its own that goes
on when the request that asked for it is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import SecretStr

from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import DecodeError, InvalidInputError, UnauthorizedError

REFRESH_PATH = "/auth/refresh"
ENDED = "The session has ended; sign in again."


class TokenRefresher:
    """Keeps one pair of tokens fresh.

    Args:
        tokens: The pair.
        post: Sends a JSON body to a path without credentials and returns the parsed answer.
        lasts: Hears how many seconds a new access token lives, as the server said it.
        renew: Gives another pair without asking anybody, once the refresh token has ended too: by signing
            in anew, or because another kernel was quicker; raises UnauthorizedError when it has none. None
            where only a user can sign in.
    """

    def __init__(
        self,
        tokens: Tokens,
        post: Callable[[str, Any], Awaitable[Any]],
        lasts: Callable[[str, Any], object],
        renew: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        self._tokens = tokens
        self._post = post
        self._lasts = lasts
        self._renew = renew
        self._running: asyncio.Task[None] | None = None

    async def refresh(self, used: str) -> None:
        """Return once there is another access token than ``used``.

        Raises:
            UnauthorizedError: The session ended; the tokens are forgotten.
            TransportError: The server could not be asked; the tokens are kept.
        """
        if self._tokens.access and self._tokens.access != used:
            return
        if self._running is None:
            self._running = asyncio.ensure_future(self._refresh())
            self._running.add_done_callback(self._done)
        await asyncio.shield(self._running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()  # Who waited has it; nobody waiting is no accident.

    async def _refresh(self) -> None:
        old = self._tokens.refresh
        if not old:
            self._tokens.clear(ENDED)
            raise self._ended()
        try:
            answer = await self._post(REFRESH_PATH, {"refresh_token": SecretStr(old)})
        except (UnauthorizedError, InvalidInputError):
            if self._tokens.refresh != old:
                raise self._ended() from None
            if self._renew is not None:
                try:
                    self._tokens.set(*self._renew())
                except UnauthorizedError:
                    self._tokens.clear(ENDED)
                    raise
                return
            self._tokens.clear(ENDED)
            raise self._ended() from None
        access = answer.get("access_token") if isinstance(answer, Mapping) else None
        if not isinstance(access, str) or not access:
            raise DecodeError(
                f"POST {REFRESH_PATH} sent no access_token.", method="POST", url=REFRESH_PATH
            )
        # Somebody may have signed out, or in as another, meanwhile: then this pair belongs to nobody.
        if self._tokens.refresh == old:
            self._lasts(access, answer.get("expires_in"))
            self._tokens.set(access, str(answer.get("refresh_token") or old))

    @staticmethod
    def _ended() -> UnauthorizedError:
        return UnauthorizedError(
            ENDED,
            status=401,
            code="UNAUTHORIZED",
            method="POST",
            url=REFRESH_PATH,
        )
