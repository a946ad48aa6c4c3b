"""Clients of the API for tests, and the loop they run on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.query import QueryClient
from kaizen_widgets.transport import Tokens, Transport

TIMEOUT = 60.0


@contextmanager
def running_loop(name: str) -> Iterator[BackgroundLoop]:
    """A real loop; what still runs on it at the end is cancelled."""
    loop = BackgroundLoop(name)

    async def cancel_all() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)  # a test may mean one that cannot be cancelled

    try:
        yield loop
    finally:
        loop.wait(cancel_all(), TIMEOUT)
        loop.close()


@contextmanager
def api_client(
    loop: BackgroundLoop, url: str, *, app: Any = None, tokens: Tokens | None = None
) -> Iterator[Api]:
    """A client of the server at ``url``, or of an ASGI app in this process."""
    transport = Transport(url, clock=loop, app=app, tokens=tokens, timeout=30.0)
    query_client = QueryClient(loop=loop, clock=loop, default_options=studio_defaults())
    yield Api(transport, query_client)
    query_client.clear()
    loop.wait(transport.aclose(), TIMEOUT)
