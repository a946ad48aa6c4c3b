"""What every route has in common: the promise of routes, and the one shape of errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import Database, create_app, local_session
from kaizen_widgets.server.base import request_middleware
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, new_agent

PROMISED = """
GET /agents
POST /agents
DELETE /agents/{agent_id}
GET /agents/{agent_id}
PUT /agents/{agent_id}
GET /agents/{agent_id}/connectors
GET /agents/{agent_id}/contexts
POST /agents/{agent_id}/contexts
DELETE /agents/{agent_id}/contexts/{context_id}
PUT /agents/{agent_id}/contexts/{context_id}
POST /agents/{agent_id}/execute
GET /agents/{agent_id}/execute/status
POST /agents/{agent_id}/execute/stream
GET /agents/{agent_id}/tools
POST /agents/{agent_id}/tools
DELETE /agents/{agent_id}/tools/{tool_id}
PUT /agents/{agent_id}/tools/{tool_id}
GET /agents/{agent_id}/versions
POST /agents/{agent_id}/versions
POST /agents/{agent_id}/versions/{version_id}/rollback
POST /auth/login
POST /auth/logout
GET /auth/me
GET /auth/me/organizations
POST /auth/me/switch-org
GET /auth/permissions
POST /auth/refresh
POST /auth/register
GET /deployments
POST /deployments
GET /deployments/{deployment_id}
GET /deployments/{deployment_id}/logs
POST /deployments/{deployment_id}/redeploy
POST /deployments/{deployment_id}/stop
GET /executions/history/{pipeline_id}
POST /executions/start
GET /executions/{execution_id}
POST /executions/{execution_id}/stop
GET /gateways
POST /gateways
DELETE /gateways/{gateway_id}
GET /gateways/{gateway_id}
PUT /gateways/{gateway_id}
POST /gateways/{gateway_id}/health
GET /metrics/agents/{agent_id}
GET /metrics/dashboard
GET /metrics/deployments/{deployment_id}
GET /metrics/errors
GET /metrics/executions
POST /metrics/record
GET /metrics/summary
GET /metrics/timeseries
GET /pipelines
POST /pipelines
GET /pipelines/patterns
DELETE /pipelines/{pipeline_id}
GET /pipelines/{pipeline_id}
PUT /pipelines/{pipeline_id}
GET /pipelines/{pipeline_id}/connections
POST /pipelines/{pipeline_id}/connections
DELETE /pipelines/{pipeline_id}/connections/{connection_id}
PUT /pipelines/{pipeline_id}/graph
GET /pipelines/{pipeline_id}/nodes
POST /pipelines/{pipeline_id}/nodes
DELETE /pipelines/{pipeline_id}/nodes/{node_id}
PUT /pipelines/{pipeline_id}/nodes/{node_id}
POST /pipelines/{pipeline_id}/validate
GET /pipelines/{pipeline_id}/versions
POST /pipelines/{pipeline_id}/versions
DELETE /pipelines/{pipeline_id}/versions/{saved_id}
GET /pipelines/{pipeline_id}/versions/{saved_id}
PUT /pipelines/{pipeline_id}/versions/{saved_id}
GET /policies
POST /policies
DELETE /policies/assignments/{assignment_id}
POST /policies/evaluate
GET /policies/user/{user_id}
POST /policies/validate-conditions
DELETE /policies/{policy_id}
GET /policies/{policy_id}
PUT /policies/{policy_id}
POST /policies/{policy_id}/assign
GET /policies/{policy_id}/assignments
GET /policies/{policy_id}/references
GET /teams
POST /teams
DELETE /teams/{team_id}
GET /teams/{team_id}
PUT /teams/{team_id}
POST /teams/{team_id}/members
DELETE /teams/{team_id}/members/{user_id}
PATCH /teams/{team_id}/members/{user_id}
POST /test/agents/{agent_id}
GET /test/agents/{agent_id}/history
DELETE /test/executions/{execution_id}
GET /test/executions/{execution_id}
POST /test/pipelines/{pipeline_id}
GET /test/pipelines/{pipeline_id}/history
POST /test/pipelines/{pipeline_id}/nodes/{node_id}
GET /users
POST /users
GET /users/delegatees
GET /users/me
DELETE /users/{user_id}
GET /users/{user_id}
PUT /users/{user_id}
GET /users/{user_id}/level
"""
"""The public server's routes of these resources."""
OPEN = {"POST /auth/register", "POST /auth/login", "POST /auth/refresh", "GET /pipelines/patterns"}


def operations(nobody: ApiUser) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in nobody.app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def test_routes_are_the_documented_ones(nobody: ApiUser):
    assert set(operations(nobody)) == set(PROMISED.split("\n")) - {""}


def test_every_answer_is_documented(nobody: ApiUser):
    for name, operation in operations(nobody).items():
        (status, success) = next(one for one in operation["responses"].items() if one[0] < "3")
        if status == "204":
            assert "content" not in success, name
        else:
            (content,) = success["content"].values()
            assert content["schema"], name
        refusal = operation["responses"]["422"]["content"]["application/json"]["schema"]
        assert refusal == {"$ref": "#/components/schemas/ErrorBody"}, name


def test_every_route_but_the_public_ones_needs_a_token(nobody: ApiUser):
    for name in set(operations(nobody)) - OPEN:
        method, path = name.split()
        assert nobody.call(method, path).status_code == 401, name


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("DELETE", "/agents", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/agents/", 404, "NOT_FOUND"),
    ],
)
def test_unknown_addresses_get_the_common_error_body(
    me: ApiUser, method: str, path: str, status: int, code: str
):
    error = me.refused(status, method, path)
    assert error["code"] == code
    assert set(error) == {"code", "message", "request_id"}


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "HEAD"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/agents", "GET, POST"),
        ("/agents/some-id", "DELETE, GET, PUT"),
        ("/users/me", "DELETE, GET, PUT"),
        ("/auth/me", "GET"),
        ("/pipelines/p/nodes/an/id/with/slashes", "DELETE, PUT"),
        ("/pipelines/p/graph", "PUT"),
    ],
)
def test_method_not_allowed_names_every_supported_method(
    me: ApiUser, method: str, path: str, allowed: str
):
    answer = me.call(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "127.0.0.1:80",
        "[::1]:8000",
        "kaizen.localhost",
        "api.test",
        "API.test:443",
        "192.0.2.7:8000",
    ],
)
def test_allowed_hosts_are_answered(hosted: ApiUser, host: str):
    headers = {"Host": host}
    assert hosted.call("GET", "/pipelines/patterns", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "test",
        "www.api.test",
        "[::2]",
        "192.0.2.8",
        "",
        "@localhost",
    ],
)
def test_other_hosts_are_refused_before_anything_else(hosted: ApiUser, host: str):
    body = {"email": "a@b.c", "password": "p"}
    error = hosted.refused(421, "POST", "/auth/login", body, headers={"Host": host})
    assert error["code"] == "MISDIRECTED_REQUEST"
    assert error["request_id"]


@pytest.fixture
def hosted(database: Database, clock: FakeClock, runner: asyncio.Runner) -> ApiUser:
    """A client of an API at 192.0.2.7 that is also reached as api.test."""
    app = create_app(database, clock, allowed_hosts=["api.test"])
    return ApiUser(app, runner, base_url="http://192.0.2.7")


def test_each_answer_carries_its_request_id(me: ApiUser):
    first, second = me.call("GET", "/agents/nope"), me.call("GET", "/agents")
    assert first.headers["x-request-id"] == first.json()["error"]["request_id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"[1]", b"null", b"[" * 100_000])
def test_request_body_that_is_no_object_is_refused(me: ApiUser, content: bytes):
    headers = {"Content-Type": "application/json"}
    response = me.call("POST", "/agents", content=content, headers=headers)
    assert response.status_code in (400, 422)
    assert response.json()["error"]["message"]


def test_request_body_is_not_read_beyond_the_limit(me: ApiUser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(request_middleware, "MAX_BODY_BYTES", 1 << 20)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1 << 18
            yield b" " * (1 << 18)

    error = me.refused(413, "POST", "/agents", content=endless())
    assert (error["code"], error["message"]) == (
        "PAYLOAD_TOO_LARGE",
        "The request is larger than 1 MB",
    )
    assert read < 1 << 21


def test_a_bad_query_is_named(me: ApiUser):
    error = me.refused(422, "GET", "/agents", params={"limit": 101, "offset": -1})
    assert [e["field"] for e in error["details"]["errors"]] == ["query.limit", "query.offset"]


def test_internal_errors_are_logged_and_not_shown(
    database: Database, me: ApiUser, caplog: pytest.LogCaptureFixture
):
    with database.write() as db:
        db.execute("UPDATE agents SET created_at = 'no time', updated_at = 'no time'")
    agent = me.got("GET", "/agents")["records"][0]
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        error = me.refused(500, "PUT", f"/agents/{agent['id']}", {"name": "x"})
    assert error["code"] == "INTERNAL_ERROR"
    assert "Traceback" not in error["message"]
    assert "no time" not in error["message"]
    assert error["request_id"] in caplog.text
    assert "no time" in caplog.text


def test_unusable_database_is_a_503(
    database: Database, me: ApiUser, caplog: pytest.LogCaptureFixture
):
    database.close()
    error = me.refused(503, "GET", "/agents")
    assert error["code"] == "SERVICE_UNAVAILABLE"
    assert "is closed" in error["message"]
    assert "is closed" in caplog.text


def test_data_survives_a_restart(tmp_path: Any, clock: FakeClock, nobody: ApiUser):
    def start(database: Database) -> ApiUser:
        nobody.app.state.services = Services(database, clock, random_id)
        return nobody.as_(token)

    with Database.open(tmp_path / "s.db") as database:
        token = local_session(database, clock)["access_token"]
        agent = new_agent(start(database))
    with Database.open(tmp_path / "s.db") as database:
        assert start(database).got("GET", f"/agents/{agent['id']}")["name"] == "Helper"
