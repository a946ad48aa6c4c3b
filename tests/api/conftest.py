"""The embedded server in process, and a server made of a function; each with a client in front."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.query import QueryClient
from kaizen_widgets.server import Database, create_app, local_session
from kaizen_widgets.testing import MockServer
from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop
from kaizen_widgets.transport import Tokens, Transport
from tests.clients import api_client, running_loop


@pytest.fixture(scope="session")
def background() -> Iterator[BackgroundLoop]:
    """A real loop: the embedded server answers from worker threads."""
    with running_loop("test-api") as loop:
        yield loop


@pytest.fixture
def studio(background: BackgroundLoop) -> Iterator[Api]:
    """A client of a freshly seeded embedded server, signed in as its local user."""
    with Database.open(":memory:") as database:
        session = local_session(database, background)
        tokens = Tokens(session["access_token"], session["refresh_token"])
        app = create_app(database, background)
        with api_client(background, "http://kaizen.localhost", app=app, tokens=tokens) as api:
            yield api


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


@pytest.fixture
def fake(loop: VirtualLoop) -> Callable[[Callable[[httpx.Request], Any]], Api]:
    """Make a client of a function that gives JSON or a response."""

    def make(handler: Callable[[httpx.Request], Any]) -> Api:
        def respond(request: httpx.Request) -> httpx.Response:
            answer = handler(request)
            return (
                answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
            )

        transport = Transport(
            "https://kaizen.example.com",
            transport=httpx.MockTransport(respond),
            tokens=Tokens("access", "refresh"),
            clock=loop.clock,
            jitter=lambda: 0.0,
        )
        client = QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
        return Api(transport, client)

    return make


@pytest.fixture
def server(loop: VirtualLoop) -> MockServer:
    return MockServer(loop.clock)


@pytest.fixture
def api(loop: VirtualLoop, server: MockServer) -> Iterator[Api]:
    """A client of ``server``, signed in."""
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
