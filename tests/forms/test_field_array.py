"""Rows of a list: stable ids, and errors and flags that move with their row."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import FieldError, Form, Resolved
from tests.forms.builders import changes_of, messages


@pytest.fixture
def form() -> Form:
    return Form(default_values={"items": [{"name": name} for name in "abc"]})


def names(form: Form) -> str:
    return "".join(row["name"] for row in form.values["items"])


def test_row_ids_stay_with_their_rows(form: Form):
    rows = form.rows("items")
    by_name = dict(zip(names(form), rows.ids, strict=True))
    rows.move(0, 2)
    rows.swap(0, 1)
    rows.insert(1, {"name": "x"})
    rows.prepend([{"name": "y"}, {"name": "z"}])
    rows.remove(names(form).index("b"))
    after = dict(zip(names(form), rows.ids, strict=True))
    assert names(form) == "yzcxa"
    assert after["a"] == by_name["a"]
    assert after["c"] == by_name["c"]
    assert len(set(after.values()) | set(by_name.values())) == 6
    assert rows.index_of(by_name["a"]) == 4


def test_row_ids_change_on_update_but_not_on_an_edit(form: Form):
    rows = form.rows("items")
    first, second, third = rows.ids
    rows.update(1, {"name": "x"})
    form.change("items.0.name", "y")
    assert rows.ids[0] == first
    assert rows.ids[1] != second
    assert rows.ids[2] == third


def test_row_ids_are_new_when_the_whole_list_is_written(form: Form):
    before = form.rows("items").ids
    form.set_value("items", [{"name": "q"}])
    assert not set(form.rows("items").ids) & set(before)


def test_errors_and_touched_flags_move_with_their_rows(form: Form):
    for index in range(3):
        form.blur(f"items.{index}.name")
        form.set_error(f"items.{index}.name", f"error {index}")
    form.set_error("items.root", "too many")
    form.rows("items").move(0, 2)
    form.rows("items").remove(0)
    assert {name: error.message for name, error in form.errors.items()} == {
        "items.0.name": "error 2",
        "items.1.name": "error 0",
        "items.root": "too many",
    }
    assert form.touched_fields == {"items.0.name", "items.1.name"}


def test_nested_rows_move_with_their_row():
    form = Form(default_values={"a": [{"b": [{"x": 1}]}, {"b": [{"x": 2}, {"x": 3}]}]})
    inner = form.rows("a.1.b").ids
    form.set_error("a.1.b.1.x", "no")
    form.rows("a").swap(0, 1)
    assert form.rows("a.0.b").ids == inner
    assert set(form.errors) == {"a.0.b.1.x"}


def test_delayed_errors_follow_their_row(loop):
    def refuse_b(values, _):
        bad = [f"items.{i}.name" for i, row in enumerate(values["items"]) if row["name"] == "b!"]
        return Resolved(values, dict.fromkeys(bad, FieldError("bad", "not b!")))

    form = Form(
        default_values={"items": [{"name": name} for name in "ab"]},
        mode="onBlur",
        resolver=refuse_b,
        delay_error=1,
        loop=loop,
        clock=loop.clock,
    )
    form.change("items.1.name", "b!")
    form.blur("items.1.name")
    form.rows("items").move(1, 0)
    assert form.errors == {}
    loop.advance(1)
    assert set(form.errors) == {"items.0.name"}


def test_append_to_a_list_that_is_none():
    form = Form(default_values={"items": None})
    form.rows("items").append({"name": "a"})
    assert form.values == {"items": [{"name": "a"}]}
    assert form.dirty_fields == {"items.0.name"}


def test_append_of_a_row_that_is_a_list():
    form = Form(default_values={"headers": [["accept", "json"]]})
    form.rows("headers").append([["host", "kaizen"]])
    assert form.values == {"headers": [["accept", "json"], ["host", "kaizen"]]}


def test_row_operations_notify_once(form: Form):
    form.rows("items")
    changes = changes_of(form)
    form.rows("items").remove([0, 2])
    (change,) = changes
    assert (change.rows, change.values) == ({"items"}, {"items"})
    assert change.dirty == {"items.0.name", "items.1.name", "items.2.name"}


@pytest.mark.parametrize(
    "operation",
    [
        lambda rows: rows.remove(3),
        lambda rows: rows.remove([0, -1]),
        lambda rows: rows.insert(4, {"name": "x"}),
        lambda rows: rows.swap(0, 3),
        lambda rows: rows.move(3, 0),
        lambda rows: rows.update(3, {"name": "x"}),
        lambda rows: rows.index_of("missing"),
    ],
)
def test_row_operations_refuse_a_missing_row(form: Form, operation):
    with pytest.raises(FormError, match="items has"):
        operation(form.rows("items"))
    assert names(form) == "abc"


def test_rows_of_a_field_that_is_not_a_list_are_refused(form: Form):
    with pytest.raises(FormError, match=r"items\.0\.name is not a list"):
        form.rows("items.0.name")


def test_new_rows_show_no_errors_until_they_are_touched():
    class Route(BaseModel):
        name: str = Field(min_length=1)

    class Routes(BaseModel):
        routes: list[Route] = []

    form = Form(Routes, mode="all", cross_field=True)
    form.rows("routes").append([{}])
    assert messages(form) == {}
    assert not form.is_valid
    form.blur("routes.0.name")
    assert list(messages(form)) == ["routes.0.name"]
    form.rows("routes").append([{}])
    assert list(messages(form)) == ["routes.0.name"]
    form.submit()
    assert sorted(messages(form)) == ["routes.0.name", "routes.1.name"]
