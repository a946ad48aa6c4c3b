"""EvaluationPanel shows an evaluation: progress and figures, each row, and why a row did not pass."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.core.secret_names import is_secret_field
from kaizen_widgets.displays.grid_column import Column, Tone
from kaizen_widgets.displays.markup import ACCENT, BAD, GOOD, LINE, MUTED, alert, hint, note
from kaizen_widgets.displays.sentences import HIDDEN, sentence
from kaizen_widgets.errors import RunError
from kaizen_widgets.evaluation import ComparedRow, Evaluation, EvaluationComparison, EvaluationRow
from kaizen_widgets.evaluation.evaluation_display import figures_of
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.result_view import ResultView
from kaizen_widgets.widgets.throttle import Throttle

INTERVAL: Final = 0.5
"""Shortest time between two drawings in seconds: all rows are sent each time."""
MAX_COLUMNS: Final = 8
"""Inputs, and evaluators, that have a column of their own; the others are in the details."""
WORDS: Final = {
    "running": "Running",
    "cancelling": "Cancelling…",
    "completed": "Done",
    "cancelled": "Cancelled",
    "failed": "Stopped",
}
_TONES: Final[dict[str, Tone]] = {"passed": "good", "not passed": "warn", "failed": "bad"}
_VERDICTS: Final[dict[str, Tone]] = {
    "better": "good",
    "worse": "bad",
    "mixed": "warn",
    "same": "muted",
}
_NOTHING: Final = -1
"""Value of the choice to compare with nothing; a drop-down shows None as an empty choice."""
_EXAMPLE: Final = "studio.evaluate(rows, evaluators=[...])"


class EvaluationList(Protocol):
    """Where the panel finds evaluations, such as ``studio.evaluations``."""

    @property
    def all(self) -> Sequence[Evaluation]:
        """The evaluations, the newest first."""
        ...

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` when there is another one; return the unsubscribe function."""
        ...


class EvaluationPanel(Panel):
    """Shows evaluations.

    Args:
        evaluation: The evaluation it shows; None for the newest of ``evaluations``.
        evaluations: Where it finds those to choose and compare with, such as ``studio.evaluations``.
        clock: Time and timers; the background loop by default.

    Attributes:
        evaluation: The evaluation that is shown, or None.
        chooser: Drop-down of the evaluations; shown when there are several.
        other: Drop-down of the evaluation to compare with; shown when there are several.
        only_failures: Whether only rows are shown that did not pass, or that differ.
        grid: The table of rows.
        detail: The output, or the error, of the selected row.
    """

    # Class attributes, because ipywidgets also closes and prints widgets whose `__init__` raised.
    _unsubscribe_list: Callable[[], None] | None = None
    _unsubscribe: Callable[[], None] | None = None
    evaluation: Evaluation | None = None

    def __init__(
        self,
        evaluation: Evaluation | None = None,
        *,
        evaluations: EvaluationList | None = None,
        clock: Clock = background,
    ) -> None:
        self._list = evaluations
        self._given = evaluation
        self._known: tuple[Evaluation, ...] = ()
        self._shown_detail: Any = None
        self._is_choosing = False
        self._drawing = threading.RLock()
        self.chooser = _dropdown("Evaluation")
        self.other = _dropdown("Compare with")
        self.cancel_button = ipw.Button(description="Cancel", icon="stop")
        self.resume_button = ipw.Button(
            description="Resume", icon="play", tooltip="Run the rows that are missing"
        )
        self.status = ipw.HTML()
        self.progress = ipw.HTML()
        self.figures = ipw.HTML()
        self.only_failures = ipw.Checkbox(description="Only what did not pass", indent=False)
        self.only_failures.layout.width = "auto"
        self.grid = DataGrid(key="number", empty="No rows yet.", page_size=20, is_dense=True)
        self.facts = ipw.HTML()
        self.detail = ResultView(empty="")
        self.details = ipw.VBox([self.facts, self.detail])
        bar = [self.chooser, self.other, self.status, self.cancel_button, self.resume_button]
        super().__init__(
            [
                ipw.HBox(bar, layout=wrapping()),
                self.progress,
                self.figures,
                self.only_failures,
                self.grid,
                self.details,
            ],
            layout=ipw.Layout(width="100%"),
        )
        self._throttle = Throttle(self._draw, clock, INTERVAL)
        self.cancel_button.on_click(lambda _button: self._cancel())
        self.resume_button.on_click(lambda _button: self._resume())
        self.chooser.observe(lambda _change: self._choose(), names="value")
        self.other.observe(lambda _change: self._draw(), names="value")
        self.only_failures.observe(lambda _change: self._draw(), names="value")
        self.grid.observe(lambda _change: self._draw_detail(), names="selected")
        if evaluations is not None:
            self._unsubscribe_list = evaluations.subscribe(self._list_changed)
        self._list_changed()

    def show(self, evaluation: Evaluation | None) -> None:
        """Show another evaluation; None for none."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self.evaluation = evaluation
        if evaluation is not None:
            self._unsubscribe = evaluation.subscribe(self._throttle.changed)
        self._draw()

    @property
    def comparison(self) -> EvaluationComparison | None:
        """The comparison that is shown, or None."""
        number = self.other.value
        if self.evaluation is None or not isinstance(number, int):
            return None
        if number not in range(len(self._known)):
            return None
        other = self._known[number]
        return None if other is self.evaluation else self.evaluation.compare(other)

    def close(self) -> None:
        """Close the panel; the evaluation continues."""
        for unsubscribe in (self._unsubscribe_list, self._unsubscribe):
            if unsubscribe is not None:
                unsubscribe()
        self._unsubscribe_list = self._unsubscribe = None
        if hasattr(self, "_throttle"):
            self._throttle.close()
        super().close()

    # -- internal

    def _cancel(self) -> None:
        if self.evaluation is not None:
            self.evaluation.cancel()
            self._draw()

    def _resume(self) -> None:
        if self.evaluation is not None:
            self.evaluation.resume()
            self._draw()

    def _list_changed(self) -> None:
        found = () if self._list is None else tuple(self._list.all)
        if self._given is not None and not any(one is self._given for one in found):
            found = (self._given, *found)
        before = self.evaluation
        self._known = found
        # Of a list the newest is shown; an evaluation that was given stays.
        shown = self._given if self._given is not None else (found[0] if found else None)
        names = [(_name(one), number) for number, one in enumerate(found)]
        self._is_choosing = True
        try:
            self.chooser.options = names
            self.other.options = [("Nothing", _NOTHING), *names]
            self.chooser.value = next(
                (number for number, one in enumerate(found) if one is shown), None
            )
            self.other.value = _NOTHING
        finally:
            self._is_choosing = False
        for dropdown in (self.chooser, self.other):
            dropdown.layout.display = None if len(found) > 1 else "none"
        if shown is not before or shown is None:
            self.show(shown)

    def _choose(self) -> None:
        number = self.chooser.value
        if not self._is_choosing and isinstance(number, int):
            self.show(self._known[number])

    def _draw(self) -> None:
        with self._drawing:  # Rows end on one thread, and buttons are pressed on another.
            self._draw_now()

    def _draw_now(self) -> None:
        evaluation = self.evaluation
        parts = (self.only_failures, self.grid, self.details, self.progress, self.figures)
        for part in parts:
            part.layout.display = "none" if evaluation is None else None
        if evaluation is None:
            self.status.value = hint(f"Nothing is evaluated yet: {_EXAMPLE} begins.")
            self.cancel_button.layout.display = self.resume_button.layout.display = "none"
            return
        summary = evaluation.summary
        self._draw_status(evaluation, summary.done, summary.total)
        self.figures.value = _figures(figures_of(summary)) if summary.done else ""
        try:
            comparison = self.comparison
        except RunError as error:
            self.figures.value = alert(str(error))
            comparison = None
        only = self.only_failures.value
        if comparison is None:
            rows = [row for row in evaluation.rows if not (only and row.passed)]
            self.only_failures.description = "Only what did not pass"
            self.grid.show(rows, _columns(evaluation.rows))
        else:
            self.figures.value = _figures(
                [
                    (word.capitalize(), f"{comparison.count(word):,}")
                    for word in ("better", "worse", "mixed", "same")
                ]
            )
            self.only_failures.description = "Only what differs"
            compared = comparison.differences if only else comparison.rows
            self.grid.show(compared, _comparison_columns(compared))
        self._draw_detail()

    def _draw_status(self, evaluation: Evaluation, done: int, total: int) -> None:
        is_running = evaluation.is_running
        text = f"{WORDS[evaluation.status]}: {done:,} of {total:,} rows"
        if evaluation.reason:
            text += f", as {evaluation.reason}"
        self.status.value = alert(text) if evaluation.status == "failed" else note(text)
        self.progress.value = _bar(done / total, is_running)
        self.cancel_button.layout.display = None if is_running else "none"
        self.cancel_button.disabled = evaluation.status == "cancelling"
        self.cancel_button.description = (
            "Cancelling…" if evaluation.status == "cancelling" else "Cancel"
        )
        can_resume = not is_running and done < total
        self.resume_button.layout.display = None if can_resume else "none"

    def _draw_detail(self) -> None:
        records = self.grid.selected_records
        record = records[0] if records else None
        if record is self._shown_detail:
            return
        self._shown_detail = record
        row = record.after if isinstance(record, ComparedRow) else record
        self.details.layout.display = "none" if row is None else None
        if row is None:
            return
        self.facts.value = _facts(row, record if isinstance(record, ComparedRow) else None)
        error = _error_of(row)
        if error is not None:
            self.detail.show(error)
        elif row.error:
            self.detail.clear(row.error)
        else:
            self.detail.show(row.output)

    def __repr__(self) -> str:
        return f"EvaluationPanel({self.evaluation!r})"


def _dropdown(label: str) -> ipw.Dropdown:
    return ipw.Dropdown(
        description=label,
        style={"description_width": "initial"},
        layout=ipw.Layout(width="auto", min_width="160px", max_width="320px", display="none"),
    )


def _name(evaluation: Evaluation) -> str:
    return evaluation.name or "Evaluation"


def _error_of(row: EvaluationRow) -> BaseException | None:
    if row.run is None or not row.error:
        return None
    failed = (node.error for node in row.run.nodes.values() if node.status == "failed")
    return next((error for error in failed if error is not None), None)


def _state(row: EvaluationRow) -> str:
    return "failed" if row.error else "passed" if row.passed else "not passed"


def _columns(rows: Sequence[EvaluationRow]) -> list[Column]:
    columns = [
        Column("number", "Row", format="number"),
        Column("state", "State", format="status", value=_state, tones=_TONES),
        *_input_columns(rows),
    ]
    if any(row.expected is not None for row in rows):
        columns.append(Column("expected", format="text"))
    columns.append(Column("output", format="text", value=lambda row: row.error or row.output))
    names = list(dict.fromkeys(name for row in rows for name in row.results))
    columns += [
        Column(f"results.{name}", name, value=lambda row, name=name: row.results.get(name))
        for name in names[:MAX_COLUMNS]
    ]
    columns.append(Column("seconds", "Time", format="seconds"))
    if any(row.cost is not None for row in rows):
        columns.append(Column("cost", format="money"))
    return columns


def _input_columns(rows: Sequence[EvaluationRow]) -> list[Column]:
    names = list(dict.fromkeys(name for row in rows for name in row.inputs))
    return [
        Column(
            f"inputs.{name}", name, format="text", value=lambda row, name=name: row.inputs.get(name)
        )
        for name in names[:MAX_COLUMNS]
    ]


def _comparison_columns(rows: Sequence[ComparedRow]) -> list[Column]:
    return [
        Column("number", "Row", format="number"),
        Column("verdict", format="status", tones=_VERDICTS),
        *(
            Column(
                column.name,
                column.label,
                format="text",
                value=lambda row, read=column.value: read(row.after) if read else None,
            )
            for column in _input_columns([row.after for row in rows])
        ),
        Column("before", format="text", value=lambda row: row.before.error or row.before.output),
        Column("after", format="text", value=lambda row: row.after.error or row.after.output),
    ]


def _bar(share: float, is_running: bool) -> str:
    percent = round(100 * share)
    color = ACCENT if is_running else GOOD if share == 1 else MUTED
    return (
        f'<div role="progressbar" aria-label="Rows evaluated" aria-valuenow="{percent}" '
        f'aria-valuemin="0" aria-valuemax="100" style="background: {LINE}; height: 2px">'
        f'<div style="background: {color}; height: 2px; width: {percent}%"></div></div>'
    )


def _figures(figures: Sequence[tuple[str, str]]) -> str:
    parts = "".join(
        f'<div style="min-width: 72px"><div style="color: {MUTED}; font-size: 11px">'
        f'{html.escape(name)}</div><div style="font-size: 15px; font-variant-numeric: tabular-nums">'
        f"{html.escape(text)}</div></div>"
        for name, text in figures
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; gap: 4px 24px; padding: 8px 0">{parts}</div>'
    )


def _facts(row: EvaluationRow, compared: ComparedRow | None) -> str:
    """Return what is known of a row, as a list of names and texts."""
    facts = [(f"Row {row.number}", _state(row).capitalize())]
    facts += [
        (name, HIDDEN if is_secret_field(name, value) else sentence(value, 400))
        for name, value in row.inputs.items()
    ]
    if row.expected is not None:
        facts.append(("Expected", sentence(row.expected, 400)))
    if compared is not None:
        before = compared.before
        facts.append(("Before", before.error or sentence(before.output, 400)))
    for name, answer in row.results.items():
        said = {True: "Yes", False: "No"}.get(answer) if isinstance(answer, bool) else str(answer)
        reason = row.reasons.get(name, "")
        facts.append((name, f"{said}: {reason}" if reason else str(said)))
    facts += [(name, problem) for name, problem in row.problems.items()]
    if row.run is not None:
        states = [f"{node.label}: {node.message or node.status}" for node in row.run.nodes.values()]
        facts.append(("Its run", "; ".join(states[:20])))
    body = "".join(
        f'<tr><td style="color: {MUTED}; padding: 1px 12px 1px 0; vertical-align: top">'
        f'{html.escape(name)}</td><td dir="auto" style="overflow-wrap: anywhere'
        f'{f"; color: {BAD}" if name in row.problems else ""}">{html.escape(text)}</td></tr>'
        for name, text in facts
    )
    return f"<table>{body}</table>"
