"""Tables of records, and previews of data of any kind."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from kaizen_widgets.widgets.data_table import data_table
from kaizen_widgets.widgets.previews import (
    CUT,
    MAX_VALUES,
    preview_line,
    preview_text,
    preview_value,
)


def cells(table):
    return [cell.split(">", 1)[1] for cell in table.split("</td>")[:-1]]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.2214339999999999, "0.221434"),
        (1369.667731629393, "1,369.67"),
        (12345678.9, "12,345,678.90"),
        (2.0, "2.0"),
        (1e-9, "1e-09"),
        (float("nan"), "nan"),
        (1369, "1369"),
        (True, "True"),
    ],
)
def test_table_rounds_numbers_and_keeps_all_digits_in_the_tooltip(number, shown):
    table = data_table({"value": number})
    assert table is not None
    assert f">{shown}</td>" in table
    assert (f'title="{number}"' in table) == (shown != str(number))


def test_table_shows_ids_after_the_other_columns():
    rows = [{"id": "7f", "organization_id": "3c", "name": "Bill", "status": "active"}]
    table = data_table(rows)
    assert table is not None
    heads = [part.rsplit(">", 1)[1] for part in table.split("</th>")[:-1]]
    assert heads == ["name", "status", "id", "organization_id"]
    chosen = data_table(rows, columns=["id", "name"])
    assert chosen is not None
    assert chosen.index(">id<") < chosen.index(">name<")


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
