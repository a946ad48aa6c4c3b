"""EvaluationComparison tells two variants of a pipeline apart, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kaizen_widgets.errors import RunError
from kaizen_widgets.evaluation.evaluation_display import comparison_html
from kaizen_widgets.evaluation.evaluation_row import EvaluationRow
from kaizen_widgets.evaluation.evaluation_table import frame_of

if TYPE_CHECKING:
    from kaizen_widgets.evaluation.evaluation import Evaluation

Verdict = Literal["better", "worse", "mixed", "same"]


@dataclass(frozen=True)
class ComparedRow:
    """One row in both variants.

    Attributes:
        number: Its place in the table, counted from 0.
        before: What came of it in the first variant.
        after: What came of it in the second variant.
        verdict: Whether the second is better. A row that passes is better than one that does not; of two
            that both do or both do not, the one with higher numbers is. ``mixed`` if some are higher and
            others lower.
    """

    number: int
    before: EvaluationRow
    after: EvaluationRow
    verdict: Verdict


class EvaluationComparison:
    """Two evaluations of the same table.

    Args:
        before: The first variant.
        after: The second variant.

    Attributes:
        rows: The rows that both have finished.

    Raises:
        RunError: A row has other inputs in the other evaluation.
    """

    def __init__(self, before: Evaluation, after: Evaluation) -> None:
        self.before, self.after = before, after
        first = {row.number: row for row in before.rows}
        made: list[ComparedRow] = []
        for row in after.rows:
            old = first.get(row.number)
            if old is None:
                continue
            if not (
                _is_same(dict(old.inputs), dict(row.inputs))
                and _is_same(old.expected, row.expected)
            ):
                raise RunError(
                    f"Row {row.number} differs between the two evaluations: compare evaluations of one table."
                )
            made.append(ComparedRow(row.number, old, row, _verdict(old, row)))
        self.rows = tuple(made)

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have a verdict."""
        return sum(row.verdict == verdict for row in self.rows)

    @property
    def differences(self) -> tuple[ComparedRow, ...]:
        """The rows that are better, worse or mixed."""
        return tuple(row for row in self.rows if row.verdict != "same")

    def to_frame(self) -> Any:
        """Return one row for each compared row, with both outputs, as a data frame of pandas.

        Raises:
            RunError: pandas is not installed.
        """
        records = [
            {
                **row.after.inputs,
                "verdict": row.verdict,
                "before": row.before.output,
                "after": row.after.output,
                "passed before": row.before.passed,
                "passed after": row.after.passed,
                "seconds before": row.before.seconds,
                "seconds after": row.after.seconds,
            }
            for row in self.rows
        ]
        return frame_of(records, [row.number for row in self.rows])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": comparison_html(self)}

    def __repr__(self) -> str:
        words = ("better", "worse", "mixed", "same")
        counts = ", ".join(f"{self.count(word)} {word}" for word in words if self.count(word))
        return f"EvaluationComparison({self.before.name!r} to {self.after.name!r}: {counts or 'no rows'})"


def _verdict(before: EvaluationRow, after: EvaluationRow) -> Verdict:
    if before.passed != after.passed:
        return "better" if after.passed else "worse"
    rises = falls = 0
    for name, answer in after.results.items():
        old = before.results.get(name)
        if isinstance(answer, str) or old is None or isinstance(old, str):
            continue
        rises += answer > old
        falls += answer < old
    if rises and falls:
        return "mixed"
    return "better" if rises else "worse" if falls else "same"


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal; False where comparing them fails or gives no answer, as with arrays."""
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # Raised by a class of the user's own, or of numpy.
        return one is other
