"""One request over httpx and its answer, within limits of time and size; httpx's errors become ours.

Knows no credentials, no retries and no JSON. Every limit counts the time of the clock handed in.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.errors import ConnectError, DecodeError, TimedOutError, TransportError
from kaizen_widgets.transport import json_body as bodies
from kaizen_widgets.transport.client_pool import LIMITS, ClientPool, PooledClient
from kaizen_widgets.transport.in_process import InProcess
from kaizen_widgets.transport.origin import is_loopback
from kaizen_widgets.transport.proxy import NAMES, proxy_of
from kaizen_widgets.transport.tls import causes, tls_error, trusted

WHOLE = 6
"""How many times the limit of one wait a whole answer may take."""


class HttpConnection:
    """Connections to one server, opened when first needed.

    Args:
        host: Its name, for sentences.
        clock: The time.
        app: An ASGI app to call in process instead.
        transport: Another httpx transport instead; not together with ``app``.
        timeout: Seconds for connecting, and for each wait for data.
    """

    def __init__(
        self,
        host: str,
        clock: Clock,
        app: Callable[..., Any] | None,
        transport: httpx.AsyncBaseTransport | None,
        timeout: float,
    ) -> None:
        self._host = host
        self._clock = clock
        self._transport = InProcess(app, clock) if app is not None else transport
        self._timeout = timeout
        self._pool = ClientPool(self._client, is_network=self._transport is None)
        self._believed: ssl.SSLContext | None = None
        self._waiting = set[asyncio.Timeout]()
        self._closed = False

    async def read(self, response: httpx.Response, method: str, name: str) -> bytes:
        """Read the whole body of an opened answer.

        Raises:
            TransportError: It broke off, is too large, or does not come in time.
        """
        facts = {"method": method, "url": name}
        latest = self._clock.monotonic() + WHOLE * self._timeout
        body = bytearray()
        async with self._ours(facts, response):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > bodies.MAX_BYTES:
                    raise bodies.too_large(**facts)
                if self._clock.monotonic() > latest:
                    raise TimedOutError(f"{method} {name} sends its answer too slowly.", **facts)
        return bytes(body)

    @asynccontextmanager
    async def open(
        self, method: str, url: httpx.URL, name: str, json: Any, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """Send, and hand out the answer before its body was read.

        Raises:
            TransportError: There was none in time.
        """
        facts = {"method": method, "url": name}
        async with self._ours(facts, None):
            lent, response = await self._begun(
                lambda client: _request(client, method, url, json, headers, facts), facts
            )
        cancelled = False
        try:
            yield response
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            try:
                await response.aclose()
            finally:
                await self._pool.give_back(lent, cancelled=cancelled)

    async def _begun(
        self, make: Callable[[httpx.AsyncClient], httpx.Request], facts: Mapping[str, str]
    ) -> tuple[PooledClient, httpx.Response]:
        """Wait for a connection and send; return what was borrowed, and the head of the answer."""
        if self._closed:
            raise self._over(facts)
        async with asyncio.timeout(self._timeout) as until:
            self._waiting.add(until)
            try:
                lent = await self._pool.take()
                until.reschedule(None)  # httpx, or who stands in for it, counts from here.
                try:
                    return lent, await lent.client.send(make(lent.client), stream=True)
                except BaseException as error:
                    cancelled = isinstance(error, asyncio.CancelledError)
                    await self._pool.give_back(lent, cancelled=cancelled)
                    raise
            finally:
                self._waiting.discard(until)

    async def chunks(self, response: httpx.Response, **facts: str) -> AsyncGenerator[bytes, None]:
        """Yield an opened answer as it arrives; each wait has its limit, the whole none.

        Raises:
            TransportError: It broke off.
        """
        async with self._ours(facts, response):
            async for chunk in response.aiter_bytes():
                yield chunk

    async def aclose(self) -> None:
        """Close the connections; requests under way fail at once, those after this are refused."""
        self._closed = True
        now = asyncio.get_running_loop().time()
        for until in self._waiting:
            until.reschedule(now)
        await self._pool.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._believed is None and self._transport is None:
            self._believed = trusted(self._host)
        try:
            return httpx.AsyncClient(
                transport=self._transport,
                timeout=self._timeout,
                limits=LIMITS,
                follow_redirects=False,
                # Without a network there is nobody to believe.
                verify=self._believed or True,
                # A cookie of one sign-in would go along with the next one's requests.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                # A proxy is for the outside; this machine is asked directly.
                trust_env=not is_loopback(self._host),
            )
        except (ValueError, ImportError, httpx.InvalidURL):
            raise TransportError(
                f"Nothing was sent to {self._host}: the proxy in {NAMES} cannot be used; "
                "it must look like http://proxy.example.com:3128."
            ) from None

    @asynccontextmanager
    async def _ours(
        self, facts: Mapping[str, str], response: httpx.Response | None
    ) -> AsyncIterator[None]:
        """Turn httpx's errors into ours; ``response`` is the answer that is read, None before it began."""
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as error:
            raise (
                self._over(facts) if self._closed else self._error(error, facts, response)
            ) from None

    def _over(self, facts: Mapping[str, str]) -> TransportError:
        return TransportError(f"The connection to {self._host} was closed.", **facts)

    def _error(
        self, error: Exception, facts: Mapping[str, str], response: httpx.Response | None
    ) -> TransportError:
        what = f"{facts['method']} {facts['url']}"
        match error:
            case httpx.TimeoutException() | TimeoutError():
                return TimedOutError(f"{what} had no answer within {self._timeout:g} s.", **facts)
            case httpx.DecodingError():
                return DecodeError(f"{what} sent a broken encoding.", **facts)
            case httpx.RemoteProtocolError() | httpx.ReadError() if response is not None:
                arrived = f"{response.num_bytes_downloaded:,} bytes"
                return DecodeError(f"{what} broke off after {arrived}; try again.", **facts)
            case httpx.RemoteProtocolError() | httpx.ReadError():
                return ConnectError(
                    f"{self._host} hung up on {what}, or does not speak HTTP; try again.", **facts
                )
            case httpx.TransportError():
                return self._unreached(error, what, facts)
            case _:
                return TransportError(
                    f"{what} could not be sent ({type(error).__name__}).", **facts
                )

    def _unreached(
        self, error: httpx.TransportError, what: str, facts: Mapping[str, str]
    ) -> ConnectError:
        """Return what to raise when nothing of an answer came: why, and what can be done."""
        refused = tls_error(error, self._host, **facts)
        if refused is not None:
            return refused
        proxy = "" if is_loopback(self._host) else proxy_of(facts["url"].split(":")[0], self._host)
        if proxy:
            way_out = f"it went to the proxy {proxy}: is that right, or should NO_PROXY name {self._host}?"
        elif any(isinstance(cause, socket.gaierror) for cause in causes(error)):
            way_out = (
                f"nobody here knows the name {self._host}; is it written right, and the network up?"
            )
        else:
            way_out = "is it running?"
        return ConnectError(f"{what} did not reach the server: {way_out}", **facts)


def _request(
    client: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    json: Any,
    headers: Mapping[str, str],
    facts: Mapping[str, str],
) -> httpx.Request:
    """Return a request.

    Raises:
        TransportError: Its body cannot be said in JSON, or a header in ASCII.
    """
    try:
        return client.build_request(method, url, json=json, headers=headers)
    except (TypeError, ValueError, RecursionError) as error:
        is_header = isinstance(error, UnicodeEncodeError) and error.encoding == "ascii"
        wrong = "a header is not ASCII" if is_header else "its body is not JSON"
        raise TransportError(
            f"{facts['method']} {facts['url']} was not sent: {wrong}.", **facts
        ) from None
