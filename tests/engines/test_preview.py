"""Previews are short, true and quick, whatever the value."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, deque

import pytest
from pydantic import BaseModel, SecretStr

from kaizen_widgets.engines.preview import MAX_PREVIEW, preview, quick_preview


@dataclasses.dataclass
class Point:
    x: int
    y: list[int]
    hidden: str = dataclasses.field(default="", repr=False)


class Ticket(BaseModel):
    text: str
    parts: list[int] = []


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        2**60,
        b"bytes",
        [],
        [1, "two", None],
        (),
        (1,),
        (1, 2),
        {},
        {"a": [1, {"b": (2,)}]},
        {1},
        set(),
        frozenset(),
        frozenset({1}),
        deque([1, 2]),
        Point(1, [2]),
        Ticket(text="t", parts=[1]),
        range(3),
        int,
    ],
    ids=repr,
)
def test_a_preview_is_the_repr(value):
    assert preview(value) == repr(value)
    assert quick_preview(value) in (None, repr(value))


def test_an_ordered_dict_reads_alike_on_every_python():
    assert preview(OrderedDict(a=1)) == "OrderedDict({'a': 1})"


def test_text_is_shown_as_it_is():
    assert preview("a\nb") == "a\nb"


def test_secrets_stay_secret():
    assert "hunter2" not in preview({"password": SecretStr("hunter2")})


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        b"x" * 10**6,
        list(range(10**6)),
        tuple(range(10**6)),
        set(range(10**6)),
        {n: n for n in range(10**6)},
        {"rows": list(range(10**6)), "n": 1},
        Point(1, list(range(10**6))),
        Ticket(text="t", parts=list(range(10**6))),
        10**100_000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_of_a_large_value_only_the_beginning_is_read(value):
    text = quick_preview(value)
    assert text is not None
    assert len(text) <= MAX_PREVIEW
    assert text == preview(value)


def test_values_inside_each_other_without_end_have_a_preview():
    value: list = []
    value.append(value)
    assert "..." in preview(value)
    deep: list = []
    for _ in range(10_000):
        deep = [deep]
    assert "..." in preview(deep)


def test_code_of_others_is_not_run_for_a_quick_preview():
    class Loud:
        def __repr__(self):
            raise AssertionError

    assert quick_preview(Loud()) is None
    assert quick_preview([1, {"a": Loud()}]) is None
    assert preview([Loud()]) == "[<Loud: its repr raised AssertionError>]"
