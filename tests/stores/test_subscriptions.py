"""Subscriptions: which selectors are asked after a change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.stores import PlainStore, shallow, subscriptions
from kaizen_widgets.stores.subscriptions import MANY
from tests.stores.many_keys import Many

KEYS = ("a", "b", "c")
SELECTORS = (
    lambda state: state["a"],
    lambda state: state.get("b"),
    lambda state: "c" in state and state["c"] > 1,
    lambda state: state["b"] if state["a"] else state.get("c"),
    lambda state: [state["a"], state["b"]],
    lambda state: state,
    lambda state: dict(state),
    lambda state: sum(state.values()),
    lambda state: len(state),
    lambda state: state | {"a": 0},  # a dict's own operator
)


def test_selectors_of_other_keys_are_not_asked_when_there_are_many():
    store, asked = Many(), []

    def select(key):
        store.subscribe(lambda state: asked.append(key) or state[key], lambda *_: None)

    for key in ["k0"] * MANY + ["k9"] * 100 + ["k3"]:  # the first few are always asked
        select(key)
    asked.clear()
    store.set({"k3": 1})
    assert set(asked) == {"k0", "k3"}


def test_selector_that_reads_another_key_now_is_asked_about_that_key():
    store, heard = PlainStore({"which": "a", "a": 0, "b": 0}), []
    for _ in range(MANY):
        store.subscribe(lambda state: state["which"], lambda *_: None)
    store.subscribe(lambda state: state[state["which"]], lambda now, _before: heard.append(now))
    store.set({"which": "b"})
    store.set({"a": 1})
    store.set({"b": 2})
    assert heard == [2]


@pytest.mark.parametrize("equality", [None, shallow])
@given(
    chosen=st.lists(st.integers(0, len(SELECTORS) - 1), max_size=8),
    sets=st.lists(
        st.tuples(st.dictionaries(st.sampled_from(KEYS), st.integers(0, 2)), st.booleans()),
        max_size=8,
    ),
)
def test_remembered_reads_call_the_same_listeners_as_asking_all_selectors(equality, chosen, sets):
    def calls(many):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subscriptions, "MANY", many)
            store, heard = PlainStore({"a": 0, "b": 0, "c": 0}), []
            options = {} if equality is None else {"equality": equality}
            for number, index in enumerate(chosen):
                hears = lambda now, before, number=number: heard.append((number, now, before))  # noqa: E731
                store.subscribe(SELECTORS[index], hears, **options)
            for values, replace in sets:
                whole = {"a": 0, "b": 1, "c": 2, **values} if replace else values
                store.set(dict(whole), replace=replace)
            return heard

    assert calls(0) == calls(1000)


def test_unsubscribed_selector_leaves_nothing_behind():
    store = Many()
    ends = [store.subscribe(lambda state: state["k0"], lambda *_: None) for _ in range(MANY + 5)]
    for end in ends:
        end()
        end()
    assert store.listener_count == 0
    assert store._subscriptions._readers == {}
    assert store._subscriptions._always == {}


def test_selector_unsubscribed_by_another_one_is_not_called():
    store, heard = PlainStore({"a": 0}), []
    store.subscribe(lambda state: state["a"], lambda *_: end())
    end = store.subscribe(lambda state: state["a"], lambda now, _before: heard.append(now))
    store.set({"a": 1})
    assert heard == []


def test_store_calls_many_selectors_in_the_order_they_subscribed():
    store, heard = Many(), []
    for index in range(MANY + 5):
        store.subscribe(
            lambda state: state["k1"], lambda _now, _before, index=index: heard.append(index)
        )
    store.subscribe(lambda state, _previous: heard.append(state["k1"]))
    store.set({"k1": 7})
    store.k2 = 3
    assert heard == [*range(MANY + 5), 7, 7]
