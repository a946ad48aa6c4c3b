"""The address a request came from, for rate limits; ``X-Forwarded-For`` counts only from named proxies.

Any client can send that header, with another address each time.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

from starlette.types import Scope

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
UNVERIFIED = "unverified"
"""Client address of all requests whose real address only an untrusted proxy claims to know."""


class TrustedProxies:
    """The reverse proxies in front of the API.

    Args:
        addresses: Their addresses or networks, such as ``10.0.0.5`` or ``10.0.0.0/24``.

    Raises:
        ValueError: One of them is neither.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(address) for address in addresses]

    def client_address(self, scope: Scope) -> str:
        """Return the address of the client that sent a request; empty if the server knows none."""
        peer, port = scope.get("client") or ("", None)
        if not self._is_trusted(peer):
            # Uvicorn believes the header from the loopback unless told otherwise, and then gives port 0.
            return UNVERIFIED if port == 0 else peer
        header = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
        # Each proxy appends the address it got the request from: the last one that is not a trusted proxy is
        # the client's; those before it cannot be trusted.
        for address in reversed([part.strip() for part in header.split(",")]):
            if not self._is_trusted(address):
                return address or peer
        return peer

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def client_network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 network of an IPv6 address.

    One household or machine has a whole /64 at its disposal, so a limit per IPv6 address would limit no one.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
