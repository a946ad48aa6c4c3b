"""Sentences and error texts are short, true and quick, whatever the value."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, deque
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, SecretStr

from kaizen_widgets.displays.error_text import format_error, quick_format_error
from kaizen_widgets.displays.sentences import MAX_SENTENCE, quick_sentence, sentence


@dataclasses.dataclass
class Point:
    x: int
    y: list[int]
    hidden: str = dataclasses.field(default="", repr=False)


class Ticket(BaseModel):
    text: str
    parts: list[int] = []


class Mood(Enum):
    GOOD = "good"


class Pair(NamedTuple):
    left: int
    right: str


class Silent:
    """An object without a repr of its own."""


FRAME = pd.DataFrame({"a": range(1200), "b": "x", "c": 0.5})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", "a\nb"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (2**60, str(2**60)),
        (10**100_000, "int of 332,193 bits"),
        (b"bytes", "5 bytes"),
        ([], "[]"),
        ({}, "{}"),
        ([1, "two", None], "1, two, None"),
        ((1,), "1"),
        (deque([1, 2]), "1, 2"),
        ([[1], [2]], "2 items"),
        ([{"a": 1}], "1 item"),
        ({"text": "There is\na refund"}, "text: There is a refund"),
        ({"a": [1, 2], "b": {"c": 3}, 4: []}, "a: [1, 2], b: {c: 3}, 4: []"),
        (OrderedDict(a=1), "a: 1"),
        (MappingProxyType({"a": 1}), "a: 1"),
        (Point(1, [2]), "x: 1, y: [2]"),
        (Ticket(text="t", parts=[1]), "text: t, parts: [1]"),
        (Pair(1, "r"), "left: 1, right: r"),
        (Mood.GOOD, "good"),
        (datetime(2026, 12, 1, 17, 30, tzinfo=UTC), "2026-12-01 17:30"),
        (Path("a/b.txt"), "a/b.txt"),
        (FRAME, "1,200 × 3"),
        (FRAME["a"], "1,200 values"),
        (np.float64(1.5), "1.5"),
        (KeyError("x"), "KeyError: 'x'"),
        (int, "int"),
        (format_error, "format_error()"),
        (Silent(), "Silent"),
        (range(3), "range(0, 3)"),
        ({"x": "y" * 500}, "x: " + "y" * 199 + "…"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_a_sentence(value, text):
    assert sentence(value) == text
    assert quick_sentence(value) in (None, text)


def test_no_sentence_names_an_address():
    class Shown:
        def __repr__(self):
            return f"<Shown of {object.__repr__(self)}>"

    assert sentence(Shown()).endswith("Shown object>>")
    assert "0x" not in sentence([Silent(), Shown()]) + sentence({"a": Shown()})


def test_secrets_stay_secret():
    shown = sentence({"password": SecretStr("hunter2"), "key": SecretStr("hunter2")})
    assert shown == "password: [hidden], key: [hidden]"
    assert sentence({"api_key": "hunter2", "max_tokens": 5}) == "api_key: [hidden], max_tokens: 5"


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
    ],
    ids=lambda value: type(value).__name__,
)
def test_of_a_large_value_only_the_beginning_is_read(value):
    text = quick_sentence(value)
    assert text is not None
    assert len(text) <= MAX_SENTENCE
    assert text == sentence(value)


def test_values_inside_each_other_without_end_have_a_preview():
    value: list = []
    value.append(value)
    assert sentence(value) == "1 item"
    deep: list = []
    for _ in range(10_000):
        deep = [deep]
    assert sentence(deep) == "1 item"
    circular: dict = {}
    circular["self"] = circular
    assert "…" in sentence(circular)


def test_code_of_others_is_not_run_for_a_quick_sentence():
    class Loud:
        def __repr__(self):
            raise AssertionError

    assert quick_sentence(Loud()) is None
    assert quick_sentence({"a": {"b": Loud()}}) is None
    assert sentence({"a": Loud()}) == "a: Loud (its repr raised AssertionError)"


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
        assert len(text) <= MAX_SENTENCE


def test_the_code_of_an_error_is_not_run_for_a_quick_text():
    assert quick_format_error(CustomError("x")) is None
    assert quick_format_error(ValueError(CustomError("x"))) is None
