"""Policies: list, create, change, try, switch off, delete; and what the server may do to them."""

from __future__ import annotations

import threading

import pytest

from kaizen_widgets.testing import MockServer, Reply
from kaizen_widgets.widgets import PoliciesPanel, PolicyForm
from tests.widgets.resource_server import BEN, POLICY, TEAM, answer, client_of, mock_server

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
def server(loop) -> MockServer:
    return mock_server(loop)


@pytest.fixture
def panel(server, loop):
    panel = PoliciesPanel(client_of(server, loop))
    loop.advance(1)
    yield panel
    panel.close()


def policy(panel):
    return panel.record("p1")


def test_rows_say_what_a_policy_does(panel):
    row = panel.grid.shown_rows[0]
    assert row["name"].startswith("No deploys")
    assert "context.hour is at least 18" in row["when"]
    assert row["rule"] == "deployment:create"
    assert row["is_active"] in ("On", "True", "yes", "on", "Yes")


def test_new_policy_is_created_and_assigned(panel, server, loop):
    server.answer("POST", "/policies", Reply(201, {**POLICY, "id": "p2", "name": "By night"}))
    made = {"id": "x", "policy_id": "p2", "principal_type": "team", "principal_id": "t1"}
    server.answer("POST", "/policies/p2/assign", Reply(201, made))
    dialog = panel.new_policy()
    when = {"match": "any", "groups": []}
    condition = {"field": "context.hour", "op": "lt", "value": "8"}
    values = {"name": "By night", "when": {**when, "conditions": [condition]}}
    answer(dialog, loop, **values, applies_to={"team:t1"})
    sent = server.asked("POST", "/policies")[0].json
    assert sent["conditions"] == {"any": [{"field": "context.hour", "op": "lt", "value": 8}]}
    assert sent["effect"] == "deny"
    assigned = server.asked("POST", "/policies/p2/assign")[0].json
    assert assigned == {"principal_type": "team", "principal_id": TEAM["id"]}
    assert panel.dialogs.dialog is None
    assert "By night is saved" in panel.message.value


def test_assignments_are_listed_made_and_removed(panel, server, loop):
    made = {"id": "x", "policy_id": "p1", "principal_type": "team", "principal_id": "t1"}
    role = {**made, "id": "y", "principal_type": "role", "principal_id": "viewer"}
    server.answer("GET", "/policies/p1/assignments", {"records": [made], "total": 1})
    server.answer("POST", "/policies/p1/assign", Reply(201, role))
    server.answer("DELETE", "/policies/assignments/x", Reply(204))
    shown = panel.show_assignments(policy(panel))
    loop.advance(1)
    assert shown.grid.shown_rows[0]["name"] == f"Team {TEAM['name']}"
    assert "team:t1" not in shown._candidates()
    answer(shown.assign(), loop, target="role:viewer")
    sent = server.asked("POST", "/policies/p1/assign")[0].json
    assert sent == {"principal_type": "role", "principal_id": "viewer"}
    assert "applies to Viewers now" in shown.message.value
    server.answer("GET", "/policies/p1/assignments", {"records": [], "total": 0})
    answer(shown.remove(shown.grid.records[0]), loop)
    assert len(server.asked("DELETE", "/policies/assignments/x")) == 1
    assert shown.grid.records == ()
    assert "no longer applies to Team" in shown.message.value


def test_server_that_does_not_tell_assignments_is_named(panel, server, loop):
    server.answer("GET", "/policies/p1/assignments", Reply(404))
    shown = panel.show_assignments(policy(panel))
    loop.advance(60)
    assert shown.state.kind == "error"
    assert "This server does not tell to whom the policy is assigned." in shown.block.value


def test_refused_policy_keeps_the_dialog_with_what_was_typed(panel, server, loop):
    errors = [{"field": "body.conditions", "message": "are too deep", "type": "condition"}]
    details = {
        "error": {"code": "VALIDATION_ERROR", "message": "No", "details": {"errors": errors}}
    }
    server.answer("POST", "/policies", Reply(422, details))
    dialog = panel.new_policy()
    answer(dialog, loop, name="By night")
    assert panel.dialogs.dialog is dialog
    form = dialog.body.children[0]
    assert form.form.get_value("name") == "By night"
    assert "too deep" in form.form.errors["when"].message


def test_policy_that_is_saved_but_not_assigned_is_not_created_twice(panel, server, loop):
    server.answer("POST", "/policies", Reply(201, POLICY))
    server.answer("POST", "/policies/p1/assign", Reply(500), Reply(201, {
        "id": "x", "policy_id": "p1", "principal_type": "role", "principal_id": "developer",
    }))  # fmt: skip
    server.answer("PUT", "/policies/p1", POLICY)
    dialog = panel.new_policy()
    answer(dialog, loop, name="By night")
    assert "saved, but not assigned" in dialog.body.children[0].status.value
    answer(dialog, loop)
    assert len(server.asked("POST", "/policies")) == 1
    assert len(server.asked("POST", "/policies/p1/assign")) == 2
    assert panel.dialogs.dialog is None


def test_edit_keeps_conditions_that_nobody_touched(panel, server, loop):
    server.answer("PUT", "/policies/p1", POLICY)
    dialog = panel.edit_policy(policy(panel))
    loop.advance(1)
    answer(dialog, loop, name="Renamed")
    sent = server.asked("PUT", "/policies/p1")[0].json
    assert sent["conditions"] == POLICY["conditions"]
    assert sent["name"] == "Renamed"


def test_policy_of_an_unknown_shape_is_not_edited(panel, server, loop):
    other = {**POLICY, "conditions": {"not": []}}
    server.answer("GET", "/policies", {"records": [other]}).answer("GET", "/policies/p1", other)
    panel.refetch()
    loop.advance(1)
    assert "another shape" in panel.grid.shown_rows[0]["when"]
    dialog = panel.edit_policy(policy(panel))
    loop.advance(1)
    assert "studio.policies.update" in dialog.status.value


def test_switch_is_shown_immediately_and_taken_back(panel, server, loop):
    server.answer("PUT", "/policies/p1", Reply(403, {"error": {"message": "Not you"}}))
    panel.toggle(policy(panel))
    loop.settle()
    loop.advance(1)
    assert server.asked("PUT", "/policies/p1")[0].json == {"status": "inactive"}
    assert policy(panel).status == "active"
    assert "Not you" in panel.message.value


def test_deleting_asks(panel, server, loop):
    server.answer("DELETE", "/policies/p1", Reply(204))
    dialog = panel.delete_policy(policy(panel))
    assert server.asked("DELETE", "/policies/p1") == []
    server.answer("GET", "/policies", {"records": []})
    answer(dialog, loop)
    assert len(server.asked("DELETE", "/policies/p1")) == 1
    assert panel.grid.shown_rows == []
    assert panel.state.kind == "empty"


def test_decision_says_why(panel, server, loop):
    server.answer("POST", "/policies/evaluate", {"allowed": False})
    server.answer("GET", "/policies/user/u2", {"records": [POLICY], "total": 1})
    form = panel.try_decision(policy(panel)).body.children[0]
    assert form.form.get_value("context") == [["hour", "18"]]
    form.form.set_value("user_id", "u2")
    server.answer(
        "POST",
        "/policies/evaluate",
        {"allowed": False, "user_id": "u2", "resource_type": "deployment", "action": "create"},
    )
    ended = threading.Event()
    form.submit().add_done_callback(lambda _submission: ended.set())
    for _ in range(3000):
        loop.advance(0.1)
        if ended.wait(0.02):  # The form submits on a thread of its own.
            break
    assert server.asked("POST", "/policies/evaluate")[0].json["context"] == {"hour": 18}
    assert "Denied" in form.answer.value
    assert BEN["name"] in form.answer.value
    assert "No deploys (deny)" in form.answer.value


def test_forbidden_policies_say_whom_to_ask(server, loop):
    server.answer("GET", "/policies", Reply(403, {"error": {"message": "Permission denied"}}))
    panel = PoliciesPanel(client_of(server, loop, BEN, ("agents:read",)))
    loop.advance(10)
    assert panel.state.kind == "no permission"
    assert "policies:read" in panel.block.value
    assert "owner" in panel.block.value
    panel.close()


@pytest.mark.parametrize(
    "answered", [{"records": [{"id": 7}]}, {"records": "x"}, [], Reply(200, text="<p>")]
)
def test_nonsense_keeps_the_policies_and_says_so(panel, server, loop, answered):
    server.answer("GET", "/policies", answered)
    panel.refetch()
    loop.advance(30)
    assert panel.state.kind in ("error", "empty", "ready")
    if panel.state.kind == "error":
        assert len(panel.grid.shown_rows) == 1


def test_long_and_arabic_names_are_shown(panel, server, loop):
    rows = [{**POLICY, "id": str(n), "name": name} for n, name in enumerate(["x" * 5000, "سياسة"])]
    server.answer("GET", "/policies", {"records": rows})
    panel.refetch()
    loop.advance(1)
    assert any("سياسة" in row["name"] for row in panel.grid.shown_rows)
    assert len(panel.delete_policy(panel.record("0")).title) < 100


def test_form_alone_needs_a_studio():
    with pytest.raises(TypeError, match="studio"):
        PolicyForm()
