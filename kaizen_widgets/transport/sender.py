"""One request sent and its answer understood: headers, redirects within the origin, JSON, typed errors.

Shows the token it is handed and knows no other; whether to send again is its caller's business.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from kaizen_widgets.clock import Clock, NewId
from kaizen_widgets.errors import DecodeError, StatusError
from kaizen_widgets.tokens import Tokens
from kaizen_widgets.transport import decode as bodies
from kaizen_widgets.transport.answers import status_error
from kaizen_widgets.transport.expiry import Expiry
from kaizen_widgets.transport.origin import origin
from kaizen_widgets.transport.retry import SAFE
from kaizen_widgets.transport.secrets import in_texts, told, without
from kaizen_widgets.transport.wire import Wire

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


class Sender:
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
        wire: Wire,
        clock: Clock,
        tokens: Tokens,
        expiry: Expiry,
        new_id: NewId,
    ) -> None:
        self._base = base
        self._wire = wire
        self._clock = clock
        self._tokens = tokens
        self._expiry = expiry
        self._new_id = new_id

    def headers(self, access: str, more: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a request that shows an access token, or none."""
        headers = {"X-Request-ID": self._new_id(), "Accept": "application/json", **more}
        if access:
            headers["Authorization"] = f"Bearer {access}"
        return headers

    async def send(
        self, method: str, url: httpx.URL, json: Any, access: str, more: Mapping[str, str]
    ) -> Answer:
        """Send one request, following redirects; return its answer.

        A field of the body that is a `SecretStr` is told to the server, and to nobody by an error.

        Raises:
            TransportError: There was no usable answer.
        """
        headers = self.headers(access, more)
        json, secrets = told(json)
        name = named(url)
        started = self._clock.monotonic()
        for _ in range(MAX_REDIRECTS + 1):
            response, body = await self._wire.exchange(method, url, name, json, headers)
            log.debug(
                "%s %s: %d in %.0f ms, request %s",
                method,
                url.path,
                response.status_code,
                (self._clock.monotonic() - started) * 1000,
                headers["X-Request-ID"],
            )
            if not response.is_redirect:
                return self.read(response, body, method, name, headers, secrets)
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
                f"{method} {name} redirects to {target.scheme}://{target.host}; credentials go to "
                f"{self._base.host} only, so use the other address as the server's if you trust it.",
                **facts,
            )
        if response.status_code not in (307, 308) and method not in SAFE:
            raise StatusError(f"{method} {name} redirects, and may not be sent twice.", **facts)
        return target

    def read(
        self,
        response: httpx.Response,
        body: bytes,
        method: str,
        name: str,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
    ) -> Answer:
        """Return what an answer says; of an error, without the tokens and ``secrets``.

        Raises:
            StatusError: It is an error.
            DecodeError: It is no JSON.
        """
        self._expiry.heard(response.headers.get("Date"))
        content_type = response.headers.get("Content-Type", "").lower()
        if response.status_code < 400:
            data = bodies.decode(body, content_type, method=method, url=name)
            return Answer(data, response.headers.get("ETag", ""))

        def redact(text: str) -> str:
            return without(secrets, self._tokens.redact(text))

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
            request_id=redact(response.headers.get("X-Request-ID") or headers["X-Request-ID"]),
            now=self._clock.now(),
        )


def named(url: httpx.URL) -> str:
    """Return a URL without its query, which may hold what users typed."""
    return str(url).partition("?")[0]
