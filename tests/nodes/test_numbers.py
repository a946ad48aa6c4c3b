"""Numbers and arrays of other libraries work like Python's own."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context
from kaizen_widgets.nodes.numbers import is_number, is_same_value
from tests.nodes.builders import run

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    "value",
    [0, 0.5, Decimal("0.5"), Fraction(1, 2), np.float32(0.5), np.int64(1), np.array(0.5)],
    ids=repr,
)
def test_numbers_of_every_library_are_numbers(value):
    assert is_number(value)
    said = []
    Context("n", "n", lambda kind, data: said.append(data["fraction"])).progress(value)
    assert said == [float(value)]
    assert type(said[0]) is float


@pytest.mark.parametrize(
    "value", [True, np.True_, np.array(True), "1", 1j, None, [1], np.array([0.5])], ids=repr
)
def test_truth_values_texts_and_arrays_are_no_numbers(value):
    assert not is_number(value)
    with pytest.raises(RunError, match="must be a number from 0 to 1"):
        Context("n", "n", lambda kind, data: None).progress(value)


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ((np.int64(3), np.int64(4)), 3.5),
        ((Decimal("0.1"), Decimal("0.3")), Decimal("0.2")),
        ((Decimal(1), 2.0), 1.5),
        ((np.float32(0.5), Fraction(1, 2), 2), 1.0),
    ],
)
def test_average_takes_every_number(values, mean):
    assert run("synthesizer", *values, config={"aggregation": "average"}) == mean


def test_vote_counts_arrays():
    one, other = np.arange(3), np.arange(4)
    winner = run("synthesizer", one, other, other.copy(), config={"aggregation": "vote"})
    assert winner is other


def test_vote_counts_values_that_cannot_be_compared():
    class Odd:
        def __eq__(self, other):
            raise ValueError("no comparison")

        __hash__ = None  # type: ignore[assignment]

    odd = Odd()
    assert run("synthesizer", odd, "x", odd, config={"aggregation": "vote"}) is odd


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (np.array([1, 2]), np.array([1, 2]), True),
        (np.array([1, 2]), np.array([1, 3]), False),
        (np.array([1, 2]), np.array([1]), False),
        (np.array([]), np.array([[]]), False),
        (float("nan"), float("nan"), False),
        ([1], [1], True),
        (1, True, True),
    ],
    ids=repr,
)
def test_equality_of_arrays_is_one_truth_value(one, other, expected):
    assert is_same_value(one, other) is expected


def test_tables_can_be_counted():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2]})
    assert is_same_value(table, table.copy())
    assert not is_same_value(table, table + 1)
