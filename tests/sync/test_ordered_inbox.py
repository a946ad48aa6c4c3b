"""A view's messages are done in its order, however they come (rules F2 and F3)."""

import random
import threading

import pytest

from kaizen_widgets.sync.ordered_inbox import PATIENCE, OrderedInbox
from kaizen_widgets.testing.fake_clock import FakeClock


class Line:
    """Messages are pairs of a view and a number."""

    def __init__(self, do=None):
        self.clock = FakeClock()
        self.done = []
        self.doubles = 0
        self.errors = []
        self.do = do or self.done.append
        self.order = OrderedInbox(again=self._again, on_error=self.errors.append, clock=self.clock)

    def _again(self):
        self.doubles += 1

    def take(self, number, client="me"):
        self.order.take(client, number, lambda: self.do((client, number)))

    def numbers(self, client="me"):
        return [number for who, number in self.done if who == client]


@pytest.mark.parametrize("seed", range(20))
def test_f2_any_order_of_arrival_is_done_in_the_order_sent(seed):
    line, rng = Line(), random.Random(seed)
    mails = [(client, n) for client in ("me", "you") for n in range(1, 20)] * 2
    rng.shuffle(mails)
    for client, n in mails:
        line.take(n, client)
    assert line.numbers("me") == line.numbers("you") == [*range(1, 20)]
    assert line.doubles == len(mails) // 2


def test_f3_a_message_that_never_comes_is_waited_for_half_a_second():
    line = Line()
    for n in (1, 3, 4, 7):
        line.take(n)
    assert line.numbers() == [1]
    line.clock.advance(PATIENCE)
    assert line.numbers() == [1, 3, 4]
    line.clock.advance(PATIENCE)
    assert line.numbers() == [1, 3, 4, 7]
    line.take(2)  # it comes after all, and too late
    assert line.numbers() == [1, 3, 4, 7]
    assert line.clock.next_due is None


def test_f3_who_comes_in_time_leaves_no_timer():
    line = Line()
    line.take(2)
    line.take(1)
    assert line.numbers() == [1, 2]
    assert line.clock.next_due is None


def test_what_one_message_raises_does_not_keep_the_next():
    done = []

    def do(message):
        done.append(message)
        raise ValueError(message)

    line = Line(do)
    line.take(2)
    line.take(1)
    assert done == [("me", 1), ("me", 2)]
    assert len(line.errors) == 2


def test_f2_a_second_thread_leaves_its_message_to_the_one_at_work():
    at_work, go_on, done = threading.Event(), threading.Event(), []

    def do(message):
        at_work.set()
        assert go_on.wait(10)
        done.append(message)

    line = Line(do)
    first = threading.Thread(target=line.take, args=(1,))
    first.start()
    assert at_work.wait(10)
    line.take(2)
    assert done == []
    go_on.set()
    first.join(10)
    assert done == [("me", 1), ("me", 2)]


def test_closing_forgets_what_came_too_early():
    line = Line()
    line.take(2)
    line.order.close()
    assert line.clock.next_due is None
