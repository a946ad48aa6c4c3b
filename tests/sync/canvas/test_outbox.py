"""The rate of mails and heartbeats (rules S4 and S8)."""

import threading

from kaizen_widgets.graph import Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync.canvas import KernelEnd, Outbox, Request
from kaizen_widgets.sync.canvas.messages import (
    Handled,
    Heartbeat,
    ShowSelection,
)
from kaizen_widgets.testing.fake_clock import FakeClock


def message(n):
    return Handled(to="v", epoch="e", n=n, rev=0)


class Post:
    def __init__(self):
        self.clock = FakeClock()
        self.mails = []
        self.outbox = Outbox(
            self.mails.append, lambda: Heartbeat(epoch="e", rev=1, digest=0, seq=0), self.clock
        )

    def kinds(self):
        return [[message.kind for message in mail.messages] for mail in self.mails]


def test_first_message_is_sent_immediately():
    post = Post()
    post.outbox.post(message(1))
    assert len(post.mails) == 1


def test_s8_messages_within_50_ms_are_sent_together_in_order():
    post = Post()
    for n in range(1, 5):
        post.outbox.post(message(n))
    assert len(post.mails) == 1
    post.clock.advance(0.05)
    assert [sent.n for sent in post.mails[1].messages] == [2, 3, 4]


def test_s4_heartbeats_follow_a_message_to_all_views_for_a_minute():
    post = Post()
    post.outbox.post(ShowSelection())
    post.clock.advance(600)
    assert post.kinds() == [["show_selection"], *([["heartbeat"]] * 30)]


def test_s4_no_heartbeats_follow_an_answer_to_one_view():
    post = Post()
    post.outbox.post(message(1))
    post.clock.advance(600)
    assert post.kinds() == [["handled"]]


def test_closed_outbox_sends_nothing():
    post = Post()
    post.outbox.post(message(1))
    post.outbox.post(message(2))
    post.outbox.close()
    post.outbox.post(message(3))
    post.clock.advance(600)
    assert len(post.mails) == 1


class Backlog(Post):
    """An outbox of a document, with an open view."""

    def __init__(self, nodes=1):
        super().__init__()
        self.store = CanvasStore(Graph([Node(f"n{number}") for number in range(nodes)]))
        self.end = KernelEnd(self.store, lambda message: self.outbox.post(message))
        self.store.on_event(self.end.committed)
        self.outbox = Outbox(
            self.mails.append,
            self.end.heartbeat,
            self.clock,
            snapshot=self.end.snapshot,
            size=lambda: self.store.graph.node_count,
        )
        self.end.receive({"kind": "hello", "client": "v"})

    def edit(self, times, client=None):
        for n in range(1, times + 1):
            at = {"x": self.store.rev, "y": 1}
            batch = (SetProperty(kind="node", id="n0", path=("position",), value=at),)
            self.store.commit(batch, source=Request(client, n) if client else None)

    def last(self):
        self.clock.advance(0.05)
        return self.mails[-1].messages


def test_s8_200_operations_are_sent_as_they_are():
    post = Backlog()
    post.edit(200)
    assert {sent.kind for sent in post.last()} == {"applied"}


def test_s8_backlog_is_sent_as_a_snapshot():
    post = Backlog()
    post.edit(201)
    post.outbox.post(message(7))
    snapshot, other = post.last()
    assert (snapshot.kind, snapshot.to, snapshot.rev) == ("snapshot", None, 201)
    assert snapshot.nodes[0]["position"]["x"] == 200
    assert other.n == 7


def test_s8_backlog_sent_as_a_snapshot_answers_its_requests():
    post = Backlog()
    post.edit(201, client="v")
    _, handled = post.last()
    assert (handled.kind, handled.to, handled.n, handled.rev) == ("handled", "v", 201, 201)


def test_s8_backlog_smaller_than_the_document_is_sent_as_it_is():
    post = Backlog(nodes=300)
    post.edit(201)
    assert {sent.kind for sent in post.last()} == {"applied"}


def test_s8_batches_newer_than_the_snapshot_follow_it():
    post = Backlog()
    early = post.end.snapshot()
    post.edit(201)
    post.outbox._snapshot = lambda: early
    assert [sent.rev for sent in post.last()][:3] == [0, 1, 2]


def test_s4_heartbeats_end_with_the_last_view():
    post = Backlog()
    post.edit(1)
    post.clock.advance(3)
    assert post.kinds()[-1] == ["heartbeat"]
    post.end.receive({"kind": "leave", "client": "v", "number": 1})
    post.mails.clear()
    post.clock.advance(600)
    assert post.mails == []
    assert post.clock.next_due is None


def test_heartbeat_and_backlog_do_not_wait_for_a_lock_that_user_code_holds():
    post = Backlog()
    post.edit(201)
    held, free = threading.Event(), threading.Event()

    def hold():
        with post.store.locked():
            held.set()
            assert free.wait(30)

    user = threading.Thread(target=hold)
    user.start()
    assert held.wait(30)
    try:
        assert post.last()[0].kind == "snapshot"
        post.clock.advance(2)
        assert post.last()[-1].kind == "heartbeat"
    finally:
        free.set()
        user.join(30)
