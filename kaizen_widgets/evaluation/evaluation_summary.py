"""What an evaluation says as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from kaizen_widgets.evaluation.evaluation_row import EvaluationRow


@dataclass(frozen=True)
class EvaluationSummary:
    """The figures of an evaluation.

    Attributes:
        total: Number of rows of the table.
        done: Number of finished rows.
        passed: Number of rows that passed.
        errors: Number of rows whose run failed.
        rates: For evaluators that say whether something holds: the share of rows where it does, 0 to 1.
        means: For evaluators that give numbers: their mean.
        labels: For evaluators that give words: how often each.
        seconds: Mean length of a run; None without rows.
        cost: US dollars of all rows together; None if no cost is known.
    """

    total: int
    done: int
    passed: int
    errors: int
    rates: Mapping[str, float] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: float | None = None
    cost: float | None = None

    @property
    def pass_rate(self) -> float | None:
        """The share of finished rows that passed, 0 to 1; None without rows."""
        return self.passed / self.done if self.done else None


def summarize(rows: Sequence[EvaluationRow], total: int) -> EvaluationSummary:
    """Return the figures of finished rows of a table with ``total`` rows."""
    said: dict[str, list[bool | float | str]] = {}
    for row in rows:
        for name, answer in row.results.items():
            said.setdefault(name, []).append(answer)
    rates: dict[str, float] = {}
    means: dict[str, float] = {}
    labels: dict[str, dict[str, int]] = {}
    for name, answers in said.items():
        holds = [one for one in answers if isinstance(one, bool)]
        numbers = [
            one for one in answers if isinstance(one, int | float) and not isinstance(one, bool)
        ]
        words = [one for one in answers if isinstance(one, str)]
        if holds:
            rates[name] = fmean(holds)
        if numbers:
            means[name] = fmean(numbers)
        if words:
            labels[name] = dict(Counter(words).most_common())
    costs = [row.cost for row in rows if row.cost is not None]
    return EvaluationSummary(
        total=total,
        done=len(rows),
        passed=sum(row.passed for row in rows),
        errors=sum(bool(row.error) for row in rows),
        rates=rates,
        means=means,
        labels=labels,
        seconds=fmean(row.seconds for row in rows) if rows else None,
        cost=sum(costs) if costs else None,
    )
