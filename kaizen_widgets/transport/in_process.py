"""InProcess calls an ASGI app in this process as if it were a server, with streams and time limits.

httpx's own ASGI transport collects a whole response before it passes any of it on, and has no time limit.
Here a stream arrives in pieces, the wait for each piece is limited by the given clock, and a failing app
looks like a failing server: a 500 before its response began, a closed connection after.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from weakref import WeakSet

import httpx

from kaizen_widgets.core.clock import Clock, Timer

CLIENT = ("127.0.0.1", 0)


class InProcess(httpx.AsyncBaseTransport):
    """An httpx transport that calls an ASGI app.

    Args:
        app: The ASGI app.
        clock: Measures the time limits.
    """

    def __init__(self, app: Callable[..., Any], clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._calls = WeakSet[_Call]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the app; return its response once it has begun."""
        call = _Call(await request.aread(), self._clock, _limit(request))
        self._calls.add(call)
        call.task = asyncio.ensure_future(call.run(self._app, _scope(request)))
        try:
            start = await call.next()
        except BaseException:
            await call.aclose()
            raise
        return httpx.Response(
            start["status"], headers=start.get("headers", []), stream=call, request=request
        )

    async def aclose(self) -> None:
        """End the running calls, as the loss of the network would."""
        for call in list(self._calls):
            await call.aclose()


class _Call(httpx.AsyncByteStream):
    """One running request, and the body of its response."""

    def __init__(self, body: bytes, clock: Clock, limit: float | None) -> None:
        self._body: bytes | None = body
        self._clock = clock
        self._limit = limit
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._has_started = False
        self.task: asyncio.Future[None] | None = None

    async def run(self, app: Callable[..., Any], scope: dict[str, Any]) -> None:
        """Run the app to its end."""
        try:
            await app(scope, self._receive, self._send)
        except Exception:
            # The app's log says why; a client of a real server would not see it either.
            if not self._has_started:
                self._messages.put_nowait({"type": "http.response.start", "status": 500})
                self._messages.put_nowait({"type": "http.response.body"})
        finally:
            self._messages.put_nowait(None)

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self._has_started = True
        self._messages.put_nowait(message)

    async def next(self) -> dict[str, Any]:
        """Return the next message of the app.

        Raises:
            httpx.TransportError: It ended without one, or takes too long.
        """
        message = await self._within_limit()
        if message is None:
            raise httpx.RemoteProtocolError("The app ended before its response did.")
        return message

    async def _within_limit(self) -> Any:
        # Most apps respond within one turn of the loop and need no timer.
        if self._messages.empty():
            await asyncio.sleep(0)
        if not self._messages.empty() or self._limit is None:
            return await self._messages.get()
        getting = asyncio.ensure_future(self._messages.get())
        loop = asyncio.get_running_loop()
        late = False

        def give_up() -> None:
            nonlocal late
            late = True
            # The clock's thread need not be the loop's.
            loop.call_soon_threadsafe(getting.cancel)

        timer: Timer = self._clock.call_later(self._limit, give_up)
        try:
            return await getting
        except asyncio.CancelledError:
            if late:
                raise httpx.ReadTimeout("The app takes too long.") from None
            raise
        finally:
            timer.cancel()
            getting.cancel()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            message = await self.next()
            if message["type"] != "http.response.body":
                continue
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def aclose(self) -> None:
        """Stop reading; a running app gets a disconnect message."""
        self._gone.set()
        if self.task is not None and not self.task.done():
            await asyncio.sleep(0)
            self.task.cancel()


def _limit(request: httpx.Request) -> float | None:
    return request.extensions.get("timeout", {}).get("read")


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": CLIENT,
        "root_path": "",
    }
