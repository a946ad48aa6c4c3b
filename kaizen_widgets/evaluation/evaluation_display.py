"""Evaluations and comparisons as HTML for a cell; all text from outside is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kaizen_widgets.displays.formats import format_money, format_number, format_percent
from kaizen_widgets.displays.markup import MUTED
from kaizen_widgets.displays.sentences import sentence

if TYPE_CHECKING:
    from kaizen_widgets.evaluation.evaluation import Evaluation
    from kaizen_widgets.evaluation.evaluation_comparison import EvaluationComparison
    from kaizen_widgets.evaluation.evaluation_summary import EvaluationSummary

MAX_SHOWN = 10
"""Rows that a cell shows."""
_LINE = 120
_CELL = "text-align: left; vertical-align: top; padding: 2px 12px 2px 0"


def figures_of(summary: EvaluationSummary) -> list[tuple[str, str]]:
    """Return the figures of a summary with their names, as texts."""
    figures = [
        ("Passed", f"{summary.passed:,} of {summary.done:,} ({format_percent(summary.pass_rate)})")
    ]
    if summary.done < summary.total:
        figures.append(("Rows", f"{summary.done:,} of {summary.total:,}"))
    if summary.errors:
        figures.append(("Failed runs", f"{summary.errors:,}"))
    figures += [(name, format_percent(rate)) for name, rate in summary.rates.items()]
    figures += [(name, format_number(mean)) for name, mean in summary.means.items()]
    for name, words in summary.labels.items():
        shown = [f"{word} {count:,}" for word, count in list(words.items())[:5]]
        figures.append((name, ", ".join(shown)))
    if summary.cost is not None:
        figures.append(("Cost", format_money(summary.cost)))
    return figures


def evaluation_html(evaluation: Evaluation) -> str:
    """Return the figures of an evaluation and the first rows that did not pass."""
    name = html.escape(evaluation.name or "Evaluation")
    parts = [f"<p><b>{name}</b>: {html.escape(evaluation.status)}</p>"]
    if evaluation.reason:
        parts.append(f"<p>{html.escape(evaluation.reason)}</p>")
    parts.append(_table((), figures_of(evaluation.summary)))
    failures = evaluation.failures
    if failures:
        rows = [
            (row.number, _line(dict(row.inputs)), _line(row.expected), _line(row.output), row.why)
            for row in failures[:MAX_SHOWN]
        ]
        parts.append("<p>Not passed</p>")
        parts.append(_table(("Row", "Inputs", "Expected", "Output", "Why"), rows))
        parts.append(_more(len(failures)))
    return f"<div>{''.join(parts)}</div>"


def comparison_html(comparison: EvaluationComparison) -> str:
    """Return the figures of two evaluations beside each other, and the first rows that differ."""
    first = dict(figures_of(comparison.before.summary))
    second = dict(figures_of(comparison.after.summary))
    names = list(dict.fromkeys([*first, *second]))
    heads = ("", comparison.before.name or "Before", comparison.after.name or "After")
    parts = [_table(heads, [(name, first.get(name, ""), second.get(name, "")) for name in names])]
    differences = comparison.differences
    if differences:
        rows = [
            (
                row.number,
                row.verdict,
                _line(dict(row.after.inputs)),
                _line(row.before.output) or row.before.why,
                _line(row.after.output) or row.after.why,
            )
            for row in differences[:MAX_SHOWN]
        ]
        parts.append("<p>Differences</p>")
        parts.append(_table(("Row", "Verdict", "Inputs", "Before", "After"), rows))
        parts.append(_more(len(differences)))
    return f"<div>{''.join(parts)}</div>"


def _line(value: Any) -> str:
    return "" if value is None else sentence(value, _LINE)


def _more(count: int) -> str:
    return f'<p style="color: {MUTED}">{count - MAX_SHOWN:,} more</p>' if count > MAX_SHOWN else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f'<th style="{_CELL}">{html.escape(one)}</th>' for one in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{_CELL}">{html.escape(str(one))}</td>' for one in row)
        + "</tr>"
        for row in rows
    )
    return (
        f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"
    )
