"""Defaults that the model makes are made again at each reset; those that were given stay."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, Field

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form

NUMBERS: Iterator[int] = itertools.count(1)


def next_number() -> int:
    return next(NUMBERS)


class Part(BaseModel):
    number: int = Field(default_factory=next_number)
    name: str = ""


class Product(BaseModel):
    number: int = Field(default_factory=next_number, alias="productNumber")
    name: str = ""
    part: Part = Field(default_factory=Part)
    parts: list[Part] = Field(default_factory=lambda: [Part()])
    others: list[Part] = []


NAMES = ("number", "part.number", "parts.0.number")


def numbers(form: Form, *names: str) -> list[int]:
    return [int(form.get_value(name)) for name in names or NAMES]


def test_reset_calls_default_factories_again():
    form = Form(Product)
    before = numbers(form)
    form.change("name", "x")
    form.reset()
    after = numbers(form)
    assert not set(before) & set(after)
    assert form.get_value("name") == ""
    assert not form.is_dirty
    assert form.submit(lambda product: product.number).wait() == after[0]


def test_reset_field_calls_its_default_factory_again():
    form = Form(Product)
    before = numbers(form)
    form.reset_field("number")
    after = numbers(form)
    assert (after[0] != before[0], after[1:]) == (True, before[1:])
    assert not form.is_dirty


def test_reset_completes_given_defaults_with_new_ones():
    form = Form(
        Product,
        default_values={"part": {"name": "wheel"}, "others": [{"name": "axle"}, {"number": 7}]},
    )
    names = [*NAMES, "others.0.number"]
    before = numbers(form, *names)
    form.reset()
    assert not set(before) & set(numbers(form, *names))
    assert form.get_value("part.name") == "wheel"
    assert form.get_value("others.0.name") == "axle"
    assert numbers(form, "others.1.number") == [7]


@pytest.mark.parametrize("given", [{"productNumber": 7}, {"number": 7}])
def test_reset_keeps_defaults_given_by_name_or_alias(given: dict[str, int]):
    class Aliased(Product, populate_by_name=True):
        pass

    form = Form(Aliased, default_values=given)
    form.change("number", "8")
    form.reset()
    assert numbers(form, "number") == [7]


def test_reset_keeps_defaults_that_were_replaced_later():
    form = Form(Product)
    form.reset_default_values({"part.number": 7})
    form.reset_field("number", default_value=8)
    form.reset()
    assert numbers(form, "number", "part.number") == [8, 7]
    form.reset({"name": "y"})
    before = numbers(form)
    form.reset()
    assert form.get_value("name") == "y"
    assert not set(before) & set(numbers(form))


def test_reset_keeps_an_instance():
    product = Product(productNumber=7)
    form = Form(Product, default_values=product)
    before = form.values
    form.change("number", "8")
    form.reset()
    assert form.values == before


def test_form_of_an_instance_has_its_values_as_defaults():
    form = Form(Part(number=7, name="wheel"))
    assert form.values == {"number": 7, "name": "wheel"}
    assert form.submit(lambda part: part).wait() == Part(number=7, name="wheel")
    with pytest.raises(FormError, match="gives the default values already; give Part itself"):
        Form(Part(), default_values={"name": "x"})


def test_form_of_a_dict_is_refused_with_both_ways_out():
    with pytest.raises(FormError, match=r"create_model.*default_values"):
        Form({"a": int})
