"""Previews are short, true and quick, whatever the value."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, deque

import pytest
from pydantic import BaseModel, SecretStr

from kaizen_widgets.engines.preview import (
    MAX_PREVIEW,
    format_error,
    preview,
    quick_format_error,
    quick_preview,
)


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


class CustomError(Exception):
    def __str__(self):
        return f"custom {self.args[0]}"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        ValueError("no"),
        ValueError("no", 1),
        ValueError(["no"]),
        KeyError("missing"),
        OSError(2, "no such file", "f.txt"),
        CustomError("x"),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "why"),
    ],
    ids=repr,
)
def test_errors_read_as_python_prints_them(error):
    said = str(error)
    expected = f"{type(error).__name__}: {said}" if said else type(error).__name__
    assert format_error(error) == expected
    assert quick_format_error(error) in (None, expected)


def test_of_an_error_with_a_large_argument_only_the_beginning_is_read():
    rows = list(range(10**6))
    for error in (ValueError(rows), ValueError("rows", rows), ValueError({"rows": rows})):
        text = format_error(error)
        assert text.startswith("ValueError: ")
        assert len(text) <= MAX_PREVIEW


def test_the_code_of_an_error_is_not_run_for_a_quick_text():
    assert quick_format_error(CustomError("x")) is None
    assert quick_format_error(ValueError(CustomError("x"))) is None
