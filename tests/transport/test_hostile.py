"""Malformed responses over a real socket: each is one typed error, without delay and within limits."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import (
    ConnectError,
    DecodeError,
    KaizenError,
    StatusError,
    TransportError,
)
from kaizen_widgets.transport import Transport
from kaizen_widgets.transport.client_pool import MAX_CONNECTIONS
from tests.clients import running_loop

WAIT = 60.0
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FOUND = b"HTTP/1.1 302 X\r\nContent-Length: 0\r\n"


@pytest.fixture(scope="module")
def background() -> Iterator[BackgroundLoop]:
    with running_loop("hostile") as loop:
        yield loop


@asynccontextmanager
async def server(serve: Callable[[Any, Any], Any]) -> AsyncIterator[str]:
    handlers = set[Any]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                await serve(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        # No socket is left to the garbage collector.
        await asyncio.gather(*handlers)


def answered(background: BackgroundLoop, raw: bytes) -> Any:
    """Ask a server that says ``raw`` and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)

    async def ask() -> Any:
        async with server(serve) as url:
            transport = Transport(url, clock=background, timeout=30.0, retries=0)
            try:
                return await transport.request("GET", "/x")
            finally:
                await transport.aclose()

    return background.wait(ask(), WAIT)


@pytest.mark.parametrize(
    ("raw", "kind", "said"),
    [
        (b"", ConnectError, "closed the conn"),
        (b"\x16\x03\x01 not HTTP\r\n\r\n", ConnectError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**21, ConnectError, "closed the conn"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", ConnectError, "closed the conn"),
        (
            b"HTTP/1.1 101 X\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
            ConnectError,
            "closed the conn",
        ),
        (OK + b"Content-Length: 500\r\n\r\n{", DecodeError, "broke off after 1 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}", DecodeError, "broke off"),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", DecodeError, "encoding"),
        (OK + b"\r\n" + '{"a": "ü"}'.encode("latin-1"), DecodeError, "not JSON"),
        (b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", StatusError, "999"),
        (b"HTTP/1.1 304 X\r\n\r\n", StatusError, "to nowhere"),
        (FOUND + b"\r\n", StatusError, "to nowhere"),
        (FOUND + b"Location: http://[::\r\n\r\n", ConnectError, "closed the conn"),
        (FOUND + b"Location: javascript:alert(1)\r\n\r\n", TransportError, "InvalidURL"),
        (FOUND + b"Location: //u:p@evil.example/\r\n\r\n", StatusError, "to http://evil.example;"),
        (FOUND + b"Location: http://127.0.0.1:1/\r\n\r\n", StatusError, "to http://127.0.0.1:1;"),
        (
            b"HTTP/1.1 503 X\r\nRetry-After: \xb2\r\nDate: \xb2\r\nContent-Length: 0\r\n\r\n",
            StatusError,
            "503",
        ),
    ],
)
def test_malformed_response_is_a_typed_error(
    background: BackgroundLoop, raw: bytes, kind: type[KaizenError], said: str
):
    with pytest.raises(kind, match=said) as caught:
        answered(background, raw)
    # Nothing of httpx above it in a notebook.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"\r\n" + b"[1," * 12 * 2**20,
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(100 * 2**20), 1),
    ],
    ids=["plain", "compressed"],
)
def test_endless_body_is_left_at_the_limit(background: BackgroundLoop, raw: bytes):
    with pytest.raises(DecodeError, match="more than 32 MB"):
        answered(background, raw)


def test_close_ends_running_and_waiting_requests(
    background: BackgroundLoop,
):
    arrived = threading.Semaphore(0)
    end = asyncio.Event()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 9\r\n\r\n{")
        arrived.release()
        await end.wait()

    async def run() -> list[BaseException]:
        async with server(begin) as url:
            transport = Transport(url, clock=background, timeout=600.0)
            asked = [asyncio.ensure_future(transport.request("GET", "/x")) for _ in range(25)]
            await asyncio.to_thread(lambda: [arrived.acquire() for _ in range(20)])
            await transport.aclose()
            errors = await asyncio.gather(*asked, return_exceptions=True)
            end.set()
            return errors

    errors = background.wait(run(), WAIT)
    assert {str(error) for error in errors} == {"The connection to 127.0.0.1 was closed."}
    assert all(isinstance(error, TransportError) for error in errors)


def test_cancelled_requests_release_their_connections(background: BackgroundLoop):
    """In httpx's own pool some of these keep a place for ever."""

    async def run() -> Any:
        together = asyncio.Barrier(MAX_CONNECTIONS)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while head := await reader.readline():
                if b"/together" in head:
                    await together.wait()
                elif head != b"\r\n":
                    continue
                writer.write(OK + b"Content-Length: 2\r\n\r\n[]")

        async with server(serve) as url:
            transport = Transport(url, clock=background, timeout=600.0)

            def ask(path: str, times: int) -> list[asyncio.Future[Any]]:
                return [asyncio.ensure_future(transport.request("GET", path)) for _ in range(times)]

            for turns in (1, 2, 3, 5, 8, 13, 21, 34):
                asked = ask("/", 2 * MAX_CONNECTIONS)
                for _ in range(turns):
                    await asyncio.sleep(0)
                for one in asked[turns % 3 :]:
                    one.cancel()
                await asyncio.gather(*asked, return_exceptions=True)
            try:
                return await asyncio.gather(*ask("/together", MAX_CONNECTIONS))
            finally:
                await transport.aclose()

    assert background.wait(run(), WAIT) == [[]] * MAX_CONNECTIONS
