"""CanvasStore: actions, events, traits."""

import threading

import pytest
from traitlets import TraitError, link

from kaizen_widgets.errors import (
    DuplicateIdError,
    GraphError,
    InvalidConnectionError,
    InvalidValueError,
    UnknownNodeError,
)
from kaizen_widgets.graph import Batch, Edge, Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore, Commit, Replaced


@pytest.fixture
def store():
    graph = Graph(
        [Node("a", (0, 0), data={"label": "A"}), Node("b", (200, 0))], [Edge("e", "a", "b")]
    )
    return CanvasStore(graph)


def test_a_new_store_is_clean_and_untitled():
    store = CanvasStore()
    assert (store.nodes, store.edges) == ((), ())
    assert (store.is_dirty, store.pipeline_id) == (False, None)
    assert store.pipeline_name == "Untitled Pipeline"


def test_delete_node_removes_its_edges(store):
    store.delete_node("a")
    assert [node.id for node in store.nodes] == ["b"]
    assert store.edges == ()
    assert store.is_dirty


def test_update_node_data_merges_keys(store):
    store.update_node_data("a", {"config": {"x": 1}})
    assert store.graph.node("a").data == {"label": "A", "config": {"x": 1}}


def test_added_nodes_get_an_id(store):
    node = store.add_node(type="agent", position=(10, 10), data={"label": "New"})
    assert node.id.startswith("agent-")
    assert store.graph.node(node.id).position == (10, 10)


def test_add_node_refuses_a_taken_id(store):
    with pytest.raises(DuplicateIdError) as caught:
        store.add_node(Node("a", (5, 5)))
    assert caught.value.node_id == "a"
    assert not store.is_dirty


def test_on_connect_twice_makes_one_edge(store):
    assert store.on_connect({"source": "b", "target": "a"}).id == "xy-edge__b-a"
    assert store.on_connect({"source": "b", "target": "a"}) is None
    assert len(store.edges) == 2


def test_on_connect_refuses_an_unknown_node(store):
    with pytest.raises(InvalidConnectionError, match="'nowhere'"):
        store.on_connect({"source": "a", "target": "nowhere"})


def test_on_nodes_change_applies_changes_without_view_only_keys(store):
    store.on_nodes_change(
        [
            {"type": "position", "id": "a", "position": {"x": 5, "y": 6}, "dragging": False},
            {"type": "dimensions", "id": "b", "dimensions": {"width": 9, "height": 9}},
            {"type": "select", "id": "b", "selected": True},
        ]
    )
    assert store.graph.node("a").position == (5, 6)
    assert not {"dragging", "measured", "selected"} & {key for node in store.nodes for key in node}
    assert store.selected_node_id == "b"


def test_selection_alone_is_no_edit(store):
    store.on_nodes_change([{"type": "select", "id": "a", "selected": True}])
    assert not store.is_dirty
    assert not store.history.can_undo


def test_deleted_node_is_no_longer_selected(store):
    store.set_selection("a")
    store.delete_node("a")
    assert store.selected_node_id is None


def test_set_selection_refuses_an_unknown_node(store):
    with pytest.raises(UnknownNodeError):
        store.set_selection("nope")


def test_assigning_nodes_can_be_undone(store):
    store.nodes = [*store.nodes, {"id": "c", "position": {"x": 1, "y": 1}, "data": {}}]
    assert [node.id for node in store.nodes] == ["a", "b", "c"]
    store.undo()
    assert [node.id for node in store.nodes] == ["a", "b"]


def test_assigning_nodes_drops_edges_that_would_dangle(store):
    store.nodes = [store.graph.node("b")]
    assert store.edges == ()


def test_assigning_something_else_than_nodes_is_refused(store):
    with pytest.raises(TraitError, match="list of nodes"):
        store.nodes = 3


def test_a_nan_position_is_refused_by_name(store):
    with pytest.raises(InvalidValueError, match=r"Node 'c'.*nan"):
        store.nodes = [{"id": "c", "position": {"x": float("nan"), "y": 0}}]
    assert len(store.nodes) == 2


def test_a_node_cannot_change_in_place(store):
    with pytest.raises(TypeError, match="update_node_data"):
        store.nodes[0]["position"]["x"] = 5


def test_observers_see_old_and_new_nodes(store):
    seen = []
    store.observe(lambda change: seen.append((len(change.old), len(change.new))), "nodes")
    store.add_node(id="c")
    assert seen == [(2, 3)]


def test_listeners_see_both_states(store):
    seen = []
    store.subscribe(lambda state, old: seen.append((len(old["nodes"]), len(state["nodes"]))))
    store.add_node(id="c")
    assert seen == [(2, 3)]


def test_two_stores_link(store):
    other = CanvasStore()
    link((store, "nodes"), (other, "nodes"))
    other.update_node_data("a", {"label": "changed over there"})
    assert store.graph.node("a").label == "changed over there"


def test_a_transaction_is_one_step_and_one_event(store):
    events = []
    store.on_event(events.append)
    with store.transaction("lay out"):
        store.add_node(id="c")
        store.on_connect({"source": "b", "target": "c"})
    assert len(events) == 1
    assert store.history.undo_label == "lay out"
    store.undo()
    assert [node.id for node in store.nodes] == ["a", "b"]


def test_a_transaction_that_fails_leaves_nothing(store):
    before = store.graph

    def add_then_fail():
        with store.transaction():
            store.add_node(id="c")
            store.delete_node("nope")

    with pytest.raises(UnknownNodeError):
        add_then_fail()
    assert store.graph is before
    assert not store.is_dirty


def test_undo_within_a_transaction_is_refused(store):
    store.delete_node("a")
    with pytest.raises(GraphError, match="transaction"), store.transaction():
        store.undo()
    assert store.history.can_undo


def test_events_carry_revision_and_source(store):
    events = []
    store.on_event(events.append)
    store.delete_node("a")
    store.undo(source="somebody")
    assert [(event.rev, event.source) for event in events] == [(1, None), (2, "somebody")]


def test_commit_that_changes_nothing_makes_no_event(store):
    events = []
    store.on_event(events.append)
    store.update_node_data("a", {"label": "A"})
    assert events == []
    assert store.rev == 0


def test_load_pipeline_starts_a_new_epoch_and_history(store):
    events = []
    store.on_event(events.append)
    store.delete_node("a")
    epoch = store.epoch
    store.load_pipeline({"nodes": [], "edges": []}, id="p1", name="Other")
    assert isinstance(events[-1], Replaced)
    assert store.epoch != epoch
    assert (store.rev, store.is_dirty, store.pipeline_id) == (0, False, "p1")
    assert not store.history.can_undo


def test_load_pipeline_with_an_invalid_document_keeps_the_open_one(store):
    child = {"id": "child", "position": {"x": 0, "y": 0}, "parentId": "child"}
    with pytest.raises(InvalidConnectionError, match="'child'"):
        store.load_pipeline({"nodes": [child], "edges": []})
    assert len(store.nodes) == 2


def test_remove_all_can_be_undone_and_leaves_the_pipeline_open(store):
    store.set({"pipeline_id": "p1", "pipeline_name": "Triage"})
    before = store.graph
    store.remove_all()
    assert (store.nodes, store.edges, store.pipeline_id) == ((), (), "p1")
    assert store.is_dirty
    store.undo()
    assert store.graph == before


def test_clear_canvas_leaves_nothing_open(store):
    store.set({"pipeline_id": "p1", "pipeline_name": "Triage"})
    store.set_selection("a")
    store.delete_node("b")
    store.clear_canvas()
    assert store.get() == CanvasStore().get()
    assert not store.history.can_undo


def test_marking_an_older_revision_clean_leaves_it_dirty(store):
    store.delete_node("a")
    saved = store.rev
    store.delete_node("b")
    store.mark_clean(saved)
    assert store.is_dirty
    store.mark_clean()
    assert not store.is_dirty


def test_edits_of_many_threads_are_all_made(store):
    def add(name):
        for number in range(25):
            store.add_node(id=f"{name}-{number}")

    threads = [threading.Thread(target=add, args=(name,)) for name in "wxyz"]
    revisions = []
    store.on_event(lambda event: revisions.append(event.rev))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.nodes) == 102
    assert revisions == list(range(1, 101))


def test_observer_that_raises_does_not_stop_event_listeners(store):
    events = []
    store.on_event(events.append)
    store.observe(lambda change: 1 / 0, "nodes")
    with pytest.raises(ZeroDivisionError):
        store.delete_node("a")
    assert isinstance(events[0], Commit)


def test_s13_moving_one_node_is_one_operation_and_keeps_the_other_nodes():
    nodes = [{"id": f"n{number}", "position": {"x": number, "y": 0}} for number in range(50)]
    store = CanvasStore(Graph(nodes))
    before, events = store.graph, []
    store.on_event(events.append)
    place = {"type": "position", "id": "n7", "position": {"x": 1, "y": 2}, "dragging": False}
    store.on_nodes_change([place, {"type": "select", "id": "n8", "selected": True}])
    store.on_nodes_change([{**place, "id": "nobody"}])
    assert [len(event.batch) for event in events] == [1]
    assert store.graph.node("n7").position == (1, 2)
    assert all(store.graph.node(node.id) is node for node in before.nodes if node.id != "n7")


def test_completed_batch_is_one_step_with_what_was_added_to_it():
    store = CanvasStore(Graph([Node("a", data={"label": "A"})]))

    def complete(graph: Graph, batch: Batch) -> Batch:
        return (
            SetProperty(kind="node", id="a", path=("data", "was"), value=graph.node("a").label),
        )

    remove = store.complete_batches(complete)
    store.update_node_data("a", {"label": "B"})
    assert store.graph.node("a").data == {"label": "B", "was": "A"}
    assert len(store.history.past) == 1
    store.undo()
    assert store.graph.node("a").data == {"label": "A"}
    with store.transaction("two"):
        store.update_node_data("a", {"label": "C"})
    assert store.graph.node("a").data == {"label": "C", "was": "A"}
    remove()
    store.update_node_data("a", {"label": "D"})
    assert store.graph.node("a").data["was"] == "A"
