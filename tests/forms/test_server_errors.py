"""Errors of an API or of pydantic are shown at the fields they are about; none is lost."""

from __future__ import annotations

import pytest

from kaizen_widgets.errors import FormError, InvalidInputError
from kaizen_widgets.forms import FieldError, Form
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
    from pydantic import BaseModel, ValidationError

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
