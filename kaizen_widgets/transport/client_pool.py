"""Connections to one server, so many at once, that survive requests being cancelled.

httpx's own pool does not: whoever is cancelled before their answer begins may take a connection along for
ever (https://github.com/encode/httpcore/issues/1093), until none is left. So places are counted here, its
pool has no limit of its own, and an httpx client in which many were cancelled is followed by a fresh one.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass

import httpx

MOST = 20
"""Connections at once; further requests wait for one."""
MOST_CANCELLED = 20
"""Cancelled requests after which an httpx client is given up."""
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=10, keepalive_expiry=30.0)


@dataclass(eq=False)
class PooledClient:
    """An httpx client, and who is using it."""

    client: httpx.AsyncClient
    users: int = 0
    cancelled: int = 0


class ClientPool:
    """Lends an httpx client to requests.

    Args:
        make: Makes one, with `LIMITS`.
        is_network: Whether there are connections to count.
    """

    def __init__(self, make: Callable[[], httpx.AsyncClient], is_network: bool) -> None:
        self._make = make
        self._free = asyncio.Semaphore(MOST if is_network else sys.maxsize)
        self._current: PooledClient | None = None
        self._all = set[PooledClient]()

    async def take(self) -> PooledClient:
        """Wait for a place; return the client to use, which must be given back."""
        await self._free.acquire()
        try:
            if self._current is None:
                self._current = PooledClient(self._make())
                self._all.add(self._current)
        except BaseException:
            self._free.release()
            raise
        self._current.users += 1
        return self._current

    async def give_back(self, lent: PooledClient, *, cancelled: bool) -> None:
        """End the use of a client; one that was followed by another is closed by its last user."""
        self._free.release()
        lent.users -= 1
        lent.cancelled += cancelled
        if lent is self._current and lent.cancelled >= MOST_CANCELLED:
            self._current = None
        if lent is not self._current and not lent.users:
            self._all.discard(lent)
            await lent.client.aclose()

    async def aclose(self) -> None:
        """Close every connection, used or not."""
        self._current = None
        for lent in list(self._all):
            await lent.client.aclose()
