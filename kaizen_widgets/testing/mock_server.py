"""A mock of the Kaizen Studio server, with prepared answers.

    server = MockServer()
    server.answer("GET", "/agents", {"records": [], "total": 0})
    server.answer("POST", "/agents", Reply(503), {"id": "1", "name": "Writer"})
    transport = Transport("https://kaizen.example.com", transport=server, clock=clock)

No socket is opened. Several answers of one route are given in turn, and the last one is repeated. Requests
are recorded in ``server.calls``. With a clock, delayed answers take its time.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from kaizen_widgets.core.clock import Clock, sleep
from kaizen_widgets.transport.origin import API_PATH


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        status: The HTTP status.
        json: The body; empty by default.
        headers: Headers in addition to ``Content-Type``.
        text: The body, if it is not JSON.
        delay: Seconds before it starts; if that exceeds the client's limit, the request times out.
        cut_after: Bytes of the body after which the connection breaks, or None.
        refused: Whether the connection is refused.
    """

    status: int = 200
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    delay: float = 0.0
    cut_after: int | None = None
    refused: bool = False


@dataclass(frozen=True)
class Call:
    """One received request; ``path`` is relative to the API, ``query`` and ``json`` are parsed."""

    method: str
    path: str
    query: dict[str, str]
    json: Any
    headers: dict[str, str]

    @property
    def token(self) -> str:
        """The access token, or an empty string."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


Answer = Any
"""JSON, a `Reply`, or a function of the `Call` that returns either."""


class MockServer(httpx.AsyncBaseTransport):
    """An httpx transport that gives prepared answers.

    Args:
        clock: Clock for delays; without one, answers are not delayed.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._routes: list[tuple[str, re.Pattern[str], list[Answer]]] = []
        self.calls: list[Call] = []

    def answer(self, method: str, path: str, *answers: Answer) -> MockServer:
        """Prepare the answers of a route, in turn; return this server.

        Earlier answers of the same route are replaced.

        Args:
            method: The HTTP method.
            path: The path; ``*`` matches any one segment.
            *answers: The answers; the last one is repeated.

        Raises:
            ValueError: There are no answers.
        """
        if not answers:
            raise ValueError(f"{method} {path} needs at least one answer.")
        pattern = re.compile("[^/]+".join(map(re.escape, path.split("*"))))
        self._routes = [r for r in self._routes if (r[0], r[1]) != (method, pattern)]
        self._routes.insert(0, (method, pattern, list(answers)))
        return self

    def asked(self, method: str, path: str) -> list[Call]:
        """Return the requests of a route, oldest first."""
        return [call for call in self.calls if (call.method, call.path) == (method, path)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        call = _call(request, await request.aread())
        self.calls.append(call)
        reply = self._reply(call)
        await self._delay(reply, request)
        if reply.refused:
            raise httpx.ConnectError("The mock server refuses the connection.")
        headers = {"content-type": "text/html" if reply.text is not None else "application/json"}
        body = reply.text if reply.text is not None else _json(reply.json)
        return httpx.Response(
            reply.status,
            headers=headers | dict(reply.headers),
            stream=_Body(body.encode(), reply.cut_after),
            request=request,
        )

    def _reply(self, call: Call) -> Reply:
        for method, pattern, answers in self._routes:
            if method == call.method and pattern.fullmatch(call.path):
                given = answers.pop(0) if len(answers) > 1 else answers[0]
                made = given(call) if isinstance(given, Callable) else given
                return made if isinstance(made, Reply) else Reply(json=made)
        message = f"The mock server has no answer to {call.method} {call.path}."
        return Reply(404, {"error": {"code": "NOT_FOUND", "message": message}})

    async def _delay(self, reply: Reply, request: httpx.Request) -> None:
        if self._clock is None or not reply.delay:
            return
        limit = request.extensions.get("timeout", {}).get("read")
        await sleep(self._clock, reply.delay if limit is None else min(reply.delay, limit))
        if limit is not None and reply.delay > limit:
            raise httpx.ReadTimeout("The mock server is too slow.", request=request)


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes, cut_after: int | None) -> None:
        self._body = body
        self._cut_after = cut_after

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: self._cut_after]
        if self._cut_after is not None:
            raise httpx.RemoteProtocolError("The mock server cuts the connection.")


def _call(request: httpx.Request, body: bytes) -> Call:
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        parsed = body
    return Call(
        method=request.method,
        path=request.url.path.removeprefix(API_PATH),
        query=dict(request.url.params),
        json=parsed,
        headers=dict(request.headers),
    )


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value)
