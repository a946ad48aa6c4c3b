"""Roles: each route's rule is in one table, and the routes keep to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import Database, SignInLimits, local_session
from kaizen_widgets.server.base.permissions import PUBLIC, ROLES, ROUTES, SIGNED_IN
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.organization.access import GuardedRouter
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, register
from tests.server.test_app import operations

PASSWORD = "long enough"
UNLIMITED = SignInLimits(10**6, 10**6, 10**6)


@pytest.fixture(scope="module")
def members(any_app: FastAPI) -> Iterator[dict[str, ApiUser]]:
    """A member of one organization in each role; requests of these tests change nothing they share."""
    with Database.open() as database, asyncio.Runner() as runner:
        clock = FakeClock()
        any_app.state.services = Services(database, clock, random_id, limits=UNLIMITED)
        owner = ApiUser(any_app, runner, local_session(database, clock)["access_token"])
        found = {"org_owner": owner}
        for role in set(ROLES) - set(found):
            add_member(owner, role)
            found[role] = sign_in(owner, role)
        yield found


def add_member(owner: ApiUser, role: str, name: str = "") -> str:
    """Add a user with a role; return the id."""
    email = f"{name or role}@example.com"
    body = {"email": email, "name": "N", "password": PASSWORD, "role": role}
    return owner.got("POST", "/users", body)["id"]


def sign_in(anybody: ApiUser, name: str) -> ApiUser:
    credentials = {"email": f"{name}@example.com", "password": PASSWORD}
    return anybody.as_(anybody.got("POST", "/auth/login", credentials)["access_token"])


def test_every_route_has_a_rule_and_every_rule_a_route(nobody: ApiUser):
    assert {route.replace(":path", "") for route in ROUTES} == set(operations(nobody))


def test_a_route_without_a_rule_cannot_be_defined():
    router = GuardedRouter(prefix="/agents")
    with pytest.raises(KeyError, match="POST /agents/everything"):
        router.post("/everything")(lambda: None)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_asks_for_the_permission_of_its_rule(members: dict[str, ApiUser], role: str):
    told = set(members[role].got("GET", "/auth/permissions")["permissions"])
    for route, rule in ROUTES.items():
        if rule in (PUBLIC, SIGNED_IN) or route == "POST /auth/logout":
            continue
        method, path = re.sub(r"\{[^}]+\}", "unknown", route).split(" ", 1)
        answer = members[role].call(method, path)
        may = rule.permission in told or f"{rule.permission.partition(':')[0]}:*" in told
        refused = f"Permission denied: {rule.permission}" in answer.text
        assert refused is not may, route
        assert (answer.status_code == 403) is not may, route


CHANGES_OF_A_VIEWER = {
    "POST /agents/{agent_id}/execute",
    "POST /agents/{agent_id}/execute/stream",
    "POST /executions/start",
    "POST /executions/{execution_id}/stop",
    "POST /gateways/{gateway_id}/health",
    "POST /pipelines/{pipeline_id}/validate",
    "POST /policies/validate-conditions",
    "POST /test/agents/{agent_id}",
    "POST /test/pipelines/{pipeline_id}",
    "POST /test/pipelines/{pipeline_id}/nodes/{node_id:path}",
    "DELETE /test/executions/{execution_id}",
}
"""Executing and checking is reading, as on the public server; trials can be deleted by who made them."""


def test_a_viewer_may_only_read_execute_and_check():
    may = {
        route
        for route, rule in ROUTES.items()
        if not route.startswith("GET ")
        and rule not in (PUBLIC, SIGNED_IN)
        and rule.permission in ROLES["viewer"]
    }
    assert may == CHANGES_OF_A_VIEWER


def test_a_viewer_cannot_record_metrics(members: dict[str, ApiUser]):
    metric = {"deployment_id": "d", "agent_id": "a", "status": "success", "cost_usd": 5.0}
    before = members["org_owner"].got("GET", "/metrics/summary?agent_id=a")["total_executions"]
    members["viewer"].refused(403, "POST", "/metrics/record", metric)
    summary = members["org_owner"].got("GET", "/metrics/summary?agent_id=a")
    assert summary["total_executions"] == before
    members["developer"].got("POST", "/metrics/record", metric)


@pytest.mark.parametrize(
    "change",
    [
        {"email": "x@example.com"},
        {"name": "X"},
        {"mfa_enabled": True},
        {"status": "suspended"},
        {"status": "active"},
        {"role": "viewer"},
        {"name": "X", "role": "org_owner"},
    ],
)
def test_an_admin_cannot_change_an_owner(members: dict[str, ApiUser], change: dict[str, Any]):
    owner = members["org_owner"].got("GET", "/users/me")
    members["org_admin"].refused(403, "PUT", f"/users/{owner['id']}", change)
    members["org_admin"].refused(403, "DELETE", f"/users/{owner['id']}")
    assert members["org_owner"].got("GET", "/users/me") == owner


def test_an_owner_changes_another_owner(members: dict[str, ApiUser]):
    owner = members["org_owner"]
    second = add_member(owner, "org_admin", "second")
    owner.got("PUT", f"/users/{second}", {"role": "org_owner"})
    assert owner.got("PUT", f"/users/{second}", {"name": "New"})["name"] == "New"
    owner.got("DELETE", f"/users/{second}")


def test_admins_change_other_users_and_all_users_their_own_name(members: dict[str, ApiUser]):
    viewer = members["viewer"].got("GET", "/users/me")["id"]
    path = f"/users/{viewer}"
    assert members["org_admin"].got("PUT", path, {"name": "A"})["name"] == "A"
    assert members["viewer"].got("PUT", path, {"name": "B"})["name"] == "B"
    members["viewer"].refused(403, "PUT", path, {"role": "org_admin"})
    members["developer"].refused(403, "PUT", path, {"name": "C"})


def test_account_in_two_organizations_is_changed_by_its_user_only(
    me: ApiUser, nobody: ApiUser, database: Database
):
    ada = register(nobody)
    here = me.got("GET", "/auth/me")["organization_id"]
    with database.write() as db:
        db.execute(
            "INSERT INTO memberships VALUES (?, ?, 'viewer', 0, '2026', 'invitation')",
            (ada["user"]["id"], here),
        )
    path = f"/users/{ada['user']['id']}"
    for change in ({"email": "x@example.com"}, {"status": "suspended"}, {"name": "X"}):
        me.refused(403, "PUT", path, change)
    # Their role in this organization is its own affair.
    assert me.got("PUT", path, {"role": "developer"})["role"] == "developer"
    me.got("DELETE", path)
    nobody.as_(ada["tokens"]["access_token"]).got("GET", "/auth/me")
