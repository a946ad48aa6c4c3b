"""How often the kernel speaks (rules S4 and S8)."""

from kaizen_widgets.graph import Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync import KernelEnd, Outbox
from kaizen_widgets.sync.canvas.messages import (
    Applied,
    Handled,
    Heartbeat,
    Selected,
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


def test_the_first_message_leaves_at_once():
    post = Post()
    post.outbox.post(message(1))
    assert len(post.mails) == 1


def test_s8_what_comes_within_50_ms_travels_together_in_order():
    post = Post()
    for n in range(1, 5):
        post.outbox.post(message(n))
    assert len(post.mails) == 1
    post.clock.advance(0.05)
    assert [sent.n for sent in post.mails[1].messages] == [2, 3, 4]


def test_s4_heartbeats_follow_the_last_message_to_all_for_a_minute():
    post = Post()
    post.outbox.post(Selected())
    post.clock.advance(600)
    assert post.kinds() == [["selected"], *([["heartbeat"]] * 30)]


def test_s4_what_answers_one_view_is_followed_by_none_for_that_view_asks_again():
    post = Post()
    post.outbox.post(message(1))
    post.clock.advance(600)
    assert post.kinds() == [["handled"]]


def test_after_close_nothing_is_sent():
    post = Post()
    post.outbox.post(message(1))
    post.outbox.post(message(2))
    post.outbox.close()
    post.outbox.post(message(3))
    post.clock.advance(600)
    assert len(post.mails) == 1


class Backlog(Post):
    """An outbox with a document of one node behind it."""

    def __init__(self, nodes=1):
        super().__init__()
        self.store = CanvasStore(Graph([Node(f"n{number}") for number in range(nodes)]))
        self.end = KernelEnd(self.store, self.outbox.post)
        self.outbox = Outbox(
            self.mails.append,
            self.end.heartbeat,
            self.clock,
            snapshot=self.end.snapshot,
            size=lambda: self.store.graph.node_count,
        )
        self.outbox.post(message(0))

    def edit(self, times, client=None):
        for _ in range(times):
            at = {"x": self.store.rev, "y": 1}
            done = self.store.commit(
                (SetProperty(kind="node", id="n0", path=("position",), value=at),)
            )
            assert done is not None
            n = done.rev if client else None
            self.outbox.post(
                Applied(epoch=done.epoch, rev=done.rev, client=client, n=n, batch=done.batch)
            )

    def last(self):
        self.clock.advance(0.05)
        return self.mails[-1].messages


def test_s8_200_operations_travel_as_they_are():
    post = Backlog()
    post.edit(200)
    assert {sent.kind for sent in post.last()} == {"applied"}


def test_s8_a_backlog_leaves_as_a_snapshot():
    post = Backlog()
    post.edit(201)
    post.outbox.post(message(7))
    snapshot, other = post.last()
    assert (snapshot.kind, snapshot.to, snapshot.rev) == ("snapshot", None, 201)
    assert snapshot.nodes[0]["position"]["x"] == 200
    assert other.n == 7


def test_s8_the_sender_of_a_batch_in_a_backlog_hears_that_it_is_done():
    post = Backlog()
    post.edit(201, client="v")
    _, handled = post.last()
    assert (handled.kind, handled.to, handled.n, handled.rev) == ("handled", "v", 201, 201)


def test_s8_a_document_larger_than_the_backlog_is_not_sent():
    post = Backlog(nodes=300)
    post.edit(201)
    assert {sent.kind for sent in post.last()} == {"applied"}


def test_s8_a_batch_behind_the_snapshot_follows_it():
    post = Backlog()
    late = post.end.snapshot()
    post.edit(201)
    post.outbox._snapshot = lambda: late
    assert [sent.rev for sent in post.last()][:3] == [0, 1, 2]
