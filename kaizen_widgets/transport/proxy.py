"""Which proxy a request goes by, for sentences; httpx reads the same names from the environment itself."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

NAMES = "HTTPS_PROXY, ALL_PROXY or NO_PROXY"


def proxy_of(scheme: str, host: str) -> str:
    """Return host and port of the proxy for a host, without its password; empty for none."""
    proxies = getproxies()
    named = proxies.get(scheme) or proxies.get("all")
    if not named or proxy_bypass(host):
        return ""
    try:
        return urlsplit(named if "://" in named else f"http://{named}").netloc.rpartition("@")[2]
    except ValueError:
        return ""
