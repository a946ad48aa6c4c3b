"""The studio without a browser: from an edit to the server, and from a run to the store."""

import asyncio
import json
import sqlite3
import sys
import threading
from typing import Any

import pytest

from kaizen_widgets import Canvas, Graph, Node, Studio, patterns
from kaizen_widgets.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    NotRunnableError,
    PersistError,
    RunError,
    StoreError,
    UnauthorizedError,
)
from kaizen_widgets.query import MutationOptions
from kaizen_widgets.stores import SqliteStorage
from kaizen_widgets.stores.sqlite_storage import default_state_path
from kaizen_widgets.testing import fake_comms
from tests.waiting import until

WAIT = 60


@pytest.fixture
def studio():
    with fake_comms():
        studio = Studio(data=":memory:")
        yield studio
        studio.close()


@pytest.fixture
def away(studio, monkeypatch):
    """Make the server unreachable for saves."""

    async def save_graph(pipeline_id, graph, **options):
        raise ConnectError("The server is away.")

    monkeypatch.setattr(studio.pipelines.endpoints, "save_graph", save_graph)
    yield monkeypatch
    monkeypatch.undo()


def stored(studio):
    studio.query_client.clear()
    return studio.pipelines.load_graph(studio.store.pipeline_id).wait(WAIT)


def with_agents(studio):
    @studio.agent("Billing")
    def billing(text):
        return f"billing: {text}"

    @studio.agent("Technical")
    async def technical(text):
        return f"technical: {text}"


def test_new_studio_shows_the_sample(studio):
    assert repr(studio) == "Studio(embedded, pipeline='Support triage')"
    assert [node.type for node in studio.graph.nodes][:2] == ["input", "router"]
    assert not studio.store.is_dirty


def test_mimebundle_has_a_widget_view_and_the_repr(studio):
    bundle = studio._repr_mimebundle_()
    assert bundle["text/plain"] == repr(studio)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_saved_edit_is_loaded_unchanged(studio):
    studio.store.update_node_data("billing", {"label": "Refunds"})
    studio.store.add_node(
        id="note", position=(3.5, -1), type="agent", data={"x": [1, None]}, width=9
    )
    studio.save()
    assert not studio.store.is_dirty
    assert stored(studio) == studio.graph


def test_failed_save_says_why_and_the_next_one_stores_the_edit(studio, away):
    studio.store.delete_node("billing")
    with pytest.raises(StoreError, match="away"):
        studio.save()
    assert studio.store.is_dirty
    away.undo()
    studio.save()
    assert stored(studio) == studio.graph


def test_open_is_refused_while_edits_cannot_be_saved(studio, away):
    studio.store.delete_node("billing")
    with pytest.raises(StoreError, match="away"):
        studio.open("Support triage")
    assert not studio.graph.has_node("billing")
    studio.open("Support triage", discard=True)
    assert studio.graph.has_node("billing")


def test_open_of_an_unknown_pipeline_lists_the_existing_ones(studio):
    with pytest.raises(NotFoundError, match="'Support triage'"):
        studio.open("Suport")


def test_new_pipeline_is_stored_and_can_be_opened_again(studio):
    studio.new("Mine", Graph([Node("a", (0, 0), type="input", data={"label": "In"})]))
    studio.open("Support triage")
    studio.open("Mine")
    assert [node.id for node in studio.graph.nodes] == ["a"]


def test_new_pipeline_of_a_pattern_is_stored_with_its_name(studio):
    studio.new("Mine", patterns.ensemble(["Billing", "Technical"]))
    studio.new("Empty")
    found = {one.name: one.pattern for one in studio.api.pipelines.list().wait(WAIT)}
    assert (found["Mine"], found["Empty"]) == ("ensemble", "sequential")


def test_new_pipeline_does_not_show_the_run_of_the_one_before(studio):
    studio.agent("Billing")(lambda text: text)
    studio.agent("Technical")(lambda text: text)
    studio.run(text="a word").wait(WAIT)
    assert studio.execution.status == "completed"
    studio.new("Mine")
    assert studio.execution.status == "idle"


def test_panel_attributes_are_the_panels_of_the_tabs(studio):
    assert studio.versions_panel is studio.panels.get("versions")
    assert studio.versions_panel is studio.versions_panel


def test_unnamed_pipeline_is_stored_with_its_first_edit(studio):
    studio.store.load_pipeline(Graph())
    studio.store.add_node(id="a")
    studio.save()
    assert studio.store.pipeline_id is not None
    assert stored(studio) == studio.graph


def test_run_calls_registered_functions(studio):
    with_agents(studio)
    run = studio.run({"text": "my invoice"}).wait(WAIT)
    assert run.result == "billing: my invoice"
    assert run["Technical"].status == "skipped"
    assert studio.execution.status == "completed"
    assert studio.execution.node_executions["billing"]["preview"] == "billing: my invoice"


def test_run_of_the_sample_needs_no_inputs(studio):
    with_agents(studio)
    assert studio.run().wait(WAIT).result.startswith("billing: ")


def test_renamed_node_finds_its_function_by_its_agent(studio):
    with_agents(studio)
    studio.store.update_node_data("billing", {"label": "Money"})
    assert studio.run({"text": "refund"}).wait(WAIT)["Money"].output == "billing: refund"


def test_run_that_cannot_start_names_every_reason(studio):
    with pytest.raises(NotRunnableError, match=r"(?s)studio.agent\(\"Billing\"\).*\"Technical\""):
        studio.run()
    assert studio.execution.status == "idle"


def test_run_does_not_change_the_document(studio):
    with_agents(studio)
    before = studio.graph
    studio.run({"text": "refund"}).wait(WAIT)
    assert studio.graph is before
    assert not studio.store.is_dirty


def test_custom_kind_runs(studio):
    from kaizen_widgets import Kind, Look, Task

    class Shout(Kind):
        look = Look(type="shout", title="Shout", description="Says it louder.")

        async def run(self, task: Task) -> str:
            return task.text.upper()

    studio.kinds.register(Shout)
    studio.new("Loud")
    studio.store.add_node(id="s", type="shout", data={"label": "Shout"})
    assert "HEY" in studio.run({"text": "hey"}).wait(WAIT)["Shout"].output


def test_data_file_is_read_by_the_next_studio(tmp_path):
    with fake_comms():
        first = Studio(data=tmp_path / "studio.db")
        first.store.update_node_data("billing", {"label": "Kept"})
        first.close()
        second = Studio(data=tmp_path / "studio.db")
        assert second.graph.node("billing").label == "Kept"
        second.close()


def test_tokens_are_in_no_repr_and_no_widget_state(studio):
    token = studio.api.transport.tokens.access
    assert len(token) > 20
    shown = [repr(studio), repr(studio.api), repr(studio.__dict__), str(studio.canvas.get_state())]
    assert not any(token in text for text in shown)


def test_url_and_data_together_are_refused():
    with pytest.raises(TypeError, match="not both"):
        Studio("https://kaizen.example.com", data=":memory:")


def test_remote_studio_asks_for_a_sign_in():
    with fake_comms():
        studio = Studio("https://kaizen.example.com")
        with pytest.raises(UnauthorizedError, match=r"studio\.login"):
            studio.open("Support triage")
        studio.close()


def test_studio_and_transport_share_the_session(studio):
    assert studio.auth.is_authenticated
    assert studio.auth.user["email"] == "local@kaizen.localhost"
    assert studio.auth.has_permission("pipelines:create")
    studio.api.auth.logout().wait(WAIT)
    assert not studio.auth.is_authenticated
    with pytest.raises(
        UnauthorizedError, match=r"No user is signed in at .* Call studio\.login\(\)"
    ):
        studio.open("Support triage")


def test_missing_keyring_is_reported_and_asks_for_a_sign_in(monkeypatch, tmp_path):
    address = "https://kaizen.example.com/api/v1"
    kept = SqliteStorage(tmp_path / "stores.db")
    user = {"state": {"user": {"id": "u1", "role": "developer"}}, "version": 0}
    kept.set(f"kaizen-auth:{address}", json.dumps(user))
    monkeypatch.setattr("kaizen_widgets.studio.connection.SqliteStorage", lambda: kept)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with fake_comms():
        studio = Studio("https://kaizen.example.com")
        shown = studio.ui.notifications[0]
        assert shown["type"] == "warning"
        assert "kaizen-widgets[secrets]" in shown["message"]
        with pytest.raises(UnauthorizedError, match=r"no keyring .* Call studio\.login"):
            studio.open("Support triage")
        studio.close()


def test_studio_in_memory_persists_no_ui_state(studio, monkeypatch, tmp_path):
    kept = SqliteStorage(tmp_path / "stores.db")
    monkeypatch.setattr("kaizen_widgets.studio.connection.SqliteStorage", lambda: kept)
    studio.ui.set_theme("dark")
    assert kept.get("kaizen-ui") is None


def test_failed_save_is_retried_when_the_server_responds(studio, away):
    studio.store.update_node_data("billing", {"label": "Kept"})
    with pytest.raises(StoreError, match="away"):
        studio.save()
    away.undo()
    failed_since = studio.autosave.failed_since
    assert failed_since is not None
    studio.query_client.online.set_online(False)
    studio.query_client.online.set_online(True)
    until(lambda: not studio.store.is_dirty and studio.autosave.failed_since is None)


def test_logout_is_refused_while_a_change_waits_for_the_network(studio):
    arrived = []
    studio.query_client.online.set_online(False)
    studio.query_client.mutate(MutationOptions(arrived.append, network_mode="online"), 1)
    with pytest.raises(StoreError, match="A change waits to reach the server"):
        studio.logout()
    assert studio.auth.has_tokens
    studio.logout(discard=True)
    studio.query_client.online.set_online(True)
    assert studio.query_client.mutation_cache.get_all() == ()
    assert arrived == []


def test_logout_deletes_everything_and_login_opens_a_pipeline(studio):
    studio.agents.list().wait(WAIT)
    run = studio.canvas.read_only
    studio.logout()
    assert (studio.graph.node_count, studio.auth.has_tokens, studio.auth.user) == (0, False, None)
    assert studio.query_client.get_query_data(("agents", "list")) is None
    assert studio.canvas.read_only
    assert not studio.store.history.can_undo
    with pytest.raises(UnauthorizedError, match=r"studio\.login"):
        studio.open("Support triage")
    studio.login()
    assert studio.store.pipeline_name == "Support triage"
    assert studio.canvas.read_only is run


def test_logout_with_unsaved_edits_is_refused_unless_discarded(studio, away):
    studio.store.update_node_data("billing", {"label": "Unsaved"})
    with pytest.raises(StoreError):
        studio.logout()
    assert studio.graph.node("billing").label == "Unsaved"
    studio.logout(discard=True)
    assert studio.graph.node_count == 0


@pytest.fixture
def two(tmp_path):
    """Two studios of one user, in one kernel; they behave as in two kernels."""
    with fake_comms():
        made = Studio(data=tmp_path / "k.db"), Studio(data=tmp_path / "k.db")
        yield made
        for each in made:
            each.close()


def test_logout_and_login_are_followed_by_the_other_studio(two):
    one, other = two
    one.logout()
    until(lambda: not other.auth.has_tokens and other.graph.node_count == 0)
    until(lambda: other.auth.message == "Signed out in another notebook.")
    one.login()
    until(lambda: other.graph.node_count > 0 and other.auth.is_authenticated)


def test_theme_is_followed_by_the_other_studio(two):
    one, other = two
    one.ui.set_theme("dark")
    until(lambda: other.ui.theme == "dark")
    other.ui.set_theme("light")
    until(lambda: one.ui.theme == "light")


def test_save_of_one_studio_is_an_undoable_step_of_the_other(two):
    one, other = two
    one.store.update_node_data("billing", {"label": "Refunds"})
    one.save()
    until(lambda: other.graph.node("billing").label == "Refunds")
    until(lambda: other.autosave.status == "saved" and not other.store.is_dirty)
    until(lambda: other.store.history.undo_label == "take what another notebook saved")
    other.undo()
    other.save()
    until(lambda: one.graph.node("billing").label == "Billing")


def test_save_of_another_studio_never_replaces_unsaved_edits(two, monkeypatch):
    one, other = two
    other.autosave.close()  # as between an edit and its save
    other.store.update_node_data("billing", {"label": "Mine"})
    one.store.update_node_data("billing", {"label": "Theirs"})
    asked = threading.Event()
    get = other.pipelines.endpoints.get

    async def answered(pipeline_id):
        try:
            return await get(pipeline_id)
        finally:
            asked.set()

    monkeypatch.setattr(other.pipelines.endpoints, "get", answered)
    one.save()
    assert asked.wait(WAIT)
    other._loop.wait(asyncio.sleep(0), WAIT)
    assert other.graph.node("billing").label == "Mine"
    assert other.store.is_dirty
    other.store.mark_clean()


def test_open_shows_the_server_s_version_not_the_cache(two):
    one, other = two
    pipeline_id = one.store.pipeline_id
    one.store.load_pipeline(Graph())
    theirs = Graph([Node("a", (0, 0), type="agent", data={"label": "Told nobody"})])
    other._loop.wait(other.pipelines.endpoints.save_graph(pipeline_id, theirs), WAIT)
    one.open("Support triage")
    assert one.graph.node("a").label == "Told nobody"


def test_conflict_follows_the_server_s_version(two):
    one, other = two
    one.store.update_node_data("billing", {"label": "First"})
    other.store.update_node_data("billing", {"label": "Mine"})
    one.save()
    with pytest.raises(StoreError, match="changed elsewhere"):
        other.save()
    one.store.update_node_data("billing", {"label": "Second"})
    one.save()
    until(lambda: other.conflict.theirs.node("billing").label == "Second")
    one.store.update_node_data("billing", {"label": "Mine"})
    one.save()
    until(lambda: other.conflict is None)
    until(lambda: other.autosave.status == "saved")


def test_message_of_another_tab_is_followed_and_not_sent_again(tmp_path):
    with fake_comms() as comms:
        studio = Studio(data=tmp_path / "k.db")
        storage = SqliteStorage(default_state_path())
        storage.set("kaizen-ui", json.dumps({"state": {"theme": "dark"}, "version": 0}))
        tabs = comms.of(studio.account.tabs)
        message = {"type": "THEME", "theme": "dark"}
        tabs.deliver_custom({"kind": "received", "channel": "kaizen-ui", "message": message})
        assert studio.ui.theme == "dark"
        tabs.deliver_custom(
            {"kind": "received", "channel": "kaizen-ui", "message": {"type": "EVAL"}}
        )
        assert tabs.custom == []
        studio.ui.set_theme("light")
        assert [sent["message"] for sent in tabs.custom] == [{"type": "THEME", "theme": "light"}]
        storage.close()
        studio.close()


# ------------------------------------------------------------------- opening pipelines


def names(studio):
    return sorted(pipeline.name for pipeline in studio.pipelines.list().refetch().wait(WAIT))


def test_open_with_create_opens_the_same_pipeline_every_time(studio):
    studio.open("Mine", create=True)
    studio.store.add_node(id="a", type="agent")
    studio.open("Support triage")
    studio.open("Mine", create=True)
    assert studio.graph.has_node("a")
    assert names(studio) == ["Mine", "Support triage"]


def test_new_with_a_taken_name_is_refused_and_names_both_ways_out(studio):
    studio.new("Mine")
    studio.store.add_node(id="a", type="agent")
    with pytest.raises(StoreError, match=r"already .*studio\.open\('Mine'\).* another name"):
        studio.new("Mine")
    assert studio.graph.has_node("a")
    assert names(studio) == ["Mine", "Support triage"]


def test_name_of_an_archived_pipeline_is_free(studio):
    studio.new("Mine")
    studio.pipelines.delete(studio.store.pipeline_id).wait(WAIT)
    studio.new("Mine")
    assert studio.store.pipeline_name == "Mine"


def test_open_of_an_unknown_name_says_how_to_create_it(studio):
    with pytest.raises(NotFoundError, match=r"studio\.open\('Mine', create=True\) creates it"):
        studio.open("Mine")


def test_open_sees_pipelines_that_another_studio_created(two):
    one, other = two
    other.pipelines.list().wait(WAIT)
    one.new("Fresh")
    other.open("Fresh")
    assert other.store.pipeline_name == "Fresh"


@pytest.mark.parametrize("last", ["created", "opened", "edited"])
def test_studio_opens_the_pipeline_worked_on_last(tmp_path, last):
    with fake_comms():
        first = Studio(data=tmp_path / "studio.db")
        first.new("Mine")
        if last != "created":
            first.new("Other")
            first.open("Mine")
        if last == "edited":
            first.store.add_node(type="agent")
        first.close()
        second = Studio(data=tmp_path / "studio.db")
        assert second.store.pipeline_name == "Mine"
        second.close()


def test_verbs_of_the_studio_do_not_return_it(studio):
    # A cell that ends with one of them must not display a second studio.
    studio.login()
    assert studio.new("Mine") is None
    assert studio.open("Support triage") is None
    assert studio.save() is None


# ------------------------------------------------------------------- whole documents


def test_assigned_graph_replaces_the_open_pipeline_s_content_as_one_step(studio):
    studio.new("Mine")
    pipeline_id = studio.store.pipeline_id
    studio.canvas.graph = Graph([Node("a", (0, 0)), Node("b", (0, 0))])
    assert (studio.store.pipeline_id, studio.store.is_dirty) == (pipeline_id, True)
    assert studio.store.history.undo_label == "replace the graph"
    studio.save()
    assert [node.id for node in stored(studio).nodes] == ["a", "b"]
    studio.undo()
    assert studio.graph.node_count == 0
    assert names(studio) == ["Mine", "Support triage"]


def test_assigned_graph_on_a_second_canvas_replaces_the_content_too(studio):
    pipeline_id = studio.store.pipeline_id
    canvas: Any = Canvas(studio.store)
    canvas.graph = Graph([Node("a", (0, 0))])
    studio.save()
    assert studio.store.pipeline_id == pipeline_id
    assert [node.id for node in stored(studio).nodes] == ["a"]
    canvas.close()


def test_loaded_document_is_not_reported_as_saved_before_it_is(studio):
    studio.store.load_pipeline(Graph([Node("a", (0, 0))]))
    assert (studio.store.is_dirty, studio.autosave.status) == (True, "dirty")
    studio.save()
    assert [node.id for node in stored(studio).nodes] == ["a"]


def test_clear_canvas_keeps_unsaved_edits_recoverable(studio, away):
    studio.store.update_node_data("billing", {"label": "Refunds"})
    studio.store.clear_canvas()
    assert (studio.graph.node_count, studio.store.pipeline_id) == (0, None)
    [draft] = studio.recovered
    away.undo()
    draft.load()
    studio.save()
    assert studio.store.pipeline_name == "Support triage"
    assert stored(studio).node("billing").label == "Refunds"


# ---------------------------------------------------------------------- runs and agents


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("an invoice",), {}), ((), {"text": "an invoice"}), (({"text": "an invoice"},), {})],
)
def test_run_takes_a_text_a_mapping_or_named_inputs(studio, arguments, named):
    with_agents(studio)
    assert studio.run(*arguments, **named).wait(WAIT).result == "billing: an invoice"


def test_executions_are_listed_for_the_open_pipeline_by_default(studio):
    studio.new("Echo", Graph([Node("in", (0, 0), type="input")]))
    made = studio.executions.start(studio.store.pipeline_id, {"text": "hello"}).wait(WAIT)
    assert [one.id for one in studio.executions.list().wait(WAIT)] == [made.id]
    other = next(one.id for one in studio.pipelines.list().wait(WAIT) if one.name != "Echo")
    assert studio.executions.list(other).wait(WAIT) == []
    studio.store.clear_canvas()
    with pytest.raises(InvalidInputError, match="pipeline_id"):
        studio.executions.list()


def test_run_refuses_inputs_without_names(studio):
    with pytest.raises(RunError, match=r"studio\.run\(text="):
        studio.run(["invoice"])


@pytest.mark.parametrize("name", [3, None, {"a": 1}])
def test_agent_refuses_what_is_neither_a_name_nor_a_function(studio, name):
    with pytest.raises(RunError, match=r"@studio\.agent"):
        studio.agent(name)


def test_login_with_unknown_credentials_says_that_the_embedded_api_needs_none(studio):
    with pytest.raises(UnauthorizedError, match=r"needs neither: studio\.login\(\)"):
        studio.login("a", "b")
    assert studio.auth.is_authenticated


# ------------------------------------------------------------------------ damaged data


def damage(path):
    """Overwrite the first bytes of some pages, as a bad sector does."""
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096, 2):
        content[page * 4096 : page * 4096 + 200] = bytes(range(200))
    path.write_bytes(bytes(content))


def fill(path):
    """Store a pipeline of many pages, and write the log into the file."""
    with fake_comms():
        studio = Studio(data=path)
        nodes = [Node(f"n{n}", (n, 0), data={"label": "n" * 200}) for n in range(200)]
        studio.new("Large", Graph(nodes))
        studio.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@pytest.mark.parametrize("is_default", [True, False])
def test_damaged_data_file_is_set_aside_and_the_studio_starts(tmp_path, monkeypatch, is_default):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = tmp_path / "kaizen-widgets" / "studio.db"
    fill(path)
    damage(path)
    before = path.read_bytes()
    with (
        fake_comms(),
        pytest.warns(RuntimeWarning, match=r"studio\.db was damaged.*kept as") as said,
    ):
        studio = Studio() if is_default else Studio(data=path)
    [kept] = path.parent.glob("studio.damaged-*.db")
    assert str(kept) in str(said[0].message)
    assert kept.read_bytes() == before
    assert studio.store.pipeline_name == "Support triage"
    studio.close()


def test_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes, and no database. " * 200)
    before = path.read_bytes()
    with pytest.raises(PersistError, match=r"notes\.txt"):
        Studio(data=path)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
    assert path.read_bytes() == before


def test_default_file_that_is_no_database_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = tmp_path / "kaizen-widgets" / "studio.db"
    path.parent.mkdir()
    path.write_bytes(b"\0garbage" * 2000)
    with fake_comms(), pytest.warns(RuntimeWarning, match="was damaged"):
        studio = Studio()
    assert len(list(path.parent.glob("studio.damaged-*.db"))) == 1
    assert studio.store.pipeline_name == "Support triage"
    studio.close()


def test_nodes_are_added_and_connected_by_the_studio(studio):
    first = studio.add_node(type="input", data={"label": "First"})
    second = studio.add_node(type="output", data={"label": "Second"})
    edge = studio.connect(first, second, label="then")
    assert studio.graph.edge(edge.id)["label"] == "then"
    assert studio.connect(first, second) is None


def test_node_form_offers_functions_and_the_servers_agents(studio):
    with_agents(studio)
    studio.store.set_selection("billing")
    options = dict(studio.node_calls.options(studio.graph.node("billing")))
    assert options["function:Technical"] == "technical() · your function"
    assert "Summarizer · gpt-4o-mini" in options.values()
    assert "Technical · technical()" in options.values()
    assert studio.node_calls.of(studio.graph.node("billing")).text == "Billing · billing()"


def test_renamed_node_calls_the_same_function_in_the_next_run_and_after_a_save(studio):
    with_agents(studio)
    studio.store.add_node(id="x", position=(0, 0), type="agent", data={"label": "Billing"})
    studio.store.update_node_data("x", {"label": "Money"})
    studio.save()
    assert stored(studio).node("x").data["config"] == {"calls": "Billing"}
    run = studio.run(text="hello")
    run.wait(WAIT)
    assert run["Money"].output == "billing: hello"


def test_agent_created_elsewhere_is_offered(studio):
    created = studio.agents.create(
        name="Poet", provider="openai", model="gpt-4o", system_prompt="Write poems only."
    ).wait(WAIT)
    studio.agents.list().wait(WAIT)
    node = studio.graph.node("billing")
    assert (f"agent:{created.id}", "Poet · gpt-4o") in studio.node_calls.options(node)
