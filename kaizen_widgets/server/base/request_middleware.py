"""ASGI middleware for every request: its id, the host it names, its size, and unexpected errors."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kaizen_widgets.core.clock import NewId
from kaizen_widgets.server.base.api_errors import ApiError, error_response
from kaizen_widgets.server.base.etags import matches

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024 * 1024
"""The largest request body that is read."""
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class RequestMiddleware:
    """Prepare each request and finish its response.

    It gives the request an id, refuses a host the API is not reached under (421) and a body that is too
    large (413), answers ``If-None-Match`` with 304, and answers an unexpected exception with 500.

    Args:
        app: The app to call.
        new_id: Returns a new request id.
        allowed_hosts: Names the API is reached under besides the address it listens on and the loopback.
    """

    def __init__(self, app: ASGIApp, new_id: NewId, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._new_id = new_id
        self._allowed_hosts = LOOPBACK_HOSTS | {normalized_host(name) for name in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        headers = dict(scope["headers"])
        known_etag = headers.get(b"if-none-match") if scope["method"] == "GET" else None
        is_unchanged = False
        has_started = False
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                # The one exception class that FastAPI does not wrap while it reads a body.
                raise HTTPException(413, f"The request is larger than {MAX_BODY_BYTES >> 20} MB")
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal has_started, is_unchanged
            if message["type"] == "http.response.start":
                has_started = True
                sent = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                etag = dict(sent).get(b"etag")
                if known_etag is not None and etag is not None and message["status"] == 200:
                    is_unchanged = matches(known_etag.decode("latin-1"), etag.decode("latin-1"))
                if is_unchanged:
                    message = {**message, "status": 304}
                    sent = [header for header in sent if not header[0].startswith(b"content-")]
                message["headers"] = sent
            elif is_unchanged:
                message = {**message, "body": b""}
            await send(message)

        host = headers.get(b"host", b"").decode("latin-1")
        if not is_allowed_host(host, scope, self._allowed_hosts):
            # Pages of another site that point their own name at this machine (DNS rebinding) end here.
            sentence = f"This API is not served under the host {host[:100]!r}"
            await error_response(scope, ApiError(421, sentence))(scope, receive, send_with_id)
            return
        try:
            await self._app(scope, receive_limited, send_with_id)
        except Exception:
            log.exception("request %s: %s %s", request_id, scope["method"], scope["path"])
            if has_started:
                raise
            sentence = f"The server failed; its log has the error under request {request_id}."
            await error_response(scope, ApiError(500, sentence))(scope, receive, send_with_id)


def is_allowed_host(host: str, scope: Scope, allowed: Collection[str]) -> bool:
    """Return whether a ``Host`` header names this server.

    Allowed are the names in ``allowed``, names below ``localhost``, which every system resolves to the
    loopback (RFC 6761), and the address the request arrived at, as the ASGI server reports it.
    """
    name = normalized_host(host)
    own, _ = scope.get("server") or ("", None)
    return bool(name) and (
        name in allowed or name.endswith(".localhost") or name == normalized_host(str(own or ""))
    )


def normalized_host(host: str) -> str:
    """Return the name of a ``host:port`` in lower case, without brackets, port and a final dot."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") > 1:
        return host  # A bare IPv6 address.
    return host.partition(":")[0].removesuffix(".")
