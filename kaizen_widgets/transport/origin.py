"""Where credentials may be sent: to one origin, over https or to this machine."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import httpx

from kaizen_widgets.errors import TransportError

HOST = re.compile(rb"[A-Za-z0-9._:-]+")
API_PATH = "/api/v1"
"""Path of a Kaizen Studio server's API, for a base URL without a path."""


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this machine (RFC 6761 reserves ``*.localhost`` for it)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port, with the scheme's default port filled in."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def parse_base_url(base_url: str, default_path: str = API_PATH) -> httpx.URL:
    """Return the base URL of an API, without a slash at its end.

    Args:
        base_url: The address.
        default_path: Path for an address without one.

    Raises:
        TransportError: It is not a web address, contains a password, or would send credentials
            unencrypted.
    """
    url = _parsed(base_url)
    if url is None or url.scheme not in ("http", "https") or not HOST.fullmatch(url.raw_host):
        received = "" if url is None else f", not {_shown(url)!r}"
        raise TransportError(
            f"The server's address must look like https://kaizen.example.com{received}."
        )
    if url.userinfo:
        raise TransportError(
            f"The address of {url.host} contains a user name or password; leave it out and sign in instead."
        )
    if url.scheme == "http" and not is_loopback(url.host):
        raise TransportError(
            f"http://{url.host} would send passwords and tokens unencrypted; use https:// "
            "(plain http is for this machine only).",
            url=_shown(url),
        )
    path = url.path.rstrip("/") or default_path
    return url.copy_with(path=path, query=None, fragment=None)


def join_url(base: httpx.URL, path: str) -> httpx.URL:
    """Return the URL of ``path`` under ``base``.

    Raises:
        TransportError: It would leave the server.
    """
    if not path.startswith("/") or path.startswith("//"):
        raise TransportError(
            f"A request path must begin with one slash, not {path[:60]!r}: "
            f"credentials are sent to {base.host} only."
        )
    # Joining as browsers do would let ".." leave the API; ids are quoted, so a dot segment is a mistake.
    if any(segment in (".", "..") for segment in path.split("?")[0].split("/")):
        raise TransportError(f"A request path may not contain '.' or '..': {path[:60]!r}.")
    try:
        url = httpx.URL(f"{base}{path}")
    except (httpx.InvalidURL, UnicodeEncodeError):
        raise TransportError(f"{path[:60]!r} is not a request path.") from None
    if origin(url) != origin(base):
        raise TransportError(
            f"{path[:60]!r} leads away from {base.host}; credentials are not sent there."
        )
    return url


def _parsed(text: Any) -> httpx.URL | None:
    """Return a URL; None if it is not one, or has an impossible host or port."""
    try:
        url = httpx.URL(text.strip())
        # A wrongly encoded host raises only when it is read.
        return url if url.host is not None and (url.port or 0) < 2**16 else None
    except (httpx.InvalidURL, ValueError, AttributeError):
        return None


def _shown(url: httpx.URL) -> str:
    return str(url.copy_with(query=None, fragment=None, username=None, password=None))
