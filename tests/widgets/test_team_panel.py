"""Teams with their members, and the users of the organization."""

from __future__ import annotations

import pytest

from kaizen_widgets.testing import MockServer, Reply
from kaizen_widgets.widgets import TeamPanel
from tests.widgets.resource_server import BEN, OWNER, TEAM, answer, client_of, mock_server

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
def server(loop) -> MockServer:
    return mock_server(loop)


@pytest.fixture
def panel(server, loop):
    panel = TeamPanel(client_of(server, loop))
    loop.advance(1)
    yield panel
    panel.close()


@pytest.fixture
def people(panel):
    return panel.people


@pytest.fixture
def members(panel, loop):
    shown = panel.show_members(panel.record("t1"))
    loop.advance(1)
    return shown


def names(panel):
    return [row["name"] for row in panel.grid.shown_rows]


def test_teams_and_people_are_listed(panel, people):
    assert "Looms" in names(panel)[0]
    assert [row["role"] for row in people.grid.shown_rows] == ["Owner", "Viewer"]


def test_selecting_a_team_shows_its_members(panel, loop):
    panel.grid.selected = ("t1",)
    loop.advance(1)
    assert panel.members.team.id == "t1"
    row = panel.members.grid.shown_rows[0]
    assert row["name"] == "Ben"
    assert row["email"] == "ben@example.com"
    assert row["role"] == "Member"


def test_new_team_is_created(panel, server, loop):
    server.answer("POST", "/teams", Reply(201, {**TEAM, "id": "t2", "name": "Mills"}))
    answer(panel.new_team(), loop, name="Mills", description="They grind.")
    assert server.asked("POST", "/teams")[0].json == {"name": "Mills", "description": "They grind."}
    assert "Mills is created" in panel.message.value


def test_member_is_added_from_those_who_are_not_in_the_team(members, server, loop):
    made = {"id": "m2", "user_id": "u1", "role": "team_lead"}
    server.answer("POST", "/teams/t1/members", Reply(201, made))
    assert list(members._candidates()) == ["u1"]
    answer(members.add(), loop, user_id="u1", role="team_lead")
    sent = server.asked("POST", "/teams/t1/members")[0].json
    assert sent == {"user_id": "u1", "role": "team_lead"}
    assert "Ada is in the team now" in members.message.value


def test_role_in_a_team_is_changed(members, server, loop):
    server.answer(
        "PATCH", "/teams/t1/members/u2", {"id": "m1", "user_id": "u2", "role": "team_lead"}
    )
    members.set_role(members._members[0], "team_lead")
    loop.advance(1)
    assert server.asked("PATCH", "/teams/t1/members/u2")[0].json == {"role": "team_lead"}
    assert "Ben is team lead now" in members.message.value


def test_removing_a_member_asks(members, server, loop):
    server.answer("DELETE", "/teams/t1/members/u2", {"message": "ok"})
    dialog = members.remove(members._members[0])
    assert server.asked("DELETE", "/teams/t1/members/u2") == []
    server.answer("GET", "/teams/t1", {**TEAM, "members": [], "member_count": 0})
    answer(dialog, loop)
    assert members.grid.shown_rows == []


def test_deleted_team_takes_its_members_from_the_panel(panel, members, server, loop):
    server.answer("DELETE", "/teams/t1", {"message": "ok"})
    dialog = panel.delete_team(panel.record("t1"))
    server.answer("GET", "/teams", {"records": []})
    answer(dialog, loop)
    assert panel.members is None
    assert len(server.asked("DELETE", "/teams/t1")) == 1


def test_colleague_is_invited_and_the_password_is_nowhere(panel, people, server, loop, comms):
    server.answer("POST", "/users", Reply(201, {**BEN, "id": "u3", "name": "Cy"}))
    values = {"name": "Cy", "email": "cy@example.com", "role": "viewer", "password": "first-pass-1"}
    answer(people.invite(), loop, **values)
    assert server.asked("POST", "/users")[0].json == values
    assert "Cy can sign in now" in people.message.value
    assert "first-pass-1" not in str([comm.sent for comm in comms])


def test_taken_email_stays_in_the_dialog(people, server, loop):
    server.answer("POST", "/users", Reply(409, {"error": {"message": "A user has this email"}}))
    dialog = people.invite()
    answer(dialog, loop, name="Cy", email="ben@example.com", password="first-pass-1")
    assert people.dialogs.dialog is dialog
    assert "A user has this email" in dialog.body.children[0].status.value


def test_role_of_a_user_is_changed(people, server, loop):
    server.answer("PUT", "/users/u2", {**BEN, "role": "developer"})
    answer(people.change_role(people.record("u2")), loop, role="developer")
    assert server.asked("PUT", "/users/u2")[0].json == {"role": "developer"}
    assert "Ben is Developer now" in people.message.value


def test_suspending_and_removing_ask(people, server, loop):
    server.answer("PUT", "/users/u2", {**BEN, "status": "suspended"})
    server.answer("DELETE", "/users/u2", {"message": "ok"})
    answer(people.suspend(people.record("u2")), loop)
    assert server.asked("PUT", "/users/u2")[0].json == {"status": "suspended"}
    answer(people.remove(people.record("u2")), loop)
    assert len(server.asked("DELETE", "/users/u2")) == 1


def test_nobody_suspends_or_removes_themselves(people):
    actions = {action.name: action for action in people.grid._actions}
    for name in ("suspend", "remove"):
        assert "This is you" in actions[name].refusal(people.record(OWNER["id"]))
        assert actions[name].refusal(people.record("u2")) is None


def test_viewer_is_told_what_is_missing_and_whom_to_ask(server, loop):
    panel = TeamPanel(client_of(server, loop, BEN, ("teams:read",)))
    loop.advance(1)
    new = panel.grid._toolbar[0].refusal(None) or ""
    assert "teams:create" in new
    assert "owner" in new
    people = panel.people
    assert people is not None
    assert people.change_role(people.record("u1")) is None
    assert "users:update" in people.message.value
    panel.close()


@pytest.mark.parametrize(
    "nonsense", [{"records": [{"id": 7}]}, None, Reply(200, text="<p>"), Reply(503)]
)
def test_nonsense_keeps_what_was_there(panel, people, members, server, loop, nonsense):
    for path in ("/teams", "/users", "/teams/t1"):
        server.answer("GET", path, nonsense)
    panel.refetch()
    loop.advance(60)
    assert panel.state.kind == people.state.kind == members.state.kind == "error"
    assert len(panel.grid.shown_rows) == 1
    assert len(people.grid.shown_rows) == 2
    assert len(members.grid.shown_rows) == 1


def test_long_and_arabic_names(panel, server, loop):
    rows = [{**TEAM, "id": str(n), "name": name} for n, name in enumerate(["x" * 5000, "فريق"])]
    server.answer("GET", "/teams", {"records": rows})
    panel.refetch()
    loop.advance(1)
    assert "فريق" in names(panel)[1]
    assert len(panel.delete_team(panel.record("0")).title) < 100
