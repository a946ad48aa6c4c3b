"""The kernel's end, message by message; each test names its rule of SPEC.md."""

import logging

import pytest

from kaizen_widgets.graph import Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore, Commit
from kaizen_widgets.sync import KernelEnd
from kaizen_widgets.sync.canvas.messages import CanvasState, Problem


class Bench:
    """A kernel end and everything it said."""

    def __init__(self):
        self.store = CanvasStore(Graph([Node("a", (0, 0), data={"label": "A"})]))
        self.said = []
        self.selected = []
        self.pressed = []
        self.end = KernelEnd(
            self.store,
            self.said.append,
            on_select=lambda nodes, edges: self.selected.append((nodes, edges)),
            on_command=self.press,
        )
        self.store.on_event(self.heard)

    def heard(self, event):
        if isinstance(event, Commit):
            self.end.applied(event.epoch, event.rev, event.batch, event.source)
        else:
            self.end.replaced()

    def press(self, name):
        self.pressed.append(name)
        return None if name == "save" else Problem(code="no", message="No.")

    def push(self, n, *operations, client="v1", **keys):
        self.said.clear()
        message = {"kind": "push", "client": client, "epoch": self.store.epoch, "n": n}
        self.end.receive(message | {"baseRev": 0, "batch": list(operations)} | keys)
        return self.said

    def ask(self, client="v1", **keys):
        self.said.clear()
        self.end.receive({"kind": "hello", "client": client} | keys)
        return self.said[0]


def label(text):
    return {"op": "set", "kind": "node", "id": "a", "path": ["data", "label"], "value": text}


@pytest.fixture
def bench():
    return Bench()


def test_s1_hello_is_answered_with_the_whole_document(bench):
    snapshot = bench.ask()
    assert (snapshot.kind, snapshot.to, snapshot.rev) == ("snapshot", "v1", 0)
    assert [node["id"] for node in snapshot.nodes] == ["a"]


def test_s1_a_view_that_holds_the_document_does_not_get_it_again(bench):
    bench.push(1, label("B"))
    first = bench.ask()
    have = {"epoch": first.epoch, "rev": first.rev, "digest": first.digest}
    again = bench.ask(have=have, looks=first.looks)
    assert (again.nodes, again.edges, again.kinds) == (None, None, None)
    assert (again.rev, again.handled) == (1, 1)


def test_s3_a_view_whose_digest_differs_gets_the_whole_document(bench):
    first = bench.ask()
    have = {"epoch": first.epoch, "rev": first.rev, "digest": first.digest + 1}
    assert len(bench.ask(have=have).nodes) == 1


def test_s2_a_batch_is_applied_and_told_with_its_sender(bench):
    (applied,) = bench.push(1, label("B"))
    assert (applied.kind, applied.rev, applied.client, applied.n) == ("applied", 1, "v1", 1)
    assert bench.store.graph.node("a").label == "B"


def test_s2_a_doubled_batch_counts_once(bench):
    bench.push(1, label("B"))
    bench.store.undo()
    (answer,) = bench.push(1, label("B"))
    assert (answer.kind, answer.to, answer.n) == ("handled", "v1", 1)
    assert bench.store.graph.node("a").label == "A"


def test_s2_a_missing_request_is_asked_for(bench):
    (answer,) = bench.push(3, label("B"))
    assert (answer.kind, answer.n) == ("expected", 1)
    assert bench.store.rev == 0


def test_s2_views_number_their_requests_each_for_itself(bench):
    bench.push(1, label("B"), client="v1")
    (applied,) = bench.push(1, label("C"), client="v2")
    assert (applied.client, applied.rev) == ("v2", 2)


def test_s2_a_batch_that_changes_nothing_is_answered_too(bench):
    (answer,) = bench.push(1, label("A"))
    assert answer.kind == "handled"
    assert bench.store.rev == 0


def test_d2_a_refused_batch_leaves_nothing_and_says_why(bench):
    (answer,) = bench.push(1, label("B"), {"op": "remove", "kind": "node", "id": "ghost"})
    assert (answer.kind, answer.to, answer.n) == ("refused", "v1", 1)
    assert (answer.problem.code, answer.problem.node_id) == ("unknown_node", "ghost")
    assert bench.store.graph.node("a").label == "A"


def test_s2_a_refusal_is_repeated_to_who_did_not_hear_it(bench):
    bench.push(1, {"op": "remove", "kind": "node", "id": "ghost"})
    (answer,) = bench.push(1, {"op": "remove", "kind": "node", "id": "ghost"})
    assert answer.kind == "refused"
    snapshot = bench.ask()
    assert (snapshot.handled, [refusal.n for refusal in snapshot.refusals]) == (1, [1])


def test_s3_a_request_for_another_epoch_gets_a_snapshot(bench):
    (answer,) = bench.push(1, label("B"), epoch="long ago")
    assert (answer.kind, answer.to) == ("snapshot", "v1")
    assert bench.store.rev == 0


def test_s3_another_document_is_a_snapshot_for_all_and_numbers_begin_anew(bench):
    bench.push(1, label("B"))
    bench.said.clear()
    bench.store.load_pipeline(Graph([Node("a", (1, 1))]))
    assert (bench.said[0].kind, bench.said[0].to) == ("snapshot", None)
    (applied,) = bench.push(1, label("C"))
    assert (applied.kind, applied.rev) == ("applied", 1)


def test_s4_the_heartbeat_says_where_the_document_stands(bench):
    bench.push(1, label("B"))
    bench.end.show(CanvasState(title="T"))
    beat = bench.end.heartbeat()
    assert (beat.epoch, beat.rev, beat.seq) == (bench.store.epoch, 1, 1)


def test_s9_batches_are_told_in_order_although_observers_edit(bench):
    def follow(change):
        if bench.store.graph.has_node("b"):
            return
        bench.store.add_node(id="b")

    bench.store.observe(follow, "nodes")
    told = bench.push(1, label("B"))
    assert [message.rev for message in told] == [1, 2]


@pytest.mark.parametrize(
    "batch",
    [
        [
            {
                "op": "set",
                "kind": "node",
                "id": "a",
                "path": ["position"],
                "value": {"x": float("nan"), "y": 0},
            }
        ],
        [{"op": "set", "kind": "node", "id": "a", "path": ["data", "__proto__"], "value": 1}],
        [{"op": "set", "kind": "node", "id": "a", "path": ["selected"], "value": True}],
        [
            {
                "op": "add",
                "kind": "node",
                "item": {"id": "b", "position": {"x": 0, "y": 0}, "measured": {}},
                "before": None,
            }
        ],
        [{"op": "explode", "kind": "node", "id": "a"}],
        [{"op": "remove", "kind": "node", "id": "a", "really": True}],
        "not a batch",
    ],
)
def test_s10_what_may_not_enter_is_refused_and_the_next_request_counts(bench, batch):
    (answer,) = bench.push(1, batch=batch)
    assert (answer.kind, answer.n) == ("refused", 1)
    assert bench.store.rev == 0
    (applied,) = bench.push(2, label("B"))
    assert applied.kind == "applied"


@pytest.mark.parametrize(
    "content", [None, 3, [], {}, {"kind": "hello"}, {"kind": "push", "n": True}]
)
def test_s10_what_is_no_message_changes_nothing(bench, content):
    bench.end.receive(content)
    assert bench.said == []


def test_s10_a_refused_message_is_logged_without_its_content(bench, caplog):
    with caplog.at_level(logging.WARNING):
        bench.push(1, batch="my secret")
    assert "refused" in caplog.text
    assert "my secret" not in caplog.text


def test_s12_selection_is_no_revision_and_unknown_ids_are_left_out(bench):
    bench.end.receive({"kind": "select", "client": "v1", "nodes": ["a", "ghost"], "edges": []})
    assert bench.selected == [(("a",), ())]
    assert bench.store.rev == 0


def test_s12_a_selection_that_was_overtaken_is_let_go(bench):
    for at, nodes in ((2, ["a"]), (1, [])):
        bench.end.receive({"kind": "select", "client": "v1", "at": at, "nodes": nodes, "edges": []})
    bench.end.receive({"kind": "leave", "client": "v1", "at": 4})
    bench.end.receive({"kind": "select", "client": "v1", "at": 3, "nodes": ["a"], "edges": []})
    assert bench.selected == [(("a",), ())]
    assert [peer.nodes for peer in bench.said] == [("a",), ()]


def test_s14_undo_is_a_request_that_counts_once(bench):
    bench.store.commit((SetProperty(kind="node", id="a", path=("data", "label"), value="B"),))
    bench.store.commit((SetProperty(kind="node", id="a", path=("data", "label"), value="C"),))
    undo = {"kind": "undo", "client": "v1", "epoch": bench.store.epoch, "n": 1}
    bench.end.receive(undo)
    bench.end.receive(undo)
    assert bench.store.graph.node("a").label == "B"
    bench.end.receive(undo | {"kind": "redo", "n": 2})
    assert bench.store.graph.node("a").label == "C"


def test_s14_undo_of_nothing_is_answered(bench):
    bench.end.receive({"kind": "undo", "client": "v1", "epoch": bench.store.epoch, "n": 1})
    assert bench.said[-1].kind == "handled"


def test_commands_are_answered(bench):
    for number, name in enumerate(["save", "run"]):
        bench.end.receive({"kind": "command", "client": "v1", "id": number, "name": name})
    assert bench.pressed == ["save", "run"]
    assert [answer.problem is None for answer in bench.said] == [True, False]


def test_state_is_told_once_per_change(bench):
    bench.end.show(CanvasState(title="T"))
    bench.end.show(CanvasState(title="T"))
    assert [message.seq for message in bench.said] == [1]


def test_a_selection_is_told_to_the_other_views_until_its_view_leaves():
    """S12: what one view has selected is marked in the others, who is gone marks nothing."""
    store = CanvasStore(Graph([Node("a", (0, 0))]))
    told: list = []
    end = KernelEnd(store, told.append)
    end.receive({"kind": "select", "client": "one", "nodes": ["a", "nobody"], "edges": []})
    end.receive({"kind": "leave", "client": "one"})
    assert [(mail.kind, mail.client, mail.nodes) for mail in told] == [
        ("peer", "one", ("a",)),
        ("peer", "one", ()),
    ]
