"""Notifications of a form: to listeners, to observers of traits, to watchers of values."""

from __future__ import annotations

import threading

import pytest
from traitlets import HasTraits, TraitError, Unicode, dlink

from kaizen_widgets.forms import Form
from tests.forms.builders import changes_of, required


def test_subscribe_notifies_once_per_operation():
    form = Form(default_values={"a": "x", "b": ""}, mode="onChange", resolver=required("a"))
    changes = changes_of(form)
    form.change("a", "")
    assert len(changes) == 1
    change = changes[0]
    assert (change.values, change.errors, change.dirty) == ({"a"}, {"a"}, {"a"})
    assert change.flags == {"is_dirty": True, "is_valid": False}


def test_subscribe_does_not_notify_without_a_change():
    form = Form(default_values={"a": "x"})
    form.blur("a")
    changes = changes_of(form)
    form.blur("a")
    form.set_value("a", "x")
    form.clear_errors()
    assert changes == []


def test_batch_validates_and_notifies_once():
    asked = []
    rule = required("a", "b")

    def resolver(values, context):
        asked.append(context.names)
        return rule(values, context)

    form = Form(default_values={"a": "x", "b": "x"}, mode="onChange", resolver=resolver)
    changes, asked[:] = changes_of(form), []
    with form.batch():
        form.change("a", "")
        form.change("b", "")
        assert changes == []
    assert asked == [("a", "b")]
    assert [change.errors for change in changes] == [{"a", "b"}]


def test_listeners_are_notified_in_order():
    form = Form(default_values={"a": 0, "b": 0})
    seen = []
    form.subscribe(lambda change: "a" in change.values and form.change("b", form.values["a"]))
    form.subscribe(lambda change: seen.append(sorted(change.values)))
    form.change("a", 1)
    assert seen == [["a"], ["b"]]
    assert form.values == {"a": 1, "b": 1}


def test_listeners_are_notified_even_if_another_raises():
    form = Form(default_values={"a": 0})
    form.subscribe(lambda _: 1 / 0)
    changes = changes_of(form)
    with pytest.raises(ZeroDivisionError):
        form.change("a", 1)
    assert len(changes) == 1
    assert form.values == {"a": 1}


def test_unsubscribe_may_be_called_twice():
    form = Form(default_values={"a": 0})
    changes: list = []
    end = form.subscribe(changes.append)
    end()
    end()
    form.change("a", 1)
    assert changes == []


def test_watch_notifies_of_fields_above_and_below():
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


def test_watch_of_several_names_passes_all_their_values():
    form = Form(default_values={"a": 1, "b": 2, "c": 3})
    seen: list = []
    form.watch(seen.append, ["a", "b"])
    form.blur("a")
    form.change("c", 4)
    form.reset({"a": 5, "b": 6, "c": 7})
    assert seen == [[5, 6]]


def test_form_state_can_be_observed_and_linked_as_traits():
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


def test_trait_observers_get_old_and_new_values():
    form = Form(default_values={"a": "x", "b": ""}, mode="onChange", resolver=required("a"))
    form.blur("b")
    events = {}
    form.observe(lambda e: events.update({e.name: (e.old, e.new)}))
    form.change("a", "")
    form.blur("a")
    assert events["dirty_fields"] == (frozenset(), {"a"})
    assert events["touched_fields"] == ({"b"}, {"a", "b"})
    assert events["errors"] == ({}, form.errors)


def test_form_traits_are_read_only():
    form = Form(default_values={"a": 1})
    for name in ("is_dirty", "values", "errors"):
        with pytest.raises(TraitError, match=f"{name}. trait is read-only"):
            setattr(form, name, {})


def test_concurrent_edits_are_all_kept_and_notified():
    form = Form(default_values={f"f{n}": 0 for n in range(8)})
    changes = changes_of(form)

    def type_into(name: str) -> None:
        for value in range(1, 51):
            form.change(name, value)

    threads = [threading.Thread(target=type_into, args=(f"f{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(form.values.values()) == {50}
    assert len(changes) == 400
    assert form.dirty_fields == set(form.values)


def test_batch_does_not_notify_of_a_change_that_was_undone():
    form = Form(default_values={"a": 0, "b": 0})
    changes = changes_of(form)
    with form.batch():
        form.change("a", 1)
        form.change("a", 0)
        form.change("b", 1)
    (change,) = changes
    assert (change.dirty, change.flags) == ({"b"}, {"is_dirty": True})
