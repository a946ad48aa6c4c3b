"""An ASGI app that fails as a script says: late, cut off, wrong, 401, 409, 429 or 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from kaizen_widgets.core.clock import Clock, sleep

LATE = 25.0
"""Seconds a late answer takes."""
RETRY_AFTER = 7


class FaultApp:
    """Takes one step of its script for each request but refreshes, which always work.

    Args:
        clock: Counts how late answers are.
        script: What to do, in turn; afterwards all is well.
    """

    def __init__(self, clock: Clock, script: Iterable[str]) -> None:
        self._clock = clock
        self._script = list(script)
        self.asked: list[tuple[float, str, str]] = []
        self.refreshes = 0

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Any) -> None:
        """Answer one request."""
        path = scope["path"]
        if path.endswith("/auth/refresh"):
            self.refreshes += 1
            pair = {"access_token": f"a{self.refreshes}", "refresh_token": f"r{self.refreshes}"}
            await answer(send, 200, pair | {"expires_in": 900})
            return
        self.asked.append((self._clock.monotonic(), scope["method"], path))
        step = self._script.pop(0) if self._script else "ok"
        match step:
            case "ok":
                await answer(send, 200, {"ok": True})
            case "late":
                await sleep(self._clock, LATE)
                await answer(send, 200, {"ok": True})
            case "cut":
                await start(send, 200, [(b"content-type", b"application/json")])
                await send({"type": "http.response.body", "body": b'{"ok": tr', "more_body": True})
            case "hung up":
                return
            case "html":
                await start(send, 200, [(b"content-type", b"text/html")])
                await send({"type": "http.response.body", "body": b"<html>Please sign in</html>"})
            case "429":
                wait = [(b"retry-after", str(RETRY_AFTER).encode())]
                await answer(send, 429, {"error": "rate_limit_exceeded", "message": "Slow"}, wait)
            case status:
                body = {"error": {"code": "SOME", "message": "It is so"}}
                await answer(send, int(status), body)


async def start(send: Any, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def answer(
    send: Any, status: int, body: Any, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    await start(send, status, [(b"content-type", b"application/json"), *headers])
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
