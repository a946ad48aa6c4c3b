"""Rows of a list: ids that stay, and errors and flags that follow."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import FieldError, Form, Resolved
from tests.forms.builders import heard_by, words


@pytest.fixture
def form() -> Form:
    return Form(default_values={"items": [{"name": name} for name in "abc"]})


def names(form: Form) -> str:
    return "".join(row["name"] for row in form.values["items"])


def test_a_row_keeps_its_id_wherever_it_goes(form: Form):
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


def test_an_updated_row_is_a_new_one_and_a_changed_field_is_not(form: Form):
    rows = form.rows("items")
    first, second, third = rows.ids
    rows.update(1, {"name": "x"})
    form.change("items.0.name", "y")
    assert rows.ids[0] == first
    assert rows.ids[1] != second
    assert rows.ids[2] == third


def test_rows_written_as_one_are_new_ones(form: Form):
    before = form.rows("items").ids
    form.set_value("items", [{"name": "q"}])
    assert not set(form.rows("items").ids) & set(before)


def test_errors_and_touched_flags_move_and_go_with_their_rows(form: Form):
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


def test_rows_within_rows_go_along():
    form = Form(default_values={"a": [{"b": [{"x": 1}]}, {"b": [{"x": 2}, {"x": 3}]}]})
    inner = form.rows("a.1.b").ids
    form.set_error("a.1.b.1.x", "no")
    form.rows("a").swap(0, 1)
    assert form.rows("a.0.b").ids == inner
    assert set(form.errors) == {"a.0.b.1.x"}


def test_an_error_that_waits_follows_its_row(loop):
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


def test_a_list_that_is_nothing_gets_its_first_row():
    form = Form(default_values={"items": None})
    form.rows("items").append({"name": "a"})
    assert form.values == {"items": [{"name": "a"}]}
    assert form.dirty_fields == {"items.0.name"}


def test_rows_that_are_lists_themselves_are_given_in_a_list():
    form = Form(default_values={"headers": [["accept", "json"]]})
    form.rows("headers").append([["host", "kaizen"]])
    assert form.values == {"headers": [["accept", "json"], ["host", "kaizen"]]}


def test_one_operation_on_rows_is_told_once(form: Form):
    form.rows("items")
    heard = heard_by(form)
    form.rows("items").remove([0, 2])
    (change,) = heard
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
        lambda rows: rows.index_of("nobody"),
    ],
)
def test_a_row_that_is_not_there_is_refused_and_nothing_moves(form: Form, operation):
    with pytest.raises(FormError, match="items has"):
        operation(form.rows("items"))
    assert names(form) == "abc"


def test_what_is_no_list_has_no_rows(form: Form):
    with pytest.raises(FormError, match=r"items\.0\.name is not a list"):
        form.rows("items.0.name")


def test_a_new_row_is_not_told_what_it_lacks_before_anybody_was_at_it():
    class Route(BaseModel):
        name: str = Field(min_length=1)

    class Routes(BaseModel):
        routes: list[Route] = []

    form = Form(Routes, mode="all", cross_field=True)
    form.rows("routes").append([{}])
    assert words(form) == {}
    assert not form.is_valid
    form.blur("routes.0.name")
    assert list(words(form)) == ["routes.0.name"]
    form.rows("routes").append([{}])
    assert list(words(form)) == ["routes.0.name"]
    form.submit()
    assert sorted(words(form)) == ["routes.0.name", "routes.1.name"]
