"""Rows of an evaluation as records with one key a column, for data frames and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.evaluation.evaluation_row import EvaluationRow


def records_of(rows: Sequence[EvaluationRow]) -> list[dict[str, Any]]:
    """Return a dict for each row, all with the same keys.

    An input or evaluator with a name that is taken is listed as ``inputs.<name>`` or ``results.<name>``.
    """
    inputs = list(dict.fromkeys(name for row in rows for name in row.inputs))
    answers = list(dict.fromkeys(name for row in rows for name in row.results))
    own = ("expected", "output", "seconds", "cost", "passed", "error")
    input_keys = {name: f"inputs.{name}" if name in own else name for name in inputs}
    taken = {*own, *input_keys.values()}
    answer_keys = {name: f"results.{name}" if name in taken else name for name in answers}
    return [
        {
            **{key: row.inputs.get(name) for name, key in input_keys.items()},
            "expected": row.expected,
            "output": row.output,
            **{key: row.results.get(name) for name, key in answer_keys.items()},
            "seconds": row.seconds,
            "cost": row.cost,
            "passed": row.passed,
            "error": row.why,
        }
        for row in rows
    ]


def to_frame(rows: Sequence[EvaluationRow]) -> Any:
    """Return rows as a data frame, whose index is their place in the table.

    Raises:
        RunError: pandas is not installed.
    """
    return frame_of(records_of(rows), [row.number for row in rows])


def frame_of(records: Sequence[dict[str, Any]], index: Sequence[int]) -> Any:
    """Return records as a data frame of pandas.

    Raises:
        RunError: pandas is not installed.
    """
    try:
        # Imported when first needed: it is no dependency, and takes long.
        import pandas
    except ImportError:
        raise RunError(
            "A data frame needs pandas (pip install pandas); without it the rows are in .rows."
        ) from None
    return pandas.DataFrame(list(records), index=list(index))
