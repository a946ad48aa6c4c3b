"""PlainStore: threads, errors and selectors, which the recorded traces do not cover."""

import threading

import pytest

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import PlainStore, same, shallow


def test_threads_counting_together_lose_no_increment():
    store, heard = PlainStore({"count": 0}), []
    store.subscribe(lambda state, _previous: heard.append(state["count"]))

    def count() -> None:
        for _ in range(200):
            store.set(lambda state: {"count": state["count"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get()["count"] == 800
    assert heard == sorted(heard)
    assert heard[-1] == 800


def test_set_refuses_what_is_no_mapping():
    store = PlainStore({"a": 1}, name="lamp")
    with pytest.raises(StoreError, match=r"lamp store takes a mapping.*not int"):
        store.set(3)  # type: ignore[arg-type]
    assert store.get() == {"a": 1}


def test_listener_runs_outside_the_lock():
    store, done = PlainStore({"a": 1}), threading.Event()

    def listener(_state: object, _previous: object) -> None:
        thread = threading.Thread(target=lambda: (store.subscribe(print), done.set()))
        thread.start()
        thread.join(30)

    store.subscribe(listener)
    store.set({"a": 2})
    assert done.is_set()


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (float("nan"), float("nan"), True),
        ("a" * 50, "".join(["a"] * 50), True),
        ([1], [1], False),
        (None, False, False),
    ],
)
def test_same_compares_scalars_by_type_and_value_and_the_rest_by_identity(
    one: object, other: object, is_same: bool
):
    assert same(one, other) is is_same
    assert same(other, one) is is_same


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ([1, "a"], [1, "a"], True),
        ([1], [1, 2], False),
        ([], {}, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": []}, {"a": []}, False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_shallow_compares_one_level_down(one: object, other: object, is_same: bool):
    assert shallow(one, other) is is_same
