"""One request sent and its answer understood: headers, redirects within the origin, JSON, typed errors.

Shows the token it is handed and knows no other; whether to send again is its caller's business.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from kaizen_widgets.core.clock import Clock, NewId
from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import DecodeError, StatusError
from kaizen_widgets.transport import json_body as bodies
from kaizen_widgets.transport.error_response import status_error
from kaizen_widgets.transport.http_connection import HttpConnection
from kaizen_widgets.transport.http_dates import http_date
from kaizen_widgets.transport.origin import origin
from kaizen_widgets.transport.retry import SAFE
from kaizen_widgets.transport.secret_fields import in_texts, told, without
from kaizen_widgets.transport.token_expiry import TokenExpiry

log = logging.getLogger(__name__)

MAX_REDIRECTS = 5


@dataclass(frozen=True)
class Answer:
    """A server's answer.

    Attributes:
        data: The parsed JSON; None for an empty body.
        etag: What the thing is now, for a change of just that; empty where the server gives none.
    """

    data: Any
    etag: str = ""


@dataclass(frozen=True)
class Opened:
    """An answer that has begun.

    Attributes:
        response: Its head, and the way to its body.
        method: Of the request.
        name: The request's URL without its query.
        request_id: What the request was called.
        secrets: What no error may repeat.
    """

    response: httpx.Response
    method: str
    name: str
    request_id: str
    secrets: tuple[str, ...]


class RequestSender:
    """Sends single requests.

    Args:
        base: The API's address; nothing goes to another origin.
        wire: The connections.
        clock: The time.
        tokens: Redacted from whatever a server says.
        expiry: Hears the server's time.
        new_id: Gives request ids.
    """

    def __init__(
        self,
        base: httpx.URL,
        wire: HttpConnection,
        clock: Clock,
        tokens: Tokens,
        expiry: TokenExpiry,
        new_id: NewId,
    ) -> None:
        self._base = base
        self._wire = wire
        self._clock = clock
        self._tokens = tokens
        self._expiry = expiry
        self._new_id = new_id

    async def send(
        self, method: str, url: httpx.URL, json: Any, access: str, more: Mapping[str, str]
    ) -> Answer:
        """Send one request, following redirects; return its answer.

        Raises:
            TransportError: There was no usable answer.
        """
        async with self.opened(method, url, json, access, more) as opened:
            return await self.read(opened)

    @asynccontextmanager
    async def opened(
        self, method: str, url: httpx.URL, json: Any, access: str, more: Mapping[str, str]
    ) -> AsyncIterator[Opened]:
        """Send one request, following redirects; hand out its answer before the body was read.

        A field of the body that is a `SecretStr` is told to the server, and to nobody by an error.

        Raises:
            TransportError: There was no answer.
        """
        headers = {"X-Request-ID": self._new_id(), "Accept": "application/json", **more}
        if access:
            headers["Authorization"] = f"Bearer {access}"
        json, secrets = told(json)
        name = named(url)
        started = self._clock.monotonic()
        for _ in range(MAX_REDIRECTS + 1):
            async with self._wire.open(method, url, name, json, headers) as response:
                log.debug(
                    "%s %s: %d in %.0f ms, request %s",
                    method,
                    url.path,
                    response.status_code,
                    (self._clock.monotonic() - started) * 1000,
                    headers["X-Request-ID"],
                )
                if not response.is_redirect:
                    self._expiry.heard(response.headers.get("Date"))
                    # The token may be an old one by now: `Tokens` would not know it any more.
                    hidden = (*secrets, access)
                    yield Opened(response, method, name, headers["X-Request-ID"], hidden)
                    return
                url = self._redirected(response, url, method, name)
        raise DecodeError(f"{method} {name} redirects without end.", method=method, url=name)

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
                f"{method} {name} redirects to {target.scheme}://{target.netloc.decode()}; credentials "
                f"go to {self._base.netloc.decode()} only, so use the other address as the server's if "
                "you trust it.",
                **facts,
            )
        if response.status_code not in (307, 308) and method not in SAFE:
            raise StatusError(f"{method} {name} redirects, and may not be sent twice.", **facts)
        return target

    async def read(self, opened: Opened) -> Answer:
        """Read a body; return what it says: an error's without tokens and secrets.

        Raises:
            StatusError: It is an error.
            DecodeError: It is no JSON, or not whole.
        """
        response, method, name = opened.response, opened.method, opened.name
        body = await self._wire.read(response, method, name)
        content_type = response.headers.get("Content-Type", "").lower()
        if response.status_code < 400:
            data = bodies.decode(body, content_type, method=method, url=name)
            return Answer(data, response.headers.get("ETag", ""))

        def redact(text: str) -> str:
            return without(opened.secrets, self._tokens.redact(text))

        try:
            payload = bodies.decode(body, content_type, method=method, url=name)
            payload = in_texts(redact, payload)
        except (DecodeError, RecursionError):
            payload = None
        raise status_error(
            response.status_code,
            payload,
            method=method,
            url=name,
            retry_after=response.headers.get("Retry-After"),
            request_id=redact(response.headers.get("X-Request-ID") or opened.request_id),
            now=http_date(response.headers.get("Date")) or self._clock.now(),
        )


def named(url: httpx.URL) -> str:
    """Return a URL without its query, which may hold what users typed."""
    return str(url).partition("?")[0]
