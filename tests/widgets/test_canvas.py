"""The canvas widget against a fake comm: traits, messages, state."""

import json
from array import array
from types import SimpleNamespace

import pytest
from traitlets import TraitError, link

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.testing.fake_clock import FakeClock
from kaizen_widgets.widgets import Canvas


class Tab:
    """A canvas with a browser tab at the other end of its comm."""

    def __init__(self, comms, graph=None):
        self.clock = FakeClock()
        self.canvas = Canvas(
            graph or Graph([Node("a", (0, 0)), Node("b", (9, 9))], [Edge("e", "a", "b")]),
            clock=self.clock,
        )
        self.comm = comms.of(self.canvas)
        self.n = 0

    def heard(self):
        """Everything the kernel said since the last time."""
        self.clock.advance(0.1)
        messages = [message for mail in self.comm.custom for message in mail["messages"]]
        self.comm.clear()
        return messages

    def push(self, *batch):
        self.n += 1
        epoch = self.canvas.store.epoch
        self.comm.deliver_custom(
            {
                "kind": "push",
                "client": "tab",
                "epoch": epoch,
                "n": self.n,
                "baseRev": 0,
                "batch": batch,
            }
        )


@pytest.fixture
def tab():
    with fake_comms() as comms:
        yield Tab(comms)


def test_a_hand_edit_reaches_python_and_comes_back_with_its_sender(tab):
    seen = []
    tab.canvas.observe(lambda change: seen.append(change.new[0].position), "nodes")
    tab.heard()
    tab.push(
        {"op": "set", "kind": "node", "id": "a", "path": ["position"], "value": {"x": 4, "y": 2}}
    )
    assert seen == [(4, 2)]
    applied = [message for message in tab.heard() if message["kind"] == "applied"]
    assert [(message["client"], message["n"], message["rev"]) for message in applied] == [
        ("tab", 1, 1)
    ]


def test_a_python_edit_reaches_the_tab_as_one_operation(tab):
    tab.heard()
    tab.canvas.store.update_node_data("a", {"label": "Anna"})
    (applied,) = [message for message in tab.heard() if message["kind"] == "applied"]
    assert applied["batch"] == [
        {"op": "set", "kind": "node", "id": "a", "path": ["data", "label"], "value": "Anna"}
    ]
    assert applied["client"] is None


def test_a_refused_edit_is_answered(tab):
    tab.heard()
    tab.push({"op": "remove", "kind": "node", "id": "ghost"})
    (refused,) = [message for message in tab.heard() if message["kind"] == "refused"]
    assert "ghost" in refused["problem"]["message"]


def test_the_first_message_holds_a_picture_for_saved_notebooks(tab):
    opened = next(sent for sent in tab.comm.sent if sent.kind == "comm_open")
    snapshot = opened.data["state"]["_snapshot"]
    assert snapshot["columns"]["ids"] == ["a", "b"]
    assert opened.buffers == [array("d", [0.0, 0.0, 9.0, 9.0]).tobytes()]
    assert (snapshot["epoch"], snapshot["rev"]) == (tab.canvas.store.epoch, 0)


def test_the_end_of_a_cell_renews_the_picture_of_what_it_changed(monkeypatch):
    hooks = []
    shell = SimpleNamespace(
        events=SimpleNamespace(
            register=lambda name, call: hooks.append(call),
            unregister=lambda name, call: hooks.remove(call),
        )
    )
    monkeypatch.setattr("kaizen_widgets.widgets.canvas.get_ipython", lambda: shell)
    with fake_comms() as comms:
        tab = Tab(comms)
        hooks[0](None)
        assert not tab.comm.updates
        tab.canvas.store.update_node_data("a", {"x": 4})
        hooks[0](None)
        (update,) = tab.comm.updates
        assert update["_snapshot"]["columns"]["nodes"][0]["data"] == {"x": 4}
        tab.clock.advance(10)
        assert len(tab.comm.updates) == 1
        tab.canvas.close()
    assert hooks == []


def test_the_picture_holds_the_kinds_it_draws_and_no_others():
    with fake_comms() as comms:
        canvas = Canvas(Graph([Node("a", type="agent")]))
        opened = comms.of(canvas).sent[0].data["state"]
    assert [kind["type"] for kind in opened["_snapshot"]["kinds"]] == ["agent"]


def test_the_picture_is_renewed_when_edits_pause_and_not_with_each(tab):
    for x in range(5):
        tab.canvas.store.update_node_data("a", {"x": x})
    assert not tab.comm.updates
    tab.clock.advance(2.1)
    (update,) = tab.comm.updates
    assert update["_snapshot"]["columns"]["nodes"][0]["data"] == {"x": 4}


def test_nodes_and_edges_assign(tab):
    tab.canvas.nodes = [{"id": "c", "position": {"x": 0, "y": 0}, "data": {}}]
    assert [node.id for node in tab.canvas.graph.nodes] == ["c"]
    assert tab.canvas.edges == ()


def test_two_canvases_link(tab):
    other = Canvas(clock=tab.clock)
    link((tab.canvas, "nodes"), (other, "nodes"))
    tab.canvas.store.delete_node("a")
    assert [node.id for node in other.nodes] == ["b"]


def test_two_canvases_of_one_store_hear_of_each_other(tab):
    other = Canvas(tab.canvas.store, clock=tab.clock)
    seen = []
    other.observe(lambda change: seen.append(len(change.new)), "nodes")
    tab.push({"op": "remove", "kind": "node", "id": "a"})
    assert seen == [1]


def test_selection_by_hand_shows_in_python_and_is_no_edit(tab):
    tab.comm.deliver_custom({"kind": "select", "client": "tab", "nodes": ["a"], "edges": ["e"]})
    assert tab.canvas.selected == ("a", "e")
    assert tab.canvas.store.selected_node_id == "a"
    assert not tab.canvas.store.is_dirty


def test_selection_from_python_shows_in_every_view(tab):
    tab.heard()
    tab.canvas.selected = ["b"]
    (selected,) = [message for message in tab.heard() if message["kind"] == "selected"]
    assert selected["nodes"] == ["b"]


def test_selecting_what_is_not_there_is_refused(tab):
    with pytest.raises(TraitError, match="ghost"):
        tab.canvas.selected = ("ghost",)
    assert tab.canvas.selected == ()


def test_what_is_removed_is_no_longer_selected(tab):
    tab.canvas.selected = ("a", "e")
    tab.canvas.store.delete_node("a")
    assert tab.canvas.selected == ()


def test_undo_shows_what_it_would_take_back(tab):
    tab.canvas.store.delete_node("a")
    state = [message for message in tab.heard() if message["kind"] == "state"][-1]["state"]
    assert (state["canUndo"], state["undoLabel"]) == (True, "delete node")


def test_a_run_shows_on_the_canvas_and_not_in_the_document(tab):
    execution = ExecutionStore()
    tab.canvas.show_run(execution)
    execution.start_execution("r1", ["a"])
    execution.update_node_status("a", "running")
    state = [message for message in tab.heard() if message["kind"] == "state"][-1]["state"]
    assert state["run"]["nodes"]["a"]["status"] == "running"
    assert not tab.canvas.store.is_dirty


def test_a_button_whose_handler_raises_says_so(tab):
    tab.canvas.on_command("run", lambda: 1 / 0)
    tab.heard()
    tab.comm.deliver_custom({"kind": "command", "client": "tab", "id": 7, "name": "run"})
    (answer,) = [message for message in tab.heard() if message["kind"] == "answer"]
    assert "division by zero" in answer["problem"]["message"]


def test_the_repr_is_the_same_each_time(tab):
    assert repr(tab.canvas) == "Canvas(nodes=2, edges=1)"


def test_closing_ends_all_listening_and_the_store_lives_on(tab):
    store = tab.canvas.store
    tab.canvas.close()
    assert store._event_listeners == []
    store.delete_node("a")
    assert tab.clock.next_due is None


def test_invalid_graph_is_refused_with_the_element():
    with pytest.raises(GraphError, match="'gone'"):
        Canvas(nodes=[], edges=[{"id": "x", "source": "gone", "target": "gone"}])


def test_nodes_and_edges_are_options_and_no_edit():
    canvas = Canvas(nodes=[{"id": "a", "position": {"x": 0, "y": 0}}], clock=FakeClock())
    assert canvas.graph.node_count == 1
    assert not canvas.store.history.can_undo


def test_an_option_that_is_not_there_is_named():
    with pytest.raises(TypeError, match="'nodess'"):
        Canvas(nodess=[])


def test_no_message_holds_more_than_json(tab):
    tab.heard()
    tab.canvas.store.load_pipeline(Graph([Node("ü", (1.5, 2), data={"deep": [1, {"x": None}]})]))
    columns = json.loads(json.dumps(tab.heard()))[0]["columns"]
    assert columns["nodes"][0]["data"] == {"deep": [1, {"x": None}]}


def test_a_store_can_be_shown():
    store = CanvasStore()
    assert Canvas(store, clock=FakeClock()).store is store
