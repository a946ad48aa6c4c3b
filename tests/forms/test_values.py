"""Values, defaults, and dirty fields."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, Field, model_validator

from kaizen_widgets.errors import FormError, UnknownFieldError
from kaizen_widgets.forms import Form
from kaizen_widgets.forms.paths import join, parse


def test_values_are_copied_in_and_out():
    given = {"a": {"b": [1]}}
    form = Form(default_values=given)
    given["a"]["b"].append(2)
    form.values["a"]["b"].append(3)
    assert form.values == {"a": {"b": [1]}}


def test_change_stores_input_as_typed():
    form = Form(default_values={"age": 1})
    form.change("age", "3.")
    assert form.values == {"age": "3."}


@pytest.mark.parametrize("value", [None, "", 0, False, "0"])
def test_is_dirty_distinguishes_none_empty_zero_and_false(value: object):
    others = [other for other in (None, "", 0, False, "0") if other is not value]
    form = Form(default_values={"a": value})
    for other in others:
        form.change("a", other)
        assert form.is_dirty
    form.change("a", value)
    assert not form.is_dirty


def test_is_dirty_clears_when_the_default_is_typed_again():
    form = Form(default_values={"a": {"b": "x"}})
    form.change("a.b", "y")
    assert (form.is_dirty, form.dirty_fields) == (True, {"a.b"})
    form.change("a.b", "x")
    assert (form.is_dirty, form.dirty_fields) == (False, set())


def test_is_dirty_compares_numbers_by_value_but_true_is_not_one():
    form = Form(default_values={"a": 1})
    form.change("a", 1.0)
    assert not form.is_dirty
    form.change("a", True)
    assert form.is_dirty


def test_dirty_fields_of_a_group_that_was_none_are_its_leaves():
    form = Form(default_values={"address": None})
    form.change("address", {"city": "Oslo", "zip": ""})
    assert form.dirty_fields == {"address.city", "address.zip"}
    form.change("address", None)
    assert form.dirty_fields == set()


def test_is_dirty_for_values_that_cannot_be_compared():
    class Array:
        def __eq__(self, other: object) -> bool:
            raise ValueError("ambiguous")

        __hash__ = None  # pyright: ignore[reportAssignmentType]

    form = Form(default_values={"a": Array()})
    form.change("a", Array())
    assert form.is_dirty


@dataclasses.dataclass
class Tagged:
    id: int
    tag: str = dataclasses.field(compare=False)


EQUAL_BUT_DIFFERENT = [
    ({"x": 1, "y": 2}, {"y": 2, "x": 1}),
    ([1], [True]),
    ([{"n": 0}], [{"n": False}]),
    (1, 1.0),
    (0.0, -0.0),
    (Decimal("1.1"), Decimal("1.10")),
    (
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
    ),
    (Tagged(1, "old"), Tagged(1, "new")),
]


@pytest.mark.parametrize(("old", "new"), EQUAL_BUT_DIFFERENT)
@pytest.mark.parametrize("operation", ["change", "set_value", "set_values", "reset", "row"])
def test_values_are_held_as_they_were_set_even_if_they_equal_the_old(
    old: Any, new: Any, operation: str
):
    form = Form(default_values={"a": old, "rows": [{"a": old}]})
    seen: list[Any] = []
    form.watch(seen.append)
    match operation:
        case "change":
            form.change("a", new)
        case "set_value":
            form.set_value("a", new)
        case "set_values":
            form.set_values({"a": new})
        case "reset":
            form.reset({"a": new, "rows": []})
        case "row":
            form.rows("rows").update(0, {"a": new})
            form.set_value("a", form.get_value("rows.0.a"))
    assert repr(form.get_value("a")) == repr(new)
    assert repr(seen[-1]["a"]) == repr(new)
    assert repr(form.submit(lambda values: values["a"]).wait()) == repr(new)


def test_nan_over_nan_is_not_dirty():
    nan = float("nan")
    form = Form(default_values={"a": nan, "b": [nan], "c": Decimal("nan")})
    form.change("a", float("nan"))
    form.change("b", [float("nan")])
    form.change("c", Decimal("nan"))
    assert not form.is_dirty
    form.change("a", 1.0)
    assert form.dirty_fields == {"a"}


def test_set_value_without_flags_changes_only_the_value():
    form = Form(default_values={"a": ""})
    form.set_value("a", "x")
    assert (form.values["a"], form.is_dirty, form.touched_fields) == ("x", False, set())


def test_set_values_writes_all_or_none():
    form = Form(default_values={"a": 1, "b": 2})
    with pytest.raises(UnknownFieldError, match="no field 'c'; there are: a, b"):
        form.set_values({"a": 5, "c": 6})
    assert form.values == {"a": 1, "b": 2}
    form.set_values(lambda values: {"a": values["b"], "b": values["a"]}, should_dirty=True)
    assert form.values == {"a": 2, "b": 1}
    assert form.dirty_fields == {"a", "b"}


def test_names_are_dotted_or_tuples():
    form = Form(default_values={"a": {"b.c": [{"d": 1}]}})
    form.change(("a", "b.c", 0, "d"), 2)
    assert form.get_value(r"a.b\.c.0.d") == 2
    assert form.dirty_fields == {r"a.b\.c.0.d"}


@pytest.mark.parametrize(
    "path", [(), ("a",), ("a", 0, "b"), ("a.b", 10), ("\\", "."), ("", "a"), ("01", "x"), ("a", "")]
)
def test_parse_reads_what_join_writes(path: tuple[str | int, ...]):
    assert path == () or parse(join(path)) == path


@pytest.mark.parametrize("name", ["missing", "a.x", "items.2.name", "items.x", "a.b.c"])
def test_unknown_names_are_refused(name: str):
    form = Form(default_values={"a": {"b": 1}, "items": [{"name": ""}, {"name": ""}]})
    for operation in (form.blur, form.get_value, form.get_field_state, form.trigger):
        with pytest.raises(UnknownFieldError, match=r"no field|no row"):
            operation(name)
    with pytest.raises(UnknownFieldError):
        form.change(name, 1)
    with pytest.raises(UnknownFieldError):
        form.set_error(name, "no")
    assert form.values == {"a": {"b": 1}, "items": [{"name": ""}, {"name": ""}]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mode": "onKeyUp"}, "no mode 'onKeyUp'; there are: onSubmit, onBlur"),
        ({"re_validate_mode": "all"}, "no re_validate_mode 'all'"),
        ({"criteria_mode": "some"}, "no criteria_mode 'some'"),
        ({"resolver": "pydantic"}, "resolver is str; it must be a function"),
        ({"default_values": 3}, "mapping of names to values, not int"),
        ({"delay_error": -1}, "delay_error is -1"),
        ({"messages": {"a": 3}}, "messages of 'a' must be a sentence"),
    ],
)
def test_options_with_unknown_values_are_refused(options: dict, said: str):
    with pytest.raises(FormError, match=said):
        Form(**options)


def test_resolver_with_a_wrong_result_is_refused():
    form = Form(default_values={"a": 1}, resolver=lambda values, _: values["a"] and _answer(values))
    with pytest.raises(FormError, match="resolver gave dict; it must return a Resolved"):
        form.change("a", 2)


def _answer(values):
    from kaizen_widgets.forms import Resolved

    return Resolved(values) if values["a"] == 1 else values


def test_form_values_may_be_one_list():
    form = Form(default_values=[{"a": 1}])
    form.rows("").append({"a": 2})
    form.change("0.a", 3)
    assert form.values == [{"a": 3}, {"a": 2}]
    assert form.dirty_fields == {"0.a", "1.a"}


def test_unregistered_fields_ignore_events_until_registered():
    form = Form(default_values={"a": 1, "b": 2})
    form.unregister("a", keep_default_value=True)
    form.change("a", 5)
    assert (form.values, form.is_dirty) == ({"b": 2}, True)
    form.register("a")
    form.change("a", 5)
    assert form.values == {"a": 5, "b": 2}


def test_repr_shows_state_but_no_values():
    form = Form(default_values={"password": "hunter2"})
    form.change("password", "hunter3")
    assert repr(form) == "Form(dirty=1, errors=0, valid=True)"


def test_model_that_is_an_unresolved_name_is_refused():
    with pytest.raises(FormError, match=r"cannot be made for .*Missing.*: "):
        Form("Missing")


def test_reset_refuses_a_value_of_another_type():
    class Agent(BaseModel):
        name: str = "ann"

    form = Form(Agent)
    with pytest.raises(FormError, match="int is not a value for a form of Agent"):
        form.reset(5)
    assert form.values == {"name": "ann"}


def test_reset_default_values_changes_only_dirty_flags():
    form = Form(default_values={"a": 1, "b": 2})
    form.change("a", 5)
    form.change("b", 6)
    form.set_error("b", "no")
    form.reset_default_values({"a": 5})
    assert (form.values, form.dirty_fields) == ({"a": 5, "b": 6}, {"b"})
    assert "b" in form.errors
    form.reset()
    assert form.values == {"a": 5, "b": 2}


def test_valid_subset_leaves_out_invalid_edits():
    class Sizes(BaseModel):
        low: int = Field(1, ge=0)
        high: int = 5
        name: str = ""

        @model_validator(mode="after")
        def _in_order(self) -> Sizes:
            if self.low > self.high:
                raise ValueError("low is above high")
            return self

    form = Form(Sizes)
    form.change("low", -1)
    form.change("name", "all")
    value, names = form.valid_subset()
    assert (value, names) == (Sizes(low=1, name="all"), {"name"})
    form.change("low", 9)
    assert form.valid_subset() == (None, frozenset())
    form.change("high", 10)
    assert form.valid_subset() == (Sizes(low=9, high=10, name="all"), {"low", "high", "name"})
