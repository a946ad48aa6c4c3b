"""Every route, asked with another organization's ids or an old ETag: nothing is shown or changed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import Database, local_session
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, graph, new_agent, new_pipeline, register
from tests.server.test_app import PROMISED, operations

ROUTES = [line for line in PROMISED.split("\n") if "{" in line]
BODIES: dict[str, Any] = {
    "PUT /agents/{agent_id}": {"name": "Mine"},
    "POST /agents/{agent_id}/contexts": {"name": "C", "content_type": "text", "content": "c"},
    "PUT /agents/{agent_id}/contexts/{context_id}": {"name": "Mine"},
    "POST /agents/{agent_id}/execute": {"message": "hello"},
    "POST /agents/{agent_id}/execute/stream": {"message": "hello"},
    "POST /agents/{agent_id}/tools": {"tool_type": "api", "name": "T", "description": "t"},
    "PUT /agents/{agent_id}/tools/{tool_id}": {"name": "Mine"},
    "POST /agents/{agent_id}/versions": {},
    "PUT /gateways/{gateway_id}": {"name": "Mine"},
    "PUT /pipelines/{pipeline_id}": {"name": "Mine"},
    "PUT /pipelines/{pipeline_id}/graph": graph("x"),
    "POST /pipelines/{pipeline_id}/versions": {"name": "Mine"},
    "PUT /pipelines/{pipeline_id}/versions/{saved_id}": {"name": "Mine"},
    "POST /pipelines/{pipeline_id}/nodes": {"node_type": "agent", "label": "N"},
    "PUT /pipelines/{pipeline_id}/nodes/{node_id}": {"label": "Mine"},
    "POST /pipelines/{pipeline_id}/connections": {"source_node_id": "a", "target_node_id": "b"},
    "PUT /policies/{policy_id}": {"name": "Mine"},
    "POST /policies/{policy_id}/assign": {"principal_type": "role", "principal_id": "viewer"},
    "PUT /teams/{team_id}": {"name": "Mine"},
    "POST /teams/{team_id}/members": {"user_id": "unknown"},
    "PATCH /teams/{team_id}/members/{user_id}": {"role": "team_lead"},
    "POST /test/agents/{agent_id}": {"input": {"text": "hello"}},
    "POST /test/pipelines/{pipeline_id}": {"input": {"text": "hello"}},
    "POST /test/pipelines/{pipeline_id}/nodes/{node_id}": {"input": {"text": "hello"}},
    "PUT /users/{user_id}": {"name": "Mine"},
}
ASKING = ("execute", "/validate", "/health", "/test/", "/executions/")
"""In routes that are sent by POST or DELETE, and change nothing that has an ETag."""
CHANGING = [
    route for route in ROUTES if route[:3] != "GET" and not any(word in route for word in ASKING)
]
FIGURES = {"GET /metrics/agents/{agent_id}", "GET /metrics/deployments/{deployment_id}"}
"""Metrics of an unknown id are empty, as on the public server."""


# Nothing is to change: all tests here share one database.


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with Database.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def me(database: Database, any_app: FastAPI) -> Iterator[ApiUser]:
    clock = FakeClock()
    any_app.state.services = Services(database, clock, random_id)
    session = local_session(database, clock)
    with asyncio.Runner() as runner:
        yield ApiUser(any_app, runner, session["access_token"])


@pytest.fixture(scope="module")
def stranger(me: ApiUser) -> ApiUser:
    return me.as_(register(me.as_(None), "Eve")["tokens"]["access_token"])


@pytest.fixture(scope="module")
def theirs(me: ApiUser) -> dict[str, str]:
    """One of everything, by the name of its id in a path."""
    agent, pipeline = new_agent(me)["id"], new_pipeline(me)["id"]
    own = f"/agents/{agent}"
    nodes = graph("a", "b")
    nodes["nodes"][0]["agent_id"] = nodes["nodes"][1]["agent_id"] = agent
    me.got("PUT", f"/pipelines/{pipeline}/graph", nodes)

    def made(path: str, body: dict[str, Any]) -> str:
        return me.got("POST", path, body)["id"]

    gateway = made("/gateways", {"name": "G", "api_url": "http://x", "api_key": "key"})
    team = made("/teams", {"name": "T"})
    account = {"email": "x@y.z", "name": "U", "password": "long enough", "role": "viewer"}
    user = made("/users", account)
    policy = made(
        "/policies", {"name": "P", "resource_type": "a", "action": "b", "effect": "allow"}
    )
    me.got("POST", f"/teams/{team}/members", {"user_id": user})
    run = me.got("POST", "/executions/start", {"pipelineId": pipeline, "inputs": {"text": "hi"}})
    return {
        "agent_id": agent,
        "pipeline_id": pipeline,
        "gateway_id": gateway,
        "team_id": team,
        "user_id": user,
        "policy_id": policy,
        "node_id": "a",
        "connection_id": "a-b",
        "execution_id": run["executionId"],
        "deployment_id": made("/deployments", {"agent_id": agent, "gateway_id": gateway}),
        "version_id": made(f"{own}/versions", {}),
        "saved_id": me.got("POST", f"/pipelines/{pipeline}/versions", {"name": "V"})["data"]["id"],
        "context_id": made(
            f"{own}/contexts", BODIES["POST /agents/{agent_id}/contexts"] | {"content": "secret"}
        ),
        "tool_id": made(f"{own}/tools", BODIES["POST /agents/{agent_id}/tools"]),
        "assignment_id": made(
            f"/policies/{policy}/assign", {"principal_type": "user", "principal_id": user}
        ),
    }


def everything(database: Database) -> list[str]:
    with database.read() as db:
        return [line for line in db.iterdump() if 'INTO "tokens"' not in line]


def test_there_is_a_body_for_every_route_that_takes_one():
    needing = {route for route in ROUTES if route.startswith(("PUT", "PATCH"))}
    assert needing <= set(BODIES) <= set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_other_organizations_rows_are_neither_shown_nor_changed(
    stranger: ApiUser, theirs: dict[str, str], database: Database, route: str
):
    method, path = route.split(" ", 1)
    before = everything(database)
    asked = re.sub(r"\{(\w+)\}", lambda name: theirs[name[1]], path)
    response = stranger.call(method, asked, BODIES.get(route))
    if route in FIGURES:
        assert response.json()["total_executions"] == 0
    else:
        assert response.status_code in (403, 404), response.text
        assert set(response.json()) == {"error"}
    assert everything(database) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/deployments", {"agent_id": "{agent_id}", "gateway_id": "{mine}"}),
        ("/deployments", {"agent_id": "{my_agent}", "gateway_id": "{gateway_id}"}),
        ("/executions/start", {"pipelineId": "{pipeline_id}"}),
        ("/teams/{my_team}/members", {"user_id": "{user_id}"}),
        ("/policies/evaluate", {"user_id": "{user_id}", "resource_type": "a", "action": "b"}),
        ("/agents/{my_agent}/versions/{version_id}/rollback", None),
    ],
)
def test_other_organizations_rows_cannot_be_used(
    stranger: ApiUser, theirs: dict[str, str], database: Database, path: str, body: Any
):
    gateway = {"name": "G", "api_url": "http://x", "api_key": "key"}
    known = theirs | {
        "mine": stranger.got("POST", "/gateways", gateway)["id"],
        "my_agent": new_agent(stranger)["id"],
        "my_team": stranger.got("POST", "/teams", {"name": "T"})["id"],
    }
    before = everything(database)
    given = body and {name: value.format_map(known) for name, value in body.items()}
    assert stranger.call("POST", path.format_map(known), given).status_code in (403, 404)
    assert everything(database) == before


def test_pipeline_with_another_organizations_agent_is_refused(
    stranger: ApiUser, theirs: dict[str, str]
):
    pipeline = new_pipeline(stranger)["id"]
    drawn = graph("a")
    drawn["nodes"][0]["agent_id"] = theirs["agent_id"]
    stranger.got("PUT", f"/pipelines/{pipeline}/graph", drawn)
    error = stranger.refused(400, "POST", "/executions/start", {"pipelineId": pipeline})
    assert "does not exist" in error["message"]


@pytest.mark.parametrize("route", [line for line in PROMISED.split("\n") if "{" not in line][1:-1])
def test_lists_contain_no_rows_of_another_organization(
    stranger: ApiUser, theirs: dict[str, str], route: str
):
    method, path = route.split(" ", 1)
    if method != "GET":
        return
    query = {"metric": "cost", "start_date": "2025-12-31", "end_date": "2026-01-02"}
    response = stranger.call("GET", path, params=query if "timeseries" in path else {})
    assert response.status_code == 200
    assert not [id for id in theirs.values() if len(id) > 8 and id in response.text]


def test_every_changing_route_documents_if_match(me: ApiUser):
    documented = {
        name
        for name, operation in operations(me).items()
        if any(one["name"] == "if-match" for one in operation.get("parameters", ()))
    }
    assert documented == set(CHANGING)


@pytest.mark.parametrize("route", CHANGING)
def test_if_match_with_an_old_etag_changes_nothing(
    me: ApiUser, theirs: dict[str, str], database: Database, route: str
):
    method, path = route.split(" ", 1)
    before = everything(database)
    asked = re.sub(r"\{(\w+)\}", lambda name: theirs[name[1]], path)
    body = BODIES.get(route)
    error = me.refused(412, method, asked, body, headers={"If-Match": '"yesterday"'})
    assert error["code"] == "PRECONDITION_FAILED"
    assert everything(database) == before


def test_if_match_on_a_part_takes_the_etag_of_its_whole(me: ApiUser):
    path = f"/agents/{new_agent(me)['id']}"
    seen = me.call("GET", path).headers["etag"]
    tool = {"tool_type": "api", "name": "T", "description": "t"}
    made = me.got("POST", f"{path}/tools", tool, headers={"If-Match": seen})
    assert me.call("GET", path, headers={"If-None-Match": seen}).status_code == 200
    me.refused(412, "DELETE", f"{path}/tools/{made['id']}", headers={"If-Match": seen})
    now = me.call("GET", path).headers["etag"]
    me.got("DELETE", f"{path}/tools/{made['id']}", headers={"If-Match": now})


def test_etag_changes_with_everything_that_is_shown(me: ApiUser):
    account = {"email": "v@y.z", "name": "V", "password": "long enough", "role": "viewer"}
    user = me.got("POST", "/users", account)["id"]
    team = f"/teams/{me.got('POST', '/teams', {'name': 'V'})['id']}"
    gateway = me.got("POST", "/gateways", {"name": "G", "api_url": "http://x", "api_key": "k"})
    me.got("POST", f"{team}/members", {"user_id": user})
    for path, change in (
        (f"/users/{user}", ("POST", "/auth/login", {"email": "v@y.z", "password": "long enough"})),
        (team, ("DELETE", f"/users/{user}", None)),
        (f"/gateways/{gateway['id']}", ("POST", f"/gateways/{gateway['id']}/health", None)),
    ):
        seen = me.call("GET", path)
        me.got(*change)
        again = me.call("GET", path, headers={"If-None-Match": seen.headers["etag"]})
        assert (again.status_code, again.text != seen.text) == (200, True), path
