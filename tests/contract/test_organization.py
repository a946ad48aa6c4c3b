"""Teams, users and policies."""

from __future__ import annotations

import contextlib
import uuid

import pytest

from kaizen_widgets.errors import ConflictError, NotFoundError
from kaizen_widgets.query import Mutation
from tests.contract.conftest import WAIT, Client


def making_user(client: Client, name: str = "Somebody", role: str = "viewer") -> Mutation:
    email = f"{uuid.uuid4().hex}@example.com"
    password = uuid.uuid4().hex
    return client.users.create(email=email, name=name, password=password, role=role)


def new_user(client: Client, name: str = "Somebody", role: str = "viewer") -> str:
    return making_user(client, name, role).wait(WAIT).id


@pytest.fixture
def team(client: Client, name: str) -> str:
    return client.teams.create(name=name, description="d").wait(WAIT).id


def test_team_is_created_changed_and_deleted(client: Client, team: str, name: str):
    client.teams.update(team, name=f"{name} 2").wait(WAIT)
    client.fresh()
    detail = client.teams.detail(team).wait(WAIT)
    assert (detail.name, detail.description, detail.members) == (f"{name} 2", "d", [])
    assert [one.id for one in client.teams.list(search=name).wait(WAIT)] == [team]
    client.teams.delete(team).wait(WAIT)
    with pytest.raises(NotFoundError):
        client.teams.detail(team).wait(WAIT)


def test_team_members_are_added_changed_and_removed(client: Client, team: str):
    user = new_user(client)
    members = client.teams.members(team)
    assert members.wait(WAIT) == []
    client.teams.add_member(team, user).wait(WAIT)
    client.teams.change_member(team, user, "team_lead").wait(WAIT)
    client.fresh()
    (member,) = client.teams.members(team).wait(WAIT)
    assert (member.user_id, member.role) == (user, "team_lead")
    client.teams.remove_member(team, user).wait(WAIT)
    client.fresh()
    assert client.teams.members(team).wait(WAIT) == []


@pytest.mark.faulty("ten members")
def test_large_team_is_complete(client: Client, team: str):
    making = [making_user(client) for _ in range(12)]  # side by side: each password takes its time
    users = {made.wait(WAIT).id for made in making}
    for member in [client.teams.add_member(team, user) for user in users]:
        member.wait(WAIT)
    client.fresh()
    assert {one.user_id for one in client.teams.members(team).wait(WAIT)} == users


def test_user_is_created_found_changed_and_deleted(client: Client, name: str):
    user = new_user(client, name, "developer")
    client.fresh()
    (found,) = client.users.list(search=name.upper()).wait(WAIT)
    assert (found.id, found.role) == (user, "developer")
    client.users.update(user, name=f"{name} 2").wait(WAIT)
    client.fresh()
    assert client.users.detail(user).wait(WAIT).name == f"{name} 2"
    client.users.delete(user).wait(WAIT)
    client.fresh()
    left = client.users.list(status="active", search=name).wait(WAIT)
    assert user not in {one.id for one in left}


def test_user_list_is_complete_beyond_a_page(client: Client, name: str):
    user = new_user(client, name)
    client.fresh()
    everybody = client.users.list().wait(WAIT)
    assert user in {one.id for one in everybody}
    assert len({one.id for one in everybody}) == len(everybody)


def test_an_email_belongs_to_one_user(client: Client):
    with pytest.raises(ConflictError):
        client.users.create(email=client.email, name="Twin", password="long enough").wait(WAIT)


def test_a_deny_wins_over_an_allow_where_its_conditions_hold(client: Client, name: str):
    user = new_user(client)
    about = {"name": name, "resource_type": "report", "action": "read"}
    secret = {"all": [{"field": "resource.secret", "op": "eq", "value": True}]}
    deny = client.policies.create(**about, effect="deny", conditions=secret).wait(WAIT)
    allow = client.policies.create(**about, effect="allow").wait(WAIT)
    assert deny.conditions == secret
    client.policies.assign(deny.id, "user", user).wait(WAIT)
    client.policies.assign(allow.id, "role", "viewer").wait(WAIT)

    def allowed(secret: bool) -> bool:
        decision = client.policies.evaluate(user, "report", "read", resource={"secret": secret})
        return decision.wait(WAIT).allowed

    assert (allowed(True), allowed(False)) == (False, True)
    client.fresh()
    assert {deny.id, allow.id} <= {one.id for one in client.policies.of_user(user).wait(WAIT)}
    client.policies.delete(deny.id).wait(WAIT)
    client.policies.delete(allow.id).wait(WAIT)
    client.fresh()
    assert allowed(True)


def test_policy_is_created_changed_and_listed(client: Client, name: str):
    policy = client.policies.create(
        name=name, resource_type="report", action="write", effect="allow", priority=3
    ).wait(WAIT)
    client.policies.update(policy.id, priority=5, status="inactive").wait(WAIT)
    client.fresh()
    found = client.policies.detail(policy.id).wait(WAIT)
    assert (found.priority, found.status, found.conditions) == (5, "inactive", {})
    assert policy.id in {one.id for one in client.policies.list(search=name).wait(WAIT)}
    client.policies.delete(policy.id).wait(WAIT)
    with pytest.raises(NotFoundError):
        client.policies.detail(policy.id).wait(WAIT)


def test_policy_assignment_can_be_removed(client: Client, name: str):
    policy = client.policies.create(
        name=name, resource_type="report", action="read", effect="deny"
    ).wait(WAIT)
    assigned = client.policies.assign(policy.id, "role", "viewer").wait(WAIT)
    assert (assigned.principal_type, assigned.principal_id) == ("role", "viewer")
    with contextlib.suppress(NotFoundError):  # The public server does not tell.
        (listed,) = client.policies.assignments(policy.id).wait(WAIT)
        assert (listed.id, listed.principal_id) == (assigned.id, "viewer")
    client.policies.unassign(assigned.id).wait(WAIT)
    client.policies.delete(policy.id).wait(WAIT)


def test_policy_conditions_are_checked_without_being_stored(client: Client):
    good = {"any": [{"field": "user.role", "op": "in", "value": ["viewer"]}]}
    assert client.policies.check_conditions(good).wait(WAIT).is_valid
