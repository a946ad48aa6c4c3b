"""Which arguments a function gets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from pydantic import BaseModel

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context
from kaizen_widgets.nodes.arguments import bind

ctx = Context("n", "Billing", lambda kind, data: None)


def call(function, value):
    args, kwargs = bind(function, value, ctx)
    return function(*args, **kwargs)


class Ticket(BaseModel):
    text: str
    priority: int = 1


@dataclasses.dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (lambda value: value, "t", "t"),
        (lambda anything: anything, {"a": 1}, {"a": 1}),
        (lambda text: text, {"text": "t", "more": 1}, "t"),
        (lambda text, tone="plain": (text, tone), "t", ("t", "plain")),
        (lambda text, tone="plain": (text, tone), {"text": "t", "tone": "warm"}, ("t", "warm")),
        (lambda text="none": text, "t", "t"),
        (lambda: "called", "t", "called"),
        (lambda value, /: value, {"value": 1}, {"value": 1}),
        (lambda *values: values, "t", ("t",)),
        (lambda **named: named, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        (lambda a, **rest: (a, rest), {"a": 1, "b": 2}, (1, {"b": 2})),
        (lambda a, *rest: (a, rest), {"a": 1}, (1, ())),
        (lambda *, text: text, {"text": "t"}, "t"),
        (lambda *, text: text, "t", "t"),
        (
            lambda fact_checker, writer: (fact_checker, writer),
            {"Fact checker": 1, "Writer": 2},
            (1, 2),
        ),
        (lambda text, priority: (text, priority), Ticket(text="t"), ("t", 1)),
        (lambda x, y: x + y, Point(1, 2), 3),
        (lambda value: value, None, None),
        (str.upper, "t", "T"),
        (len, [1, 2], 2),
        (int, "7", 7),
    ],
)
def test_arguments_come_from_the_value(function, value, expected):
    assert call(function, value) == expected


def test_ctx_is_passed_to_functions_with_a_ctx_parameter():
    assert call(lambda value, ctx: (value, ctx), "t") == ("t", ctx)
    assert call(lambda ctx: ctx, "t") is ctx
    assert call(lambda ctx, text: (ctx, text), {"text": "t"}) == (ctx, "t")


def test_missing_arguments_are_named_with_the_fields_there_are():
    with pytest.raises(
        RunError, match=r"asks for 'tone', and what arrived is a dict with 'text'"
    ) as e:
        call(lambda text, tone: None, {"text": "secret"})
    assert "secret" not in str(e.value)
    with pytest.raises(RunError, match="'text' and 'tone', and what arrived is text"):
        call(lambda text, tone: None, "t")


def test_bound_methods_do_not_get_themselves():
    class Agent:
        def answer(self, text):
            return f"answer to {text}"

    assert call(Agent().answer, "t") == "answer to t"


def test_a_field_goes_to_one_argument_only():
    assert call(lambda **fields: fields, {"Fact checker": 1}) == {"Fact checker": 1}
    value = {"Fact checker": 1, "b": 2}
    assert call(lambda fact_checker, **rest: (fact_checker, rest), value) == (1, {"b": 2})


def test_two_fields_that_match_one_parameter_are_refused():
    value = {"Fact checker": 1, "Fact-Checker": 2}
    with pytest.raises(RunError, match="'Fact checker' and 'Fact-Checker' both match"):
        call(lambda fact_checker: fact_checker, value)
    assert call(lambda **fields: fields, value) == value
    assert call(lambda fact_checker: fact_checker, {"fact_checker": 0, **value}) == 0


class Lazy(Mapping[str, str]):
    """A mapping that loads its items, as shelve and h5py do."""

    def __init__(self):
        self.read = []

    def __getitem__(self, key):
        self.read.append(key)
        return key.upper()

    def __iter__(self):
        return iter(["a", "b", "c"])

    def __len__(self):
        return 3


@pytest.mark.parametrize(
    ("function", "read"),
    [
        (lambda value: value, []),
        (lambda *values: values, []),
        (lambda b: b, ["b"]),
        (lambda c, a="": c + a, ["c", "a"]),
        (lambda a, **rest: rest, ["a", "b", "c"]),
    ],
)
def test_only_fields_that_are_asked_for_are_read(function, read):
    value = Lazy()
    call(function, value)
    assert value.read == read


def test_a_dataclass_without_all_its_fields_gives_those_it_has():
    @dataclasses.dataclass
    class Job:
        name: str
        result: str = dataclasses.field(init=False)

    assert call(lambda name: name, Job("j")) == "j"
    with pytest.raises(RunError, match="asks for 'result', and what arrived is a Job with 'name'"):
        call(lambda name, result: name, Job("j"))


def test_a_model_without_all_its_fields_gives_those_it_has():
    assert call(lambda priority: priority, Ticket.model_construct(priority=2)) == 2
