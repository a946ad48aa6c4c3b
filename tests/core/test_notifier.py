"""Notifications: made after the lock is free, in order, and stopped by Ctrl-C (rule S9)."""

import itertools
import random
import signal
import threading

import pytest
from traitlets import Int

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.stores import CanvasStore, PlainStore, Store


def test_posted_calls_wait_for_the_outermost_holder():
    notifier, heard = Notifier(), []
    with notifier.locked():
        with notifier.locked():
            notifier.post(lambda: heard.append(1))
        assert heard == []
    assert heard == [1]


def test_posted_calls_keep_their_order_when_a_call_posts_another():
    notifier, heard = Notifier(), []

    def first():
        heard.append("first")
        notifier.post(lambda: heard.append("third"))

    with notifier.locked():
        notifier.post(first)
        notifier.post(lambda: heard.append("second"))
    assert heard == ["first", "second", "third"]


def test_call_that_raises_does_not_stop_the_others():
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


def test_posted_call_runs_outside_the_lock():
    notifier, free = Notifier(), []

    def other_thread_gets_the_lock():
        def take():
            with notifier.locked():
                free.append(True)

        thread = threading.Thread(target=take)
        thread.start()
        thread.join(timeout=30)

    notifier.post(other_thread_gets_the_lock)
    assert free == [True]


def test_calls_of_many_threads_run_in_the_order_they_were_posted():
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


def test_on_error_gets_the_exceptions():
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
            thread.join(timeout=30)
            assert heard[-1] == "last"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_post_and_when_free_never_wait_for_the_lock():
    notifier, made, is_held, may_release = Notifier(), [], threading.Event(), threading.Event()

    def hold():
        with notifier:
            is_held.set()
            may_release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait(30)
    notifier.post(lambda: made.append(("posted", notifier.is_held())))
    notifier.when_free(lambda: made.append(("when free", notifier.is_held())))
    assert made == []
    may_release.set()
    holder.join(30)
    assert made == [("posted", False), ("when free", True)]
    notifier.when_free(lambda: made.append("at once"))
    assert made[-1] == "at once"


def test_a_delayed_call_that_raises_is_logged_and_not_the_holders_fault(caplog):
    notifier = Notifier()

    def delay():
        notifier.when_free(lambda: 1 / 0)

    with notifier:
        thread = threading.Thread(target=delay)
        thread.start()
        thread.join(30)
    assert "ZeroDivisionError" in caplog.text


def test_calls_posted_by_many_threads_without_the_lock_are_all_made():
    notifier, made = Notifier(), []

    def work():
        for _ in range(500):
            notifier.post(lambda: made.append(1))
            notifier.when_free(lambda: made.append(1))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4000
    assert not notifier.calls


class Ping(Store):
    a = Int(0)
    b = Int(0)


def set_each_other_off(store):
    """Let two listeners of a store call each other for ever; the tenth call is interrupted."""
    calls = []

    def on_a(_new, _old):
        calls.append("a")
        if len(calls) == 10:
            raise KeyboardInterrupt
        store.set(lambda state: {"b": state["b"] + 1})

    def on_b(_new, _old):
        calls.append("b")
        if len(calls) == 10:
            raise KeyboardInterrupt
        store.set(lambda state: {"a": state["a"] + 1})

    store.subscribe(lambda state: state["a"], on_a)
    store.subscribe(lambda state: state["b"], on_b)
    return calls


def test_one_ctrl_c_ends_listeners_that_set_each_other_off():
    store = Ping()
    calls = set_each_other_off(store)
    with pytest.raises(KeyboardInterrupt):
        store.set({"a": 1})
    assert len(calls) == 10
    # The interrupted round does not start again with the next change.
    assert not store._notifier.calls


def test_ctrl_c_in_a_listener_keeps_the_notifications_of_other_threads():
    store, heard, arrived = Ping(), [], threading.Event()

    def on_a(_new, _old):
        thread = threading.Thread(target=store.set, args=({"b": 1},))
        thread.start()
        thread.join(30)
        raise KeyboardInterrupt

    store.subscribe(lambda state: state["a"], on_a)
    store.subscribe(lambda state: state["b"], lambda new, _old: (heard.append(new), arrived.set()))
    with pytest.raises(KeyboardInterrupt):
        store.set({"a": 1})
    assert arrived.wait(30)
    assert heard == [1]


def test_ctrl_c_interrupts_an_observer_of_a_document_and_the_edit_stays():
    store, events, seen = CanvasStore(), [], []
    store.on_event(events.append)

    def observer(_change):
        signal.raise_signal(signal.SIGINT)
        seen.append("not interrupted")

    store.observe(observer, "nodes")
    store.observe(lambda _change: seen.append("later observer"), "is_dirty")
    with pytest.raises(KeyboardInterrupt):
        store.add_node(id="a")
    assert seen == []
    assert store.graph.has_node("a")
    assert [event.rev for event in events] == [1]
    store.unobserve_all()
    store.add_node(id="b")
    assert [event.rev for event in events] == [1, 2]


def test_ctrl_c_waits_for_event_listeners():
    store, heard = CanvasStore(), []

    def first(event):
        signal.raise_signal(signal.SIGINT)
        heard.append(("first", event.rev))

    store.on_event(first)
    store.on_event(lambda event: heard.append(("second", event.rev)))
    with pytest.raises(KeyboardInterrupt):
        store.add_node(id="a")
    assert heard == [("first", 1), ("second", 1)]
