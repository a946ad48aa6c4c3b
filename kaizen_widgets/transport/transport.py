"""One server, asked in JSON: credentials, time limits, retries and typed errors in one place.

Every coroutine here runs on one loop, the background loop. Nothing a server sends leaves but as parsed
JSON or as an error of our tree; no token or body stands in an error or a log line.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from kaizen_widgets.clock import Clock, NewId, random_id, sleep
from kaizen_widgets.errors import (
    ConnectError,
    DecodeError,
    StatusError,
    TimedOutError,
    TransportError,
    UnauthorizedError,
)
from kaizen_widgets.tokens import Tokens
from kaizen_widgets.transport import decode as bodies
from kaizen_widgets.transport.answers import status_error
from kaizen_widgets.transport.origin import check_base, is_loopback, join, origin
from kaizen_widgets.transport.refresh import Refresher
from kaizen_widgets.transport.retry import SAFE, passing, wait

log = logging.getLogger(__name__)

MAX_REDIRECTS = 5


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
        renew: Signs in anew where nobody need be asked; see `Refresher`.

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
        self._http = httpx.ASGITransport(app, raise_app_exceptions=False) if app else transport
        self._timeout = timeout
        self._retries = retries
        self._jitter = jitter
        self._new_id = new_id
        self._client: httpx.AsyncClient | None = None
        self._closed = False
        self._refresher = Refresher(self.tokens, self._post_plainly, renew)

    @property
    def base_url(self) -> str:
        """The API's address."""
        return str(self._base)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
        authenticated: bool = True,
    ) -> Any:
        """Send one request and return its parsed JSON (None for an empty answer).

        Args:
            method: The HTTP method.
            path: Under the base URL, such as ``/agents``; ids in it are quoted by the caller.
            json: The body, if any.
            params: The query; None values are left out.
            idempotent: Whether sending it twice is the same as once. By default that of the method:
                GET, HEAD and OPTIONS may be repeated, nothing else is.
            authenticated: Whether to show the access token (and to refresh it when it has expired).

        Raises:
            TransportError: There was no usable answer; see the tree in `errors`.
        """
        method = method.upper()
        url = join(self._base, path)
        if params:
            url = url.copy_merge_params({key: v for key, v in params.items() if v is not None})
        repeatable = method in SAFE if idempotent is None else idempotent
        attempt, session = 0, self.tokens.generation
        while True:
            try:
                answer = await self._send_refreshing(method, url, json, authenticated)
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

    async def aclose(self) -> None:
        """Close the connections; requests after this are refused."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r}, {self.tokens!r})"

    def _check_session(self, session: int, method: str, url: httpx.URL) -> None:
        """Refuse what was asked for by somebody who has signed out since."""
        if session != self.tokens.generation:
            name = str(url.copy_with(query=None))
            raise UnauthorizedError(
                f"{method} {name} was answered after the session had ended; sign in again.",
                status=401,
                code="SIGNED_OUT",
                method=method,
                url=name,
            ) from None

    # ------------------------------------------------------------ one attempt

    async def _send_refreshing(
        self, method: str, url: httpx.URL, json: Any, authenticated: bool
    ) -> Any:
        used = self.tokens.access if authenticated else ""
        try:
            return await self._send(method, url, json, used)
        except UnauthorizedError:
            if not used:
                raise
        await self._refresher.refresh(used)
        return await self._send(method, url, json, self.tokens.access)

    async def _post_plainly(self, path: str, json: Any) -> Any:
        return await self._send("POST", join(self._base, path), json, "")

    async def _send(self, method: str, url: httpx.URL, json: Any, access: str) -> Any:
        headers = {"X-Request-ID": self._new_id(), "Accept": "application/json"}
        if access:
            headers["Authorization"] = f"Bearer {access}"
        name = str(url.copy_with(query=None))
        started = self._clock.monotonic()
        for _ in range(MAX_REDIRECTS + 1):
            response, body = await self._exchange(method, url, name, json, headers, started)
            log.debug(
                "%s %s: %d in %.0f ms, request %s",
                method,
                url.path,
                response.status_code,
                (self._clock.monotonic() - started) * 1000,
                headers["X-Request-ID"],
            )
            if not response.is_redirect:
                return self._answer(response, body, method, name)
            url = self._redirected(response, url, method, name)
        raise DecodeError(f"{method} {name} redirects without end.", method=method, url=name)

    async def _exchange(
        self,
        method: str,
        url: httpx.URL,
        name: str,
        json: Any,
        headers: dict[str, str],
        started: float,
    ) -> tuple[httpx.Response, bytes]:
        """Send and read everything; httpx's errors become ours."""
        facts = {"method": method, "url": name}
        body = bytearray()
        answered = False
        client = self._open()
        try:
            request = client.build_request(method, url, json=json, headers=headers)
        except (TypeError, ValueError, RecursionError):
            raise TransportError(
                f"{method} {name} was not sent: its body is not JSON.", **facts
            ) from None
        try:
            response = await client.send(request, stream=True)
            answered = True
            try:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > bodies.MAX_BYTES:
                        raise bodies.too_large(**facts)
                    if self._clock.monotonic() - started > 6 * self._timeout:
                        raise TimedOutError(
                            f"{method} {name} sends its answer too slowly.", **facts
                        )
            finally:
                await response.aclose()
            return response, bytes(body)
        except httpx.TimeoutException:
            raise TimedOutError(
                f"{method} {name} had no answer within {self._timeout:g} s.", **facts
            ) from None
        except httpx.DecodingError:
            raise DecodeError(f"{method} {name} sent a broken encoding.", **facts) from None
        except httpx.RemoteProtocolError:
            if answered:
                raise DecodeError(
                    f"{method} {name} broke off after {len(body):,} bytes; try again.", **facts
                ) from None
            raise ConnectError(f"{self._base.host} hung up on {method} {name}.", **facts) from None
        except httpx.TransportError as error:
            raise ConnectError(
                f"{method} {name} did not reach the server ({type(error).__name__}); is it running?",
                **facts,
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransportError(
                f"{method} {name} could not be sent ({type(error).__name__}).", **facts
            ) from None

    def _open(self) -> httpx.AsyncClient:
        if self._closed:
            raise TransportError(f"The connection to {self._base.host} was closed.")
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._http,
                timeout=self._timeout,
                follow_redirects=False,
                verify=True,
                # A proxy is for the outside; this machine is asked directly.
                trust_env=not is_loopback(self._base.host),
            )
        return self._client

    def _redirected(
        self, response: httpx.Response, url: httpx.URL, method: str, name: str
    ) -> httpx.URL:
        """Return where to go on, or refuse."""
        facts = {"status": response.status_code, "method": method, "url": name}
        try:
            target = url.join(response.headers["Location"])
        except (httpx.InvalidURL, KeyError):
            raise StatusError(f"{method} {name} redirects to nowhere.", **facts) from None
        if origin(target) != origin(self._base):
            raise StatusError(
                f"{method} {name} redirects to {target.scheme}://{target.host}; credentials go to "
                f"{self._base.host} only, so use the other address as the server's if you trust it.",
                **facts,
            )
        if response.status_code not in (307, 308) and method not in SAFE:
            raise StatusError(f"{method} {name} redirects, and may not be sent twice.", **facts)
        return target

    def _answer(self, response: httpx.Response, body: bytes, method: str, name: str) -> Any:
        content_type = response.headers.get("Content-Type", "").lower()
        if response.status_code < 400:
            return bodies.decode(body, content_type, method=method, url=name)
        try:
            payload = bodies.decode(body, content_type, method=method, url=name)
        except DecodeError:
            payload = None
        error = status_error(
            response.status_code,
            payload,
            method=method,
            url=name,
            retry_after=response.headers.get("Retry-After"),
            now=self._clock.now(),
        )
        error.args = (self.tokens.redact(str(error)),)
        raise error
