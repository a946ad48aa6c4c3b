"""The studio without a browser: from an edit to the server, and from a run to the store."""

import asyncio
import json
import sys
import threading

import pytest

from kaizen_widgets import Graph, Node, Studio
from kaizen_widgets.errors import (
    ConnectError,
    NotFoundError,
    NotRunnableError,
    StoreError,
    UnauthorizedError,
)
from kaizen_widgets.query import MutationOptions
from kaizen_widgets.stores import SqliteStorage
from kaizen_widgets.stores.sqlite_storage import default_state_path
from kaizen_widgets.testing import fake_comms

WAIT = 20


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
    saved = threading.Event()
    studio.autosave.observe(lambda _c: studio.store.is_dirty or saved.set(), names=["status"])
    studio.query_client.online.set_online(False)
    studio.query_client.online.set_online(True)
    assert saved.wait(WAIT)
    assert studio.autosave.failed_since is None


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


def comes(store, condition):
    """Wait until a condition holds that a change of a store can make true."""
    held = threading.Event()
    end = store.subscribe(lambda _state, _before: condition() and held.set())
    assert condition() or held.wait(WAIT)
    end()


def test_logout_and_login_are_followed_by_the_other_studio(two):
    one, other = two
    one.logout()
    comes(other.auth, lambda: not other.auth.has_tokens)
    assert other.graph.node_count == 0
    assert other.auth.message == "Signed out in another notebook."
    one.login()
    comes(other.store, lambda: other.graph.node_count > 0)
    assert other.auth.is_authenticated


def test_theme_is_followed_by_the_other_studio(two):
    one, other = two
    one.ui.set_theme("dark")
    comes(other.ui, lambda: other.ui.theme == "dark")
    other.ui.set_theme("light")
    comes(one.ui, lambda: one.ui.theme == "light")


def test_save_of_one_studio_is_an_undoable_step_of_the_other(two):
    one, other = two
    one.store.update_node_data("billing", {"label": "Refunds"})
    one.save()
    comes(other.store, lambda: other.graph.node("billing").label == "Refunds")
    comes(other.autosave, lambda: other.autosave.status == "saved")
    assert not other.store.is_dirty
    assert other.store.history.undo_label == "take what another notebook saved"
    other.undo()
    other.save()
    comes(one.store, lambda: one.graph.node("billing").label == "Billing")


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
    comes(other.saver, lambda: other.conflict.theirs.node("billing").label == "Second")
    one.store.update_node_data("billing", {"label": "Mine"})
    one.save()
    comes(other.saver, lambda: other.conflict is None)
    comes(other.autosave, lambda: other.autosave.status == "saved")


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
