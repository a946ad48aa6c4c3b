"""One suite of client behaviour, against several servers.

In process and over HTTP it runs on the embedded API; with ``KAIZEN_URL``, ``KAIZEN_EMAIL`` and
``KAIZEN_PASSWORD`` set, on that server instead (things it makes are named ``contract ...``):

    KAIZEN_URL=https://kaizen.example.com KAIZEN_EMAIL=... KAIZEN_PASSWORD=... \
        python -m pytest tests/contract

A test that a server cannot pass for a fault of its own carries ``faulty("name")``. The fault is looked for
on the server first: where it is seen the test is expected to fail, where it is not the test must pass.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.server import Database, create_app
from tests.clients import api_client, running_loop
from tests.contract.faults import FAULTS
from tests.contract.serving import LIMITS, over_http

WAIT = 60.0

Connect = Callable[[], Api]


def kinds() -> list[str]:
    return ["given"] if os.environ.get("KAIZEN_URL") else ["in process", "over http"]


class Client:
    """A client of the server under test, and a few words for tests."""

    def __init__(self, api: Api, email: str, password: str) -> None:
        self.api = api
        self.email = email
        self.password = password

    def __getattr__(self, name: str) -> Any:
        return getattr(self.api, name)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Send a request past the cache."""
        return self.run(self.api.transport.request(method, path, **options))

    def run(self, coroutine: Any) -> Any:
        return self.api.query_client.loop.wait(coroutine, WAIT)

    def fresh(self) -> None:
        """Forget what is cached: what comes next comes from the server."""
        self.api.query_client.clear()


@pytest.fixture(scope="session")
def background() -> Iterator[BackgroundLoop]:
    with running_loop("contract") as loop:
        yield loop


@pytest.fixture(scope="session", params=kinds())
def connect(
    request: pytest.FixtureRequest,
    background: BackgroundLoop,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Connect]:
    """Make another client of the server under test, signed in as nobody."""
    with ExitStack() as ends:
        url, app = os.environ.get("KAIZEN_URL", "http://kaizen.localhost"), None
        if request.param != "given":
            path = tmp_path_factory.mktemp("contract") / "studio.db"
            database = ends.enter_context(Database.open(path))
            app = create_app(database, background, limits=LIMITS)
        if request.param == "over http":
            url, app = ends.enter_context(over_http(app)), None

        def make() -> Api:
            return ends.enter_context(api_client(background, url, app=app))

        yield make


@pytest.fixture(scope="session")
def client(connect: Connect) -> Client:
    """A client signed in as the owner of an organization."""
    api = connect()
    email, password = os.environ.get("KAIZEN_EMAIL", ""), os.environ.get("KAIZEN_PASSWORD", "")
    if os.environ.get("KAIZEN_URL"):
        api.auth.login(email, password).wait(WAIT)
    else:
        email, password = "owner@example.com", "correct horse battery"
        api.auth.register(email, password, "Owner", "Contract").wait(WAIT)
    return Client(api, email, password)


@pytest.fixture(scope="session")
def seen(client: Client) -> dict[str, bool]:
    """Which faults the server under test has, as far as they were asked about."""
    return {}


@pytest.fixture(autouse=True)
def expect_faults(request: pytest.FixtureRequest) -> None:
    """Expect a test to fail that needs what the server is seen not to do."""
    for marker in request.node.iter_markers("faulty"):
        name = marker.args[0]
        server, known = request.getfixturevalue("client"), request.getfixturevalue("seen")
        if name not in known:
            known[name] = FAULTS[name](server)
        if known[name]:
            said = f"a fault of this server, seen just now: {name}"
            request.node.add_marker(pytest.mark.xfail(reason=said, strict=True))


@pytest.fixture
def name() -> str:
    """A name nothing else has."""
    return f"contract {uuid.uuid4().hex[:8]}"
