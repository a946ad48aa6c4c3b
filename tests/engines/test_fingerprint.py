"""Fingerprints: equal for equal content and code, different for anything that matters."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import io
import types
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from kaizen_widgets.engines.fingerprint import Fingerprinter


def taken(*values: Any) -> str:
    return Fingerprinter().of(*values).digest


def is_exact(value: Any) -> bool:
    return Fingerprinter().of(value).is_exact


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Point:
    x: int = 0


@dataclasses.dataclass(slots=True)
class Slim:
    x: int = 0


class Model(BaseModel):
    x: int = 0


class Plain:
    def __init__(self, x: Any) -> None:
        self.x = x


PAIRS = [
    (1, 2), (1, True), (1, 1.0), (0.0, -0.0), ("a", b"a"), ("", None), ([1], (1,)), ([], {}),
    ([[1], 2], [[1, 2]]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({1}, {2}), ({1}, frozenset({1})),
    (Color.RED, Color.BLUE), (Point(1), Point(2)), (Slim(1), Slim(2)), (Model(x=1), Model(x=2)),
    (Plain(1), Plain(2)), (Plain(1), Point(1)), (Point(1), {"x": 1}),
    (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)), (range(3), range(4)),
    (functools.partial(max, 1), functools.partial(max, 2)), (["ab", "c"], ["a", "bc"]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_different_values_have_different_fingerprints(one, other):
    assert taken(one) != taken(other)


@pytest.mark.parametrize("value", [value for pair in PAIRS for value in pair])
def test_data_is_read_by_its_content(value):
    assert is_exact(value)
    assert taken(value) == taken(value)


@pytest.mark.parametrize(
    "make", [lambda: Point(3), lambda: Slim(3), lambda: Model(x=3), lambda: Plain([3])]
)
def test_equal_objects_have_equal_fingerprints(make):
    assert taken(make()) == taken(make())


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def typed(value: Any) -> Any:
    """A value so that == compares types and the order of keys too."""
    if isinstance(value, list):
        return ["list", *map(typed, value)]
    if isinstance(value, dict):
        return ["dict", *((key, typed(item)) for key, item in value.items())]
    return (type(value).__name__, repr(value))


@given(json, json)
@settings(max_examples=100, deadline=None)
def test_fingerprints_of_json_are_equal_exactly_for_equal_values(one, other):
    assert (taken(one) == taken(other)) == (typed(one) == typed(other))


def test_sets_have_no_order():
    assert taken({"b", "a", "c"}) == taken({"c", "b", "a"})


def test_values_that_hold_themselves_are_read():
    loop: list[Any] = [1]
    loop.append(loop)
    assert is_exact(loop)


def test_deep_values_end():
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert "too large" in Fingerprinter().of(deep).inexact


@pytest.mark.parametrize("value", [object(), io.StringIO(), (x for x in ()), [object()]])
def test_what_cannot_be_read_is_compared_by_identity(value):
    assert not is_exact(value)
    assert taken(value) == taken(value)


def test_no_code_of_the_object_runs():
    class Hostile:
        def __getattribute__(self, name):
            raise RuntimeError("code of the object ran")

        def __eq__(self, other):
            raise RuntimeError("code of the object ran")

        __hash__ = None  # type: ignore[assignment]

        def __repr__(self):
            raise RuntimeError("code of the object ran")

    assert taken([Hostile()])


def test_large_values_are_not_read_to_their_end():
    found = Fingerprinter(max_bytes=1000).of("x" * 5000, "y" * 5000)
    assert "too large" in found.inexact


def test_arrays_and_tables_are_read_by_content():
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    assert taken(np.arange(3)) == taken(np.arange(3))
    assert taken(np.arange(3)) != taken(np.arange(3.0))
    assert taken(np.zeros((2, 3))) != taken(np.zeros((3, 2)))
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert taken(frame) == taken(frame.copy())
    other = frame.copy()
    other.loc[0, "b"] = "z"
    for changed in (
        other,
        frame.rename(columns={"a": "c"}),
        frame[::-1],
        frame.astype({"a": float}),
    ):
        assert taken(frame) != taken(changed)
    assert is_exact(frame)
    assert taken(frame.a) != taken(frame.a.rename("c"))
    huge = np.broadcast_to(np.zeros(1), (10**12,))
    assert not is_exact(huge)


# --------------------------------------------------------------- functions

SOURCE = """
RATE = 2
SEEN = []

def helper(value):
    return value * RATE

def work(value, factor=1):
    return [helper(one) * factor for one in value]

class Tool:
    def use(self, value):
        return helper(value)
"""


def notebook(source: str = SOURCE) -> dict[str, Any]:
    """Run a cell, as a notebook would."""
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec"), cell)
    return cell


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return value * RATE", "return value + RATE"),  # in a function that it calls
        ("RATE = 2", "RATE = 3"),  # a constant of that
        ("factor=1", "factor=2"),  # a default
        ("* factor", "- factor"),  # its code
    ],
)
def test_a_function_that_changed_has_another_fingerprint(old, new):
    before, after = notebook(), notebook(SOURCE.replace(old, new))
    assert taken(before["work"]) != taken(after["work"])


@pytest.mark.parametrize("new", [SOURCE, "\n\n\n" + SOURCE, SOURCE + "\nUNUSED = 1\n"])
def test_the_same_function_defined_anew_has_the_same(new):
    assert taken(notebook()["work"]) == taken(notebook(new)["work"])
    assert is_exact(notebook(new)["work"])


def test_methods_and_classes_are_code_too():
    one, other = notebook(), notebook(SOURCE.replace("value * RATE", "value"))
    assert taken(one["Tool"]) != taken(other["Tool"])
    assert taken(one["Tool"]().use) != taken(other["Tool"]().use)
    assert taken(one["Tool"]().use) == taken(notebook()["Tool"]().use)


def test_closures_count():
    def make(factor: Any) -> Any:
        return lambda value: value * factor

    assert taken(make(1)) != taken(make(2))
    assert taken(make(1)) == taken(make(1))
    assert not is_exact(make(object()))


def test_functions_that_call_themselves_and_each_other_are_read():
    cell = notebook("def a(n):\n    return b(n)\ndef b(n):\n    return a(n - 1) if n else 0\n")
    again = notebook("def a(n):\n    return b(n)\ndef b(n):\n    return a(n - 1) if n else 1\n")
    assert taken(cell["a"]) != taken(again["a"])


def test_a_module_of_the_user_is_read_where_it_is_used():
    module = types.ModuleType("my_helpers")
    module.__dict__["double"] = notebook("def double(v):\n    return v * 2\n")["double"]
    cell = {"__name__": "__main__", "my_helpers": module}
    exec("def work(v):\n    return my_helpers.double(v)\n", cell)
    before = taken(cell["work"])
    module.__dict__["double"] = notebook("def double(v):\n    return v * 3\n")["double"]
    assert taken(cell["work"]) != before


def test_what_a_function_changes_while_it_runs_is_no_part_of_it():
    cell = notebook(
        "SEEN = []\nLIMIT = [3]\ndef work(v):\n    SEEN.append(v)\n    return LIMIT[0]\n"
    )
    prints = Fingerprinter()
    before = prints.of_function(cell["work"])
    cell["work"](1)
    assert prints.note(cell["work"], before)
    kept = prints.of_function(cell["work"]).digest
    cell["work"](2)
    assert Fingerprinter(prints._changing).of(cell["work"]).digest == kept
    cell["LIMIT"][0] = 4  # It only reads this one.
    assert Fingerprinter(prints._changing).of(cell["work"]).digest != kept


def test_code_that_changed_while_it_ran_is_noticed():
    cell = notebook()
    prints = Fingerprinter()
    before = prints.of_function(cell["work"])
    cell["RATE"] = 5
    assert not prints.note(cell["work"], before)
