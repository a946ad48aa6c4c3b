"""The four verbs of a store."""

import threading

import pytest
from traitlets import Bool, TraitError, Unicode, link

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import Store, shallow


class Lamp(Store):
    name = "lamp"
    on = Bool(False)
    color = Unicode("white")


def test_a_listener_hears_of_a_set_once_with_both_states():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((state, previous)))
    lamp.set({"on": True, "color": "red"})
    assert heard == [({"on": True, "color": "red"}, {"on": False, "color": "white"})]


def test_an_equal_set_is_silent():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda *states: heard.append(states))
    lamp.observe(heard.append)
    lamp.set({"on": False})
    assert heard == []


def test_a_function_sets_from_the_state():
    lamp = Lamp(color="blue")
    lamp.set(lambda state: {"color": state["color"] + "ish"})
    assert lamp.color == "blueish"


def test_one_bad_value_and_nothing_is_set():
    lamp = Lamp()
    with pytest.raises(TraitError):
        lamp.set({"on": True, "color": 3})
    assert lamp.get() == {"on": False, "color": "white"}


def test_an_unknown_key_is_named():
    with pytest.raises(StoreError, match="lamp store has no 'size'"):
        Lamp().set({"size": 3})


def test_assignment_reaches_listeners_too():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((state["on"], previous["on"])))
    lamp.on = True
    assert heard == [(True, False)]


def test_an_unsubscribed_listener_hears_nothing():
    lamp, heard = Lamp(), []
    end = lamp.subscribe(lambda *states: heard.append(states))
    end()
    end()
    lamp.set({"on": True})
    assert heard == []


def test_reset_goes_back_to_what_it_was_made_with():
    lamp = Lamp(color="red")
    lamp.set({"color": "blue", "on": True})
    lamp.reset()
    assert lamp.get() == {"on": False, "color": "red"}


def test_traits_link_between_stores():
    one, other = Lamp(), Lamp()
    link((one, "color"), (other, "color"))
    one.set({"color": "green"})
    assert other.color == "green"


def test_a_listener_may_set_again():
    lamp = Lamp()
    lamp.subscribe(lambda state, _previous: lamp.set({"color": "red"} if state["on"] else {}))
    lamp.set({"on": True})
    assert lamp.color == "red"


def test_a_selector_hears_only_of_its_part():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state: state["on"], lambda *slices: heard.append(slices))
    lamp.set({"color": "red"})
    lamp.set({"on": True})
    assert heard == [(True, False)]


def test_a_selector_fires_at_once_when_asked_and_compares_as_told():
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


def test_a_listener_that_raises_keeps_nothing_from_the_others():
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


def test_a_replacing_set_takes_the_rest_back_to_the_beginning():
    lamp = Lamp(color="red")
    lamp.set({"color": "blue", "on": True})
    lamp.set({"on": True}, replace=True)
    assert lamp.get() == {"on": True, "color": "red"}


def test_what_is_no_mapping_is_refused():
    with pytest.raises(StoreError, match="lamp store takes a mapping"):
        Lamp().set(lambda _state: None)  # type: ignore[arg-type, return-value]


def test_an_observer_that_raises_keeps_an_assignment_from_nobody():
    lamp, heard = Lamp(), []

    def broken(_change: object) -> None:
        raise RuntimeError("broken")

    lamp.observe(broken, "on")
    lamp.subscribe(lambda state, _previous: heard.append(state["on"]))
    with pytest.raises(RuntimeError, match="broken"):
        lamp.on = True
    assert heard == [True]


def test_a_listener_ended_by_another_one_is_not_called():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda *_states: end())
    end = lamp.subscribe(lambda state, _previous: heard.append(state))
    lamp.set({"on": True})
    assert heard == []


def test_who_came_after_a_set_hears_nothing_of_it():
    lamp, heard = Lamp(), []
    with lamp.locked():
        lamp.set({"color": "red"})
        lamp.set({"color": "blue"})
        lamp.subscribe(lambda state: state["color"], lambda *slices: heard.append(slices))
    assert heard == []
    lamp.set({"color": "green"})
    assert heard == [("green", "blue")]


def test_each_set_is_heard_of_with_the_state_it_made():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((previous["color"], state["color"])))
    with lamp.locked():
        lamp.set({"color": "red"})
        lamp.set({"color": "blue"})
    assert heard == [("white", "red"), ("red", "blue")]


def test_an_assignment_is_heard_of_once_the_lock_is_free():
    lamp, heard = Lamp(), []
    lamp.subscribe(lambda state, previous: heard.append((previous["color"], state["color"])))
    with lamp.locked():
        lamp.color = "red"
        lamp.set({"color": "blue"})
        assert heard == []
    assert heard == [("white", "red"), ("red", "blue")]


def test_what_another_thread_sets_meanwhile_is_heard_of_after_what_is_being_told():
    lamp, heard = Lamp(), []

    def hear(state, previous):
        if state["color"] == "red":
            other = threading.Thread(target=lamp.set, args=({"color": "blue"},))
            other.start()
            other.join(timeout=10)
        heard.append((previous["color"], state["color"]))

    lamp.subscribe(hear)
    lamp.set({"color": "red"})
    assert heard == [("white", "red"), ("red", "blue")]


def test_of_two_listeners_errors_the_first_surfaces_also_when_the_second_comes_of_a_set_it_made():
    lamp = Lamp()

    def hear(state, _previous):
        if not state["on"]:
            lamp.set({"on": True})
            raise ValueError("first")
        raise KeyError("second")

    lamp.subscribe(hear)
    with pytest.raises(ValueError, match="first"):
        lamp.set({"color": "red"})
    lamp.set({"on": True})  # equal, so silent: nothing is stuck, nothing is told twice
    assert lamp.get() == {"on": True, "color": "red"}
