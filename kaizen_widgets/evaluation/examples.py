"""The rows of a table as examples: the inputs of a run, and the output that is expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.errors import RunError

MAX_EXAMPLES = 100_000
"""Rows of the longest table that is evaluated."""
EXPECTED = "expected"
"""The column of the expected output where no other is named."""


@dataclass(frozen=True)
class Example:
    """One row of a table.

    Attributes:
        number: Its place in the table, counted from 0.
        inputs: Inputs of the run by name.
        expected: The expected output; None where the table has none.
    """

    number: int
    inputs: Mapping[str, Any]
    expected: Any = None


def read_examples(
    table: Any, *, expected: str | None = None, inputs: Sequence[str] | None = None
) -> list[Example]:
    """Return the rows of a table as examples; empty cells of a data frame become None.

    Args:
        table: A data frame of pandas or polars, or dicts.
        expected: Column of the expected output; by default ``expected``, if there is one.
        inputs: Columns that are inputs of the run; by default all others.

    Raises:
        RunError: It is no table, or lacks a column.
    """
    records = _records(table)
    if len(records) > MAX_EXAMPLES:
        raise RunError(
            f"The table has {len(records):,} rows; at most {MAX_EXAMPLES:,} can be evaluated."
        )
    examples: list[Example] = []
    for number, record in enumerate(records):
        if not isinstance(record, Mapping) or not all(isinstance(name, str) for name in record):
            raise RunError(
                f"Row {number} of the table is no dict with texts as keys, but a {type(record).__name__}."
            )
        for name in (*([] if expected is None else [expected]), *(inputs or ())):
            if name not in record:
                columns = ", ".join(map(repr, list(record)[:20])) or "no columns"
                raise RunError(f"Row {number} of the table has no {name!r}; it has: {columns}.")
        target = EXPECTED if expected is None else expected
        names = [name for name in record if name != target] if inputs is None else inputs
        given = {name: _value(record[name]) for name in names}
        examples.append(Example(number, given, _value(record.get(target))))
    if not examples:
        raise RunError("The table has no rows to evaluate.")
    return examples


def _records(table: Any) -> Sequence[Any]:
    if hasattr(table, "to_dict") and hasattr(table, "columns"):
        return table.to_dict("records")  # pandas
    if hasattr(table, "to_dicts"):
        return table.to_dicts()  # polars
    if isinstance(table, Mapping | str | bytes) or not isinstance(table, Iterable):
        raise RunError(
            f"Evaluate a data frame or a list of dicts, such as "
            f'[{{"text": "...", "expected": "..."}}], not a {type(table).__name__}.'
        )
    return list(table)


def _value(value: Any) -> Any:
    """Return a cell's value, or None for the signs of pandas that there is none."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return None if type(value).__name__ in ("NAType", "NaTType") else value
