"""The composed studio without a browser: header, drawer, tabs, dialogs."""

import json
import sys
from typing import Any

import pytest

from kaizen_widgets import Graph, Node, Studio
from kaizen_widgets.errors import StatusError, StoreError
from kaizen_widgets.runs.input_fields import input_fields
from kaizen_widgets.testing import fake_comms, find
from kaizen_widgets.testing.find import find_all
from kaizen_widgets.widgets import UserPanel
from kaizen_widgets.widgets.dialog import Dialog
from kaizen_widgets.widgets.node_versions_view import NodeVersionsView

WAIT = 60


@pytest.fixture
def comms():
    with fake_comms() as opened:
        yield opened


@pytest.fixture
def studio(comms):
    studio = Studio(data=":memory:")
    yield studio
    studio.close()


def act(comms, studio: Studio, name: str, **more: Any) -> None:
    comms.of(studio.app.header).deliver_custom({"kind": "action", "name": name, **more})


def settle(studio: Studio) -> None:
    """Wait until the actions that run beside the kernel have ended."""
    assert studio.app.last_action is not None
    studio.app.last_action.wait(WAIT)


def shown(studio: Studio, name: str) -> Any:
    return studio.app.header.state[name]


# ------------------------------------------------------------------- header


def test_header_shows_the_pipeline_and_its_history(studio):
    assert shown(studio, "title") == "Support triage"
    assert (shown(studio, "canUndo"), shown(studio, "save")) == (False, "saved")
    studio.store.update_node_data("billing", {"label": "Refunds"})
    assert shown(studio, "canUndo")
    assert shown(studio, "undoLabel")
    assert shown(studio, "save") == "dirty"
    studio.save()
    assert shown(studio, "save") == "saved"


def test_undo_and_redo_of_the_header(studio, comms):
    studio.store.update_node_data("billing", {"label": "Refunds"})
    act(comms, studio, "undo")
    assert studio.graph.node("billing").label == "Billing"
    act(comms, studio, "redo")
    assert studio.graph.node("billing").label == "Refunds"


def test_run_of_the_header_takes_the_inputs_of_its_form(studio, comms):
    studio.agent("Billing")(lambda text: f"billing: {text}")
    studio.agent("Technical")(lambda text: f"technical: {text}")
    act(comms, studio, "run", inputs={"text": "a refund"})
    assert studio.last_run.wait(WAIT).result == "billing: a refund"
    assert shown(studio, "run") == "idle"


def test_run_that_is_refused_is_a_notification_and_moves_nothing(studio, comms):
    act(comms, studio, "run")
    (notification,) = studio.ui.notifications
    assert notification["title"] == "Not run."
    assert '@studio.agent("Billing")' in notification["message"]
    assert studio.notifications in studio.app.board.children


def test_header_zooms_the_board(studio, comms, monkeypatch):
    page = comms.of(studio.canvas)
    page.deliver_custom({"kind": "hello", "client": "page"})
    asked = []
    monkeypatch.setattr(studio.canvas._end, "command_views", asked.append)
    for name in ("zoom_in", "zoom_out", "fit"):
        act(comms, studio, name)
    act(comms, studio, "zoom_to", value="150")
    assert [(each.name, each.zoom) for each in asked] == [
        ("zoom_in", None),
        ("zoom_out", None),
        ("fit", None),
        ("zoom_to", 1.5),
    ]
    act(comms, studio, "zoom_to", value="1e9")
    act(comms, studio, "zoom_to", value="٥٠")
    assert len(asked) == 4


def test_unknown_or_malformed_actions_are_ignored(studio, comms):
    header = comms.of(studio.app.header)
    for content in (
        None,
        {"kind": "action", "name": "eval", "value": "1"},
        {"kind": "action", "name": "open", "value": 3},
        {"kind": "action", "name": "run", "inputs": [1]},
        {"kind": "action", "name": "new", "value": "x" * 5_001},
        {"kind": "action", "name": "theme", "value": "pink"},
    ):
        header.deliver_custom(content)
    assert studio.ui.theme == "system"
    assert studio.store.pipeline_name == "Support triage"


def test_user_menu_is_hidden_for_the_embedded_api(studio):
    assert shown(studio, "hasUsers") is False
    with fake_comms():
        remote = Studio("http://127.0.0.1:9")
        assert remote.app.header.state["hasUsers"] is True
        assert remote.app.header.state["signedIn"] is False
        remote.close()


def test_theme_of_the_header_is_the_ui_stores(studio, comms):
    act(comms, studio, "theme", value="dark")
    assert studio.ui.theme == "dark"
    assert shown(studio, "theme") == "dark"


# --------------------------------------------------------------- title menu


def test_title_menu_lists_pipelines_newest_first(studio, comms):
    studio.new("Newer")
    act(comms, studio, "list")
    settle(studio)
    sent = [each for each in comms.of(studio.app.header).custom if each["kind"] == "pipelines"]
    assert [each["name"] for each in sent[-1]["pipelines"]] == ["Newer", "Support triage"]


def test_title_menu_opens_and_creates_pipelines(studio, comms):
    first = studio.store.pipeline_id
    act(comms, studio, "new", value="Mine")
    settle(studio)
    assert shown(studio, "title") == "Mine"
    act(comms, studio, "open", value=first)
    settle(studio)
    assert shown(studio, "title") == "Support triage"


def test_new_pipeline_of_a_taken_name_is_refused_with_a_notification(studio, comms):
    act(comms, studio, "new", value="Support triage")
    settle(studio)
    (notification,) = studio.ui.notifications
    assert "already a pipeline 'Support triage'" in notification["message"]


def test_rename_is_saved_and_a_taken_name_is_refused(studio):
    studio.new("Mine")
    studio.rename("  Better ")
    studio.save()
    assert shown(studio, "title") == "Better"
    names = {one.name for one in studio.pipelines.list().refetch().wait(WAIT)}
    assert names == {"Better", "Support triage"}
    for name in ("Support triage", "   ", "x" * 1001):
        with pytest.raises(StoreError):
            studio.rename(name)


def test_duplicate_is_a_copy_under_a_free_name(studio):
    graph = studio.graph
    studio.duplicate()
    assert studio.store.pipeline_name == "Support triage copy"
    assert studio.graph == graph
    studio.open("Support triage")
    studio.duplicate()
    assert studio.store.pipeline_name == "Support triage copy 2"


def test_archived_pipeline_is_left_for_the_one_worked_on_last(studio):
    studio.new("Mine")
    studio.archive()
    assert studio.store.pipeline_name == "Support triage"
    studio.archive()
    assert studio.store.pipeline_id is None
    assert studio.graph.node_count == 0
    with pytest.raises(StoreError, match="not on the server"):
        studio.archive()


def test_archive_saves_first(studio):
    studio.new("Mine")
    mine = studio.store.pipeline_id
    studio.add_node(type="agent", data={"label": "Last edit"})
    studio.archive()
    stored = studio.pipelines.load_graph(mine).refetch().wait(30)
    assert [node.label for node in stored.nodes] == ["Last edit"]


def test_pipeline_opens_although_agents_may_not_be_read(studio, monkeypatch):
    async def refuse(*_arguments, **_options):
        raise StatusError("You may not read agents.", status=403)

    studio.new("Mine")
    studio.query_client.remove_queries(("agents",))
    monkeypatch.setattr(type(studio.agents.endpoints), "list", refuse)
    studio.open("Support triage")
    assert studio.graph.node_count == 6


def test_export_and_import_give_an_equal_graph(studio, comms):
    graph = studio.graph
    act(comms, studio, "export")
    settle(studio)
    file = next(each for each in comms.of(studio.app.header).custom if each["kind"] == "file")
    assert file["name"] == "Support-triage.json"
    act(comms, studio, "import", value="Support triage", inputs={"text": file["text"]})
    settle(studio)
    assert studio.store.pipeline_name == "Support triage 2"
    assert studio.graph == graph


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"nothing": 1}', "[" * 100_000])
def test_file_without_a_graph_is_refused_with_a_notification(studio, comms, text):
    act(comms, studio, "import", value="Bad", inputs={"text": text})
    settle(studio)
    (notification,) = studio.ui.notifications
    assert notification["type"] == "error"
    assert studio.store.pipeline_name == "Support triage"


# --------------------------------------------------------- inputs of a run


def test_fields_of_a_run_come_from_the_input_nodes():
    defaults = {"text": "hi", "count": 3, "exact": True, "rows": [1]}
    graph = Graph([Node("a", (0, 0), type="input", data={"config": {"defaults": defaults}})])
    fields = input_fields(graph)
    assert [(each["name"], each["type"]) for each in fields] == [
        ("text", "text"),
        ("count", "number"),
        ("exact", "boolean"),
        ("rows", "json"),
    ]
    assert json.dumps(fields)
    assert not any(each["required"] for each in fields)


def test_input_node_without_defaults_asks_for_a_text():
    graph = Graph([Node("a", (0, 0), type="input", data={"config": {"defaults": "odd"}})])
    assert input_fields(graph) == [{"name": "text", "type": "text", "value": "", "required": True}]
    assert input_fields(Graph()) == []


# ------------------------------------------------------------------ sidebar


def test_sidebar_of_the_ui_store_folds_and_hides_the_palette(studio, comms):
    assert studio.canvas.palette == "auto"
    studio.ui.set_sidebar_collapsed(True)
    assert studio.canvas.palette == "rail"
    comms.of(studio.canvas).deliver_update(palette="open")
    assert studio.ui.sidebar_collapsed is False
    assert studio.canvas.palette == "open"
    studio.ui.toggle_sidebar()
    assert studio.canvas.palette == "hidden"
    studio.ui.toggle_sidebar()
    assert studio.canvas.palette == "auto"


# ------------------------------------------------------------------- drawer


def test_drawer_opens_with_a_selection_and_takes_no_room_without(studio):
    assert not studio.drawer.is_open
    assert "kaizen-open" not in studio.drawer._dom_classes
    studio.canvas.selected = ("billing",)
    assert "kaizen-open" in studio.drawer._dom_classes
    assert studio.node_form in studio.drawer.shown
    studio.drawer.dismiss()
    assert studio.canvas.selected == ()
    assert "kaizen-open" not in studio.drawer._dom_classes


def test_heading_of_the_drawer_follows_the_name(studio):
    studio.canvas.selected = ("billing",)
    studio.store.update_node_data("billing", {"label": "Refunds <i>"})
    assert "Refunds &lt;i&gt;" in studio.drawer.children[0].children[0].value


def test_drawer_shows_what_a_run_did_in_the_node(studio):
    @studio.agent("Billing")
    def billing(text):
        sys.stdout.write("looking it up\n")
        return {"answer": "<b>soon</b>"}

    @studio.agent("Technical")
    def technical(text):
        return ""

    studio.canvas.selected = ("billing",)
    studio.drawer.tab = "output"
    assert "Run the pipeline" in studio.drawer.text
    studio.run("a refund").wait(WAIT)
    studio.drawer.refresh()
    assert "soon" in studio.drawer.text
    studio.drawer.tab = "input"
    assert "a refund" in studio.drawer.text
    studio.drawer.tab = "log"
    assert "looking it up" in studio.drawer.text
    studio.canvas.selected = ("technical",)
    assert studio.drawer.tab == "log"
    studio.drawer.tab = "output"
    assert "skipped" in studio.drawer.text


def test_drawer_has_the_versions_of_the_node_and_the_way_back(studio):
    studio.versions.create("first <b>").wait(WAIT)
    studio.store.update_node_data("billing", {"prompt": "New"})
    studio.canvas.selected = ("billing",)
    studio.drawer.tab = "versions"
    view = find(studio.drawer, NodeVersionsView)
    assert view.pending is not None
    view.pending.wait(WAIT)
    (row,) = view.grid.records
    view.grid.selected = (row.key,)
    assert "first &lt;b&gt;" in view.difference.value
    assert "Prompt" in view.difference.value
    assert view.grid._actions[0].refusal(row) is None
    view.restore(row.earlier)
    assert view.pending is not None
    view.pending.wait(WAIT)
    assert "Undo takes it back" in view.message.value
    assert "prompt" not in studio.graph.node("billing").data
    assert view.grid._actions[0].refusal(row) == "The node is like this now."
    assert "are the same" in view.difference.value


def test_drawer_shows_the_value_of_an_edge(studio):
    studio.agent("Billing")(lambda text: "from billing")
    studio.agent("Technical")(lambda text: "")
    edge = next(edge for edge in studio.graph.edges if edge.source == "billing")
    studio.canvas.selected = (edge.id,)
    assert "Run the pipeline" in studio.drawer.text
    studio.run("a refund").wait(WAIT)
    studio.drawer.refresh()
    assert "from billing" in studio.drawer.text
    assert "Text, 12 characters" in studio.drawer.text
    assert "From Billing to Answer, in the last run." in studio.drawer.text
    assert f'studio.canvas.edge("{edge.id}").value' in studio.drawer.text
    other = next(edge for edge in studio.graph.edges if edge.source == "technical")
    studio.canvas.selected = (other.id,)
    assert "skipped" in studio.drawer.text
    assert "from billing" not in studio.drawer.text
    added = studio.connect("billing", "output")
    studio.canvas.selected = (added.id,)
    assert "did not have this edge" in studio.drawer.text


def test_drawer_shows_why_a_node_failed(studio):
    @studio.agent("Billing")
    def billing(text):
        raise KeyError("refunded_at")

    studio.agent("Technical")(lambda text: "")
    studio.run("a refund").wait(WAIT)
    studio.drawer.tab = "output"
    studio.canvas.selected = ("billing",)
    assert "KeyError" in studio.drawer.text
    with pytest.raises(ValueError, match="no tab"):
        studio.drawer.tab = "secrets"


# --------------------------------------------------------------------- tabs


def test_panels_are_built_when_their_tab_is_opened_first(studio):
    assert studio.app.body.children == ()
    studio.app.open_tab("run")
    (box,) = studio.app.body.children
    assert box.children == (studio.run_panel,)
    studio.app.open_tab("history")
    assert [each.layout.display for each in studio.app.body.children] == ["none", ""]
    studio.app.open_tab(None)
    assert {each.layout.display for each in studio.app.body.children} == {"none"}
    studio.app.open_tab("run")
    assert studio.app.body.children[0] is box


def test_every_tab_opens(studio):
    for name in studio.panels.labels:
        studio.app.open_tab(name)
    assert len(studio.app.body.children) == len(studio.panels.labels)
    assert studio.ui.notifications == ()


# ------------------------------------------------------------------ dialogs


def test_modal_of_the_ui_store_is_a_dialog_and_closing_it_clears_the_store(studio):
    studio.ui.open_modal("create-agent")
    assert studio.dialogs.dialog.title == "New agent"
    studio.dialogs.dialog.cancel()
    assert studio.ui.active_modal is None
    studio.ui.open_modal("create-agent")
    studio.ui.close_modal()
    assert studio.dialogs.dialog is None


def test_modal_gets_its_data_and_replaces_an_open_one(studio):
    studio.ui.open_modal("create-agent")
    studio.ui.open_modal("new-pipeline", {"name": "From data"})
    assert len(studio.dialogs.children) == 1
    assert studio.dialogs.dialog.body.children[0].value == "From data"
    studio.dialogs.dialog.give_answer()
    assert studio.store.pipeline_name == "From data"
    assert studio.ui.active_modal is None


def test_rename_dialog_keeps_a_taken_name_and_says_why(studio):
    studio.new("Mine")
    studio.ui.open_modal("rename-pipeline")
    dialog = studio.dialogs.dialog
    dialog.body.children[0].value = "Support triage"
    dialog.give_answer()
    assert studio.dialogs.dialog is dialog
    assert "already a pipeline" in dialog.status.value
    dialog.body.children[0].value = "Yours"
    dialog.give_answer()
    assert studio.store.pipeline_name == "Yours"
    assert studio.dialogs.dialog is None


def test_archive_is_asked_about(studio):
    studio.new("Mine")
    studio.ui.open_modal("archive-pipeline")
    assert studio.dialogs.dialog.answer_button.button_style == "danger"
    studio.dialogs.dialog.give_answer()
    assert studio.store.pipeline_name == "Support triage"


def test_unknown_modal_is_a_notification(studio):
    studio.ui.open_modal("<b>nope</b>")
    assert studio.ui.active_modal is None
    assert "create-agent" in studio.ui.notifications[0]["message"]


def test_own_modal_can_be_added(studio):
    studio.app.modals.factories["hello"] = lambda data: Dialog(f"Hello {data['who']}")
    studio.ui.open_modal("hello", {"who": "you"})
    assert studio.dialogs.dialog.title == "Hello you"


def test_reprs(studio):
    assert repr(studio.app) == "StudioApp('Support triage', tab=None)"
    assert repr(studio.app.header) == "StudioHeader('Support triage')"
    assert repr(studio.drawer) == "NodeDrawer()"
    assert repr(studio.panels) == "StudioPanels(none built)"


def test_account_dialog_shows_the_user_and_asks_those_who_are_not_signed_in(studio):
    studio.ui.open_modal("account")
    find(studio.dialogs, UserPanel)
    studio.ui.close_modal()
    studio.logout(discard=True)
    studio.ui.open_modal("account")
    assert studio.dialogs.dialog.title == "Sign in"
    assert find_all(studio.dialogs, UserPanel) == []
