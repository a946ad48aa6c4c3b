"""What a cell shows of a plan."""

from __future__ import annotations

from decimal import Decimal

from IPython.core.formatters import format_display_data

from kaizen_widgets.runs import RunPlan
from kaizen_widgets.runs.run_plan import PlannedRow


def test_a_plan_shows_what_would_run_why_and_at_what_cost():
    rows = (
        PlannedRow("a", "Ann", "cached"),
        PlannedRow("b", "<Bob>", "run", "Prompt changed", 1.24, Decimal("0.0021")),
    )
    data, _ = format_display_data(RunPlan(rows))
    assert set(data) == {"text/html", "text/plain"}
    for text in ("&lt;Bob&gt;", "Prompt changed", "1.24 s", "$0.0021", "Cached"):
        assert text in data["text/html"]
