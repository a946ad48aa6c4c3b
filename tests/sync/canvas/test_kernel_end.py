"""The kernel's end, message by message; each test names its rule of SPEC.md."""

import logging

import pytest

from kaizen_widgets.graph import Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore, Commit
from kaizen_widgets.sync.canvas import KernelEnd
from kaizen_widgets.sync.canvas.messages import CanvasState, NodeFacts, Problem, ViewCommand


class Bench:
    """A kernel end and everything it sent."""

    def __init__(self):
        self.store = CanvasStore(Graph([Node("a", (0, 0), data={"label": "A"})]))
        self.sent = []
        self.selected = []
        self.pressed = []
        self.end = KernelEnd(
            self.store,
            self.sent.append,
            on_select=lambda nodes, edges: self.selected.append((nodes, edges)),
            on_command=self.press,
        )
        self.store.on_event(self.on_event)

    def on_event(self, event):
        if isinstance(event, Commit):
            self.end.committed(event)
        else:
            self.end.replaced(event)

    def press(self, name, nodes):
        self.pressed.append((name, *nodes))
        return None if name == "save" else Problem(code="no", message="No.")

    def push(self, n, *operations, client="v1", **keys):
        self.sent.clear()
        message = {"kind": "push", "client": client, "epoch": self.store.epoch, "n": n}
        self.end.receive(message | {"baseRev": 0, "batch": list(operations)} | keys)
        return self.sent

    def ask(self, client="v1", **keys):
        self.sent.clear()
        self.end.receive({"kind": "hello", "client": client} | keys)
        return self.sent[0]


def label(text):
    return {"op": "set", "kind": "node", "id": "a", "path": ["data", "label"], "value": text}


@pytest.fixture
def bench():
    return Bench()


def test_s1_hello_is_answered_with_a_snapshot(bench):
    snapshot = bench.ask()
    assert (snapshot.kind, snapshot.to, snapshot.rev) == ("snapshot", "v1", 0)
    assert [node["id"] for node in snapshot.nodes] == ["a"]


def test_s1_snapshot_leaves_out_what_the_view_has(bench):
    bench.push(1, label("B"))
    first = bench.ask()
    version = {"epoch": first.epoch, "rev": first.rev, "digest": first.digest}
    again = bench.ask(version=version, kinds_hash=first.kinds_hash)
    assert (again.nodes, again.edges, again.kinds) == (None, None, None)
    assert (again.rev, again.handled) == (1, 1)


def test_s3_snapshot_has_the_document_when_the_digest_differs(bench):
    first = bench.ask()
    version = {"epoch": first.epoch, "rev": first.rev, "digest": first.digest + 1}
    assert len(bench.ask(version=version).nodes) == 1


def test_s2_push_is_applied_and_broadcast_with_its_sender(bench):
    (applied,) = bench.push(1, label("B"))
    assert (applied.kind, applied.rev, applied.client, applied.n) == ("applied", 1, "v1", 1)
    assert bench.store.graph.node("a").label == "B"


def test_s2_repeated_push_is_applied_once(bench):
    bench.push(1, label("B"))
    bench.store.undo()
    (answer,) = bench.push(1, label("B"))
    assert (answer.kind, answer.to, answer.n) == ("handled", "v1", 1)
    assert bench.store.graph.node("a").label == "A"


def test_s2_missing_request_is_asked_for(bench):
    (answer,) = bench.push(3, label("B"))
    assert (answer.kind, answer.n) == ("expected", 1)
    assert bench.store.rev == 0


def test_s2_each_view_has_its_own_request_numbers(bench):
    bench.push(1, label("B"), client="v1")
    (applied,) = bench.push(1, label("C"), client="v2")
    assert (applied.client, applied.rev) == ("v2", 2)


def test_s2_push_that_changes_nothing_is_answered(bench):
    (answer,) = bench.push(1, label("A"))
    assert answer.kind == "handled"
    assert bench.store.rev == 0


def test_d2_refused_push_applies_nothing_and_says_why(bench):
    (answer,) = bench.push(1, label("B"), {"op": "remove", "kind": "node", "id": "ghost"})
    assert (answer.kind, answer.to, answer.n) == ("refused", "v1", 1)
    assert (answer.problem.code, answer.problem.node_id) == ("unknown_node", "ghost")
    assert bench.store.graph.node("a").label == "A"


def test_s2_refusal_is_repeated_when_the_request_is(bench):
    bench.push(1, {"op": "remove", "kind": "node", "id": "ghost"})
    (answer,) = bench.push(1, {"op": "remove", "kind": "node", "id": "ghost"})
    assert answer.kind == "refused"
    snapshot = bench.ask()
    assert (snapshot.handled, [refusal.n for refusal in snapshot.refusals]) == (1, [1])


def test_s3_request_for_another_epoch_gets_a_snapshot(bench):
    (answer,) = bench.push(1, label("B"), epoch="long ago")
    assert (answer.kind, answer.to) == ("snapshot", "v1")
    assert bench.store.rev == 0


def test_s3_opening_another_document_sends_a_snapshot_and_restarts_request_numbers(bench):
    bench.push(1, label("B"))
    bench.sent.clear()
    bench.store.load_pipeline(Graph([Node("a", (1, 1))]))
    assert (bench.sent[0].kind, bench.sent[0].to) == ("snapshot", None)
    (applied,) = bench.push(1, label("C"))
    assert (applied.kind, applied.rev) == ("applied", 1)


def test_s4_heartbeat_has_the_version_of_document_and_state(bench):
    bench.push(1, label("B"))
    bench.end.show(CanvasState(title="T"))
    beat = bench.end.heartbeat()
    assert (beat.epoch, beat.rev, beat.seq) == (bench.store.epoch, 1, 1)


def test_s9_batches_are_broadcast_in_order_when_observers_edit(bench):
    def follow(change):
        if bench.store.graph.has_node("b"):
            return
        bench.store.add_node(id="b")

    bench.store.observe(follow, "nodes")
    sent = bench.push(1, label("B"))
    assert [message.rev for message in sent] == [1, 2]


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
def test_s10_invalid_push_is_refused_and_counts_as_a_request(bench, batch):
    (answer,) = bench.push(1, batch=batch)
    assert (answer.kind, answer.n) == ("refused", 1)
    assert bench.store.rev == 0
    (applied,) = bench.push(2, label("B"))
    assert applied.kind == "applied"


@pytest.mark.parametrize(
    "content", [None, 3, [], {}, {"kind": "hello"}, {"kind": "push", "n": True}]
)
def test_s10_invalid_message_is_ignored(bench, content):
    bench.end.receive(content)
    assert bench.sent == []


def test_s10_invalid_message_is_logged_without_its_content(bench, caplog):
    with caplog.at_level(logging.WARNING):
        bench.push(1, batch="my secret")
    assert "refused" in caplog.text
    assert "my secret" not in caplog.text


def test_s12_selection_makes_no_revision_and_drops_unknown_ids(bench):
    bench.end.receive({"kind": "select", "client": "v1", "nodes": ["a", "ghost"], "edges": []})
    assert bench.selected == [(("a",), ())]
    assert bench.store.rev == 0


def test_s12_late_selection_is_dropped(bench):
    for at, nodes in ((2, ["a"]), (1, [])):
        bench.end.receive(
            {"kind": "select", "client": "v1", "number": at, "nodes": nodes, "edges": []}
        )
    bench.end.receive({"kind": "leave", "client": "v1", "number": 4})
    bench.end.receive({"kind": "select", "client": "v1", "number": 3, "nodes": ["a"], "edges": []})
    assert bench.selected == [(("a",), ())]
    assert [peer.nodes for peer in bench.sent] == [("a",), ()]


def test_s14_repeated_undo_is_applied_once(bench):
    bench.store.commit((SetProperty(kind="node", id="a", path=("data", "label"), value="B"),))
    bench.store.commit((SetProperty(kind="node", id="a", path=("data", "label"), value="C"),))
    undo = {"kind": "undo", "client": "v1", "epoch": bench.store.epoch, "n": 1}
    bench.end.receive(undo)
    bench.end.receive(undo)
    assert bench.store.graph.node("a").label == "B"
    bench.end.receive(undo | {"kind": "redo", "n": 2})
    assert bench.store.graph.node("a").label == "C"


def test_s14_undo_without_history_is_answered(bench):
    bench.end.receive({"kind": "undo", "client": "v1", "epoch": bench.store.epoch, "n": 1})
    assert bench.sent[-1].kind == "handled"


def test_command_is_answered(bench):
    for number, name in enumerate(["save", "run"]):
        bench.end.receive({"kind": "command", "client": "v1", "id": number, "name": name})
    assert bench.pressed == [("save",), ("run",)]
    assert [answer.problem is None for answer in bench.sent] == [True, False]


def test_state_is_sent_once_per_change(bench):
    bench.ask()
    bench.sent.clear()
    bench.end.show(CanvasState(title="T"))
    bench.end.show(CanvasState(title="T"))
    assert [message.seq for message in bench.sent] == [1]


def test_s12_selection_is_sent_to_other_views_until_the_view_leaves():
    store = CanvasStore(Graph([Node("a", (0, 0))]))
    sent: list = []
    end = KernelEnd(store, sent.append)
    end.receive({"kind": "select", "client": "one", "nodes": ["a", "nobody"], "edges": []})
    end.receive({"kind": "leave", "client": "one"})
    assert [(mail.kind, mail.client, mail.nodes) for mail in sent] == [
        ("peer_selection", "one", ("a",)),
        ("peer_selection", "one", ()),
    ]


def test_without_a_view_nothing_is_sent():
    bench = Bench()
    bench.store.add_node(id="b")
    bench.end.show(CanvasState(title="T"))
    bench.end.select(("a",), ())
    bench.store.load_pipeline(Graph([Node("a")]))
    assert bench.sent == []
    assert bench.end.heartbeat() is None
    assert bench.ask().rev == 0


def test_after_the_last_view_leaves_nothing_is_sent():
    bench = Bench()
    changes = []
    bench.end._on_views = changes.append
    for client in ("v1", "v2"):
        bench.ask(client)
    bench.end.receive({"kind": "leave", "client": "v1", "number": 1})
    assert (changes, bench.end.has_views) == ([True], True)
    bench.end.receive({"kind": "leave", "client": "v2", "number": 1})
    assert (changes, bench.end.has_views) == ([True, False], False)
    bench.sent.clear()
    bench.store.add_node(id="b")
    assert bench.sent == []
    assert [node["id"] for node in bench.ask("v2").nodes] == ["a", "b"]
    assert changes == [True, False, True]


def test_leave_of_a_view_that_spoke_later_is_ignored():
    bench = Bench()
    bench.end.receive({"kind": "select", "client": "v1", "number": 2, "nodes": [], "edges": []})
    bench.end.receive({"kind": "leave", "client": "v1", "number": 1})
    assert bench.end.has_views


def test_snapshot_counts_a_request_as_handled_once_its_batch_was_sent():
    bench = Bench()
    bench.ask()
    waiting = []
    bench.store.observe(lambda change: waiting.append(bench.end.snapshot("v1")), "nodes")
    bench.push(1, label("B"))
    (snapshot,) = waiting
    assert (snapshot.rev, snapshot.handled) == (1, 1)
    assert snapshot.nodes[0]["data"]["label"] == "B"


def test_s17_only_changed_facts_are_sent_and_a_snapshot_has_all(bench):
    bench.ask()
    bench.sent.clear()
    bench.end.show_facts({"a": NodeFacts(calls="one()"), "b": NodeFacts(calls="two()")})
    bench.end.show_facts({"a": NodeFacts(calls="one()"), "c": NodeFacts(problem="No agent")})
    bench.end.show_facts({"c": NodeFacts(problem="No agent"), "a": NodeFacts(calls="one()")})
    first, second = bench.sent
    assert (first.seq, sorted(first.facts)) == (1, ["a", "b"])
    assert (second.seq, second.facts) == (2, {"b": None, "c": NodeFacts(problem="No agent")})
    snapshot = bench.ask("v2")
    assert (snapshot.facts_seq, sorted(snapshot.facts)) == (2, ["a", "c"])
    assert bench.end.heartbeat().facts_seq == 2
    assert bench.store.rev == 0


def test_s17_facts_without_a_view_are_in_the_next_snapshot(bench):
    bench.end.show_facts({"a": NodeFacts(calls="one()")})
    assert bench.sent == []
    assert bench.ask().facts["a"].calls == "one()"


def test_s18_arranging_is_asked_of_the_view_heard_from_last(bench):
    assert not bench.end.command_views(ViewCommand(name="fit"))
    bench.ask("v1")
    bench.ask("v2")
    bench.ask("v1")
    bench.sent.clear()
    assert bench.end.command_views(ViewCommand(name="fit"))
    assert bench.end.command_views(ViewCommand(name="arrange"))
    bench.end.receive({"kind": "leave", "client": "v1", "number": 1})
    bench.end.command_views(ViewCommand(name="arrange"))
    asked = [(each.name, each.to) for each in bench.sent if each.kind == "view_command"]
    assert asked == [("fit", None), ("arrange", "v1"), ("arrange", "v2")]
