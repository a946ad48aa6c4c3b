"""The studio, without a browser: the whole road from an edit to the server and from a run to the store."""

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
    """Take the server away."""

    async def save_graph(pipeline_id, graph):
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


def test_a_new_studio_shows_the_sample(studio):
    assert repr(studio) == "Studio(embedded, pipeline='Support triage')"
    assert [node.type for node in studio.graph.nodes][:2] == ["input", "router"]
    assert not studio.store.is_dirty


def test_what_a_cell_shows_is_the_same_each_time(studio):
    bundle = studio._repr_mimebundle_()
    assert bundle["text/plain"] == repr(studio)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_edit_is_saved_and_comes_back_equal(studio):
    studio.store.update_node_data("billing", {"label": "Refunds"})
    studio.store.add_node(
        id="note", position=(3.5, -1), type="agent", data={"x": [1, None]}, width=9
    )
    studio.save()
    assert not studio.store.is_dirty
    assert stored(studio) == studio.graph


def test_a_save_that_fails_says_why_and_the_next_one_catches_up(studio, away):
    studio.store.delete_node("billing")
    with pytest.raises(StoreError, match="away"):
        studio.save()
    assert studio.store.is_dirty
    away.undo()
    studio.save()
    assert stored(studio) == studio.graph


def test_another_pipeline_is_not_opened_over_unsaved_edits(studio, away):
    studio.store.delete_node("billing")
    with pytest.raises(StoreError, match="away"):
        studio.open("Support triage")
    assert not studio.graph.has_node("billing")
    studio.open("Support triage", discard=True)
    assert studio.graph.has_node("billing")


def test_a_pipeline_that_is_not_there_is_answered_with_those_that_are(studio):
    with pytest.raises(NotFoundError, match="'Support triage'"):
        studio.open("Suport")


def test_a_new_pipeline_is_stored_and_opens_again(studio):
    studio.new("Mine", Graph([Node("a", (0, 0), type="input", data={"label": "In"})]))
    studio.open("Support triage").open("Mine")
    assert [node.id for node in studio.graph.nodes] == ["a"]


def test_a_pipeline_without_a_name_is_stored_with_its_first_edit(studio):
    studio.store.load_pipeline(Graph())
    studio.store.add_node(id="a")
    studio.save()
    assert studio.store.pipeline_id is not None
    assert stored(studio) == studio.graph


def test_a_run_calls_the_notebook_s_functions(studio):
    with_agents(studio)
    run = studio.run({"text": "my invoice"}).wait(WAIT)
    assert run.result == "billing: my invoice"
    assert run["Technical"].status == "skipped"
    assert studio.execution.status == "completed"
    assert studio.execution.node_executions["billing"]["preview"] == "billing: my invoice"


def test_a_run_needs_no_input_because_the_sample_has_some(studio):
    with_agents(studio)
    assert studio.run().wait(WAIT).result.startswith("billing: ")


def test_a_node_finds_its_function_by_its_agent_after_it_was_renamed(studio):
    with_agents(studio)
    studio.store.update_node_data("billing", {"label": "Money"})
    assert studio.run({"text": "refund"}).wait(WAIT)["Money"].output == "billing: refund"


def test_a_run_that_cannot_start_names_every_reason(studio):
    with pytest.raises(NotRunnableError, match=r"(?s)studio.agent\(\"Billing\"\).*\"Technical\""):
        studio.run()
    assert studio.execution.status == "idle"


def test_a_run_leaves_the_document_alone(studio):
    with_agents(studio)
    before = studio.graph
    studio.run({"text": "refund"}).wait(WAIT)
    assert studio.graph is before
    assert not studio.store.is_dirty


def test_a_kind_of_one_s_own_runs(studio):
    from kaizen_widgets import Kind, Look, Task

    class Shout(Kind):
        look = Look(type="shout", title="Shout", description="Says it louder.")

        async def run(self, task: Task) -> str:
            return task.text.upper()

    studio.kinds.register(Shout)
    studio.new("Loud")
    studio.store.add_node(id="s", type="shout", data={"label": "Shout"})
    assert "HEY" in studio.run({"text": "hey"}).wait(WAIT)["Shout"].output


def test_data_in_a_file_is_there_for_the_next_studio(tmp_path):
    with fake_comms():
        first = Studio(data=tmp_path / "studio.db")
        first.store.update_node_data("billing", {"label": "Kept"})
        first.close()
        second = Studio(data=tmp_path / "studio.db")
        assert second.graph.node("billing").label == "Kept"
        second.close()


def test_no_token_stands_in_a_repr_or_a_widget_s_state(studio):
    token = studio.api.transport.tokens.access
    assert len(token) > 20
    shown = [repr(studio), repr(studio.api), repr(studio.__dict__), str(studio.canvas.get_state())]
    assert not any(token in text for text in shown)


def test_url_and_data_together_are_refused():
    with pytest.raises(TypeError, match="not both"):
        Studio("https://kaizen.example.com", data=":memory:")


def test_a_server_asks_for_a_sign_in_first():
    with fake_comms():
        studio = Studio("https://kaizen.example.com")
        with pytest.raises(UnauthorizedError, match=r"studio\.login"):
            studio.open("Support triage")
        studio.close()


def test_the_session_is_one_for_the_studio_and_its_transport(studio):
    assert studio.auth.is_authenticated
    assert studio.auth.user["email"] == "local@kaizen.localhost"
    assert studio.auth.has_permission("pipelines:create")
    studio.api.auth.logout().wait(WAIT)
    assert not studio.auth.is_authenticated
    with pytest.raises(UnauthorizedError, match="Nobody is signed in"):
        studio.open("Support triage")


def test_a_user_without_a_keyring_signs_in_again_and_is_told_why(monkeypatch, tmp_path):
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


def test_a_studio_in_memory_leaves_no_trace_of_its_screen(studio, monkeypatch, tmp_path):
    kept = SqliteStorage(tmp_path / "stores.db")
    monkeypatch.setattr("kaizen_widgets.studio.connection.SqliteStorage", lambda: kept)
    studio.ui.set_theme("dark")
    assert kept.get("kaizen-ui") is None


def test_a_save_that_failed_is_made_as_soon_as_the_server_answers_anybody(studio, away):
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


def test_a_change_that_waits_for_the_network_is_not_signed_out_of_unasked(studio):
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


def test_signing_out_leaves_nothing_and_signing_in_goes_on(studio):
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


def test_signing_out_with_unsaved_edits_is_refused_unless_they_are_given_up(studio, away):
    studio.store.update_node_data("billing", {"label": "Unsaved"})
    with pytest.raises(StoreError):
        studio.logout()
    assert studio.graph.node("billing").label == "Unsaved"
    studio.logout(discard=True)
    assert studio.graph.node_count == 0


@pytest.fixture
def two(tmp_path):
    """Two studios of one user; in one kernel, and no otherwise than in two."""
    with fake_comms():
        made = Studio(data=tmp_path / "k.db"), Studio(data=tmp_path / "k.db")
        yield made
        for each in made:
            each.close()


def comes(store, condition):
    """Wait until a condition holds that a store's change can make true."""
    held = threading.Event()
    end = store.subscribe(lambda _state, _before: condition() and held.set())
    assert condition() or held.wait(WAIT)
    end()


def test_signed_out_in_one_studio_the_other_is_too_and_signs_in_with_it(two):
    one, other = two
    one.logout()
    comes(other.auth, lambda: not other.auth.has_tokens)
    assert other.graph.node_count == 0
    assert other.auth.message == "Signed out in another notebook."
    one.login()
    comes(other.store, lambda: other.graph.node_count > 0)
    assert other.auth.is_authenticated


def test_the_theme_of_one_studio_is_the_other_s(two):
    one, other = two
    one.ui.set_theme("dark")
    comes(other.ui, lambda: other.ui.theme == "dark")
    other.ui.set_theme("light")
    comes(one.ui, lambda: one.ui.theme == "light")


def test_what_one_studio_saves_the_other_shows_as_a_step_that_is_saved(two):
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


def test_what_another_studio_saves_never_takes_unsaved_edits_away(two, monkeypatch):
    one, other = two
    other.autosave.close()  # as between an edit and its save
    other.store.update_node_data("billing", {"label": "Mine"})
    one.store.update_node_data("billing", {"label": "Theirs"})
    asked = threading.Event()
    load = other.pipelines.endpoints.load_graph

    async def answered(pipeline_id):
        try:
            return await load(pipeline_id)
        finally:
            asked.set()

    monkeypatch.setattr(other.pipelines.endpoints, "load_graph", answered)
    one.save()
    assert asked.wait(WAIT)
    other._loop.wait(asyncio.sleep(0), WAIT)
    assert other.graph.node("billing").label == "Mine"
    assert other.store.is_dirty
    other.store.mark_clean()


def test_what_is_opened_is_what_the_server_has_not_what_was_kept_of_it(two):
    one, other = two
    pipeline_id = one.store.pipeline_id
    one.store.load_pipeline(Graph())
    theirs = Graph([Node("a", (0, 0), type="agent", data={"label": "Told nobody"})])
    other._loop.wait(other.pipelines.endpoints.save_graph(pipeline_id, theirs), WAIT)
    one.open("Support triage")
    assert one.graph.node("a").label == "Told nobody"


def test_a_conflict_is_about_what_the_server_has_now(two):
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


def test_a_message_of_another_tab_makes_a_kernel_look_and_is_told_to_nobody(tmp_path):
    with fake_comms() as comms:
        studio = Studio(data=tmp_path / "k.db")
        storage = SqliteStorage(default_state_path())
        storage.set("kaizen-ui", json.dumps({"state": {"theme": "dark"}, "version": 0}))
        tabs = comms.of(studio.account.tabs)
        message = {"type": "THEME", "theme": "dark"}
        tabs.deliver_custom({"kind": "heard", "channel": "kaizen-ui", "message": message})
        assert studio.ui.theme == "dark"
        tabs.deliver_custom({"kind": "heard", "channel": "kaizen-ui", "message": {"type": "EVAL"}})
        assert tabs.custom == []
        studio.ui.set_theme("light")
        assert [told["message"] for told in tabs.custom] == [{"type": "THEME", "theme": "light"}]
        storage.close()
        studio.close()
