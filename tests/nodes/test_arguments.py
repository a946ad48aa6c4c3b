"""Which arguments a function gets."""

from __future__ import annotations

import dataclasses

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


def test_ctx_is_given_to_whoever_asks():
    assert call(lambda value, ctx: (value, ctx), "t") == ("t", ctx)
    assert call(lambda ctx: ctx, "t") is ctx
    assert call(lambda ctx, text: (ctx, text), {"text": "t"}) == (ctx, "t")


def test_what_is_missing_is_named_with_what_there_is():
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
