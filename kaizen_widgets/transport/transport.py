"""One server, asked in JSON: credentials, time limits, retries and typed errors in one place.

Every coroutine here runs on one loop, the background loop. Nothing a server sends leaves but as parsed
JSON or as an error of our tree; no token or body stands in an error or a log line.
"""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx

from kaizen_widgets.core.clock import (
    Clock,
    NewId,
    random_id,
    sleep,
)
from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import (
    DecodeError,
    TransportError,
    UnauthorizedError,
)
from kaizen_widgets.transport.http_connection import HttpConnection
from kaizen_widgets.transport.origin import check_base, join
from kaizen_widgets.transport.request_sender import Answer, RequestSender, named
from kaizen_widgets.transport.retry import SAFE, passing, wait
from kaizen_widgets.transport.server_sent_events import ServerEvent, events
from kaizen_widgets.transport.token_expiry import TokenExpiry
from kaizen_widgets.transport.token_refresh import TokenRefresher

log = logging.getLogger(__name__)


class Transport:
    """A client of one server.

    Args:
        base_url: ``https://kaizen.example.com``; ``/api/v1`` is added when it names no path. Plain
            http only for this machine.
        tokens: Who is signed in; a fresh, empty holder by default.
        clock: The time.
        app: An ASGI app to call in process instead of the network.
        transport: Another httpx transport, for tests. Not together with ``app``.
        timeout: Seconds for connecting, and for each wait for data; a whole answer gets six times that.
        retries: How often a request that may be repeated is sent again after a passing failure.
        jitter: Gives a number from 0 to 1 that spreads the waits.
        new_id: Gives request ids.
        renew: Signs in anew where nobody need be asked; see `TokenRefresher`.

    Raises:
        TransportError: The address cannot be used; the message says why.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        tokens: Tokens | None = None,
        app: Callable[..., Any] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 10.0,
        retries: int = 2,
        jitter: Callable[[], float] = random.random,
        new_id: NewId = random_id,
        renew: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        if app is not None and transport is not None:
            raise TypeError("Give either app or transport, not both.")
        self._base = check_base(base_url)
        self.tokens = Tokens() if tokens is None else tokens
        self._clock = clock
        self._wire = HttpConnection(self._base.host, clock, app, transport, timeout)
        self._retries = retries
        self._jitter = jitter
        self._expiry = TokenExpiry(clock)
        self._sender = RequestSender(
            self._base, self._wire, clock, self.tokens, self._expiry, new_id
        )
        self._refresher = TokenRefresher(self.tokens, self._post_plainly, self.lasts, renew)

    @property
    def base_url(self) -> str:
        """The API's address."""
        return str(self._base)

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Send one request and return its parsed JSON (None for an empty answer); see `ask`."""
        return (await self.ask(method, path, **options)).data

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
        authenticated: bool = True,
        if_match: str = "",
    ) -> Answer:
        """Send one request and return its answer.

        Args:
            method: The HTTP method.
            path: Under the base URL, such as ``/agents``; ids in it are quoted by the caller.
            json: The body, if any; a field that is a `SecretStr` is told to the server alone.
            params: The query; None values are left out.
            idempotent: Whether sending it twice is the same as once. By default that of the method:
                GET, HEAD and OPTIONS may be repeated, nothing else is.
            authenticated: Whether to show the access token (and to refresh it when it has expired).
            if_match: The ETag the thing must still have; a server that knows none ignores it.

        Raises:
            TransportError: There was no usable answer; see the tree in `errors`.
        """
        method = method.upper()
        url = self._url(path, params)
        repeatable = method in SAFE if idempotent is None else idempotent
        more = {"If-Match": if_match} if if_match else {}
        attempt, session = 0, self.tokens.generation
        while True:
            try:
                answer = await self._send_refreshing(method, url, json, authenticated, more)
                if authenticated:
                    self._check_session(session, method, url)
                return answer
            except TransportError as error:
                is_over = authenticated and session != self.tokens.generation
                if is_over or not (repeatable and attempt < self._retries and passing(error)):
                    raise
                pause = wait(error, attempt, self._jitter())
                log.debug("%s %s failed, again in %.2f s", method, url.path, pause)
            await sleep(self._clock, pause)
            attempt += 1

    async def stream(self, path: str, json: Any) -> AsyncGenerator[ServerEvent, None]:
        """Post a request and yield the events of its answer as they arrive; never sent twice.

        Raises:
            TransportError: There was no stream, or it broke off.
        """
        url, session = self._url(path, None), self.tokens.generation
        name = named(url)
        facts = {"method": "POST", "url": name}
        async with self._opened_refreshing(url, json) as response:
            if "text/event-stream" not in response.headers.get("Content-Type", ""):
                raise DecodeError(
                    f"POST {name} answered with something that is no stream.", **facts
                )
            try:
                async with (
                    aclosing(self._wire.chunks(response, **facts)) as chunks,
                    aclosing(events(chunks)) as found,
                ):
                    async for event in found:
                        self._check_session(session, "POST", url)
                        yield event
            except ValueError as error:
                raise DecodeError(f"POST {name} sent a broken stream ({error}).", **facts) from None

    def lasts(self, access: str, expires_in: Any) -> None:
        """Learn how many seconds a new access token lives, to renew it in time."""
        self._expiry.took(access, expires_in)

    async def aclose(self) -> None:
        """Close the connections; requests after this are refused."""
        await self._wire.aclose()

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r}, {self.tokens!r})"

    # ------------------------------------------------------------ one attempt

    def _url(self, path: str, params: Mapping[str, Any] | None) -> httpx.URL:
        given = {key: value for key, value in (params or {}).items() if value is not None}
        try:
            query = f"?{httpx.QueryParams(given)}" if given else ""
        except UnicodeEncodeError:  # half of a surrogate pair
            said = ", ".join(given)
            raise TransportError(f"Nothing was sent: {said} holds text that no URL can.") from None
        return join(self._base, f"{path}{query}")

    def _check_session(self, session: int, method: str, url: httpx.URL) -> None:
        """Refuse what was asked for by somebody who has signed out since."""
        if session != self.tokens.generation:
            name = named(url)
            raise UnauthorizedError(
                f"{method} {name} was answered after the session had ended; sign in again.",
                status=401,
                code="SIGNED_OUT",
                method=method,
                url=name,
            ) from None

    async def _fresh_access(self) -> str:
        """Return the access token, renewed if it is about to end."""
        used = self.tokens.access
        if used and self.tokens.refresh and self._expiry.is_due(used):
            try:
                await self._refresher.refresh(used)
            except UnauthorizedError:
                raise
            except TransportError as error:
                # It may live long enough for this request; if not, the server says so.
                log.debug("the access token was not renewed ahead of time: %s", error)
        return self.tokens.access

    async def _send_refreshing(
        self,
        method: str,
        url: httpx.URL,
        json: Any,
        authenticated: bool,
        more: Mapping[str, str],
    ) -> Answer:
        used = await self._fresh_access() if authenticated else ""
        try:
            return await self._sender.send(method, url, json, used, more)
        except UnauthorizedError as error:
            if not used:
                if authenticated:
                    error.args = (f"Nobody is signed in, so sign in first: {error}",)
                raise
        await self._refresher.refresh(used)
        return await self._sender.send(method, url, json, self.tokens.access, more)

    @asynccontextmanager
    async def _opened_refreshing(self, url: httpx.URL, json: Any) -> AsyncIterator[httpx.Response]:
        """Open a stream; a refusal is read and raised."""
        used = await self._fresh_access()
        for is_last in (not used, True):
            async with self._sender.opened(
                "POST", url, json, used, {"Accept": "text/event-stream"}
            ) as opened:
                if opened.response.is_success:
                    yield opened.response
                    return
                try:
                    await self._sender.read(opened)
                    raise DecodeError(
                        f"POST {opened.name} did not answer.", method="POST", url=opened.name
                    )
                except UnauthorizedError:
                    if is_last:
                        raise
            await self._refresher.refresh(used)
            used = self.tokens.access

    async def _post_plainly(self, path: str, json: Any) -> Any:
        return (await self._sender.send("POST", join(self._base, path), json, "", {})).data
