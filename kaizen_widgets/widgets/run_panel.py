"""Start and cancel runs: an inputs field, the Run and Cancel buttons, and an `ExecutionPanel` for the run.

A panel of ipywidgets for an `ExecutionStore`; it is given the functions that start and cancel a run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import alert
from kaizen_widgets.engines import Run
from kaizen_widgets.errors import KaizenError, RunError
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.widgets.execution_panel import ExecutionPanel
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel


class RunPanel(Panel):
    """Starts, shows and cancels runs.

    Args:
        execution: Store of the run.
        start: Called with the inputs when Run is clicked.
        cancel: Called when Cancel is clicked.
        run: Returns the run that the store shows, for its values and exceptions.
        canvas_store: Store whose selected node is the selected row, and the other way round.
        clock: Time and timers; the background loop by default.
    """

    _unsubscribe: Callable[[], None] | None = None
    # None until the end of `__init__`: ipywidgets also closes a panel that was refused.

    def __init__(
        self,
        execution: ExecutionStore,
        *,
        start: Callable[[Mapping[str, Any]], object],
        cancel: Callable[[], object],
        run: Callable[[], Run | None] | None = None,
        canvas_store: CanvasStore | None = None,
        clock: Clock = background,
    ) -> None:
        self._start = start
        self._cancel = cancel
        self.inputs = ipw.Textarea(
            placeholder='Inputs of the run: plain text, or JSON such as {"text": "..."}',
            layout=ipw.Layout(width="auto", height="44px"),
            description="Inputs",
            style={"description_width": "initial"},
            tooltip="Inputs of the run",
        )
        self.run_button = ipw.Button(description="Run", icon="play", button_style="primary")
        self.run_button.add_class(AFTER_EDITS)
        self.cancel_button = ipw.Button(description="Cancel", icon="stop")
        self.problem = ipw.HTML()
        self.execution = ExecutionPanel(execution, run=run, canvas_store=canvas_store, clock=clock)
        self.run_button.on_click(lambda _button: self._press_run())
        self.cancel_button.on_click(lambda _button: self._press_cancel())
        buttons = [self.run_button, self.cancel_button, self.problem]
        self.controls = ipw.VBox([self.inputs, ipw.HBox(buttons, layout=wrapping())])
        """The inputs and the buttons; hide them where another place starts runs."""
        super().__init__([self.controls, self.execution])
        self._unsubscribe = execution.subscribe(
            lambda state: state["status"], self._follow, fire_immediately=True
        )

    def read_inputs(self) -> dict[str, Any]:
        """Return the inputs: the field's JSON object, or its text under ``text``; empty without text.

        Raises:
            RunError: The text begins with a brace and is not JSON.
        """
        text = self.inputs.value.strip()
        if not text:
            return {}
        if not text.startswith("{"):
            return {"text": text}
        try:
            return json.loads(text)
        except ValueError as error:
            raise RunError(f"The inputs look like JSON but cannot be read ({error}).") from None

    def close(self) -> None:
        """Close the panel and unsubscribe from the store."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self.execution.close()
        super().close()

    # -- internal

    def _press_run(self) -> None:
        self.problem.value = ""
        try:
            self._start(self.read_inputs())
        except KaizenError as error:
            self.problem.value = alert(str(error))

    def _press_cancel(self) -> None:
        # Nodes may take a while to stop: show that the click arrived.
        self.cancel_button.disabled = True
        self.cancel_button.description = "Cancelling…"
        self._cancel()

    def _follow(self, status: str, previous: str) -> None:
        if status in ACTIVE and previous in ACTIVE and status != previous:
            return  # From preparing to running: Cancel may have been clicked already.
        self.run_button.disabled = status in ACTIVE
        self.cancel_button.disabled = status not in ACTIVE
        self.cancel_button.description = "Cancel"
        if status in ACTIVE:
            self.problem.value = ""

    def __repr__(self) -> str:
        return f"RunPanel({self.execution._execution.status})"
