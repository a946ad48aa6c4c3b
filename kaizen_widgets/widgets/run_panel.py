"""Start, cancel, repeat and compare runs: buttons and a form of the inputs, above an `ExecutionPanel`.

A panel of ipywidgets for an `ExecutionStore`; it is given the functions that start and cancel a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.formats import format_seconds
from kaizen_widgets.displays.markup import alert
from kaizen_widgets.engines import Run
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.widgets.comparison_view import ComparisonView
from kaizen_widgets.widgets.execution_panel import RUN_WORDS, ExecutionPanel
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel
from kaizen_widgets.widgets.run_inputs_form import RunInputsForm

MAX_LABEL: Final = 24
"""Characters of a node's name on the button that runs again from it."""


class RunPanel(Panel):
    """Starts, shows, cancels, repeats and compares runs.

    Args:
        execution: Store of the run.
        start: Called with the inputs when Run is clicked; None where another place starts and cancels runs,
            such as the header of the app.
        cancel: Called when Cancel is clicked.
        run: Returns the run that the store shows, for its values and exceptions.
        canvas_store: Store of the pipeline: its input nodes make the form of the inputs, and its selected
            node is the selected row, and the other way round.
        history: Returns the runs to choose from, newest first; without it there is only the last one.
        rerun: Called with a run and the id of the node to run again from (None for all that changed); without
            it there is no such button.
        clock: Time and timers; the background loop by default.

    Attributes:
        inputs: The form of the inputs, a `RunInputsForm`; None without ``start``.
        again_button: Runs again from the selected node, or from the one that failed.
        runs: Drop-down of the runs; the chosen one is shown.
        compare: Drop-down of the runs to compare with.
        comparison: The shown run beside the chosen one; hidden without one.
    """

    _unsubscribe: Callable[[], object] | None = None
    # None until the end of `__init__`: ipywidgets also closes a panel that was refused.

    def __init__(
        self,
        execution: ExecutionStore,
        *,
        start: Callable[[Mapping[str, Any]], object] | None,
        cancel: Callable[[], object],
        run: Callable[[], Run | None] | None = None,
        canvas_store: CanvasStore | None = None,
        history: Callable[[], Sequence[Run]] | None = None,
        rerun: Callable[[Run, str | None], object] | None = None,
        clock: Clock = background,
    ) -> None:
        self._start = start
        self._cancel = cancel
        self._store = execution
        self._history = history or (lambda: ())
        self._rerun = rerun
        self._is_drawing = False
        self.inputs = None if start is None else RunInputsForm(canvas_store)
        self.run_button = ipw.Button(description="Run", icon="play", button_style="primary")
        self.run_button.add_class(AFTER_EDITS)
        self.cancel_button = ipw.Button(description="Cancel", icon="stop")
        self.again_button = ipw.Button(
            description="Run again", icon="repeat", layout=ipw.Layout(width="auto")
        )
        self.again_button.add_class(AFTER_EDITS)
        self.runs = _select("Run that is shown")
        self.compare = _select("Run to compare with")
        self.problem = ipw.HTML()
        self.execution = ExecutionPanel(execution, run=run, canvas_store=canvas_store, clock=clock)
        self.comparison = ComparisonView(on_select=self.execution.select)
        self.comparison.layout.display = "none"
        self.run_button.on_click(lambda _button: self._press_run())
        self.cancel_button.on_click(lambda _button: self._press_cancel())
        self.again_button.on_click(lambda _button: self._press_again())
        self.runs.observe(lambda _change: self._on_choose(), names="value")
        self.compare.observe(lambda _change: self._on_compare(), names="value")
        self.execution.results.observe(lambda _change: self.refresh(), names="selected")
        tools = [self.again_button, self.runs, self.compare, self.problem]
        parts = [ipw.HBox(tools, layout=wrapping()), self.execution, self.comparison]
        if self.inputs is not None:
            buttons = [self.run_button, self.cancel_button]
            parts = [self.inputs, ipw.HBox(buttons, layout=wrapping()), *parts]
        super().__init__(parts)
        unsubscribes = (
            execution.subscribe(lambda state: state["status"], self._follow, fire_immediately=True),
            execution.subscribe(
                lambda state: state["execution_id"], lambda _new, _old: self._on_new_run()
            ),
        )
        self._unsubscribe = lambda: [each() for each in unsubscribes]
        self.refresh()

    def read_inputs(self) -> dict[str, Any]:
        """Return the inputs by name, as the form has them; empty where there is no form.

        Raises:
            RunError: A text is not the JSON that it has to be.
        """
        return {} if self.inputs is None else self.inputs.read()

    def refresh(self) -> None:
        """Show the runs to choose from, and what can be run again."""
        shown = self.execution.shown_run
        known = list(self._history())
        self._is_drawing = True  # New options are no choice of the user.
        try:
            _offer(self.runs, [(_title(run), run.id) for run in known], shown and shown.id)
            others = [run for run in known if run is not shown and run.has_ended]
            options = [("Compare with…", ""), *((_title(run), run.id) for run in others)]
            _offer(self.compare, options, self.compare.value or "")
        finally:
            self._is_drawing = False
        self.runs.layout.display = "" if known else "none"
        self.compare.layout.display = "" if others else "none"
        if not self.compare.value:
            self.comparison.layout.display = "none"
        is_over = shown is not None and shown.has_ended and self._store.status not in ACTIVE
        self.again_button.layout.display = "" if self._rerun is not None and is_over else "none"
        node_id = self._again_from()
        label = "" if node_id is None or shown is None else shown.nodes[node_id].label
        short = label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"
        self.again_button.description = f"Run again from {short}" if label else "Run again"
        self.again_button.tooltip = (
            f"Run {label} and what comes after it; the others keep what they gave"
            if label
            else "Run what changed; the others keep what they gave"
        )

    def close(self) -> None:
        """Close the panel and unsubscribe from the store."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self.execution.close()
            self.comparison.close()
            if self.inputs is not None:
                self.inputs.close()
        super().close()

    # -- internal

    def _again_from(self) -> str | None:
        """Return the node to run again from: the selected one, else the one that failed."""
        run = self.execution.shown_run
        if run is None:
            return None
        selected = next(iter(self.execution.results.selected), None)
        if selected in run.nodes and "/" not in selected:
            return selected
        return next((key for key, node in run.nodes.items() if node.status == "failed"), None)

    def _press_run(self) -> None:
        start = self._start
        if start is not None:
            self._try(lambda: start(self.read_inputs()))

    def _press_cancel(self) -> None:
        # Nodes may take a while to stop: show that the click arrived.
        self.cancel_button.disabled = True
        self.cancel_button.description = "Cancelling…"
        self._cancel()

    def _press_again(self) -> None:
        run, rerun = self.execution.shown_run, self._rerun
        if run is not None and rerun is not None:
            self._try(lambda: rerun(run, self._again_from()))

    def _try(self, work: Callable[[], object]) -> None:
        self.problem.value = ""
        try:
            work()
        except KaizenError as error:
            self.problem.value = alert(str(error))

    def _on_choose(self) -> None:
        if self._is_drawing:
            return
        run = next((each for each in self._history() if each.id == self.runs.value), None)
        self.execution.show_run(run)
        self.refresh()

    def _on_compare(self) -> None:
        if self._is_drawing:
            return
        shown = self.execution.shown_run
        other = next((each for each in self._history() if each.id == self.compare.value), None)
        if shown is None or other is None:
            self.comparison.layout.display = "none"
            return
        self._try(lambda: self.comparison.show(shown.compare(other)))
        self.comparison.layout.display = ""

    def _on_new_run(self) -> None:
        self.compare.value = ""
        self.execution.show_run(None)

    def _follow(self, status: str, previous: str) -> None:
        if status in ACTIVE and previous in ACTIVE and status != previous:
            return  # From preparing to running: Cancel may have been clicked already.
        self.run_button.disabled = status in ACTIVE
        self.cancel_button.disabled = status not in ACTIVE
        self.cancel_button.description = "Cancel"
        if status in ACTIVE:
            self.problem.value = ""
        self.refresh()

    def __repr__(self) -> str:
        return f"RunPanel({self._store.status})"


def _select(name: str) -> ipw.Dropdown:
    return ipw.Dropdown(
        description=name,
        layout=ipw.Layout(width="210px"),
        _dom_classes=("kaizen-unlabeled",),
    )


def _offer(field: ipw.Dropdown, options: list[tuple[str, str]], chosen: str | None) -> None:
    known = any(value == chosen for _, value in options)
    wanted = chosen if known else options[0][1] if options else None
    if list(field.options) != options:
        with field.hold_sync():
            field.options = options
            field.value = wanted
    elif field.value != wanted:
        field.value = wanted


def _title(run: Run) -> str:
    word = RUN_WORDS.get(run.status, run.status.capitalize())
    seconds = "" if run.seconds is None else f", {format_seconds(run.seconds)}"
    return f"{run.started.astimezone():%H:%M:%S}  {word}{seconds}"
