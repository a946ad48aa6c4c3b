"""ClientPool limits the number of connections to one server, and survives cancelled requests.

httpx's own pool does not: a request that is cancelled before its response begins may keep its connection
forever (https://github.com/encode/httpcore/issues/1093), until none is left. So connections are counted here,
httpx's pool has no limit of its own, and an httpx client in which many requests were cancelled is replaced.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass

import httpx

MAX_CONNECTIONS = 20
"""Connections at a time; further requests wait for one."""
MAX_CANCELLED = 20
"""Cancelled requests after which an httpx client is replaced."""
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=10, keepalive_expiry=30.0)


@dataclass(eq=False)
class PooledClient:
    """An httpx client of the pool.

    Attributes:
        client: The httpx client.
        users: Number of requests that use it.
        cancelled: Number of requests that were cancelled while using it.
    """

    client: httpx.AsyncClient
    users: int = 0
    cancelled: int = 0


class ClientPool:
    """Lends an httpx client to requests.

    Args:
        create_client: Returns a new httpx client, with `LIMITS`.
        is_network: Whether there are real connections to count.
    """

    def __init__(self, create_client: Callable[[], httpx.AsyncClient], is_network: bool) -> None:
        self._create_client = create_client
        self._free = asyncio.Semaphore(MAX_CONNECTIONS if is_network else sys.maxsize)
        self._current: PooledClient | None = None
        self._all = set[PooledClient]()

    async def acquire(self) -> PooledClient:
        """Wait for a free connection; return the client to use, which must be released."""
        await self._free.acquire()
        try:
            if self._current is None:
                self._current = PooledClient(self._create_client())
                self._all.add(self._current)
        except BaseException:
            self._free.release()
            raise
        self._current.users += 1
        return self._current

    async def release(self, pooled: PooledClient, *, cancelled: bool) -> None:
        """End the use of a client; a replaced client is closed by its last user.

        Args:
            pooled: What `acquire` returned.
            cancelled: Whether the request was cancelled.
        """
        self._free.release()
        pooled.users -= 1
        pooled.cancelled += cancelled
        if pooled is self._current and pooled.cancelled >= MAX_CANCELLED:
            self._current = None
        if pooled is not self._current and not pooled.users:
            self._all.discard(pooled)
            await pooled.client.aclose()

    async def aclose(self) -> None:
        """Close all connections, also those in use."""
        self._current = None
        for pooled in list(self._all):
            await pooled.client.aclose()
