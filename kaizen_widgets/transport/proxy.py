"""Find the proxy that a request uses, for error messages; httpx reads the same environment variables."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

VARIABLES = "HTTPS_PROXY, ALL_PROXY or NO_PROXY"


def proxy_for(scheme: str, host: str) -> str:
    """Return host and port of the proxy for a host, without its password; empty if there is none."""
    proxies = getproxies()
    named = proxies.get(scheme) or proxies.get("all")
    if not named or proxy_bypass(host):
        return ""
    try:
        return urlsplit(named if "://" in named else f"http://{named}").netloc.rpartition("@")[2]
    except ValueError:
        return ""
