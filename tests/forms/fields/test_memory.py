"""Cached errors are equal to those of a new validation."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

from annotated_types import Ge, MinLen
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator, model_validator

from kaizen_widgets.errors import UnknownFieldError
from kaizen_widgets.forms import FieldTree, Form, ResolverContext
from kaizen_widgets.forms.fields.form_fields import FormFields


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: Annotated[int, Ge(1)] = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    breed: Annotated[str, MinLen(2)] = "pug"


class Row(BaseModel):
    count: Annotated[int, Ge(0)]
    note: Annotated[str, MinLen(2)] | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()

    @field_validator("count")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"{value} is odd")
        return value


class Model(BaseModel):
    name: Annotated[str, MinLen(2)]
    other: Annotated[str, MinLen(2)] = Field(alias="otherName")
    rows: Annotated[list[Row], Field(max_length=2)] = []
    scores: dict[str, int] = {}

    @model_validator(mode="after")
    def _differ(self) -> Model:
        if self.name == self.other:
            raise ValueError("both the same")
        return self


MESSAGES = {"name": {"missing": "A name, please"}, "rows.*.count": {"int_parsing": "A number"}}
TYPED = st.sampled_from([None, "", "x", "xx", "1", "2", "-2", 1, {"kind": "dog", "breed": ""}, []])
NAMES = st.sampled_from(
    [
        "name",
        "other",
        *(f"rows.{n}.{key}" for n in range(2) for key in ("count", "note", "pet", "pet.kind")),
        "rows.0.pet.breed",
        "rows.1",
        "scores.0.1",
        "scores.0.0",
    ]
)
START: dict[str, Any] = {
    "name": "ann",
    "other": "bob",
    "rows": [{"count": 2}, {"count": 4, "pet": {"kind": "dog", "breed": "pug"}}],
    "scores": {"a": 1},
}


@given(st.lists(st.tuples(NAMES, TYPED) | st.just("add a row") | st.just("swap"), max_size=12))
def test_cached_errors_are_those_of_a_new_form(edits: Any):
    form = Form(Model, default_values=START, messages=MESSAGES, mode="onChange")
    for edit in edits:
        if edit == "add a row":
            form.rows("rows").append({"count": "x"})
        elif edit == "swap":
            form.rows("rows").swap(0, 1)
        else:
            with contextlib.suppress(UnknownFieldError):  # the pet is a cat now
                form.change(*edit)
        form.trigger().wait(0)
        fresh = FormFields(FieldTree(Model), messages=MESSAGES).resolve(
            form.values, ResolverContext()
        )
        assert form.errors == fresh.errors
        assert form.value == (None if fresh.errors else fresh.value)


def test_message_changes_when_a_field_is_blanked():
    form = Form(Model, default_values={**START, "name": "x"}, messages=MESSAGES)
    said = []
    for typed in ("x", "", "y", ""):
        form.change("name", typed)
        form.trigger()
        said.append(form.errors["name"].message)
    short = "String should have at least 2 characters"
    assert said == [short, "A name, please", short, "A name, please"]
