"""When what is typed is judged, which errors show, and what others found wrong."""

from __future__ import annotations

import logging

import pytest

from kaizen_widgets.errors import UnknownFieldError
from kaizen_widgets.forms import FieldError, Form, Resolved
from tests.forms.builders import Slow, alike, heard_by, required, words

PASSWORDS = {"password": "one", "again": "one", "hint": ""}

# ------------------------------------------------------- errors of partners


def test_without_cross_field_a_partner_keeps_its_error_as_in_the_original():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike)
    form.change("again", "two")
    form.change("password", "two")
    assert words(form) == {"again": "not the same"}
    assert form.is_valid


def test_with_cross_field_a_touched_partner_gets_and_loses_its_error():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.blur("again")
    form.change("password", "two")
    assert words(form) == {"again": "not the same"}
    form.change("password", "one")
    assert words(form) == {}


def test_with_cross_field_nobody_is_told_off_for_a_field_they_have_not_been_at():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.change("password", "two")
    assert words(form) == {}
    form.submit()
    assert words(form) == {"again": "not the same"}
    form.change("again", "two")
    form.change("password", "three")
    assert words(form) == {"again": "not the same"}


def test_with_cross_field_an_error_of_the_server_stays_until_its_own_field_is_judged():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.blur("hint")
    form.set_error("hint", "the server knows this one")
    form.change("password", "two")
    assert words(form) == {"hint": "the server knows this one"}
    form.change("hint", "x")
    assert words(form) == {}


def test_with_cross_field_an_error_of_a_row_shows_once_somebody_was_in_the_row():
    def spans(values, _):
        late = [i for i, row in enumerate(values["spans"]) if row["from"] > row["to"]]
        return Resolved(
            values, {f"spans.{i}": FieldError("order", "from is after to") for i in late}
        )

    rows = [{"from": 1, "to": 2}, {"from": 1, "to": 2}]
    form = Form(default_values={"spans": rows}, mode="all", resolver=spans, cross_field=True)
    form.set_value("spans.1.from", 3)
    form.change("spans.0.from", 5)
    assert words(form) == {}
    form.blur("spans.0.to")
    assert words(form) == {"spans.0": "from is after to"}
    form.change("spans.0.to", 6)
    assert words(form) == {}


def test_a_field_that_depends_on_another_is_judged_with_it():
    form = Form(
        default_values=PASSWORDS, mode="onChange", resolver=alike, deps={"password": "again"}
    )
    form.change("password", "two")
    assert words(form) == {"again": "not the same"}
    form.change("password", "one")
    assert words(form) == {}


@pytest.mark.parametrize(
    "option",
    [
        {"deps": {"password": ["agian"]}},
        {"deps": {"pasword": "again"}},
        {"messages": {"agian": "no"}},
        {"messages": {"rows.0.x.y": "no"}},
    ],
)
def test_an_option_that_names_no_field_is_refused(option: dict):
    with pytest.raises(UnknownFieldError, match="but the form has no such field; there are: pass"):
        Form(default_values=PASSWORDS, **option)


def test_an_option_may_name_any_row_and_what_an_error_may_stand_at():
    rows = {"rows": [], "a": {"b": 1}}
    names = ["rows.*.x", "rows.root", "rows", "a.b", "*", "", "root"]
    Form(default_values=rows, messages=dict.fromkeys(names, "no"))


# ------------------------------------------------------------- own messages


def test_messages_of_the_form_stand_in_for_the_resolvers_own():
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
    assert words(form) == {"a": "A is needed", "items.0.b": "Every row needs a b"}
    assert form.errors["a"].types == {"missing": "A is needed", "short": "too short"}


def test_an_error_that_was_set_goes_when_its_field_is_judged():
    form = Form(default_values={"a": 1, "b": 1}, mode="onChange")
    form.set_error("a", "taken")
    form.set_error("root.server", "try later")
    form.change("b", 2)
    assert words(form) == {"a": "taken", "root.server": "try later"}
    form.change("a", 2)
    assert words(form) == {"root.server": "try later"}
    form.clear_errors("root")
    assert words(form) == {}


def test_a_field_may_be_called_root():
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


def test_what_is_known_of_a_field_is_known_of_its_group():
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


# ------------------------------------------------------------ taking a while


def slow_form(loop, **options) -> Form:
    defaults = {"a": "x", "wait": 1.0}
    return Form(
        default_values=defaults,
        resolver=Slow(loop.clock, required("a")),
        loop=loop,
        clock=loop.clock,
        **{"mode": "onChange", **options},
    )


def test_the_answer_about_a_value_that_is_gone_is_dropped(loop):
    form = slow_form(loop)
    loop.advance(1)
    form.change("wait", 3.0)
    form.change("a", "")
    form.change("wait", 1.0)
    form.change("a", "y")
    loop.advance(1)
    assert (words(form), form.is_valid) == ({}, True)
    loop.advance(5)
    assert (words(form), form.is_valid, form.is_validating) == ({}, True, False)


def test_a_validation_that_takes_a_while_is_shown_at_its_field(loop):
    form = slow_form(loop)
    loop.advance(1)
    form.change("a", "")
    assert form.is_validating
    assert form.get_field_state("a").is_validating
    assert not form.get_field_state("wait").is_validating
    loop.advance(1)
    assert not form.is_validating
    assert words(form) == {"a": "a?"}


def test_after_a_reset_nothing_that_began_before_it_comes_back(loop):
    form = slow_form(loop)
    form.change("a", "")
    checked = form.trigger("a")
    form.reset()
    assert not form.get_field_state("a").invalid
    loop.advance(5)
    assert checked.wait(0) is False
    assert (words(form), form.is_valid) == ({}, True)


def test_an_error_waits_and_a_blur_shows_it_at_once(loop):
    form = slow_form(loop, delay_error=2)
    form.set_value("wait", 0.0)
    loop.settle()
    form.change("a", "")
    loop.advance(1.9)
    assert words(form) == {}
    form.blur("a")
    loop.settle()
    assert words(form) == {"a": "a?"}


def test_a_resolver_that_fails_late_is_said_in_the_form_and_in_the_log(loop, caplog):
    async def fail(values, _):
        raise OSError("hunter2 is not known")

    with caplog.at_level(logging.ERROR):
        form = Form(default_values={"a": 1}, resolver=fail, loop=loop, clock=loop.clock)
        loop.settle()
    assert words(form) == {"root.resolver": "This could not be checked (OSError)."}
    assert "resolver failed with OSError" in caplog.text
    assert "hunter2" not in caplog.text
    assert not form.is_validating


def test_a_resolver_that_fails_when_asked_reaches_who_asked(loop):
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


def test_a_late_answer_is_told_as_an_operation_of_its_own(loop):
    form = slow_form(loop)
    loop.advance(1)
    form.change("a", "")
    heard = heard_by(form)
    loop.advance(1)
    (change,) = heard
    assert change.errors == {"a"}
    assert change.flags == {"is_valid": False, "is_validating": False}


def test_with_cross_field_an_error_of_the_server_stays_with_its_row():
    form = Form(
        default_values={"a": "x", "rows": [{"n": 1}, {"n": 2}]},
        mode="onBlur",
        resolver=required("a"),
        cross_field=True,
    )
    form.set_error("rows.1.n", "taken")
    form.rows("rows").swap(0, 1)
    form.blur("a")
    assert words(form) == {"rows.0.n": "taken"}


def test_with_cross_field_an_error_that_was_set_is_like_any_other_once_it_was_judged():
    form = Form(default_values=PASSWORDS, mode="onChange", resolver=alike, cross_field=True)
    form.set_error("again", "the server says no")
    form.change("again", "two")
    assert words(form) == {"again": "not the same"}
    form.change("password", "two")
    assert words(form) == {}


def test_with_cross_field_a_fields_own_error_still_waits_for_its_delay(loop):
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
    assert words(form) == {"again": "not the same"}
    loop.advance(1)
    assert words(form) == {"again": "not the same", "password": "password?"}
