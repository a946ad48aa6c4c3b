"""The API over a database in memory, and people who call it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import Database, create_app, local_session
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.testing import FakeClock


class ApiUser:
    """Calls the API as one person; answers are ``httpx.Response``."""

    def __init__(
        self,
        app: FastAPI,
        runner: asyncio.Runner,
        token: str | None = None,
        base_url: str = "http://test",
    ) -> None:
        self.app = app
        self.runner = runner
        self.token = token
        self.base_url = base_url

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.runner.run(self.send(method, path, json, **options))

    async def send(
        self, method: str, path: str, json: Any = None, **options: Any
    ) -> httpx.Response:
        headers = options.pop("headers", {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        transport = httpx.ASGITransport(self.app, client=options.pop("client", ("127.0.0.1", 123)))
        async with httpx.AsyncClient(transport=transport, base_url=self.base_url) as client:
            return await client.request(
                method, f"/api/v1{path}", json=json, headers=headers, **options
            )

    def together(self, *calls: tuple[str, str, Any]) -> list[httpx.Response]:
        """Send several requests at the same moment."""

        async def all_of_them() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self.send(*call) for call in calls)))

        return self.runner.run(all_of_them())

    def got(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """Call, expect success, and return the parsed answer."""
        response = self.call(method, path, json, **options)
        assert response.is_success, response.text
        return response.json()

    def refused(self, status: int, method: str, path: str, json: Any = None, **o: Any) -> Any:
        """Call, expect this status, and return the answer's ``error``."""
        response = self.call(method, path, json, **o)
        assert response.status_code == status, response.text
        return response.json()["error"]

    def as_(self, token: str | None) -> ApiUser:
        return ApiUser(self.app, self.runner, token, self.base_url)


@pytest.fixture
def database() -> Iterator[Database]:
    with Database.open() as opened:
        yield opened


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def any_app() -> Iterator[FastAPI]:
    """One app for all tests: building its routes takes longer than most tests."""
    with Database.open() as unused:
        yield create_app(unused, FakeClock())


@pytest.fixture
def nobody(
    any_app: FastAPI, database: Database, clock: FakeClock, runner: asyncio.Runner
) -> ApiUser:
    """A client that is not signed in."""
    any_app.state.services = Services(database, clock, random_id)
    return ApiUser(any_app, runner)


@pytest.fixture
def session(database: Database, clock: FakeClock) -> dict[str, Any]:
    return local_session(database, clock)


@pytest.fixture
def me(nobody: ApiUser, session: dict[str, Any]) -> ApiUser:
    """The local user, with the samples of the first start."""
    return nobody.as_(session["access_token"])


def register(nobody: ApiUser, name: str = "Ada") -> dict[str, Any]:
    """Register a user with an organization of their own; return the answer."""
    return nobody.got(
        "POST",
        "/auth/register",
        {
            "email": f"{name.lower()}@example.com",
            "password": "correct horse",
            "name": name,
            "organization_name": f"{name} & Co",
        },
    )


@pytest.fixture
def stranger(nobody: ApiUser) -> ApiUser:
    """The owner of another organization."""
    return nobody.as_(register(nobody, "Eve")["tokens"]["access_token"])


def new_agent(caller: ApiUser, name: str = "Helper", **more: Any) -> dict[str, Any]:
    body = {"workspace_id": "", "name": name, "agent_type": "chat", "model_id": "m"}
    return caller.got("POST", "/agents", body | more)


def new_user(
    caller: ApiUser, email: str = "user@example.com", role: str = "viewer"
) -> dict[str, Any]:
    body = {"email": email, "name": "U", "password": "long enough", "role": role}
    return caller.got("POST", "/users", body)


def new_pipeline(caller: ApiUser, name: str = "Flow", **more: Any) -> dict[str, Any]:
    organization = caller.got("GET", "/auth/me")["organization_id"]
    body = {"organization_id": organization, "workspace_id": "", "name": name}
    return caller.got("POST", "/pipelines", body | {"pattern": "sequential"} | more)["data"]


def graph(*node_ids: str, **more: Any) -> dict[str, Any]:
    """A chain of nodes: ``graph("a", "b")`` connects a to b."""
    return {
        "nodes": [{"id": name, "node_type": "agent", "label": name} for name in node_ids],
        "connections": [
            {"id": f"{a}-{b}", "source_node_id": a, "target_node_id": b}
            for a, b in itertools.pairwise(node_ids)
        ],
    } | more


def ids(elements: list[dict[str, Any]]) -> list[str]:
    return [element["id"] for element in elements]
