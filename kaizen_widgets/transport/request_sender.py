"""RequestSender sends one request and reads its response: headers, redirects, JSON, typed errors.

It sends the access token that it is given, and leaves refreshing and retrying to its caller.
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
from kaizen_widgets.transport.error_response import status_error
from kaizen_widgets.transport.http_connection import HttpConnection
from kaizen_widgets.transport.http_dates import http_date
from kaizen_widgets.transport.json_body import decode_json
from kaizen_widgets.transport.origin import origin
from kaizen_widgets.transport.retry import SAFE_METHODS
from kaizen_widgets.transport.secret_fields import map_strings, redact_secrets, reveal_secrets
from kaizen_widgets.transport.token_expiry import TokenExpiry

log = logging.getLogger(__name__)

MAX_REDIRECTS = 5


@dataclass(frozen=True)
class Answer:
    """A server's response, parsed.

    Attributes:
        data: Parsed JSON; None for an empty body.
        etag: Version of the resource, to send as If-Match; empty where the server gives none.
    """

    data: Any
    etag: str = ""


@dataclass(frozen=True)
class OpenResponse:
    """A response whose body was not read yet.

    Attributes:
        response: httpx's response.
        method: Method of the request.
        name: URL of the request without its query.
        request_id: Id that was sent with the request.
        secrets: Strings that no error may contain.
    """

    response: httpx.Response
    method: str
    name: str
    request_id: str
    secrets: tuple[str, ...]


class RequestSender:
    """Sends single requests.

    Args:
        base: Address of the API; nothing is sent to another origin.
        connection: Connections to the server.
        clock: Source of time.
        tokens: Removed from everything that a server says.
        expiry: Gets the server's time from each response.
        new_id: Returns request ids.
    """

    def __init__(
        self,
        base: httpx.URL,
        connection: HttpConnection,
        clock: Clock,
        tokens: Tokens,
        expiry: TokenExpiry,
        new_id: NewId,
    ) -> None:
        self._base = base
        self._connection = connection
        self._clock = clock
        self._tokens = tokens
        self._expiry = expiry
        self._new_id = new_id

    async def send(
        self, method: str, url: httpx.URL, json: Any, access: str, headers: Mapping[str, str]
    ) -> Answer:
        """Send one request and return its parsed response; arguments as of `open`.

        Raises:
            TransportError: There was no usable response.
        """
        async with self.open(method, url, json, access, headers) as opened:
            return await self.read(opened)

    @asynccontextmanager
    async def open(
        self, method: str, url: httpx.URL, json: Any, access: str, headers: Mapping[str, str]
    ) -> AsyncIterator[OpenResponse]:
        """Send one request, follow redirects, and yield the response before its body is read.

        Args:
            method: HTTP method.
            url: URL of the request.
            json: Body, or None. A `SecretStr` field is revealed to the server, and to no error.
            access: Access token to send; empty for none.
            headers: Further headers.

        Raises:
            TransportError: There was no response.
        """
        headers = {"X-Request-ID": self._new_id(), "Accept": "application/json", **headers}
        if access:
            headers["Authorization"] = f"Bearer {access}"
        json, secrets = reveal_secrets(json)
        name = without_query(url)
        started = self._clock.monotonic()
        for _ in range(MAX_REDIRECTS + 1):
            async with self._connection.open(method, url, name, json, headers) as response:
                log.debug(
                    "%s %s: %d in %.0f ms, request %s",
                    method,
                    url.path,
                    response.status_code,
                    (self._clock.monotonic() - started) * 1000,
                    headers["X-Request-ID"],
                )
                if not response.is_redirect:
                    self._expiry.observe_date(response.headers.get("Date"))
                    # The access token may be an old one by now, which `Tokens` no longer knows.
                    hidden = (*secrets, access)
                    yield OpenResponse(response, method, name, headers["X-Request-ID"], hidden)
                    return
                url = self._redirect_target(response, url, method, name)
        raise DecodeError(f"{method} {name} redirects without end.", method=method, url=name)

    async def read(self, opened: OpenResponse) -> Answer:
        """Read the body of an open response; return it parsed.

        Raises:
            StatusError: It is an error response; tokens and secrets are removed from its message.
            DecodeError: It is not JSON, or incomplete.
        """
        response, method, name = opened.response, opened.method, opened.name
        body = await self._connection.read(response, method, name)
        content_type = response.headers.get("Content-Type", "").lower()
        if response.status_code < 400:
            data = decode_json(body, content_type, method=method, url=name)
            return Answer(data, response.headers.get("ETag", ""))

        def redact(text: str) -> str:
            return redact_secrets(opened.secrets, self._tokens.redact(text))

        try:
            payload = decode_json(body, content_type, method=method, url=name)
            payload = map_strings(redact, payload)
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

    def _redirect_target(
        self, response: httpx.Response, url: httpx.URL, method: str, name: str
    ) -> httpx.URL:
        """Return the URL to which a response redirects.

        Raises:
            StatusError: The redirect is not followed.
        """
        facts = {"status": response.status_code, "method": method, "url": name}
        try:
            target = url.join(response.headers["Location"])
        except (httpx.InvalidURL, KeyError):
            raise StatusError(f"{method} {name} redirects to nowhere.", **facts) from None
        if origin(target) != origin(self._base):
            raise StatusError(
                f"{method} {name} redirects to {target.scheme}://{target.netloc.decode()}; credentials "
                f"are sent to {self._base.netloc.decode()} only, so give the other address as the "
                "server's if you trust it.",
                **facts,
            )
        if response.status_code not in (307, 308) and method not in SAFE_METHODS:
            raise StatusError(f"{method} {name} redirects, and may not be sent twice.", **facts)
        return target


def without_query(url: httpx.URL) -> str:
    """Return a URL without its query, which may contain what the user typed."""
    return str(url).partition("?")[0]
