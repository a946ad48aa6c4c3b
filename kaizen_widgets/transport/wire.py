"""One request over httpx and its answer, within limits of time and size; httpx's errors become ours.

Knows no credentials, no retries and no JSON. Every limit counts the time of the clock handed in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from kaizen_widgets.clock import Clock
from kaizen_widgets.errors import ConnectError, DecodeError, TimedOutError, TransportError
from kaizen_widgets.transport import decode as bodies
from kaizen_widgets.transport.in_process import InProcess
from kaizen_widgets.transport.origin import is_loopback
from kaizen_widgets.transport.trust import tls_error, trusted

POOL = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0)
"""Connections to one server; further requests wait for one, no longer than the time limit."""
WHOLE = 6
"""How many times the limit of one wait a whole answer may take."""


class Wire:
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
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    async def exchange(
        self, method: str, url: httpx.URL, name: str, json: Any, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        """Send, and read the whole answer; ``name`` is the URL without its query, for sentences.

        Raises:
            TransportError: There was none, or not in time, or too much of it.
        """
        async with self.open(method, url, name, json, headers) as response:
            return response, await self.read(response, method, name)

    async def read(self, response: httpx.Response, method: str, name: str) -> bytes:
        """Read the whole body of an opened answer.

        Raises:
            TransportError: It broke off, is too large, or does not come in time.
        """
        facts = {"method": method, "url": name}
        latest = self._clock.monotonic() + WHOLE * self._timeout
        body = bytearray()
        async with self._ours(facts, body):
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
        client = self._opened()
        try:
            request = client.build_request(method, url, json=json, headers=headers)
        except (TypeError, ValueError, RecursionError):
            raise TransportError(
                f"{method} {name} was not sent: its body is not JSON.", **facts
            ) from None
        async with self._ours(facts, None):
            response = await client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def lines(self, response: httpx.Response, **facts: str) -> AsyncIterator[str]:
        """Yield the lines of an opened answer as they arrive; each wait has its limit, the whole none.

        Raises:
            TransportError: It broke off.
        """
        body = bytearray()
        async with self._ours(facts, body):
            async for line in response.aiter_lines():
                yield line

    async def aclose(self) -> None:
        """Close the connections; requests after this are refused."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._closed:
            raise TransportError(f"The connection to {self._host} was closed.")
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                timeout=self._timeout,
                limits=POOL,
                follow_redirects=False,
                # Without a network there is nobody to believe.
                verify=trusted(self._host) if self._transport is None else True,
                # A proxy is for the outside; this machine is asked directly.
                trust_env=not is_loopback(self._host),
            )
        return self._client

    @asynccontextmanager
    async def _ours(self, facts: Mapping[str, str], body: bytearray | None) -> AsyncIterator[None]:
        """Turn httpx's errors into ours; ``body`` is what of an answer has come, None before it began."""
        what = f"{facts['method']} {facts['url']}"
        try:
            yield
        except httpx.TimeoutException:
            raise TimedOutError(
                f"{what} had no answer within {self._timeout:g} s.", **facts
            ) from None
        except httpx.DecodingError:
            raise DecodeError(f"{what} sent a broken encoding.", **facts) from None
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            if body is not None:
                raise DecodeError(
                    f"{what} broke off after {len(body):,} bytes; try again.", **facts
                ) from None
            hung_up = f"{self._host} hung up on {what} ({type(error).__name__})."
            raise ConnectError(hung_up, **facts) from None
        except httpx.TransportError as error:
            refused = tls_error(error, self._host, **facts)
            if refused is not None:
                raise refused from None
            raise ConnectError(
                f"{what} did not reach the server ({type(error).__name__}); is it running?",
                **facts,
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise TransportError(
                f"{what} could not be sent ({type(error).__name__}).", **facts
            ) from None
