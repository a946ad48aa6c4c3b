"""Evaluate a pipeline on a table of examples, and compare its variants."""

from kaizen_widgets.evaluation.evaluation import Evaluation, EvaluationStatus
from kaizen_widgets.evaluation.evaluation_comparison import ComparedRow, EvaluationComparison
from kaizen_widgets.evaluation.evaluation_row import EvaluationRow
from kaizen_widgets.evaluation.evaluation_summary import EvaluationSummary
from kaizen_widgets.evaluation.examples import Example, read_examples
from kaizen_widgets.evaluation.start_evaluation import evaluate

__all__ = [
    "ComparedRow",
    "Evaluation",
    "EvaluationComparison",
    "EvaluationRow",
    "EvaluationStatus",
    "EvaluationSummary",
    "Example",
    "evaluate",
    "read_examples",
]
