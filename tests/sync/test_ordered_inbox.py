"""Messages of a view are handled in the order it sent them, whenever they arrive (rules F2 and F3)."""

import random
import threading

import pytest

from kaizen_widgets.sync.ordered_inbox import PATIENCE, OrderedInbox
from kaizen_widgets.sync.remembered_views import MOST_VIEWS
from kaizen_widgets.testing.fake_clock import FakeClock


class Inbox:
    """An inbox whose messages are pairs of a view and a number."""

    def __init__(self, handle=None):
        self.clock = FakeClock()
        self.handled = []
        self.repeated = []
        self.errors = []
        self.handle = handle or self.handled.append
        self.inbox = OrderedInbox(
            on_repeated=self.repeated.append, on_error=self.errors.append, clock=self.clock
        )

    def receive(self, number, client="me"):
        self.inbox.receive(client, number, lambda: self.handle((client, number)))

    def numbers(self, client="me"):
        return [number for sender, number in self.handled if sender == client]


@pytest.mark.parametrize("seed", range(20))
def test_f2_messages_in_any_order_of_arrival_are_handled_in_the_order_sent(seed):
    inbox, rng = Inbox(), random.Random(seed)
    messages = [(client, n) for client in ("me", "you") for n in range(1, 20)] * 2
    rng.shuffle(messages)
    for client, n in messages:
        inbox.receive(n, client)
    assert inbox.numbers("me") == inbox.numbers("you") == [*range(1, 20)]
    assert len(inbox.repeated) == len(messages) // 2


def test_f3_a_lost_message_is_waited_for_half_a_second():
    inbox = Inbox()
    for n in (1, 3, 4, 7):
        inbox.receive(n)
    assert inbox.numbers() == [1]
    inbox.clock.advance(PATIENCE)
    assert inbox.numbers() == [1, 3, 4]
    inbox.clock.advance(PATIENCE)
    assert inbox.numbers() == [1, 3, 4, 7]
    inbox.receive(2)  # it arrives after all, and too late
    assert inbox.numbers() == [1, 3, 4, 7]
    assert inbox.clock.next_due is None


def test_f3_a_message_that_arrives_in_time_leaves_no_timer():
    inbox = Inbox()
    inbox.receive(2)
    inbox.receive(1)
    assert inbox.numbers() == [1, 2]
    assert inbox.clock.next_due is None


def test_an_exception_of_one_message_does_not_keep_the_next_from_being_handled():
    handled = []

    def handle(message):
        handled.append(message)
        raise ValueError(message)

    inbox = Inbox(handle)
    inbox.receive(2)
    inbox.receive(1)
    assert handled == [("me", 1), ("me", 2)]
    assert len(inbox.errors) == 2


def test_f2_a_second_thread_leaves_its_message_to_the_thread_that_handles_one():
    is_handling, go_on, handled = threading.Event(), threading.Event(), []

    def handle(message):
        is_handling.set()
        assert go_on.wait(30)
        handled.append(message)

    inbox = Inbox(handle)
    first = threading.Thread(target=inbox.receive, args=(1,))
    first.start()
    assert is_handling.wait(30)
    inbox.receive(2)
    assert handled == []
    go_on.set()
    first.join(30)
    assert handled == [("me", 1), ("me", 2)]


def test_closing_drops_messages_that_arrived_early():
    inbox = Inbox()
    inbox.receive(2)
    inbox.inbox.close()
    assert inbox.clock.next_due is None


def test_views_unheard_for_longest_are_forgotten_with_their_timers():
    inbox = Inbox()
    inbox.receive(2, "gone")
    assert inbox.clock.next_due is not None
    for index in range(MOST_VIEWS):
        inbox.receive(1, f"view {index}")
    assert inbox.clock.next_due is None
    inbox.receive(1, "gone")
    assert inbox.numbers("gone") == [1]
