"""When fields are validated, and which errors are shown."""

from __future__ import annotations

import logging

import pytest

from kaizen_widgets.errors import UnknownFieldError
from kaizen_widgets.forms import FieldError, Form, Resolved
from tests.forms.builders import Slow, alike, changes_of, messages, required

PASSWORDS = {"password": "one", "again": "one", "hint": ""}

# -------------------------------------------------------------- cross_field


def test_errors_of_other_fields_stay_without_cross_field():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike)
    form.change("again", "two")
    form.change("password", "two")
    assert messages(form) == {"again": "not the same"}
    assert form.is_valid


def test_cross_field_updates_errors_of_touched_fields():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.blur("again")
    form.change("password", "two")
    assert messages(form) == {"again": "not the same"}
    form.change("password", "one")
    assert messages(form) == {}


def test_cross_field_shows_no_errors_of_untouched_fields():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.change("password", "two")
    assert messages(form) == {}
    form.submit()
    assert messages(form) == {"again": "not the same"}
    form.change("again", "two")
    form.change("password", "three")
    assert messages(form) == {"again": "not the same"}


def test_cross_field_keeps_manual_errors_until_their_field_is_validated():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.blur("hint")
    form.set_error("hint", "the server knows this one")
    form.change("password", "two")
    assert messages(form) == {"hint": "the server knows this one"}
    form.change("hint", "x")
    assert messages(form) == {}


def test_cross_field_shows_errors_of_a_row_once_it_is_touched():
    def spans(values, _):
        late = [i for i, row in enumerate(values["spans"]) if row["from"] > row["to"]]
        return Resolved(
            values, {f"spans.{i}": FieldError("order", "from is after to") for i in late}
        )

    rows = [{"from": 1, "to": 2}, {"from": 1, "to": 2}]
    form = Form(default_values={"spans": rows}, mode="all", resolver=spans, cross_field=True)
    form.set_value("spans.1.from", 3)
    form.change("spans.0.from", 5)
    assert messages(form) == {}
    form.blur("spans.0.to")
    assert messages(form) == {"spans.0": "from is after to"}
    form.change("spans.0.to", 6)
    assert messages(form) == {}


def test_deps_are_validated_with_their_field():
    form = Form(
        default_values=PASSWORDS, mode="onChange", resolver=alike, deps={"password": "again"}
    )
    form.change("password", "two")
    assert messages(form) == {"again": "not the same"}
    form.change("password", "one")
    assert messages(form) == {}


@pytest.mark.parametrize(
    "option",
    [
        {"deps": {"password": ["agian"]}},
        {"deps": {"pasword": "again"}},
        {"messages": {"agian": "no"}},
        {"messages": {"rows.0.x.y": "no"}},
    ],
)
def test_options_that_name_no_field_are_refused(option: dict):
    with pytest.raises(UnknownFieldError, match="but the form has no such field; there are: pass"):
        Form(default_values=PASSWORDS, **option)


def test_messages_apply_to_rows_lists_and_the_form():
    names = ["rows.0.x", "rows.root", "a.b", "", "c"]
    form = Form(
        default_values={"rows": [], "a": {"b": 1}, "c": 1},
        messages={
            "rows.*.x": "any row",
            "rows.root": "the list",
            "rows": "not the list",
            "a.b": "nested",
            "": "the form",
            "*": "every other field",
        },
        resolver=lambda values, _: Resolved(
            values, dict.fromkeys(names, FieldError("wrong", "the resolver's own"))
        ),
    )
    form.trigger().wait()
    assert messages(form) == {
        "rows.0.x": "any row",
        "rows.root": "the list",
        "a.b": "nested",
        "": "the form",
        "c": "every other field",
    }


# ------------------------------------------------------------- own messages


def test_messages_replace_those_of_the_resolver():
    form = Form(
        default_values={"a": "", "items": [{"b": ""}]},
        criteria_mode="all",
        messages={"a": {"missing": "A is needed"}, "items.*.b": "Every row needs a b"},
        resolver=lambda values, _: Resolved(
            values,
            {
                "a": FieldError("missing", "a?", {"missing": "a?", "short": "too short"}),
                "items.0.b": FieldError("missing", "b?"),
            },
        ),
    )
    form.trigger()
    assert messages(form) == {"a": "A is needed", "items.0.b": "Every row needs a b"}
    assert form.errors["a"].types == {"missing": "A is needed", "short": "too short"}


def test_manual_errors_go_when_their_field_is_validated():
    form = Form(default_values={"a": 1, "b": 1}, mode="onChange")
    form.set_error("a", "taken")
    form.set_error("root.server", "try later")
    form.change("b", 2)
    assert messages(form) == {"a": "taken", "root.server": "try later"}
    form.change("a", 2)
    assert messages(form) == {"root.server": "try later"}
    form.clear_errors("root")
    assert messages(form) == {}


def test_field_named_root_has_errors_of_its_own():
    form = Form(default_values={"root": {"x": 1}}, mode="onChange")
    form.set_error("root.x", "bad")
    form.change("root.x", 2)
    assert form.errors == {}


def test_is_valid_follows_the_values_after_every_operation():
    form = Form(default_values={"a": "x"}, mode="onBlur", resolver=required("a"))
    form.set_error("a", "no")
    assert not form.is_valid
    form.clear_errors("a")
    assert form.is_valid
    form.set_value("a", "")
    assert not form.is_valid
    form.change("a", "y")
    assert form.is_valid
    assert form.errors == {}


def test_field_state_of_a_group_includes_its_fields():
    form = Form(default_values={"a": {"b": "x"}}, mode="all", resolver=lambda v, _: Resolved(v))
    form.change("a.b", "y")
    form.blur("a.b")
    form.set_error("a.b", "no")
    state = form.get_field_state("a")
    assert (state.invalid, state.is_dirty, state.is_touched, state.error) == (
        True,
        True,
        True,
        None,
    )
    assert form.get_field_state("a.b").error == FieldError("custom", "no")


# ---------------------------------------------------------- async resolvers


def slow_form(loop, **options) -> Form:
    defaults = {"a": "x", "wait": 1.0}
    return Form(
        default_values=defaults,
        resolver=Slow(loop.clock, required("a")),
        loop=loop,
        clock=loop.clock,
        **{"mode": "onChange", **options},
    )


def test_late_results_for_an_earlier_value_are_dropped(loop):
    form = slow_form(loop)
    loop.advance(1)
    form.change("wait", 3.0)
    form.change("a", "")
    form.change("wait", 1.0)
    form.change("a", "y")
    loop.advance(1)
    assert (messages(form), form.is_valid) == ({}, True)
    loop.advance(5)
    assert (messages(form), form.is_valid, form.is_validating) == ({}, True, False)


def test_is_validating_is_true_for_the_validated_field(loop):
    form = slow_form(loop)
    loop.advance(1)
    form.change("a", "")
    assert form.is_validating
    assert form.get_field_state("a").is_validating
    assert not form.get_field_state("wait").is_validating
    loop.advance(1)
    assert not form.is_validating
    assert messages(form) == {"a": "a?"}


def test_reset_drops_late_results(loop):
    form = slow_form(loop)
    form.change("a", "")
    checked = form.trigger("a")
    form.reset()
    assert not form.get_field_state("a").invalid
    loop.advance(5)
    assert checked.wait(0) is False
    assert (messages(form), form.is_valid) == ({}, True)


def test_delayed_errors_are_shown_on_blur(loop):
    form = slow_form(loop, delay_error=2)
    form.set_value("wait", 0.0)
    loop.settle()
    form.change("a", "")
    loop.advance(1.9)
    assert messages(form) == {}
    form.blur("a")
    loop.settle()
    assert messages(form) == {"a": "a?"}


def test_async_resolver_errors_are_shown_and_logged_without_secrets(loop, caplog):
    async def fail(values, _):
        raise OSError("hunter2 is not known")

    with caplog.at_level(logging.ERROR):
        form = Form(default_values={"a": 1}, resolver=fail, loop=loop, clock=loop.clock)
        loop.settle()
    assert messages(form) == {"root.resolver": "This could not be checked (OSError)."}
    assert "resolver failed with OSError" in caplog.text
    assert "hunter2" not in caplog.text
    assert not form.is_validating


def test_trigger_raises_the_error_of_an_async_resolver(loop):
    async def fail(values, _):
        if values["a"] == 2:
            raise OSError("no network")
        return Resolved(values)

    form = Form(default_values={"a": 1}, resolver=fail, loop=loop, clock=loop.clock)
    loop.settle()
    form.set_value("a", 2, should_validate=False)
    with pytest.raises(OSError, match="no network"):
        loop.run(_awaited(form.trigger()))


async def _awaited(pending):
    return await pending


def test_late_results_notify_as_an_operation_of_their_own(loop):
    form = slow_form(loop)
    loop.advance(1)
    form.change("a", "")
    changes = changes_of(form)
    loop.advance(1)
    (change,) = changes
    assert change.errors == {"a"}
    assert change.flags == {"is_valid": False, "is_validating": False}


def test_cross_field_keeps_manual_errors_with_their_row():
    form = Form(
        default_values={"a": "x", "rows": [{"n": 1}, {"n": 2}]},
        mode="onBlur",
        resolver=required("a"),
        cross_field=True,
    )
    form.set_error("rows.1.n", "taken")
    form.rows("rows").swap(0, 1)
    form.blur("a")
    assert messages(form) == {"rows.0.n": "taken"}


def test_cross_field_updates_former_manual_errors():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.set_error("again", "the server says no")
    form.change("again", "two")
    assert messages(form) == {"again": "not the same"}
    form.change("password", "two")
    assert messages(form) == {}


def test_cross_field_delays_a_fields_own_error(loop):
    form = Form(
        default_values=PASSWORDS,
        mode="onChange",
        resolver=alike,
        cross_field=True,
        delay_error=1,
        loop=loop,
        clock=loop.clock,
    )
    form.blur("password")
    form.blur("again")
    form.change("password", "")
    assert messages(form) == {"again": "not the same"}
    loop.advance(1)
    assert messages(form) == {"again": "not the same", "password": "password?"}
