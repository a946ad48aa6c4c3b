"""The api kind: one JSON request to a server, through our transport: it retries, and names no secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from kaizen_widgets.core.background import background
from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError, StatusError, TransportError
from kaizen_widgets.nodes.connectors.address_guard import check_host
from kaizen_widgets.nodes.connectors.base_connector import BaseConnector
from kaizen_widgets.nodes.connectors.named_secrets import read_secret
from kaizen_widgets.nodes.kind import Task, TimedConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.values import value_fields
from kaizen_widgets.transport import PinnedHost, Tokens, Transport, proxy_for


class ApiConfig(TimedConfig):
    """Config of an api node."""

    url: str = ""
    """Address: "https://api.example.com/v1/orders"; plain http is for this machine only."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """HTTP method. The fields of what arrives are the query of GET and DELETE, and the body of others."""
    secret: str = ""
    """Name of the secret that is sent as bearer token; empty for none."""
    allow_private: bool = False
    """Whether it may connect to this machine and to private networks."""


class ApiKind(BaseConnector):
    """Passes on the JSON of the answer."""

    look = Look(
        type="api",
        title="API",
        description="Sends a JSON request to a server.",
        icon="api",
        color="#475569",
        defaults={"url": "", "method": "GET"},
    )
    Config = ApiConfig

    def problems(self, config: ApiConfig) -> Iterable[str]:
        """Return what is wrong with the address."""
        try:
            parts = urlsplit(config.url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                yield "needs a url like https://api.example.com/v1/orders"
            elif parts.username or parts.password:
                yield "has a password in its url: take it out, and name a secret instead"
            elif parts.query or parts.fragment:
                yield "has a query in its url: it is made of the fields of what arrives"
        except ValueError:
            yield "needs a url like https://api.example.com/v1/orders"

    async def connect(self, task: Task) -> Any:
        """Send the request."""
        config: ApiConfig = task.config
        token, address = await task.in_thread(_prepare, config)
        value: Any = task.value
        fields = dict(value_fields(value))
        has_query = config.method in ("GET", "DELETE")
        transport, path = self.open(config.url, token, address)
        try:
            return await transport.request(
                config.method,
                path,
                params=fields if has_query else None,
                json=None if has_query else (fields or value),
                authenticated=bool(token),
            )
        except TransportError as error:
            made = RunError(f"{quoted(task.label)}: {error}", node_id=task.node_id)
            status = error.status if isinstance(error, StatusError) else 503
            made.is_retryable = status >= 500 or status == 429
            made.retry_after = getattr(error, "retry_after", None)
            raise made from None
        finally:
            await transport.aclose()

    def open(self, url: str, token: str, address: str) -> tuple[Transport, str]:
        """Return a client of the server at an address, and the path of the request."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        # A proxy looks the name up itself, in its own network.
        pinned = None if proxy_for(parts.scheme, host) else PinnedHost(host, address)
        transport = Transport(
            f"{parts.scheme}://{parts.netloc}",
            clock=background,
            tokens=Tokens(token),
            transport=pinned,
            default_path="",
        )
        return transport, quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/"


def _prepare(config: ApiConfig) -> tuple[str, str]:
    """Return the token and the address to connect to."""
    host = urlsplit(config.url).hostname or ""
    address = check_host(host, allow_private=config.allow_private)
    return (read_secret(config.secret, host) if config.secret else ""), address
