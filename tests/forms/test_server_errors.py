"""Errors of an API or of pydantic are shown at the fields they are about; none is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import FormError, InvalidInputError
from kaizen_widgets.forms import FieldError, Form
from kaizen_widgets.testing import VirtualLoop
from tests.forms.builders import messages


def test_server_errors_of_a_422_are_shown_at_their_fields():
    form = Form(default_values={"a": 1, "items": [{"b": 1}, {"b": 2}]})
    form.set_errors(
        {
            "detail": [
                {"loc": ["body", "a"], "msg": "Field required", "type": "missing"},
                {"loc": ["body", "items", 1, "b"], "msg": "Value error, too big", "type": "value"},
                {"loc": ["query", "page"], "msg": "not a number", "type": "int_parsing"},
            ]
        }
    )
    assert messages(form) == {
        "a": "Field required",
        "items.1.b": "too big",
        "root.server": "query.page: not a number",
    }
    assert form.errors["a"].type == "missing"
    assert not form.is_valid


def test_server_errors_of_a_field_named_body():
    form = Form(default_values={"body": {"a": 1}})
    form.set_errors({"detail": [{"loc": ["body", "a"], "msg": "no", "type": "x"}]})
    assert messages(form) == {"body.a": "no"}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            InvalidInputError("bad", status=422, details={"a": ["too long", "taken"]}),
            {"a": "too long taken"},
        ),
        (
            InvalidInputError("The server said no.", status=400),
            {"root.server": "The server said no."},
        ),
        ({"a": "taken", "b.c": "?"}, {"a": "taken", "root.server": "b.c: ?"}),
        ({"a": FieldError("x", "taken")}, {"a": "taken"}),
        ({"detail": "Not today"}, {"root.server": "Not today"}),
        ([{"field": "a", "message": "taken"}, "odd"], {"a": "taken", "root.server": "odd"}),
        (
            [{"loc": ["a"], "msg": "x" * 9_000}],
            {"a": "x" * 499 + "…"},
        ),
    ],
)
def test_server_errors_are_read_in_every_shape(problem: object, said: dict):
    form = Form(default_values={"a": 1})
    form.set_errors(problem)
    assert messages(form) == said


def test_pydantic_errors_are_shown_at_their_fields():
    class Model(BaseModel):
        a: int

    form = Form(default_values={"a": 1})
    with pytest.raises(ValidationError) as raised:
        Model.model_validate({"a": "x"})
    form.set_errors(raised.value)
    assert form.errors["a"].type == "int_parsing"


def test_set_errors_refuses_other_shapes():
    form = Form(default_values={"a": 1})
    for nonsense in (None, 5, {"detail": 5}):
        with pytest.raises(FormError, match="Errors must be"):
            form.set_errors(nonsense)
    assert form.is_valid


# ------------------------------------------- rows that were moved or removed


class Item(BaseModel):
    name: str = ""


class Order(BaseModel):
    items: list[Item] = []
    note: str = ""


def order(*names: str, **options: Any) -> Form:
    return Form(Order, default_values={"items": [{"name": name} for name in names]}, **options)


@pytest.mark.parametrize(
    "problem",
    [
        [{"loc": ["body", "items", 7, "name"], "msg": "too long", "type": "x"}],
        {"detail": [{"loc": ["items", 7, "name"], "msg": "too long"}]},
        {"items.7.name": "too long"},
        InvalidInputError("No.", status=422, details={"items.7.name": ["too long"]}),
    ],
)
@pytest.mark.parametrize("make", [order, lambda: Form(default_values={"items": [{"name": ""}]})])
def test_server_errors_of_a_missing_row_are_shown_for_the_form(problem: Any, make: Any):
    form = make()
    form.set_errors(problem)
    (message,) = messages(form).values()
    assert "too long" in message
    assert list(form.errors) == ["root.server"]
    assert not form.is_valid


def submit_and_refuse(form: Form, loop: VirtualLoop, *edits: Callable[[], object]) -> None:
    """Submit; make the edits before the server answers that the second item is wrong."""

    async def save(_order: Any) -> None:
        await sleep(loop.clock, 1)
        raise InvalidInputError("No.", status=422, details={"items.1.name": ["is taken"]})

    submission = form.submit(save)
    loop.settle()
    for edit in edits:
        edit()
    loop.advance(1)
    error = submission.exception()
    assert error is not None
    form.set_errors(error, submission=submission)


def test_server_errors_follow_rows_that_moved_during_the_submit(loop: VirtualLoop):
    form = order("a", "b", "c", loop=loop, clock=loop.clock)
    rows = form.rows("items")
    submit_and_refuse(
        form,
        loop,
        lambda: rows.prepend({"name": "new"}),
        lambda: rows.move(2, 0),
        lambda: rows.remove(1),
        lambda: rows.append({"name": "last"}),
    )
    assert form.get_value("items.0.name") == "b"
    assert messages(form) == {"items.0.name": "is taken"}


@pytest.mark.parametrize(
    "edit",
    [
        lambda form: form.rows("items").remove(1),
        lambda form: form.rows("items").update(1, {"name": "other"}),
        lambda form: form.rows("items").replace([{"name": "x"}, {"name": "y"}]),
        lambda form: form.set_value("items", [{"name": "x"}, {"name": "y"}]),
        lambda form: form.reset({"items": [{"name": "x"}, {"name": "y"}]}),
    ],
)
def test_server_errors_of_a_row_removed_during_the_submit_are_shown_for_the_form(
    edit: Callable[[Form], object], loop: VirtualLoop
):
    form = order("a", "b", loop=loop, clock=loop.clock)
    submit_and_refuse(form, loop, lambda: edit(form))
    assert messages(form) == {"root.server": "items.1.name: is taken"}


def test_server_errors_set_in_a_handler_follow_rows_as_well(loop: VirtualLoop):
    form = order("a", "b", loop=loop, clock=loop.clock)

    async def save(_order: Any) -> None:
        await sleep(loop.clock, 1)
        form.set_errors({"items.1.name": "is taken"})

    form.submit(save)
    loop.settle()
    form.rows("items").swap(0, 1)
    loop.advance(1)
    assert messages(form) == {"items.0.name": "is taken"}
    form.set_errors({"items.1.name": "and this"})
    assert messages(form) == {"items.0.name": "is taken", "items.1.name": "and this"}
