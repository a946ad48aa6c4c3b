"""EvaluationRow is what came of one row of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaizen_widgets.engines import Run


@dataclass(frozen=True)
class EvaluationRow:
    """What came of one row.

    Attributes:
        number: Its place in the table, counted from 0.
        inputs: Inputs of the run by name.
        expected: The expected output; None where the table has none.
        output: The run's result. Large ones, and objects that JSON has no form for, are kept as a sentence.
        results: What the evaluators said, by their names: whether it holds, a number, or a word.
        reasons: Reasons they gave, by the same names.
        problems: Why evaluators failed, by their names.
        seconds: How long the run took.
        cost: What its requests to models cost in US dollars; None if that is not known.
        error: Why the run failed, as a sentence; empty if it did not.
        run: The run, if the row did not pass and is among the first of those; else None.
    """

    number: int
    inputs: Mapping[str, Any]
    expected: Any = None
    output: Any = None
    results: Mapping[str, bool | float | str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cost: float | None = None
    error: str = ""
    run: Run | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether the run succeeded, every evaluator answered, and none said that something does not hold."""
        answers = self.results.values()
        return not self.error and not self.problems and not any(one is False for one in answers)

    @property
    def why(self) -> str:
        """Why it did not pass, as a short text; empty if it did."""
        if self.error:
            return self.error
        missed = [name for name, answer in self.results.items() if answer is False]
        parts = [
            f"{name}: {self.reasons[name]}" if name in self.reasons else name for name in missed
        ]
        parts += [f"{name} failed: {problem}" for name, problem in self.problems.items()]
        return "; ".join(parts)
