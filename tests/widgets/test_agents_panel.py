"""The agents panel: find, create, change, try, switch off, archive, versions; and what goes wrong."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.testing import Call, FakeComms, MockServer, Reply, VirtualLoop, find
from kaizen_widgets.widgets import AgentForm, AgentsPanel
from kaizen_widgets.widgets.agent_chat import AgentChat
from kaizen_widgets.widgets.agent_parts import AgentPartsPanel
from kaizen_widgets.widgets.dialog import Dialog
from kaizen_widgets.widgets.version_differences import differences_html, field_differences
from tests.widgets.answered import answered

BILLING = {"id": "1", "name": "Billing", "status": "active", "model_id": "gpt-4o"}
OTHERS = [
    {"id": "2", "name": "فواتير", "status": "draft", "model_id": "gpt-4o"},
    {"id": "3", "name": "Old", "status": "archived", "model_id": "gpt-4o"},
]


@pytest.fixture(autouse=True)
def _comms(comms: FakeComms) -> None:
    """Widgets need no browser."""


@pytest.fixture
def panel(api: Api, server: MockServer, loop: VirtualLoop) -> Iterator[AgentsPanel]:
    server.answer("GET", "/agents", {"records": [BILLING, *OTHERS]})
    server.answer("GET", "/agents/1", {**BILLING, "contexts": [], "tools": []})
    made = AgentsPanel(api)
    loop.settle()
    yield made
    made.close()


@pytest.fixture
def answer(loop: VirtualLoop) -> Callable[[Dialog | None], None]:
    """Answer a dialog and wait until that is carried out."""
    return lambda dialog: answered(loop, dialog)


def sign_in(api: Api, role: str, *permissions: str) -> None:
    api.session.login({"id": "u", "role": role}, "access", "refresh", permissions)


def names(panel: AgentsPanel) -> list[str]:
    return [row["name"] for row in panel.grid.shown_rows]


def test_panel_lists_agents_that_are_not_archived(panel: AgentsPanel):
    assert names(panel) == ["Billing", "فواتير"]
    assert panel.grid.shown_rows[0]["model"] == "gpt-4o"


def test_menu_shows_the_archive(panel: AgentsPanel, server: MockServer, loop: VirtualLoop):
    panel.show.value = "Archived"
    loop.settle()
    assert server.calls[-1].query["status"] == "archived"
    assert "Old" in names(panel)


def test_columns_of_calls_are_shown_where_the_server_knows_them(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    figures = {"calls", "median", "cost", "last_call"}
    assert server.calls[0].query["include"] == "activity"
    assert figures <= set(panel.grid.hidden_columns)
    activity = {
        "execution_count": 1204,
        "median_latency_ms": 1240,
        "total_cost_usd": 0.42,
        "last_executed_at": "2026-01-01T00:00:00Z",
    }
    server.answer("GET", "/agents", {"records": [{**BILLING, "activity": activity}, OTHERS[0]]})
    panel.refetch()
    loop.settle()
    assert not figures & set(panel.grid.hidden_columns)
    row, other = panel.grid.shown_rows
    assert (row["calls"], row["median"], row["cost"]) == ("1,204", "1.24 s", "$0.42")
    assert other["calls"] == "–"
    panel.grid.hidden_columns = (*panel.grid.hidden_columns, "cost")
    panel.refetch()
    loop.settle()
    assert "cost" in panel.grid.hidden_columns


def test_switch_is_shown_immediately_and_taken_back_when_refused(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    server.answer("PUT", "/agents/1", Reply(403, delay=2))
    panel.toggle(panel.record("1"))
    loop.advance(1)
    assert panel.grid.shown_rows[0]["is_active"] == "Off"
    loop.advance(5)
    assert panel.grid.shown_rows[0]["is_active"] == "On"
    assert "Turn off Billing did not work" in panel.message.value


def test_search_asks_the_server_only_if_it_has_more_rows(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    panel.grid.search = "bill"
    loop.advance(1)
    assert len(server.asked("GET", "/agents")) == 1

    def page(call: Call) -> Any:
        rows = [{**BILLING, "id": f"n{n}", "name": f"Agent {n}"} for n in range(10_000)]
        wanted = [row for row in rows if call.query.get("search", "") in row["name"]]
        at = int(call.query["offset"])
        return {"records": wanted[at : at + int(call.query["limit"])], "total": len(wanted)}

    server.answer("GET", "/agents", page)
    panel.grid.search = ""
    panel.refetch()
    loop.settle()
    assert len(names(panel)) == 50
    assert panel.grid.total == 10_000
    panel.fetch_more()
    loop.settle()
    assert len(names(panel)) == 100
    for text in ("9", "98", "987"):
        panel.grid.search = text
        loop.advance(0.1)
    before = len(server.calls)
    loop.advance(1)
    assert [call.query["search"] for call in server.calls[before:]] == ["987"]
    assert "Agent 9876" in names(panel)


def test_nonsense_from_the_server_keeps_the_rows(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    for nonsense in ({"records": [{"id": 7}]}, {"x": 1}, Reply(200, text="<html>"), "text"):
        server.answer("GET", "/agents", nonsense)
        panel.refetch()
        loop.advance(60)
        assert panel.state.kind == "error"
        assert names(panel) == ["Billing", "فواتير"]
        assert "could not be fetched again" in panel.line.value


def test_long_and_arabic_names_are_escaped_and_cut_in_messages(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    name = "<b>" + "ص" * 5_000
    server.answer("GET", "/agents", {"records": [{**BILLING, "name": name}]})
    server.answer("PUT", "/agents/1", Reply(500))
    panel.refetch()
    loop.settle()
    panel.toggle(panel.record("1"))
    loop.advance(120)
    assert "<b>" not in panel.message.value
    assert len(panel.message.value) < 1_000
    dialog = panel.archive(panel.record("1"))
    assert len(dialog.title) < 100


def test_new_agent_is_created_in_a_dialog(
    panel: AgentsPanel, server: MockServer, answer: Callable[[Dialog | None], None]
):
    server.answer("POST", "/agents", {**BILLING, "id": "9", "name": "Helper"})
    server.answer("GET", "/agents/9", {**BILLING, "id": "9", "name": "Helper"})
    dialog = panel.new_agent()
    form = find(dialog, AgentForm)
    for name, value in {
        "name": "Helper",
        "system_prompt": "You are a helper.",
        "provider": "openai",
        "model": "gpt-4o",
    }.items():
        form.form.change(name, value)
    answer(dialog)
    assert panel.dialogs.dialog is None
    assert server.asked("POST", "/agents")[0].json["name"] == "Helper"
    assert "Helper is created." in panel.message.value


def test_dialog_keeps_what_was_typed_when_the_network_goes(
    panel: AgentsPanel, server: MockServer, answer: Callable[[Dialog | None], None]
):
    server.answer("GET", "/agents", Reply(refused=True))
    dialog = panel.new_agent()
    form = find(dialog, AgentForm)
    form.form.change("name", "Helper")
    answer(dialog)
    assert "need attention" in form.status.value
    for name, value in {
        "system_prompt": "You are a helper.",
        "provider": "openai",
        "model": "gpt-4o",
    }.items():
        form.form.change(name, value)
    answer(dialog)
    assert panel.dialogs.dialog is dialog
    assert form.form.get_value("name") == "Helper"
    assert "did not reach the server" in form.status.value
    assert names(panel) == ["Billing", "فواتير"]


def test_edit_loads_the_agent_first_and_says_when_that_fails(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    dialog = panel.edit_agent(panel.record("1"))
    loop.settle()
    assert dialog is not None
    assert find(dialog, AgentForm).form.get_value("name") == "Billing"
    panel.dialogs.dismiss()
    server.answer("GET", "/agents/1", Reply(404))
    dialog = panel.edit_agent(panel.record("1"))
    loop.advance(60)
    assert dialog is not None
    assert "404" in dialog.status.value


def test_archive_asks_and_can_be_undone(
    panel: AgentsPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    server.answer("DELETE", "/agents/1", {"message": "archived"})
    server.answer("PUT", "/agents/3", {**OTHERS[1], "status": "draft"})
    panel.dialogs.dismiss(panel.archive(panel.record("1")))
    assert not server.asked("DELETE", "/agents/1")
    answer(panel.archive(panel.record("1")))
    assert server.asked("DELETE", "/agents/1")
    assert "To bring it back" in panel.message.value
    panel.restore(panel.record("3"))
    loop.settle()
    assert server.asked("PUT", "/agents/3")[0].json == {"status": "draft"}


def test_failed_archive_is_said_in_the_dialog(
    panel: AgentsPanel, server: MockServer, answer: Callable[[Dialog | None], None]
):
    server.answer("DELETE", "/agents/1", Reply(403, {"error": {"message": "Access denied"}}))
    dialog = panel.archive(panel.record("1"))
    answer(dialog)
    assert panel.dialogs.dialog is dialog
    assert "Access denied" in dialog.status.value


def test_actions_that_would_be_refused_are_disabled_and_say_why(panel: AgentsPanel, api: Api):
    sign_in(api, "viewer", "agents:read")
    billing = panel.record("1")
    refusals = {action.name: action.refusal(billing) for action in panel.grid._actions}
    assert refusals["try"] is refusals["versions"] is None
    for name, permission in (("edit", "agents:update"), ("archive", "agents:delete")):
        assert refusals[name] == (
            f"Needs {permission}; your role is viewer. Ask an owner of the organization."
        )
    (new,) = panel.grid._toolbar
    assert "Needs agents:create" in (new.refusal(None) or "")
    panel.toggle(billing)
    assert "Needs agents:update" in panel.message.value
    assert panel.edit_agent(billing) is None


def test_forbidden_list_says_whom_to_ask_and_hides_the_table(
    api: Api, server: MockServer, loop: VirtualLoop
):
    server.answer("GET", "/agents", Reply(403))
    sign_in(api, "guest", "teams:read")
    panel = AgentsPanel(api)
    loop.settle()
    assert panel.state.kind == "no permission"
    assert "Needs agents:read; your role is guest" in panel.block.value
    assert panel.body.layout.display == "none"
    panel.close()


def event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


def stream(*pieces: str, done: bool = True) -> Reply:
    events = "".join(event("content", content=piece) for piece in pieces)
    text = event("start") + events + (event("done") if done else "")
    return Reply(200, text=text, headers={"content-type": "text/event-stream"})


def test_chat_streams_answers_and_sends_the_conversation(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    server.answer("GET", "/agents/1/execute/status", {"can_execute": True, "model_id": "gpt-4o"})
    server.answer("POST", "/agents/1/execute/stream", stream("Hel", "lo <b>"))
    chat = panel.try_agent(panel.record("1"))
    chat.input.value = "Hi"
    chat.send_button.click()
    loop.settle()
    assert chat.messages[-1] == {"role": "assistant", "content": "Hello <b>"}
    assert "Hello &lt;b&gt;" in chat.conversation.value
    assert chat.input.value == ""
    chat.ask("Again")
    loop.settle()
    sent = server.asked("POST", "/agents/1/execute/stream")[1].json
    assert [entry["content"] for entry in sent["conversation_history"]] == ["Hi", "Hello <b>"]
    panel.close_button.click()
    assert panel.detail.children == ()


def test_chat_shows_markdown_of_the_agent_and_nothing_that_runs(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    text = (
        "# Title\n\n* **bold**\n\n<img src=x onerror=alert(1)> ![p](https://evil.example/?q=1) "
        "[go](https://example.com) [no](javascript:alert(1))"
    )
    server.answer("POST", "/agents/1/execute/stream", stream(text))
    chat = AgentChat(panel.agents, panel.record("1"))
    chat.ask("**Hi** <b>")
    loop.settle()
    shown = chat.conversation.value
    assert "<h1>Title</h1>" in shown
    assert "<strong>bold</strong>" in shown
    assert "**Hi** &lt;b&gt;" in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    assert '<a href="https://example.com" target="_blank" rel="noopener noreferrer">' in shown
    chat.close()


def test_switch_of_a_user_without_permission_is_refused_with_the_reason(
    panel: AgentsPanel, api: Api, server: MockServer, loop: VirtualLoop
):
    def refused() -> dict[str, str]:
        table = json.loads(zlib.decompress(panel.grid._table))
        return table["refusals"].get("is_active", {})

    assert refused() == {}
    sign_in(api, "viewer", "agents:read")
    assert "Needs agents:update; your role is viewer." in refused()["0"]
    panel.grid._receive({"kind": "action", "name": "is_active", "key": "1"})
    loop.settle()
    assert server.asked("PUT", "/agents/1") == []
    sign_in(api, "developer", "agents:*")
    assert refused() == {}


def test_parts_of_an_agent_cannot_be_changed_without_permission(
    panel: AgentsPanel, api: Api, server: MockServer, loop: VirtualLoop
):
    tool = {"id": "t", "agent_id": "1", "name": "Search", "description": "Finds.", "config": {}}
    detail = {**BILLING, "contexts": [], "tools": [{**tool, "tool_type": "api"}]}
    server.answer("GET", "/agents/1", detail)
    parts = panel.show_parts(panel.record("1"))
    loop.settle()
    sign_in(api, "viewer", "agents:read")
    table = json.loads(zlib.decompress(parts.tools._table))
    assert "agents:update" in table["toolbar"][0]["refusal"]
    assert sorted(table["refusals"]) == ["edit", "is_enabled", "remove"]


def test_chat_says_that_an_answer_broke_off_and_asks_again(
    panel: AgentsPanel, server: MockServer, loop: VirtualLoop
):
    server.answer(
        "POST", "/agents/1/execute/stream", stream("Hal", done=False), stream("Whole answer")
    )
    chat = AgentChat(panel.agents, panel.record("1"))
    chat.ask("Hi")
    loop.advance(60)
    assert "broke off" in chat.status.value
    assert "Hal" in chat.conversation.value
    chat.again_button.click()
    loop.advance(60)
    assert [message["content"] for message in chat.messages] == ["Hi", "Whole answer"]
    assert server.asked("POST", "/agents/1/execute/stream")[1].json == {"message": "Hi"}
    chat.close()


def test_versions_show_what_differs_and_go_back(
    panel: AgentsPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    snapshot = {"name": "Billing", "model_id": "gpt-4", "system_prompt": "one\ntwo"}
    version = {"id": "v", "agent_id": "1", "version_number": 3, "config_snapshot": snapshot}
    today = {**BILLING, "system_prompt": "one\nthree"}
    server.answer("GET", "/agents/1", today).answer("GET", "/agents/1/versions", [version])
    server.answer("POST", "/agents/1/versions", {**version, "id": "w", "version_number": 4})
    server.answer("POST", "/agents/1/versions/v/rollback", BILLING)
    versions = panel.show_versions(panel.record("1"))
    loop.settle()
    versions.grid.selected = ("v",)
    for part in ("Version 3", "gpt-4<", "gpt-4o<", ">two</del>", ">three</ins>"):
        assert part in versions.difference.value
    answer(versions.go_back(versions.grid.records[0]))
    posted = [call.path for call in server.calls if call.method == "POST"]
    assert posted == ["/agents/1/versions", "/agents/1/versions/v/rollback"]
    assert "as it was in version 3" in versions.message.value


def test_differences_escape_text_and_hide_secrets():
    found = field_differences({"a": "<i>", "api_key": "k1", "b": ""}, {"a": "x", "api_key": "k2"})
    assert [each.field for each in found] == ["a", "api_key"]
    shown = differences_html(found, "Then", "Today")
    assert "&lt;i&gt;" in shown
    assert "k1" not in shown
    assert "are the same" in differences_html([], "Then", "Today")


def test_contexts_and_tools_are_switched_and_removed(
    panel: AgentsPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    tool = {"id": "t", "name": "search", "description": "Finds", "is_enabled": True}
    server.answer("GET", "/agents/1", {**BILLING, "tools": [tool], "contexts": []})
    server.answer("PUT", "/agents/1/tools/t", {**tool, "is_enabled": False})
    server.answer("DELETE", "/agents/1/tools/t", {"message": "deleted"})
    parts: AgentPartsPanel = panel.show_parts(panel.record("1"))
    loop.settle()
    record = parts.tools.records[0]
    parts._act("tool", "is_enabled", record)
    loop.settle()
    assert server.asked("PUT", "/agents/1/tools/t")[0].json == {"is_enabled": False}
    parts._act("tool", "remove", record)
    answer(parts.dialogs.dialog)
    assert server.asked("DELETE", "/agents/1/tools/t")


def test_closed_panel_leaves_no_observers(panel: AgentsPanel, api: Api):
    panel.show_versions(panel.record("1"))
    panel.close()
    assert api.query_client.mount_count == 0
    assert isinstance(panel.detail.children, tuple)
