"""Untouched fields keep their objects, whichever method of the form brought them in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from kaizen_widgets.forms import Form


class Pet(BaseModel):
    name: str = ""


class Dog(Pet):
    """A subclass with a field that a form of `Pet` does not show."""

    loudness: int = 3


class Owner(BaseModel):
    pet: Pet = Pet()
    pets: list[Pet] = []
    by_name: dict[str, Pet] = {}
    age: int = 0


DOG = Dog(name="Rex", loudness=9)


def owner(form: Form) -> Any:
    return form.submit(lambda value: value).wait()


@pytest.mark.parametrize(
    "operation",
    [
        lambda form: form.set_value("pet", DOG),
        lambda form: form.set_values({"pet": DOG}),
        lambda form: form.reset(Owner(pet=DOG)),
        lambda form: form.reset_field("pet", default_value=DOG),
    ],
)
def test_value_keeps_the_object_that_a_program_set(operation: Callable[[Form], object]):
    form = Form(Owner)
    operation(form)
    form.change("age", "3")
    assert owner(form).pet is DOG


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        (lambda rows: rows.append(DOG), ["first", "Rex"]),
        (lambda rows: rows.prepend([Pet(name="new"), DOG]), ["new", "Rex", "first"]),
        (lambda rows: rows.insert(0, DOG), ["Rex", "first"]),
        (lambda rows: rows.update(0, DOG), ["Rex"]),
        (lambda rows: rows.replace([Pet(name="x"), DOG]), ["x", "Rex"]),
    ],
)
def test_rows_keep_the_objects_they_were_added_as(operation: Callable[[Any], object], names: list):
    form = Form(Owner, default_values={"pets": [{"name": "first"}]})
    rows = form.rows("pets")
    with form.batch():
        operation(rows)
    assert [pet.name for pet in owner(form).pets] == names
    assert any(pet is DOG for pet in owner(form).pets)
    rows.move(len(rows) - 1, 0)
    rows.prepend({"name": "last"})
    assert any(pet is DOG for pet in owner(form).pets)
    assert owner(form).pets[0] == Pet(name="last")


def test_rows_of_a_dict_keep_the_objects_they_were_added_as():
    form = Form(Owner)
    form.rows("by_name").append([["rex", DOG]])
    form.rows("by_name").prepend([["tom", Pet(name="Tom")]])
    assert owner(form).by_name == {"tom": Pet(name="Tom"), "rex": DOG}


def test_edited_row_keeps_what_the_form_does_not_show():
    form = Form(Owner)
    form.rows("pets").append([DOG, DOG])
    form.change("pets.1.name", "Max")
    assert owner(form).pets == [DOG, Dog(name="Max", loudness=9)]


class Kennel(BaseModel):
    pet: Pet = Dog(name="Rex", loudness=7)
    pets: list[Pet] = [Pet(name="Tom"), Dog(name="Max", loudness=5)]
    owner: Owner = Owner(pet=Dog(loudness=2))
    age: int = 0


@pytest.mark.parametrize("given", [None, {"age": 1}])
def test_default_objects_of_a_model_are_kept(given: Any):
    form = Form(Kennel, default_values=given)
    form.change("age", "3")
    for _ in range(2):
        kennel = owner(form)
        assert kennel == Kennel(age=kennel.age)
        assert type(kennel.owner.pet) is Dog
        form.reset()
    form.change("pet.name", "Bob")
    form.rows("pets").remove(0)
    assert owner(form).pet == Dog(name="Bob", loudness=7)
    assert owner(form).pets == [Dog(name="Max", loudness=5)]


def test_default_objects_of_a_model_are_not_shared():
    form = Form(Kennel)
    owner(form).pet.name = "changed"
    assert owner(Form(Kennel)).pet.name == "Rex"
    assert Kennel().pet.name == "Rex"


def test_given_values_replace_a_default_object_they_equal():
    form = Form(Kennel, default_values={"pet": Pet(name="Rex")})
    assert type(owner(form).pet) is Pet
    form.set_value("pet", {"name": "Rex"})
    assert type(owner(form).pet) is Pet


def test_reset_field_restores_the_object_of_the_default():
    form = Form(Owner, default_values=Owner(pet=DOG))
    form.set_value("pet", Pet(name="other"))
    form.reset_field("pet")
    assert owner(form).pet is DOG


def test_reset_default_values_changes_the_objects_of_a_later_reset_only():
    form = Form(Owner, default_values=Owner(pet=DOG))
    form.reset_default_values({"pet": Dog(name="Max", loudness=1)})
    assert owner(form).pet is DOG
    form.reset()
    assert owner(form).pet == Dog(name="Max", loudness=1)


def test_edited_fields_are_those_that_are_not_exactly_their_default():
    class Config(BaseModel):
        order: Any = None
        number: Any = None
        text: str = "x"

    form = Form(Config(order={"a": 1, "b": 2}, number=1))
    assert form.edited_fields == frozenset()
    form.change("order", {"b": 2, "a": 1})
    form.change("number", 1.0)
    form.change("text", "x")
    assert form.edited_fields == {"order", "number"}
    value, names = form.valid_subset()
    assert (list(value.order), repr(value.number), names) == (
        ["b", "a"],
        "1.0",
        {"order", "number"},
    )
