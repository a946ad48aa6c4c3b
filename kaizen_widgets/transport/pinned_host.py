"""Connect to one address for a host, whatever its name server answers by now."""

from __future__ import annotations

import httpx

from kaizen_widgets.transport.tls import create_ssl_context


class PinnedHost(httpx.AsyncBaseTransport):
    """Sends requests for one host to one address; certificates are those of the host.

    Args:
        host: Host in the URLs.
        address: Its address, looked up and checked before.
        inner: Sends the requests; by default over the network, without a proxy.
    """

    def __init__(
        self, host: str, address: str, inner: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._host = httpx.URL(scheme="https", host=host).host
        self._sni = httpx.URL(scheme="https", host=host).raw_host.decode("ascii")
        self._address = address
        self._inner = inner or httpx.AsyncHTTPTransport(verify=create_ssl_context(host))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            httpx.ConnectError: It is for another host.
        """
        if request.url.host != self._host:
            raise httpx.ConnectError(f"{request.url.host} is not {self._host}", request=request)
        # The header Host was made from the URL before, and stays the name.
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host=self._address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": self._sni},
        )
        return await self._inner.handle_async_request(sent)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
