"""Refuse addresses that a pipeline should not reach unless its user says so: this machine and its network.

A pipeline may come from somebody else, and a notebook server can often reach what its author cannot: other
services of its machine, a cloud's metadata at 169.254.169.254, databases of its network. The name is looked
up once, when a node connects, and the node connects to the address that was checked: a name server that
answers differently a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError

Lookup = Callable[[str], Iterable[str]]


def look_up(host: str) -> list[str]:
    """Return the addresses of a host; may take seconds.

    Raises:
        OSError: The name is not known.
    """
    return [str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def check_host(host: str, *, allow_private: bool, lookup: Lookup | None = None) -> str:
    """Return the address to connect to; refuse a host whose addresses are not all public.

    Call it off the event loop.

    Args:
        host: Name or address; empty for this machine.
        allow_private: Allow every address but link-local ones, which are never a server of one's own.
        lookup: Returns the addresses of a name.

    Raises:
        RunError: It is refused, or not known.
    """
    name = host.strip("[]") or "localhost"
    try:
        addresses = [name] if _is_address(name) else list((lookup or look_up)(name))
    except (OSError, UnicodeError):
        error = RunError(f"The address of {quoted(host)} is not known.")
        error.is_retryable = True
        raise error from None
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        if address.is_link_local:
            raise RunError(f"{quoted(host)} is at {text}, a link-local address, which is refused.")
        if not allow_private and not address.is_global:
            raise RunError(
                f"{quoted(host)} is at {text}, which is this machine or a private network. "
                f"Set allow_private in the node's config if that is meant."
            )
    if not addresses:
        raise RunError(f"{quoted(host)} has no address.")
    return addresses[0]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
