"""Store: get, set, subscribe, reset, and traitlets' observers and assignments."""

import pickle
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from traitlets import Any as AnyTrait
from traitlets import Bool, Int, List, TraitError, Unicode, link, validate

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import PlainStore, Store, shallow


class Lamp(Store):
    name = "lamp"
    on = Bool(False)
    color = Unicode("white")


def test_set_calls_a_listener_once_with_both_states():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((state, previous)))
    lamp.set({"on": True, "color": "red"})
    assert heard == [({"on": True, "color": "red"}, {"on": False, "color": "white"})]


def test_set_of_equal_values_is_silent():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda *states: heard.append(states))
    lamp.observe(heard.append)
    lamp.set({"on": False})
    assert heard == []


def test_set_accepts_a_function_of_the_state():
    lamp = Lamp(color="blue")
    lamp.set(lambda state: {"color": state["color"] + "ish"})
    assert lamp.color == "blueish"


def test_set_with_one_bad_value_sets_nothing():
    lamp = Lamp()
    with pytest.raises(TraitError):
        lamp.set({"on": True, "color": 3})
    assert lamp.get() == {"on": False, "color": "white"}


def test_unknown_key_is_named_in_the_error():
    with pytest.raises(StoreError, match="lamp store has no 'size'"):
        Lamp().set({"size": 3})


def test_assignment_calls_listeners():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((state["on"], previous["on"])))
    lamp.on = True
    assert heard == [(True, False)]


def test_unsubscribed_listener_is_not_called():
    lamp, heard = Lamp(), []
    end = lamp.subscribe(lambda *states: heard.append(states))
    end()
    end()
    lamp.set({"on": True})
    assert heard == []


def test_reset_restores_the_initial_values():
    lamp = Lamp(color="red")
    lamp.set({"color": "blue", "on": True})
    lamp.reset()
    assert lamp.get() == {"on": False, "color": "red"}


def test_traits_link_between_stores():
    one, other = Lamp(), Lamp()
    link((one, "color"), (other, "color"))
    one.set({"color": "green"})
    assert other.color == "green"


def test_listener_may_set_again():
    lamp = Lamp()
    lamp.subscribe(lambda state, _previous: lamp.set({"color": "red"} if state["on"] else {}))
    lamp.set({"on": True})
    assert lamp.color == "red"


def test_selector_listener_is_called_for_its_slice_only():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state: state["on"], lambda *slices: heard.append(slices))
    lamp.set({"color": "red"})
    lamp.set({"on": True})
    assert heard == [(True, False)]


def test_selector_can_fire_immediately_and_use_shallow_equality():
    lamp, heard = Lamp(), []
    end = lamp.subscribe(
        lambda state: [state["color"]],
        lambda now, before: heard.append((now, before)),
        equality=shallow,
        fire_immediately=True,
    )
    lamp.set({"on": True})
    assert heard == [(["white"], ["white"])]
    end()
    lamp.set({"color": "red"})
    assert len(heard) == 1


def test_listener_that_raises_does_not_stop_the_others():
    lamp, heard = Lamp(), []

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    lamp.observe(broken, "on")
    lamp.subscribe(broken)
    lamp.subscribe(lambda state, _previous: heard.append(state["on"]))
    with pytest.raises(RuntimeError, match="broken"):
        lamp.set({"on": True})
    assert heard == [True]
    assert lamp.on


def test_replacing_set_resets_the_other_keys():
    lamp = Lamp(color="red")
    lamp.set({"color": "blue", "on": True})
    lamp.set({"on": True}, replace=True)
    assert lamp.get() == {"on": True, "color": "red"}


def test_set_refuses_what_is_no_mapping():
    with pytest.raises(StoreError, match="lamp store takes a mapping"):
        Lamp().set(lambda _state: None)  # type: ignore[arg-type, return-value]


def test_observer_that_raises_does_not_stop_listeners_of_an_assignment():
    lamp, heard = Lamp(), []

    def broken(_change: object) -> None:
        raise RuntimeError("broken")

    lamp.observe(broken, "on")
    lamp.subscribe(lambda state, _previous: heard.append(state["on"]))
    with pytest.raises(RuntimeError, match="broken"):
        lamp.on = True
    assert heard == [True]


def test_listener_unsubscribed_by_another_one_is_not_called():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda *_states: end())
    end = lamp.subscribe(lambda state, _previous: heard.append(state))
    lamp.set({"on": True})
    assert heard == []


def test_listener_subscribed_after_a_set_is_not_called_for_it():
    lamp, heard = Lamp(), []
    with lamp.locked():
        lamp.set({"color": "red"})
        lamp.set({"color": "blue"})
        lamp.subscribe(lambda state: state["color"], lambda *slices: heard.append(slices))
    assert heard == []
    lamp.set({"color": "green"})
    assert heard == [("green", "blue")]


def test_each_set_is_notified_with_its_own_state():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((previous["color"], state["color"])))
    with lamp.locked():
        lamp.set({"color": "red"})
        lamp.set({"color": "blue"})
    assert heard == [("white", "red"), ("red", "blue")]


def test_assignment_under_the_lock_is_notified_afterwards():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((previous["color"], state["color"])))
    with lamp.locked():
        lamp.color = "red"
        lamp.set({"color": "blue"})
        assert heard == []
    assert heard == [("white", "red"), ("red", "blue")]


def test_set_of_another_thread_is_notified_after_the_present_one():
    lamp, heard = Lamp(), []

    def hear(state, previous):
        if state["color"] == "red":
            other = threading.Thread(target=lamp.set, args=({"color": "blue"},))
            other.start()
            other.join(timeout=30)
        heard.append((previous["color"], state["color"]))

    lamp.subscribe(hear)
    lamp.set({"color": "red"})
    assert heard == [("white", "red"), ("red", "blue")]


def test_first_of_two_listener_errors_is_raised_even_if_the_second_comes_from_a_nested_set():
    lamp = Lamp()

    def hear(state, _previous):
        if not state["on"]:
            lamp.set({"on": True})
            raise ValueError("first")
        raise KeyError("second")

    lamp.subscribe(hear)
    with pytest.raises(ValueError, match="first"):
        lamp.set({"color": "red"})
    lamp.set({"on": True})  # equal, so silent: nothing is stuck, nothing is notified twice
    assert lamp.get() == {"on": True, "color": "red"}


class Holder(Store):
    name = "holder"
    value = AnyTrait(None, allow_none=True)
    numbers = List(Int())


@dataclass
class Record:
    id: int
    note: str = field(compare=False)


@pytest.mark.parametrize("how", ["set", "assign"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1], [True]),
        ([1], [1]),
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        (Decimal("1.1"), Decimal("1.10")),
        (Record(1, "old"), Record(1, "new")),
        (
            datetime(2026, 1, 1, 12, tzinfo=UTC),
            datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        ),
    ],
    ids=repr,
)
def test_what_was_set_is_what_is_held_although_it_is_equal(how: str, old: object, new: object):
    store, heard = Holder(value=old), []
    store.subscribe(lambda state, previous: heard.append((state["value"], previous["value"])))
    if how == "set":
        store.set({"value": new})
    else:
        store.value = new
    assert store.value is new
    assert len(heard) == 1
    assert heard[0][0] is new


@pytest.mark.parametrize("value", [1, 2.5, "text", None, b"bytes", float("nan")])
def test_a_scalar_of_the_same_type_and_value_is_no_change(value: object):
    store, heard = Holder(value=value), []
    store.subscribe(lambda *states: heard.append(states))
    store.set({"value": pickle.loads(pickle.dumps(value))})
    store.value = value
    assert heard == []


def test_a_copy_a_trait_makes_of_the_same_list_is_no_change():
    store, heard = Holder(numbers=[1, 2]), []
    store.subscribe(lambda *states: heard.append(states))
    store.set({"numbers": [1, 2]})
    assert heard == []


class Range(Store):
    name = "range"
    low = Int(0)
    high = Int(10)
    label = Unicode()

    @validate("low")
    def _below_high(self, proposal):
        if proposal.value > self.high:
            raise TraitError("low is above high")
        return proposal.value

    @validate("label")
    def _upper(self, proposal):
        return proposal.value.upper()


def test_validators_see_the_whole_new_state():
    store = Range()
    store.set({"low": 20, "high": 30})
    assert (store.low, store.high) == (20, 30)
    with pytest.raises(TraitError, match="above"):
        store.set({"high": 40, "low": 50, "label": "x"})
    assert store.get() == {"low": 20, "high": 30, "label": ""}
    store.set({"label": "x"})
    assert store.label == "X"


def test_initial_values_and_a_replacing_set_are_validated_together():
    store = Range(low=20, high=30)
    store.set({"low": 40, "high": 50}, replace=True)
    assert (store.low, store.high) == (40, 50)
    store.reset()
    assert (store.low, store.high) == (20, 30)
    with pytest.raises(TraitError, match="above"):
        Range(low=20)


def test_notifications_are_held_and_validators_wait_inside_hold_trait_notifications():
    store, seen, heard = Range(), [], []
    store.observe(lambda change: seen.append((change.old, change.new)), "low")
    store.subscribe(lambda state: state["low"], lambda *slices: heard.append(slices))
    with store.hold_trait_notifications():
        store.set({"low": 1})
        store.low = 50
        store.set({"high": 60})
        assert (store.low, seen, heard) == (50, [], [])
    assert (seen, heard) == ([(0, 50)], [(50, 0)])


def test_a_refused_value_is_taken_back_at_the_end_of_hold_trait_notifications():
    store, seen = Range(), []
    store.observe(seen.append, "low")
    with pytest.raises(TraitError, match="above"), store.hold_trait_notifications():
        store.set({"low": 50})
    assert (store.low, seen) == (0, [])


def test_a_misspelt_key_is_refused_with_the_right_one():
    lamp = Lamp()
    with pytest.raises(AttributeError, match="lamp store has no 'colour'; did you mean 'color'"):
        lamp.colour = "red"
    with pytest.raises(StoreError, match="did you mean 'color'"):
        lamp.set({"colour": "red"})
    with pytest.raises(AttributeError, match="no 'size'; it has color, on"):
        lamp.size = 3
    assert not hasattr(lamp, "colour")


def test_the_number_of_listeners_can_be_asked_for():
    lamp = Lamp()
    ends = [lamp.subscribe(lambda *_: None), lamp.subscribe(lambda state: state["on"], print)]
    assert lamp.listener_count == 2
    for end in ends:
        end()
    assert lamp.listener_count == 0


def test_the_background_loop_leaves_a_set_to_the_thread_that_holds_the_lock():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, _previous: heard.append(threading.current_thread().name))

    async def work() -> bool:
        lamp.set({"on": True})
        return lamp.on

    with lamp.locked():
        assert background.wait(work(), 30) is False
    assert lamp.on
    assert heard == [threading.current_thread().name]


def test_the_equality_of_a_selector_is_asked_for_the_same_object_too():
    holder, heard, asked = PlainStore({"list": [1], "other": 0}), [], []

    def never(old, new):
        asked.append(old is new)
        return False

    holder.subscribe(
        lambda state: state["list"], lambda new, _old: heard.append(list(new)), equality=never
    )
    holder.get()["list"].append(2)
    holder.set({"list": holder.get()["list"]})
    assert (heard, asked) == ([[1, 2]], [True])


@pytest.mark.parametrize(
    "store", [Lamp(), PlainStore({"on": False, "color": "white"})], ids=["Store", "PlainStore"]
)
def test_listeners_and_functions_of_the_state_may_take_fewer_arguments(store):
    heard: list[object] = []
    store.subscribe(lambda: heard.append("nothing"))
    end = store.subscribe(lambda state: heard.append(state["on"]))
    store.subscribe(lambda state: state["on"], lambda new: heard.append(("slice", new)))
    store.subscribe(lambda state: state["on"], lambda: heard.append("slice"))
    store.set(lambda: {"on": True})
    assert heard == ["nothing", True, ("slice", True), "slice"]
    end()
    store.set({"on": False})
    assert heard[4:] == ["nothing", ("slice", False), "slice"]


def test_a_listener_with_one_argument_is_subscribed_once_too():
    lamp, heard = Lamp(), []

    def hear(state):
        heard.append(state["on"])

    ends = [lamp.subscribe(hear), lamp.subscribe(hear)]
    lamp.set({"on": True})
    assert (heard, lamp.listener_count) == ([True], 1)
    ends[0]()
    lamp.set({"on": False})
    assert (heard, lamp.listener_count) == ([True], 0)
