"""What is told of a form: once an operation, by names; as traits; to watchers of values."""

from __future__ import annotations

import threading

import pytest
from traitlets import HasTraits, TraitError, Unicode, dlink

from kaizen_widgets.forms import Form
from tests.forms.builders import heard_by, required


def test_an_operation_is_told_once_with_all_it_changed():
    form = Form(default_values={"a": "x", "b": ""}, mode="onChange", resolver=required("a"))
    heard = heard_by(form)
    form.change("a", "")
    assert len(heard) == 1
    change = heard[0]
    assert (change.values, change.errors, change.dirty) == ({"a"}, {"a"}, {"a"})
    assert change.flags == {"is_dirty": True, "is_valid": False}


def test_an_operation_that_changes_nothing_is_not_told():
    form = Form(default_values={"a": "x"})
    form.blur("a")
    heard = heard_by(form)
    form.blur("a")
    form.set_value("a", "x")
    form.clear_errors()
    assert heard == []


def test_a_batch_is_judged_once_and_told_once():
    asked = []
    rule = required("a", "b")

    def resolver(values, context):
        asked.append(context.names)
        return rule(values, context)

    form = Form(default_values={"a": "x", "b": "x"}, mode="onChange", resolver=resolver)
    heard, asked[:] = heard_by(form), []
    with form.batch():
        form.change("a", "")
        form.change("b", "")
        assert heard == []
    assert asked == [("a", "b")]
    assert [change.errors for change in heard] == [{"a", "b"}]


def test_listeners_hear_in_order_what_other_listeners_did():
    form = Form(default_values={"a": 0, "b": 0})
    seen = []
    form.subscribe(lambda change: "a" in change.values and form.change("b", form.values["a"]))
    form.subscribe(lambda change: seen.append(sorted(change.values)))
    form.change("a", 1)
    assert seen == [["a"], ["b"]]
    assert form.values == {"a": 1, "b": 1}


def test_a_listener_that_raises_keeps_nothing_from_the_others():
    form = Form(default_values={"a": 0})
    form.subscribe(lambda _: 1 / 0)
    heard = heard_by(form)
    with pytest.raises(ZeroDivisionError):
        form.change("a", 1)
    assert len(heard) == 1
    assert form.values == {"a": 1}


def test_who_ends_to_listen_hears_no_more_and_may_end_twice():
    form = Form(default_values={"a": 0})
    heard: list = []
    end = form.subscribe(heard.append)
    end()
    end()
    form.change("a", 1)
    assert heard == []


def test_watchers_hear_of_their_field_of_what_is_below_it_and_around_it():
    form = Form(default_values={"a": {"b": 1}, "ab": 1})
    seen = {"a": [], "a.b": [], "all": []}
    form.watch(seen["a"].append, "a")
    form.watch(seen["a.b"].append, "a.b")
    form.watch(seen["all"].append)
    form.change("a.b", 2)
    form.set_value("a", {"b": 3})
    form.change("ab", 2)
    assert seen["a"] == [{"b": 2}, {"b": 3}]
    assert seen["a.b"] == [2, 3]
    assert len(seen["all"]) == 3


def test_watchers_of_several_hear_all_their_values_and_of_a_reset():
    form = Form(default_values={"a": 1, "b": 2, "c": 3})
    seen: list = []
    form.watch(seen.append, ["a", "b"])
    form.blur("a")
    form.change("c", 4)
    form.reset({"a": 5, "b": 6, "c": 7})
    assert seen == [[5, 6]]


def test_its_state_can_be_observed_and_linked_as_traits():
    form = Form(default_values={"a": "x"}, mode="onChange", resolver=required("a"))
    events = []
    form.observe(
        lambda e: events.append((e.name, e.old, e.new)), ["values", "is_valid", "is_dirty"]
    )

    class Label(HasTraits):
        text = Unicode()

    label = Label()
    dlink((form, "is_valid"), (label, "text"), str)
    form.change("a", "")
    assert events == [
        ("values", {"a": "x"}, {"a": ""}),
        ("is_dirty", False, True),
        ("is_valid", True, False),
    ]
    assert label.text == "False"


def test_old_and_new_flags_and_errors_are_told_to_observers():
    form = Form(default_values={"a": "x", "b": ""}, mode="onChange", resolver=required("a"))
    form.blur("b")
    events = {}
    form.observe(lambda e: events.update({e.name: (e.old, e.new)}))
    form.change("a", "")
    form.blur("a")
    assert events["dirty_fields"] == (frozenset(), {"a"})
    assert events["touched_fields"] == ({"b"}, {"a", "b"})
    assert events["errors"] == ({}, form.errors)


def test_its_traits_cannot_be_set():
    form = Form(default_values={"a": 1})
    for name in ("is_dirty", "values", "errors"):
        with pytest.raises(TraitError, match=f"{name}. trait is read-only"):
            setattr(form, name, {})


def test_threads_that_write_at_once_lose_nothing_and_agree_on_the_order():
    form = Form(default_values={f"f{n}": 0 for n in range(8)})
    heard = heard_by(form)

    def type_into(name: str) -> None:
        for value in range(1, 51):
            form.change(name, value)

    threads = [threading.Thread(target=type_into, args=(f"f{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(form.values.values()) == {50}
    assert len(heard) == 400
    assert form.dirty_fields == set(form.values)


def test_what_a_batch_changes_and_changes_back_is_not_told():
    form = Form(default_values={"a": 0, "b": 0})
    heard = heard_by(form)
    with form.batch():
        form.change("a", 1)
        form.change("a", 0)
        form.change("b", 1)
    (change,) = heard
    assert (change.dirty, change.flags) == ({"b"}, {"is_dirty": True})
