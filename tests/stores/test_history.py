"""Undo and redo (rule S14)."""

from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.stores import CanvasStore, ExecutionStore


def moved(store, x):
    store.on_nodes_change([{"type": "position", "id": "a", "position": {"x": x, "y": 0}}])


def store_with_a():
    return CanvasStore(Graph([Node("a", (0, 0))]))


def test_redo_restores_exactly_what_undo_took_back():
    store = store_with_a()
    store.delete_node("a")
    after = store.graph
    store.undo()
    store.redo()
    assert store.graph == after


def test_undo_makes_the_document_dirty():
    store = store_with_a()
    moved(store, 5)
    store.mark_clean()
    store.undo()
    assert store.is_dirty


def test_new_edit_drops_the_steps_to_redo():
    store = store_with_a()
    moved(store, 5)
    store.undo()
    moved(store, 7)
    assert not store.redo()
    assert store.graph.node("a").position == (7, 0)


def test_undo_and_redo_return_false_without_steps():
    store = store_with_a()
    assert not store.undo()
    assert not store.redo()


def test_history_holds_a_hundred_steps():
    store = store_with_a()
    for x in range(1, 131):
        moved(store, x)
    undone = 0
    while store.undo():
        undone += 1
    assert undone == 100
    assert store.graph.node("a").position == (30, 0)


def test_steps_have_labels_and_times():
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


class Typist:
    """Types into the label of a node, a letter at a time, in virtual time."""

    def __init__(self, clock, source="form"):
        self.clock = clock
        self.store = CanvasStore(Graph([Node("a", (0, 0), data={"label": ""})]), now=clock.now)
        self.source = source

    def type(self, text, *, pause=0.1, source=None):
        for end in range(1, len(text) + 1):
            self.clock.advance(pause)
            label = {"label": text[:end]}
            self.store.update_node_data("a", label, source=source or self.source)

    @property
    def label(self):
        return self.store.graph.node("a").label

    @property
    def steps(self):
        return [step.label for step in self.store.history.past]


def test_typing_without_a_pause_is_one_step(clock):
    typist = Typist(clock)
    typist.type("Anna")
    assert typist.steps == ["rename node"]
    typist.store.undo()
    assert typist.store.graph.node("a")["data"]["label"] == ""
    typist.store.redo()
    assert typist.label == "Anna"


def test_pause_ends_the_typing(clock):
    typist = Typist(clock)
    typist.type("Ann")
    clock.advance(1.1)
    typist.type("Anna")
    typist.store.undo()
    assert typist.label == "Ann"


def test_other_texts_authors_and_edits_are_other_steps(clock):
    typist = Typist(clock)
    typist.type("A")
    typist.type("AB", source="other form")
    typist.store.update_node_data("a", {"note": "n"}, source="other form")
    moved(typist.store, 5)
    typist.type("ABC", source="other form")
    assert typist.steps == ["rename node", "rename node", "edit node", "move node", "rename node"]


def test_undo_ends_the_typing(clock):
    typist = Typist(clock)
    typist.type("A")
    typist.type("B", source="other form")
    typist.store.undo()
    typist.type("C")
    assert typist.steps == ["rename node", "rename node"]


def test_typing_that_ends_where_it_began_is_no_step(clock):
    typist = Typist(clock)
    typist.type("A")
    typist.store.update_node_data("a", {"label": ""}, source=typist.source)
    assert not typist.store.history.can_undo


def test_each_edit_from_python_is_a_step_however_quick(clock):
    store = CanvasStore(Graph([Node("a", (0, 0), data={"label": ""})]), now=clock.now)
    store.update_node_data("a", {"label": "Ann"})
    store.update_node_data("a", {"label": "Bob"})
    assert len(store.history.past) == 2


def test_a_transaction_is_one_step_with_its_label_and_time(clock):
    store = store_with_a()
    with store.transaction("tidy up"):
        store.add_node(id="b")
        moved(store, 5)
    [step] = store.history.past
    assert (step.label, store.history.undo_label) == ("tidy up", "tidy up")
    assert step.time.tzinfo is not None
    store.undo()
    assert [step.label for step in store.history.future] == ["tidy up"]


def test_undo_leaves_selection_and_run_results_alone():
    store, execution = store_with_a(), ExecutionStore()
    store.add_node(id="b")
    execution.start_execution("r", ["a"])
    execution.set_result(1)
    moved(store, 5)
    store.set_selection("b")
    before = execution.get()
    store.undo()
    assert store.selected_node_id == "b"
    assert execution.get() == before


def test_history_is_bounded_in_bytes():
    store = store_with_a()
    store.history.max_bytes = 1_000_000
    for number in range(10):
        store.update_node_data("a", {"image": f"{number}" + "x" * 300_000})
    assert len(store.history.past) == 3
    while store.undo():
        pass
    assert len(store.history.future) == 3
    assert store.graph.node("a").data["image"][0] == "6"
    store.redo()
    assert store.graph.node("a").data["image"][0] == "7"


def test_history_counts_the_bytes_of_wide_characters():
    store = store_with_a()
    store.history.max_bytes = 1_000_000
    for number in range(4):
        store.update_node_data("a", {"image": f"{number}" + "\N{GRINNING FACE}" * 200_000})
    assert len(store.history.past) == 1


def test_newest_step_can_be_undone_however_large_it_is():
    store = store_with_a()
    store.update_node_data("a", {"image": "x" * 300_000})
    store.history.max_bytes = 1000
    store.delete_node("a")
    assert [step.label for step in store.history.past] == ["delete node"]
    store.undo()
    assert store.graph.has_node("a")
    store.redo()
    assert not store.graph.has_node("a")
