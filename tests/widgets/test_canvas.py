"""The canvas widget with a fake comm: traits, messages, state."""

import json
import threading
from array import array
from types import SimpleNamespace
from typing import Any, cast

import pytest
from traitlets import TraitError, link

from kaizen_widgets.errors import GraphError, GraphWarning
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
        self.hello()

    def hello(self, client="tab"):
        """Open a view, as a page does."""
        self.comm.deliver_custom({"kind": "hello", "client": client})

    def leave(self, client="tab"):
        """Close the view, as a page does when its cell is run again."""
        self.comm.deliver_custom({"kind": "leave", "client": client, "number": 99})

    def heard(self):
        """Return the messages of the kernel since the last call."""
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


def test_edit_in_a_view_reaches_python_and_is_sent_to_all_views(tab):
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


def test_python_edit_is_sent_as_one_operation(tab):
    tab.heard()
    tab.canvas.store.update_node_data("a", {"label": "Anna"})
    (applied,) = [message for message in tab.heard() if message["kind"] == "applied"]
    assert applied["batch"] == [
        {"op": "set", "kind": "node", "id": "a", "path": ["data", "label"], "value": "Anna"}
    ]
    assert applied["client"] is None


def test_refused_edit_is_answered(tab):
    tab.heard()
    tab.push({"op": "remove", "kind": "node", "id": "ghost"})
    (refused,) = [message for message in tab.heard() if message["kind"] == "refused"]
    assert "ghost" in refused["problem"]["message"]


def test_first_message_has_a_picture_for_saved_notebooks(tab):
    opened = next(sent for sent in tab.comm.sent if sent.kind == "comm_open")
    picture = opened.data["state"]["_snapshot"]
    assert picture["columns"]["ids"] == ["a", "b"]
    assert opened.buffers == [array("d", [0.0, 0.0, 9.0, 9.0]).tobytes()]


SECRET = "sk-secret"
DETAILED = {
    "nodes": [
        {
            "id": "r",
            "type": "router",
            "position": {"x": 1, "y": 2},
            "data": {
                "label": "Route",
                "config": {"routes": [{"name": "yes", "when": SECRET}], "api_key": SECRET},
                "prompt": SECRET,
            },
            "style": {"width": 300, "backgroundImage": SECRET},
            "className": SECRET,
        },
        {"id": "lf", "position": {"x": 0, "y": 0}, "data": {"node": {"display_name": "Prompt"}}},
        {"id": "in", "position": {"x": 0, "y": 0}, "parentNode": "lf", "data": {"key": SECRET}},
    ],
    "edges": [{"id": "e", "source": "r", "target": "lf", "label": 0.7, "data": {"key": SECRET}}],
}


def test_s15_picture_has_only_what_is_drawn():
    with fake_comms() as comms:
        canvas = Canvas(Graph.from_json(DETAILED))
        opened = comms.of(canvas).sent[0].data["state"]
    assert opened["_snapshot"]["columns"]["nodes"] == [
        {
            "style": {"width": 300},
            "data": {"label": "Route", "config": {"routes": [{"name": "yes"}]}},
        },
        {"data": {"label": "Prompt"}},
        {"parentNode": "lf"},
    ]
    assert opened["_snapshot"]["columns"]["edges"] == [{"label": "0.7"}]
    assert SECRET not in json.dumps(opened)


def test_saved_state_has_a_picture_only_of_canvases_with_a_view():
    with fake_comms() as comms:
        store = CanvasStore(Graph([Node("only-once")]))
        tabs = []
        for _ in range(3):  # a cell that is run three times
            if tabs:
                tabs[-1].leave()
            tabs.append(Tab(comms, store))
        states = [
            json.dumps(tab.canvas.get_state()["_snapshot"]["columns"]["ids"])
            for tab in tabs
            if tab.canvas.get_state()["_snapshot"]
        ]
        assert states == ['["only-once"]']
        assert tabs[0].comm.updates[-1] == {"_snapshot": {}}


def test_canvas_without_a_view_sends_nothing_for_an_edit():
    with fake_comms() as comms:
        store = CanvasStore(Graph([Node("a")]))
        tabs = [Tab(comms, store) for _ in range(30)]
        for tab in tabs[:-1]:
            tab.leave()
        never_shown = Canvas(store, clock=tabs[0].clock)
        for tab in tabs:
            tab.heard()
        comms.of(never_shown).clear()
        store.update_node_data("a", {"x": 1})
        for tab in tabs:
            tab.clock.advance(60)
        sending = [tab for tab in tabs if tab.comm.sent]
        assert sending == tabs[-1:]
        assert comms.of(never_shown).sent == []


def test_view_that_opens_again_gets_the_document(tab):
    tab.leave()
    tab.heard()
    tab.canvas.store.update_node_data("a", {"x": 4})
    assert tab.heard() == []
    tab.hello("other tab")
    (snapshot,) = [message for message in tab.heard() if message["kind"] == "snapshot"]
    assert snapshot["columns"]["nodes"][0]["data"] == {"x": 4}
    tab.clock.advance(2.1)
    assert tab.comm.updates[-1]["_snapshot"]["columns"]["ids"] == ["a", "b"]


@pytest.fixture
def end_of_cell(monkeypatch):
    hooks = []
    shell = SimpleNamespace(
        events=SimpleNamespace(
            register=lambda name, call: hooks.append(call),
            unregister=lambda name, call: hooks.remove(call),
        )
    )
    monkeypatch.setattr("kaizen_widgets.widgets.canvas.get_ipython", lambda: shell)
    yield lambda: [call(None) for call in tuple(hooks)]
    assert hooks == []


def rename(store, label):
    store.update_node_data("a", {"label": label})


def test_end_of_a_cell_renews_the_picture_of_what_it_changed(end_of_cell):
    with fake_comms() as comms:
        tab = Tab(comms)
        end_of_cell()
        assert not tab.comm.updates
        rename(tab.canvas.store, "Ann")
        end_of_cell()
        (update,) = tab.comm.updates
        assert update["_snapshot"]["columns"]["nodes"][0]["data"] == {"label": "Ann"}
        tab.clock.advance(10)
        assert len(tab.comm.updates) == 1
        tab.canvas.close()


def test_end_of_a_cell_renews_the_picture_without_a_page_for_nbconvert(end_of_cell):
    with fake_comms() as comms:
        store = CanvasStore(Graph([Node("a")]))
        canvases = [Canvas(store, clock=FakeClock()) for _ in range(2)]
        for canvas in canvases:
            comms.of(canvas).clear()
        rename(store, "Ann")
        end_of_cell()
        assert [len(comms.of(canvas).updates) for canvas in canvases] == [0, 1]
        end_of_cell()
        assert len(comms.of(canvases[1]).updates) == 1
        for canvas in canvases:
            canvas.close()


def test_picture_of_a_large_graph_follows_the_snapshot_and_is_kept_current():
    with fake_comms() as comms:
        tab = Tab(comms, Graph([Node(f"n{i}", type="agent") for i in range(5_000)]))
        opened = tab.comm.sent[0].data["state"]
        assert opened["_snapshot"] == {}
        tab.clock.advance(5.1)
        assert len(tab.comm.updates[-1]["_snapshot"]["columns"]["ids"]) == 5_000
        tab.comm.clear()
        tab.canvas.store.delete_node("n7")
        tab.clock.advance(5.1)
        assert "n7" not in tab.comm.updates[-1]["_snapshot"]["columns"]["ids"]


def test_picture_has_only_the_kinds_it_draws():
    with fake_comms() as comms:
        canvas = Canvas(Graph([Node("a", type="agent")]))
        opened = comms.of(canvas).sent[0].data["state"]
    assert [kind["type"] for kind in opened["_snapshot"]["kinds"]] == ["agent"]


def test_picture_is_renewed_when_edits_pause(tab):
    tab.comm.clear()
    for x in range(5):
        rename(tab.canvas.store, f"Ann {x}")
    assert not tab.comm.updates
    tab.clock.advance(2.1)
    (update,) = tab.comm.updates
    assert update["_snapshot"]["columns"]["nodes"][0]["data"] == {"label": "Ann 4"}


def test_nodes_and_edges_can_be_assigned(tab):
    tab.canvas.nodes = [{"id": "c", "position": {"x": 0, "y": 0}, "data": {}}]
    assert [node.id for node in tab.canvas.graph.nodes] == ["c"]
    assert tab.canvas.edges == ()


def test_nodes_can_be_linked_to_another_canvas(tab):
    other = Canvas(clock=tab.clock)
    link((tab.canvas, "nodes"), (other, "nodes"))
    tab.canvas.store.delete_node("a")
    assert [node.id for node in other.nodes] == ["b"]


def test_canvases_of_one_store_share_edits(tab):
    other = Canvas(tab.canvas.store, clock=tab.clock)
    seen = []
    other.observe(lambda change: seen.append(len(change.new)), "nodes")
    tab.push({"op": "remove", "kind": "node", "id": "a"})
    assert seen == [1]


def test_selection_in_a_view_reaches_python_and_is_not_an_edit(tab):
    tab.comm.deliver_custom({"kind": "select", "client": "tab", "nodes": ["a"], "edges": ["e"]})
    assert tab.canvas.selected == ("a", "e")
    assert tab.canvas.store.selected_node_id == "a"
    assert not tab.canvas.store.is_dirty


def test_selection_from_python_is_sent_to_every_view(tab):
    tab.heard()
    tab.canvas.selected = ["b"]
    (selected,) = [message for message in tab.heard() if message["kind"] == "show_selection"]
    assert selected["nodes"] == ["b"]


def test_selection_of_an_unknown_id_is_refused(tab):
    with pytest.raises(TraitError, match="ghost"):
        tab.canvas.selected = ("ghost",)
    assert tab.canvas.selected == ()


def test_removed_elements_are_no_longer_selected(tab):
    tab.canvas.selected = ("a", "e")
    tab.canvas.store.delete_node("a")
    assert tab.canvas.selected == ()


def test_undo_label_is_sent_to_the_views(tab):
    tab.canvas.store.delete_node("a")
    state = [message for message in tab.heard() if message["kind"] == "state_changed"][-1]["state"]
    assert (state["canUndo"], state["undoLabel"]) == (True, "delete node")


def test_run_is_shown_and_not_part_of_the_document(tab):
    execution = ExecutionStore()
    tab.canvas.show_run(execution)
    execution.start_execution("r1", ["a"])
    execution.update_node_status("a", "running")
    state = [message for message in tab.heard() if message["kind"] == "state_changed"][-1]["state"]
    assert state["run"]["nodes"]["a"]["status"] == "running"
    assert not tab.canvas.store.is_dirty


def test_command_result_has_the_error_of_its_handler(tab):
    tab.canvas.on_command("run", lambda: 1 / 0)
    tab.heard()
    tab.comm.deliver_custom({"kind": "command", "client": "tab", "id": 7, "name": "run"})
    (answer,) = [message for message in tab.heard() if message["kind"] == "command_result"]
    assert "division by zero" in answer["problem"]["message"]


def test_repr_counts_nodes_and_edges(tab):
    assert repr(tab.canvas) == "Canvas(nodes=2, edges=1)"


def test_close_ends_all_subscriptions_and_keeps_the_store(tab):
    store = tab.canvas.store
    tab.canvas.close()
    assert store.listener_count == 0
    store.delete_node("a")
    assert tab.clock.next_due is None


def test_invalid_graph_is_refused_with_the_element():
    with pytest.raises(GraphError, match="'gone'"):
        Canvas(nodes=[], edges=[{"id": "x", "source": "gone", "target": "gone"}])


def test_nodes_option_is_not_an_edit():
    canvas = Canvas(nodes=[{"id": "a", "position": {"x": 0, "y": 0}}], clock=FakeClock())
    assert canvas.graph.node_count == 1
    assert not canvas.store.history.can_undo


def test_unknown_option_is_refused_by_name():
    with pytest.raises(TypeError, match="'nodess'"):
        Canvas(nodess=[])


def test_snapshot_message_is_json(tab):
    tab.heard()
    tab.canvas.store.load_pipeline(Graph([Node("ü", (1.5, 2), data={"deep": [1, {"x": None}]})]))
    columns = json.loads(json.dumps(tab.heard()))[0]["columns"]
    assert columns["nodes"][0]["data"] == {"deep": [1, {"x": None}]}


def test_canvas_shows_a_store():
    store = CanvasStore()
    assert Canvas(store, clock=FakeClock()).store is store


def test_nodes_can_be_added_to_with_plus(tab):
    tab.canvas.nodes += [Node("c"), {"id": "d", "position": {"x": 0, "y": 0}}]
    tab.canvas.edges += [Edge("f", "c", "d")]
    assert [node.id for node in tab.canvas.nodes] == ["a", "b", "c", "d"]
    assert [edge.id for edge in tab.canvas.store.edges] == ["e", "f"]
    tab.canvas.store.nodes += (Node("g"),)
    assert tab.canvas.graph.has_node("g")


def test_add_node_and_connect_edit_the_store(tab):
    node = tab.canvas.add_node(type="agent")
    edge = tab.canvas.connect("a", node, label="yes", source_handle="output")
    assert edge == {
        "id": f"xy-edge__aoutput-{node.id}",
        "source": "a",
        "target": node.id,
        "sourceHandle": "output",
        "label": "yes",
    }
    assert tab.canvas.connect("a", node, source_handle="output") is None
    with pytest.raises(GraphError, match="no node 'aa'"):
        tab.canvas.connect("aa", node)
    assert len(tab.canvas.edges) == 2


def test_unknown_node_type_gives_one_warning_with_the_known_kinds(tab):
    with pytest.warns(GraphWarning, match="'agnet'.*Did you mean 'agent'.*input, agent"):
        tab.canvas.store.add_node(type="agnet")
    tab.canvas.store.add_node(type="agnet")


def test_file_name_is_refused_with_the_way_to_read_it():
    with pytest.raises(TypeError, match=r"Canvas\(Graph\.read\('flow\.json'\)\)"):
        Canvas(cast("Any", "flow.json"))


@pytest.mark.parametrize(
    "name", ["_esm", "_code", "_code_hash", "_snapshot", "read_only", "layout"]
)
def test_s15_page_cannot_write_traits_that_are_python_s(tab, name):
    before = getattr(tab.canvas, name)
    tab.comm.deliver_update(**{name: "evil"})
    assert getattr(tab.canvas, name) is before
    tab.comm.deliver_update(**{name: "evil", "height": 300})
    assert tab.canvas.height == 300


def test_a_failed_transaction_restores_the_selection(tab):
    tab.canvas.selected = ("a",)
    tab.heard()

    def add_and_select():
        with tab.canvas.transaction("fails"):
            tab.canvas.store.add_node(id="c")
            tab.canvas.selected = ("c",)
            assert tab.canvas.store.selected_node_id == "c"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_select()
    assert (tab.canvas.selected, tab.canvas.store.selected_node_id) == (("a",), "a")
    selections = [m["nodes"] for m in tab.heard() if m["kind"] == "show_selection"]
    assert selections[-1] == ["a"]


def test_an_edit_of_another_thread_keeps_what_a_transaction_has_selected(tab):
    with tab.canvas.transaction("add"):
        tab.canvas.store.add_node(id="c")
        tab.canvas.selected = ("c",)
        other = threading.Thread(target=tab.canvas.store.delete_node, args=("b",))
        other.start()
        other.join(30)
    assert tab.canvas.selected == ("c",)
    assert tab.canvas.store.selected_node_id == "c"


def test_the_picture_of_a_canvas_made_inside_a_transaction_is_the_document_of_all(comms):
    store = CanvasStore(Graph([Node("a", (0, 0))]))

    def make():
        with store.transaction():
            store.add_node(id="draft")
            canvas = Canvas(store, clock=FakeClock())
            assert canvas._end.graph.node_count == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        make()
    assert store.graph.node_count == 1


def test_facts_of_nodes_are_sent_to_views_and_are_no_edit(tab):
    before = tab.canvas.store.rev
    tab.canvas.set_node_facts({"a": {"calls": "billing() · your function", "problem": None}})
    (message,) = [each for each in tab.heard() if each["kind"] == "node_facts"]
    assert message["facts"]["a"]["calls"] == "billing() · your function"
    assert tab.canvas.node_facts == {"a": {"calls": "billing() · your function"}}
    assert (tab.canvas.store.rev, tab.canvas.store.is_dirty) == (before, False)


@pytest.mark.parametrize(
    "facts",
    [
        {"a": {"shout": "x"}},
        {"a": {"calls": 3}},
        {"a": {"calls": "x" * 501}},
        {"a": {"mark": "odd"}},
        {"": {"calls": "x"}},
        {"a": {"details": ["1", "2", "3"]}},
    ],
)
def test_invalid_facts_are_refused_and_change_nothing(tab, facts):
    tab.canvas.set_node_facts({"b": {"calls": "two()"}})
    with pytest.raises(ValueError, match="facts of nodes"):
        tab.canvas.set_node_facts({"b": {"calls": "three()"}} | facts)
    assert tab.canvas.node_facts == {"b": {"calls": "two()"}}


def test_python_asks_views_to_zoom_and_fit(tab):
    tab.canvas.zoom_to(0.85)
    tab.canvas.fit()
    with pytest.raises(ValueError, match="between"):
        tab.canvas.zoom_to(9)
    asked = [(m["name"], m["zoom"]) for m in tab.heard() if m["kind"] == "view_command"]
    assert asked == [("zoom_to", 0.85), ("fit", None)]


def test_a_saved_notebook_has_no_facts(tab):
    tab.canvas.set_node_facts({"a": {"calls": "billing()"}})
    assert "billing()" not in str(tab.canvas.get_state())


def test_page_may_fold_the_palette_and_nothing_else_of_the_look(tab):
    tab.canvas.set_state({"palette": "rail", "covered_right": 300, "toolbar": False})
    assert (tab.canvas.palette, tab.canvas.covered_right, tab.canvas.toolbar) == ("rail", 0, True)
    tab.canvas.covered_right = 328
    assert tab.canvas.get_state("covered_right") == {"covered_right": 328}


def test_run_of_a_node_tells_its_cost_and_the_outputs_it_took(tab):
    execution = ExecutionStore()
    tab.canvas.show_run(execution)
    execution.start_execution("r1", ["a", "b"])
    execution.update_node_status("a", "completed", outputs=("billing",), cost=0.0004)
    state = [message for message in tab.heard() if message["kind"] == "state_changed"][-1]["state"]
    nodes = state["run"]["nodes"]
    assert (nodes["a"]["outputs"], nodes["a"]["cost"]) == (["billing"], 0.0004)
    assert (nodes["b"]["outputs"], nodes["b"]["cost"]) == (None, None)


def test_run_of_a_node_tells_what_it_gave_and_how_much(tab):
    execution = ExecutionStore()
    tab.canvas.show_run(execution)
    execution.start_execution("run", {"a": "a", "b": "b"})
    execution.update_nodes({"a": {"status": "completed", "type": "table", "count": 120}}, ())
    execution.update_nodes({"b": {"status": "waiting"}}, ())
    nodes = [each for each in tab.heard() if each["kind"] == "state_changed"][-1]["state"]["run"][
        "nodes"
    ]
    assert (nodes["a"]["type"], nodes["a"]["count"]) == ("table", 120)
    assert (nodes["b"]["status"], nodes["b"]["type"]) == ("waiting", None)


def press(tab, name, *nodes, number=1):
    """Press a button of the page; return the answer."""
    tab.heard()
    message = {"kind": "command", "client": "tab", "id": number, "name": name}
    tab.comm.deliver_custom(message | {"nodes": nodes})
    return next(each for each in tab.heard() if each["kind"] == "command_result")["problem"]


def test_s19_views_offer_the_buttons_of_selected_nodes_that_have_a_handler(tab):
    def offered():
        states = [each for each in tab.heard() if each["kind"] == "state_changed"]
        return states[-1]["state"]["nodeCommands"]

    tab.canvas.on_command("run_from", lambda ids: None)
    assert offered() == ["run_from", "group", "ungroup"]
    tab.canvas.on_command("pin", lambda ids: None)
    assert offered() == ["run_from", "pin", "group", "ungroup"]
    with pytest.raises(ValueError, match="no button 'fly'"):
        tab.canvas.on_command("fly", lambda ids: None)


def test_s19_button_of_selected_nodes_is_called_with_those_that_exist(tab):
    called = []
    tab.canvas.on_command("pin", called.append)
    assert press(tab, "pin", "a", "gone") is None
    assert called == [("a",)]
    assert press(tab, "pin", "gone")["code"] == "no_nodes"
    assert called == [("a",)]


def test_group_and_ungroup_are_one_undo_step_each_and_select_what_they_made(tab):
    before = tab.canvas.graph
    node = tab.canvas.group(["a", "b"], label="Both")
    assert (node.type, node.label, tab.canvas.selected) == ("subflow", "Both", (node.id,))
    assert tab.canvas.store.history.undo_label == "group 2 nodes"
    assert [each.id for each in tab.canvas.graph.nodes] == [node.id]
    opened = tab.canvas.ungroup(node)
    assert [each.id for each in opened] == ["a", "b"]
    assert tab.canvas.selected == ("a", "b")
    assert tab.canvas.graph == before
    assert tab.canvas.store.history.undo_label == "ungroup Both"
    tab.canvas.undo()
    tab.canvas.undo()
    assert tab.canvas.graph == before


def test_group_and_ungroup_of_a_view_select_in_all_views(tab):
    assert press(tab, "group", "a", "b") is None
    [made] = tab.canvas.selected
    assert tab.canvas.graph.node(made).type == "subflow"
    assert press(tab, "ungroup", made, number=2) is None
    assert tab.canvas.selected == ("a", "b")


def test_a_group_that_cannot_be_made_is_refused_with_the_reason(tab):
    tab.canvas.set_nodes(
        [Node("f", (0, 0), type="group"), Node("a", (1, 1), parent_id="f"), Node("b", (9, 9))]
    )
    before = tab.canvas.graph
    problem = press(tab, "group", "a", "b")
    assert "different frames" in problem["message"]
    assert tab.canvas.graph == before
    assert "not a subflow" in press(tab, "ungroup", "b", number=2)["message"]
