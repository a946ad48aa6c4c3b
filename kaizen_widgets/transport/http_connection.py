"""HttpConnection sends one request over httpx, within limits of time and size; httpx's errors become ours.

Knows no credentials, no retries and no JSON. Every limit is measured with the given clock.
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
from kaizen_widgets.transport import json_body
from kaizen_widgets.transport.client_pool import LIMITS, ClientPool, PooledClient
from kaizen_widgets.transport.in_process import InProcess
from kaizen_widgets.transport.origin import is_loopback
from kaizen_widgets.transport.proxy import VARIABLES, proxy_for
from kaizen_widgets.transport.tls import create_ssl_context, error_chain, tls_error

BODY_TIMEOUT_FACTOR = 6
"""Time limit of a whole response, as a multiple of the limit of one wait."""


class HttpConnection:
    """Connections to one server, opened when first needed.

    Args:
        host: Name of the server, for messages.
        clock: Source of time.
        app: ASGI app to call in this process instead.
        transport: Another httpx transport to use instead; not together with ``app``.
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
        self._pool = ClientPool(self._create_client, is_network=self._transport is None)
        self._ssl_context: ssl.SSLContext | None = None
        self._waiting = set[asyncio.Timeout]()
        self._is_closed = False

    @asynccontextmanager
    async def open(
        self, method: str, url: httpx.URL, name: str, json: Any, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """Send a request, and yield its response before its body is read.

        Args:
            method: HTTP method.
            url: URL of the request.
            name: The URL without its query, for messages.
            json: Body, or None.
            headers: Headers of the request.

        Raises:
            TransportError: There was no response in time.
        """
        facts = {"method": method, "url": name}
        async with self._own_errors(facts, None):
            pooled, response = await self._send(
                lambda client: _build_request(client, method, url, json, headers, facts), facts
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
                await self._pool.release(pooled, cancelled=cancelled)

    async def read(self, response: httpx.Response, method: str, name: str) -> bytes:
        """Read the whole body of an opened response.

        Args:
            response: What `open` gave.
            method: Method of the request, for messages.
            name: URL of the request without its query, for messages.

        Raises:
            TransportError: It broke off, is too large, or does not arrive in time.
        """
        facts = {"method": method, "url": name}
        deadline = self._clock.monotonic() + BODY_TIMEOUT_FACTOR * self._timeout
        body = bytearray()
        async with self._own_errors(facts, response):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > json_body.MAX_BYTES:
                    raise json_body.too_large_error(**facts)
                if self._clock.monotonic() > deadline:
                    raise TimedOutError(f"{method} {name} sends its response too slowly.", **facts)
        return bytes(body)

    async def chunks(self, response: httpx.Response, **facts: str) -> AsyncGenerator[bytes, None]:
        """Yield the body of an opened response as it arrives; only each single wait is limited.

        Args:
            response: What `open` gave.
            **facts: Method and URL of the request, for errors.

        Raises:
            TransportError: It broke off.
        """
        async with self._own_errors(facts, response):
            async for chunk in response.aiter_bytes():
                yield chunk

    async def aclose(self) -> None:
        """Close the connections; running requests fail immediately, later ones are refused."""
        self._is_closed = True
        now = asyncio.get_running_loop().time()
        for timeout in self._waiting:
            timeout.reschedule(now)
        await self._pool.aclose()

    async def _send(
        self, build: Callable[[httpx.AsyncClient], httpx.Request], facts: Mapping[str, str]
    ) -> tuple[PooledClient, httpx.Response]:
        """Wait for a free connection and send; return the pooled client and the response's head."""
        if self._is_closed:
            raise self._closed_error(facts)
        async with asyncio.timeout(self._timeout) as timeout:
            self._waiting.add(timeout)
            try:
                pooled = await self._pool.acquire()
                timeout.reschedule(None)  # From here on, httpx or its replacement limits the time.
                try:
                    return pooled, await pooled.client.send(build(pooled.client), stream=True)
                except BaseException as error:
                    cancelled = isinstance(error, asyncio.CancelledError)
                    await self._pool.release(pooled, cancelled=cancelled)
                    raise
            finally:
                self._waiting.discard(timeout)

    def _create_client(self) -> httpx.AsyncClient:
        if self._ssl_context is None and self._transport is None:
            self._ssl_context = create_ssl_context(self._host)
        try:
            return httpx.AsyncClient(
                transport=self._transport,
                timeout=self._timeout,
                limits=LIMITS,
                follow_redirects=False,
                # Without a network there is nothing to verify.
                verify=self._ssl_context or True,
                # A cookie of one session would be sent along with the next one's requests.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                # A proxy is for other machines; this machine is contacted directly.
                trust_env=not is_loopback(self._host),
            )
        except (ValueError, ImportError, httpx.InvalidURL):
            raise TransportError(
                f"Nothing was sent to {self._host}: the proxy in {VARIABLES} cannot be used; "
                "it must look like http://proxy.example.com:3128."
            ) from None

    @asynccontextmanager
    async def _own_errors(
        self, facts: Mapping[str, str], response: httpx.Response | None
    ) -> AsyncIterator[None]:
        """Turn httpx's errors into ours.

        Args:
            facts: Method and URL of the request, for errors.
            response: Response that is being read; None before there is one.
        """
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as error:
            raise (
                self._closed_error(facts)
                if self._is_closed
                else self._own_error(error, facts, response)
            ) from None

    def _closed_error(self, facts: Mapping[str, str]) -> TransportError:
        return TransportError(f"The connection to {self._host} was closed.", **facts)

    def _own_error(
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
                    f"{self._host} closed the connection during {what}, or does not speak HTTP; "
                    "try again.",
                    **facts,
                )
            case httpx.TransportError():
                return self._unreachable_error(error, what, facts)
            case _:
                return TransportError(
                    f"{what} could not be sent ({type(error).__name__}).", **facts
                )

    def _unreachable_error(
        self, error: httpx.TransportError, what: str, facts: Mapping[str, str]
    ) -> ConnectError:
        """Return the error for a request without any response: why, and what to do about it.

        Args:
            error: httpx's error.
            what: The request, for the message.
            facts: Method and URL of the request.
        """
        refused = tls_error(error, self._host, **facts)
        if refused is not None:
            return refused
        proxy = "" if is_loopback(self._host) else proxy_for(facts["url"].split(":")[0], self._host)
        if proxy:
            hint = f"it went to the proxy {proxy}: is that right, or should NO_PROXY name {self._host}?"
        elif any(isinstance(cause, socket.gaierror) for cause in error_chain(error)):
            hint = f"the name {self._host} is unknown here; is it spelled correctly, and the network up?"
        else:
            hint = "is it running?"
        return ConnectError(f"{what} did not reach the server: {hint}", **facts)


def _build_request(
    client: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    json: Any,
    headers: Mapping[str, str],
    facts: Mapping[str, str],
) -> httpx.Request:
    """Return a request.

    Raises:
        TransportError: Its body cannot be encoded as JSON, or a header as ASCII.
    """
    try:
        return client.build_request(method, url, json=json, headers=headers)
    except (TypeError, ValueError, RecursionError) as error:
        is_header = isinstance(error, UnicodeEncodeError) and error.encoding == "ascii"
        wrong = "a header is not ASCII" if is_header else "its body is not JSON"
        raise TransportError(
            f"{facts['method']} {facts['url']} was not sent: {wrong}.", **facts
        ) from None
