"""Undo and redo (rule S14)."""

from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.stores import CanvasStore


def moved(store, x):
    store.on_nodes_change([{"type": "position", "id": "a", "position": {"x": x, "y": 0}}])


def store_with_a():
    return CanvasStore(Graph([Node("a", (0, 0))]))


def test_redo_gives_back_exactly_what_undo_took():
    store = store_with_a()
    store.delete_node("a")
    after = store.graph
    store.undo()
    store.redo()
    assert store.graph == after


def test_undo_is_an_edit_that_must_be_saved():
    store = store_with_a()
    moved(store, 5)
    store.mark_clean()
    store.undo()
    assert store.is_dirty


def test_a_new_edit_forgets_what_was_taken_back():
    store = store_with_a()
    moved(store, 5)
    store.undo()
    moved(store, 7)
    assert not store.redo()
    assert store.graph.node("a").position == (7, 0)


def test_with_nothing_to_take_back_it_says_so():
    store = store_with_a()
    assert not store.undo()
    assert not store.redo()


def test_a_hundred_steps_are_kept():
    store = store_with_a()
    for x in range(1, 131):
        moved(store, x)
    undone = 0
    while store.undo():
        undone += 1
    assert undone == 100
    assert store.graph.node("a").position == (30, 0)


def test_steps_say_what_they_did():
    store = store_with_a()
    moved(store, 5)
    assert store.history.undo_label == "move node"
    store.update_node_data("a", {"label": "Anna"})
    assert store.history.undo_label == "rename node"
    store.undo()
    assert (store.history.undo_label, store.history.redo_label) == ("move node", "rename node")
    assert store.history.past[0].time.tzinfo is not None


def test_selection_is_no_step():
    store = store_with_a()
    store.set_selection("a")
    assert not store.history.can_undo


@given(st.lists(st.sampled_from(["add", "move", "delete", "undo", "redo"]), max_size=40))
def test_undo_all_restores_the_first_and_redo_all_the_last(actions):
    store = store_with_a()
    first = store.graph
    for number, action in enumerate(actions):
        nodes = store.nodes
        match action:
            case "add":
                store.add_node(id=f"n{number}")
            case "move" if nodes:
                position = {"x": number, "y": 0}
                store.on_nodes_change(
                    [{"type": "position", "id": nodes[0].id, "position": position}]
                )
            case "delete" if nodes:
                store.delete_node(nodes[-1].id)
            case "undo":
                store.undo()
            case "redo":
                store.redo()
    while store.redo():
        pass
    last = store.graph
    while store.undo():
        pass
    assert store.graph == first
    while store.redo():
        pass
    assert store.graph == last
