"""What is told after the lock is free (rule S9)."""

import itertools
import random
import signal
import threading

import pytest

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.stores import PlainStore


def test_calls_wait_for_the_outermost_holder():
    notifier, heard = Notifier(), []
    with notifier.locked():
        with notifier.locked():
            notifier.post(lambda: heard.append(1))
        assert heard == []
    assert heard == [1]


def test_calls_keep_their_order_when_a_call_posts_another():
    notifier, heard = Notifier(), []

    def first():
        heard.append("first")
        notifier.post(lambda: heard.append("third"))

    with notifier.locked():
        notifier.post(first)
        notifier.post(lambda: heard.append("second"))
    assert heard == ["first", "second", "third"]


def test_a_call_that_raises_does_not_cost_the_others_theirs():
    notifier, heard = Notifier(), []

    def bad():
        raise ValueError("mine")

    def both():
        with notifier.locked():
            notifier.post(bad)
            notifier.post(lambda: heard.append("still"))

    with pytest.raises(ValueError, match="mine"):
        both()
    assert heard == ["still"]


def test_no_call_runs_under_the_lock():
    notifier, free = Notifier(), []

    def other_thread_gets_the_lock():
        def take():
            with notifier.locked():
                free.append(True)

        thread = threading.Thread(target=take)
        thread.start()
        thread.join(timeout=10)

    notifier.post(other_thread_gets_the_lock)
    assert free == [True]


def test_many_threads_are_heard_in_the_order_they_held_the_lock():
    notifier, done, heard = Notifier(), [], []

    def work(name):
        for step in range(50):
            with notifier.locked():
                done.append((name, step))
                notifier.post(lambda entry=(name, step): heard.append(entry))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notifier.post(lambda: None)
    assert heard == done


def test_errors_go_to_who_asked_for_them():
    errors = []
    notifier = Notifier(errors.append)
    notifier.post(lambda: 1 / 0)
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_ctrl_c_in_the_middle_of_a_set_leaves_the_store_usable():
    chance = random.Random(0)
    before = signal.signal(signal.SIGVTALRM, signal.default_int_handler)
    try:
        for _ in range(60):  # one in nine used to go wrong
            store, heard = PlainStore({"a": 0}), []
            store.subscribe(
                lambda state: state["a"], lambda new, _old, heard=heard: heard.append(new)
            )
            with pytest.raises(KeyboardInterrupt):
                # Again after a while: one that comes within a garbage collector's callback is swallowed.
                signal.setitimer(signal.ITIMER_VIRTUAL, chance.uniform(1e-4, 5e-4), 0.2)
                for value in itertools.count(1):
                    store.set({"a": value})
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            thread = threading.Thread(target=store.set, args=({"a": "last"},), daemon=True)
            thread.start()
            thread.join(timeout=10)
            assert heard[-1] == "last"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
