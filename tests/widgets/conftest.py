"""A query client in virtual time, for panels over one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import FakeClock, MockServer, VirtualLoop
from kaizen_widgets.transport import Tokens, Transport


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


@pytest.fixture
def client(loop: VirtualLoop) -> QueryClient:
    return QueryClient(loop=loop, clock=loop.clock)


@pytest.fixture
def server(loop: VirtualLoop) -> MockServer:
    return MockServer(loop.clock)


@pytest.fixture
def api(loop: VirtualLoop, server: MockServer) -> Iterator[Api]:
    """A client of ``server``, signed in; it is not known as whom."""
    transport = Transport(
        "https://k.example.com",
        clock=loop.clock,
        transport=server,
        tokens=Tokens("access-1", "refresh-1"),
        jitter=lambda: 0.0,
    )
    client = QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
    yield Api(transport, client)
    client.clear()
