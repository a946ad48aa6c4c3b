from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form
from tests.forms.builders import messages


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = Field(9, ge=0, le=9)


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    breed: str = Field(min_length=1)


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Circle(BaseModel):
    r: float = Field(gt=0)


class Ring(BaseModel):
    r: float = Field(lt=0)


class Shapes(BaseModel):
    shape: Circle | Ring
    when: date | str = "soon"
    many: int | list[int] = 1


def test_branch_that_was_left_keeps_its_draft() -> None:
    form = Form(Owner, default_values={"pet": {"kind": "dog", "breed": "collie"}})
    form.choose_branch("pet", 0)
    assert form.values["pet"] == {"kind": "cat", "lives": 9}
    form.change("pet.lives", 3)
    form.choose_branch("pet", 1)
    assert form.values["pet"] == {"kind": "dog", "breed": "collie"}
    form.choose_branch("pet", 0)
    assert form.values["pet"]["lives"] == 3


def test_choosing_the_current_branch_changes_nothing() -> None:
    form = Form(Owner, default_values={"pet": {"kind": "dog", "breed": "collie"}})
    form.choose_branch("pet", 1)
    assert not form.is_dirty


def test_union_has_errors_of_the_chosen_branch_only() -> None:
    form = Form(Shapes, default_values={"shape": {"r": 1}})
    form.choose_branch("shape", 1)
    form.change("shape", {"r": 1})
    form.trigger().wait(30)
    assert messages(form) == {"shape.r": "Input should be less than 0"}
    form.choose_branch("shape", 0)
    form.change("shape", {"r": -1})
    form.trigger().wait(30)
    assert messages(form) == {"shape.r": "Input should be greater than 0"}


def test_chosen_branch_is_the_type_of_the_value() -> None:
    form = Form(Shapes, default_values=Shapes(shape=Ring(r=-1), when=date(2024, 5, 1)))
    assert form.branches() == {"shape": 1, "when": 0, "many": 0}
    assert form.value == Shapes(shape=Ring(r=-1), when=date(2024, 5, 1))
    form.choose_branch("when", 1)
    form.change("when", "2024-05-01")
    assert form.value.when == "2024-05-01"


def test_chosen_branch_refuses_what_another_accepts() -> None:
    form = Form(Shapes, default_values=Shapes(shape=Circle(r=1), when=date(2024, 5, 1)))
    form.change("when", "soon")
    form.trigger().wait(30)
    assert list(messages(form)) == ["when"]


def test_value_set_by_a_program_selects_its_branch() -> None:
    form = Form(Shapes, default_values={"shape": {"r": 1}})
    form.set_value("many", [1, 2])
    assert form.branch("many") == 1
    form.change("many.0", "x")
    form.trigger().wait(30)
    assert list(messages(form)) == ["many.0"]


def test_branches_follow_their_rows_and_are_reset() -> None:
    form = Form(list[int | str], default_values=["7", 1])
    assert form.branches() == {"0": 1, "1": 0}
    form.rows("").swap(0, 1)
    form.trigger().wait(30)
    assert form.branches() == {"0": 0, "1": 1}
    assert form.value == [1, "7"]
    form.reset()
    assert form.branches() == {"0": 1, "1": 0}


def test_choose_branch_of_a_field_that_is_not_a_union_raises() -> None:
    form = Form(Owner)
    with pytest.raises(FormError, match="not a union"):
        form.choose_branch("pet.lives", 0)
    with pytest.raises(FormError, match="no branch 7"):
        form.choose_branch("pet", 7)
    with pytest.raises(FormError, match="no model"):
        Form(default_values={}).branch("x")


def test_blank_union_is_in_its_first_branch() -> None:
    assert Form(Owner).values == {"pet": {"kind": "cat", "lives": 9}}
