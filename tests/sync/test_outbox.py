"""How often the kernel speaks (rules S4 and S8)."""

from kaizen_widgets.sync import Outbox
from kaizen_widgets.sync.messages import Handled, Heartbeat
from kaizen_widgets.testing.clock import FakeClock


def message(n):
    return Handled(to="v", epoch="e", n=n, rev=0)


class Post:
    def __init__(self):
        self.clock = FakeClock()
        self.mails = []
        self.outbox = Outbox(
            self.mails.append, lambda: Heartbeat(epoch="e", rev=1, seq=0), self.clock
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


def test_s4_heartbeats_follow_the_last_message_for_a_minute():
    post = Post()
    post.outbox.post(message(1))
    post.clock.advance(600)
    assert post.kinds() == [["handled"], *([["heartbeat"]] * 30)]


def test_after_close_nothing_is_sent():
    post = Post()
    post.outbox.post(message(1))
    post.outbox.post(message(2))
    post.outbox.close()
    post.outbox.post(message(3))
    post.clock.advance(600)
    assert len(post.mails) == 1
