"""Data of any kind and size can be shown, within limits and without secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from kaizen_widgets.displays.previews import (
    CUT,
    MAX_VALUES,
    preview_line,
    preview_text,
    preview_value,
)


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(1)], ids=repr)
def test_objects_whose_repr_raises_are_shown_by_their_type(error):
    class Odd:
        def __repr__(self):
            raise error

    assert preview_line(Odd()) == f"Odd (its repr raised {type(error).__name__})"
    assert "Odd" in preview_text({"a": [Odd()]})


def test_large_data_is_shown_up_to_its_first_values():
    rows = list(range(100 * MAX_VALUES))
    assert preview_value(rows)[-1] == "…"
    shown = json.dumps(preview_value([rows] * 100))
    assert len(shown) < 20 * MAX_VALUES
    assert preview_value({str(n): n for n in rows})["…"] == "…"


@pytest.mark.parametrize("show", [preview_text, preview_line])
@pytest.mark.parametrize("value", ["half \ud800", {"half \ud800": ["\udfff"]}])
def test_half_a_surrogate_pair_can_be_sent(show, value):
    assert b"half" in show(value).encode()


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {"name": "a"}
    value["self"] = value
    value["again"] = [value, value]
    return value


def test_preview_cuts_data_that_contains_itself():
    shown = preview_value(circular())
    assert shown == {"name": "a", "self": CUT, "again": [CUT, CUT]}


def test_preview_shows_a_limited_number_of_values():
    class Counted(list):
        read = 0

        def __iter__(self):
            for item in super().__iter__():
                self.read += 1
                yield item

    items = Counted(range(100_000))
    shown = preview_value({"items": items})
    assert shown["items"][-1] == CUT
    assert len(shown["items"]) <= MAX_VALUES + 1
    assert items.read <= MAX_VALUES + 1


def test_preview_of_many_equal_parts_is_limited():
    value: Any = ["leaf"]
    for _ in range(60):
        value = [value, value]
    assert len(json.dumps(preview_value(value))) < 100_000


def test_preview_cuts_long_strings_and_texts():
    assert len(preview_text({"text": "x" * 1_000_000})) < 5_000
    assert preview_line("x" * 1_000, 10) == "x" * 9 + CUT
    assert preview_text(["x"] * 1_000, 50).endswith("cut off here")


@dataclass
class Login:
    name: str
    password: str
    max_tokens: int


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Login("ann", "pw", 5), {"name": "ann", "password": "[hidden]", "max_tokens": 5}),
        ({1: (1, 2), None: {3}}, {"1": [1, 2], "": [3]}),
        (10**30, str(10**30)),
        ([Unprintable()], ["Unprintable"]),
    ],
)
def test_preview_shows_any_value_without_secrets(value, shown):
    assert preview_value(value) == shown


def test_preview_shows_numbers_with_too_many_digits_for_python():
    number = 2**100_000
    for value in (number, [number], {number: 1}):
        assert "int" in preview_text(value)
