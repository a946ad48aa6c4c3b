"""Transport: the JSON client of one server, with credentials, time limits, retries and typed errors.

Every coroutine here runs on one loop, the background loop. What a server sends is passed on only as parsed
JSON or as one of our exceptions; no token and no body appears in an error or a log line.
"""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx

from kaizen_widgets.core.clock import Clock, NewId, random_id, sleep
from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import (
    DecodeError,
    TransportError,
    UnauthorizedError,
)
from kaizen_widgets.transport.http_connection import HttpConnection
from kaizen_widgets.transport.origin import API_PATH, join_url, parse_base_url
from kaizen_widgets.transport.request_sender import Answer, RequestSender, without_query
from kaizen_widgets.transport.retry import (
    SAFE_METHODS,
    request_retry_delay,
    should_retry_request,
)
from kaizen_widgets.transport.server_sent_events import ServerEvent, parse_events
from kaizen_widgets.transport.token_expiry import TokenExpiry
from kaizen_widgets.transport.token_refresh import TokenRefresher

log = logging.getLogger(__name__)


class Transport:
    """A client of one server.

    Args:
        base_url: ``https://kaizen.example.com``; ``/api/v1`` is added when it has no path. Plain http is
            for this machine only.
        tokens: Tokens of the session; by default empty ones.
        clock: Source of time.
        app: ASGI app to call in this process instead of the network.
        transport: Another httpx transport, for tests. Not together with ``app``.
        timeout: Seconds for connecting, and for each wait for data; a whole response gets six times that.
        retries: How often a request that may be repeated is sent again after a transient failure. If the
            server asks for a pause of more than 30 seconds, it is not.
        jitter: Returns a number from 0 to 1 that spreads the delays.
        new_id: Returns request ids.
        renew: Signs in again without the user, where that is possible; see `TokenRefresher`.
        default_path: Path for an address without one.

    Attributes:
        tokens: Tokens of the session.

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
        default_path: str = API_PATH,
    ) -> None:
        if app is not None and transport is not None:
            raise TypeError("Give either app or transport, not both.")
        self._base = parse_base_url(base_url, default_path)
        self.tokens = Tokens() if tokens is None else tokens
        self._clock = clock
        self._connection = HttpConnection(self._base.host, clock, app, transport, timeout)
        self._retries = retries
        self._jitter = jitter
        self._expiry = TokenExpiry(clock)
        self._sender = RequestSender(
            self._base, self._connection, clock, self.tokens, self._expiry, new_id
        )
        self._refresher = TokenRefresher(
            self.tokens, self._post_without_token, self.set_token_lifetime, renew
        )

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return str(self._base)

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Send one request and return its parsed JSON (None for an empty response).

        Args:
            method: HTTP method.
            path: Path below the base URL.
            **options: See `ask`.
        """
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
        """Send one request and return its parsed response with its ETag.

        Args:
            method: HTTP method.
            path: Path below the base URL, such as ``/agents``; the caller quotes ids in it.
            json: Body, if any; a `SecretStr` field is revealed to the server only.
            params: Query parameters; None values are left out.
            idempotent: Whether sending it twice has the same effect as once. By default that of the
                method: GET, HEAD and OPTIONS may be repeated, others not.
            authenticated: Whether to send the access token, and to refresh it when it has expired.
            if_match: ETag that the resource must still have; a server without ETags ignores it.

        Raises:
            TransportError: There was no usable response; see its subclasses in `errors`.
        """
        method = method.upper()
        url = self._url(path, params)
        may_repeat = method in SAFE_METHODS if idempotent is None else idempotent
        headers = {"If-Match": if_match} if if_match else {}
        attempt, session = 0, self.tokens.generation
        while True:
            try:
                answer = await self._send_refreshing(method, url, json, authenticated, headers)
                if authenticated:
                    self._check_session(session, method, url)
                return answer
            except TransportError as error:
                has_ended = authenticated and session != self.tokens.generation
                may_retry = may_repeat and attempt < self._retries and not has_ended
                if not (may_retry and should_retry_request(error)):
                    raise
                delay = request_retry_delay(error, attempt, self._jitter())
                log.debug("%s %s failed, again in %.2f s", method, url.path, delay)
            await sleep(self._clock, delay)
            attempt += 1

    async def stream(self, path: str, json: Any) -> AsyncGenerator[ServerEvent, None]:
        """Post a request and yield the events of its response as they arrive; it is never sent twice.

        Args:
            path: Path below the base URL.
            json: Body.

        Raises:
            TransportError: There was no stream, or it broke off.
        """
        url, session = self._url(path, None), self.tokens.generation
        name = without_query(url)
        facts = {"method": "POST", "url": name}
        async with self._open_refreshing(url, json) as response:
            if "text/event-stream" not in response.headers.get("Content-Type", ""):
                raise DecodeError(
                    f"POST {name} answered with something that is not a stream.", **facts
                )
            try:
                async with (
                    aclosing(self._connection.chunks(response, **facts)) as chunks,
                    aclosing(parse_events(chunks)) as events,
                ):
                    async for event in events:
                        self._check_session(session, "POST", url)
                        yield event
            except ValueError as error:
                raise DecodeError(f"POST {name} sent a broken stream ({error}).", **facts) from None

    def set_token_lifetime(self, access: str, expires_in: Any) -> None:
        """Set the lifetime of a new access token, so that it is renewed in time.

        Args:
            access: The access token.
            expires_in: Its lifetime in seconds, as the server sent it.
        """
        self._expiry.set_token(access, expires_in)

    async def aclose(self) -> None:
        """Close the connections; later requests are refused."""
        await self._connection.aclose()

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r}, {self.tokens!r})"

    # ------------------------------------------------------------ one attempt

    def _url(self, path: str, params: Mapping[str, Any] | None) -> httpx.URL:
        given = {key: value for key, value in (params or {}).items() if value is not None}
        try:
            query = f"?{httpx.QueryParams(given)}" if given else ""
        except UnicodeEncodeError:  # half of a surrogate pair
            names = ", ".join(given)
            raise TransportError(
                f"Nothing was sent: {names} contains text that a URL cannot contain."
            ) from None
        return join_url(self._base, f"{path}{query}")

    def _check_session(self, session: int, method: str, url: httpx.URL) -> None:
        """Refuse a response to a request of a session that has ended since.

        Args:
            session: The tokens' generation when the request was made.
            method: Method of the request.
            url: URL of the request.
        """
        if session != self.tokens.generation:
            name = without_query(url)
            raise UnauthorizedError(
                f"{method} {name} was answered after the session had ended; sign in again.",
                status=401,
                code="SIGNED_OUT",
                method=method,
                url=name,
            ) from None

    async def _current_access(self) -> str:
        """Return the access token, renewed if it is about to expire."""
        used = self.tokens.access
        if used and self.tokens.refresh and self._expiry.should_renew(used):
            try:
                await self._refresher.refresh(used)
            except UnauthorizedError:
                raise
            except TransportError as error:
                # It may live long enough for this request; if not, the server will say so.
                log.debug("the access token was not renewed ahead of time: %s", error)
        return self.tokens.access

    async def _send_refreshing(
        self,
        method: str,
        url: httpx.URL,
        json: Any,
        authenticated: bool,
        headers: Mapping[str, str],
    ) -> Answer:
        """Send a request; refresh the token and send again if the server refuses it."""
        used = await self._current_access() if authenticated else ""
        try:
            return await self._sender.send(method, url, json, used, headers)
        except UnauthorizedError as error:
            if not used:
                if authenticated:
                    error.args = (f"You are not signed in, so sign in first: {error}",)
                raise
        await self._refresher.refresh(used)
        return await self._sender.send(method, url, json, self.tokens.access, headers)

    @asynccontextmanager
    async def _open_refreshing(self, url: httpx.URL, json: Any) -> AsyncIterator[httpx.Response]:
        """Open a stream; refresh the token and open again if the server refuses it."""
        used = await self._current_access()
        for is_last in (not used, True):
            async with self._sender.open(
                "POST", url, json, used, {"Accept": "text/event-stream"}
            ) as opened:
                if opened.response.is_success:
                    yield opened.response
                    return
                try:
                    await self._sender.read(opened)
                    raise DecodeError(
                        f"POST {opened.name} sent no stream.", method="POST", url=opened.name
                    )
                except UnauthorizedError:
                    if is_last:
                        raise
            await self._refresher.refresh(used)
            used = self.tokens.access

    async def _post_without_token(self, path: str, json: Any) -> Any:
        return (await self._sender.send("POST", join_url(self._base, path), json, "", {})).data
