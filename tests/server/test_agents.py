"""Agents, their versions, contexts and tools."""

from __future__ import annotations

import pytest

from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, ids, new_agent


def test_list_totals_count_all_matching_rows(stranger: ApiUser):
    made = [new_agent(stranger, f"Agent {n}")["id"] for n in range(5)]
    first = stranger.got("GET", "/agents", params={"limit": 2})
    last = stranger.got("GET", "/agents", params={"limit": 2, "offset": 4})
    assert first["total"] == last["total"] == 5
    assert ids(first["records"]) == made[:2:-1]
    assert ids(last["records"]) == made[:1]


def test_list_filters_narrow_rows_and_total(stranger: ApiUser):
    new_agent(stranger, "A", agent_type="task")
    kept = new_agent(stranger, "B", workspace_id="w")
    stranger.got("PUT", f"/agents/{kept['id']}", {"status": "active"})
    for wanted in ({"status": "active"}, {"agent_type": "chat"}, {"workspace_id": "w"}):
        found = stranger.got("GET", "/agents", params=wanted)
        assert (ids(found["records"]), found["total"]) == ([kept["id"]], 1)


def test_a_new_agent_is_a_draft_in_the_first_workspace(me: ApiUser, session: dict):
    agent = new_agent(me)
    assert agent["status"] == "draft"
    assert agent["workspace_id"] == session["workspace_id"]
    assert (agent["temperature"], agent["max_tokens"]) == (0.7, 0)
    assert me.got("GET", f"/agents/{agent['id']}") == agent | {"contexts": [], "tools": []}


def test_null_stays_null_and_absent_is_empty(me: ApiUser):
    assert new_agent(me, description=None)["description"] is None
    assert new_agent(me)["description"] == ""


def test_update_with_null_keeps_a_field_and_empty_text_clears_it(me: ApiUser):
    agent = new_agent(me, description="old", system_prompt="old")
    changed = me.got("PUT", f"/agents/{agent['id']}", {"description": "", "system_prompt": None})
    assert (changed["description"], changed["system_prompt"]) == ("", "old")


@pytest.mark.parametrize("body", [{}, {"name": None}, {"unknown": 1}])
def test_update_without_fields_is_refused(me: ApiUser, body: dict):
    error = me.refused(400, "PUT", f"/agents/{new_agent(me)['id']}", body)
    assert (error["code"], error["message"]) == ("BAD_REQUEST", "No fields to update")


def test_updated_at_moves_even_when_the_clock_does_not(me: ApiUser, clock: FakeClock):
    agent = new_agent(me)
    stamps = [
        me.got("PUT", f"/agents/{agent['id']}", {"name": name})["updated_at"] for name in "ab"
    ]
    assert agent["updated_at"] < stamps[0] < stamps[1]
    clock.advance(60)
    later = me.got("PUT", f"/agents/{agent['id']}", {"name": "c"})
    assert later["updated_at"] == "2026-01-01T00:01:00.000000+00:00"
    assert later["created_at"] == agent["created_at"]


def test_a_deleted_agent_is_archived(me: ApiUser):
    agent = new_agent(me)
    assert "message" in me.got("DELETE", f"/agents/{agent['id']}")
    assert me.got("GET", f"/agents/{agent['id']}")["status"] == "archived"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agent_type", "robot"),
        ("name", ""),
        ("temperature", 2.1),
        ("max_tokens", -1),
        ("max_tokens", 10**30),
        ("model_id", "m" * 101),
    ],
)
def test_a_bad_field_is_named(me: ApiUser, field: str, value: object):
    body = {"workspace_id": "", "name": "A", "agent_type": "chat", "model_id": "m"}
    error = me.refused(422, "POST", "/agents", body | {field: value})
    assert error["code"] == "VALIDATION_ERROR"
    assert error["request_id"]
    (only,) = error["details"]["errors"]
    assert only["field"] == f"body.{field}"
    assert only["message"]
    assert only["type"]


def test_unknown_fields_are_tolerated(me: ApiUser):
    assert "colour" not in new_agent(me, colour="red")


def test_text_with_half_a_surrogate_pair_is_refused(me: ApiUser):
    body = b'{"workspace_id": "", "name": "\\ud800", "agent_type": "chat", "model_id": "m"}'
    headers = {"Content-Type": "application/json"}
    error = me.refused(422, "POST", "/agents", content=body, headers=headers)
    assert error["code"] == "VALIDATION_ERROR"


def test_an_unknown_agent_is_not_found(me: ApiUser):
    error = me.refused(404, "GET", "/agents/nope")
    assert (error["code"], error["message"]) == ("NOT_FOUND", "There is no agent 'nope'.")


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"name": "Mine now"}),
        ("DELETE", "", None),
        ("GET", "/versions", None),
        ("POST", "/versions", {}),
        ("GET", "/contexts", None),
        ("GET", "/tools", None),
        ("POST", "/contexts", {"name": "n", "content_type": "text", "content": "c"}),
        ("POST", "/tools", {"name": "n", "tool_type": "api", "description": "d"}),
    ],
)
def test_another_organizations_agent_is_forbidden(
    me: ApiUser, stranger: ApiUser, method: str, rest: str, body: dict | None
):
    agent = new_agent(me)
    error = stranger.refused(403, method, f"/agents/{agent['id']}{rest}", body)
    assert error["code"] == "FORBIDDEN"
    assert me.got("GET", f"/agents/{agent['id']}") == agent | {"contexts": [], "tools": []}


def test_rollback_restores_the_fields_of_a_version(me: ApiUser):
    agent = new_agent(me, system_prompt="first")
    path = f"/agents/{agent['id']}"
    version = me.got("POST", f"{path}/versions", {"changelog": "start"})
    assert (version["version_number"], version["changelog"]) == (1, "start")
    assert isinstance(version["config_snapshot"], str)
    me.got("PUT", path, {"system_prompt": "second", "status": "active"})
    me.got("POST", f"{path}/versions", {})
    assert [v["version_number"] for v in me.got("GET", f"{path}/versions")] == [2, 1]
    back = me.got("POST", f"{path}/versions/{version['id']}/rollback")
    assert (back["system_prompt"], back["status"]) == ("first", "active")


def test_contexts_are_added_changed_and_deleted(me: ApiUser):
    path = f"/agents/{new_agent(me)['id']}"
    made = me.got("POST", f"{path}/contexts", {"name": "n", "content_type": "text", "content": "c"})
    assert made["is_active"] is True
    changed = me.got("PUT", f"{path}/contexts/{made['id']}", {"is_active": False})
    assert changed["is_active"] is False
    assert changed["updated_at"] > made["updated_at"]
    assert me.got("GET", path)["contexts"] == [changed]
    me.got("DELETE", f"{path}/contexts/{made['id']}")
    assert me.got("GET", f"{path}/contexts") == []
    me.refused(404, "DELETE", f"{path}/contexts/{made['id']}")


def test_tool_config_comes_back_as_it_was_sent(me: ApiUser):
    path = f"/agents/{new_agent(me)['id']}"
    config = {"url": "https://example.com", "deep": [{"a": None}, 1.5]}
    body = {"tool_type": "api", "name": "n", "description": "d", "config": config}
    made = me.got("POST", f"{path}/tools", body)
    assert made["config"] == config
    changed = me.got("PUT", f"{path}/tools/{made['id']}", {"config": {}, "is_enabled": False})
    assert (changed["config"], changed["is_enabled"]) == ({}, False)
    assert me.got("GET", path)["tools"] == me.got("GET", f"{path}/tools") == [changed]
    me.got("DELETE", f"{path}/tools/{made['id']}")
    assert me.got("GET", f"{path}/tools") == []


def test_a_context_of_another_agent_is_not_found(me: ApiUser):
    one, other = new_agent(me), new_agent(me)
    context = me.got(
        "POST",
        f"/agents/{one['id']}/contexts",
        {"name": "n", "content_type": "text", "content": "c"},
    )
    me.refused(404, "PUT", f"/agents/{other['id']}/contexts/{context['id']}", {"name": "x"})
