"""The run panel: what goes in, Run and Cancel, and under them the run.

A panel of ipywidgets over an `ExecutionStore`; it starts nothing itself, and how a run is shown is the
`ExecutionPanel`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.errors import KaizenError, RunError
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.stores.execution import GOES_ON
from kaizen_widgets.widgets.execution_panel import ExecutionPanel
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.markup import alert
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel


class RunPanel(Panel):
    """Start, watch and read runs.

    Args:
        execution: The run to show.
        start: Called with the inputs when Run is pressed.
        cancel: Called when Cancel is pressed.
        clock: Time and timers; the background loop's by default.
    """

    def __init__(
        self,
        execution: ExecutionStore,
        *,
        start: Callable[[Mapping[str, Any]], object],
        cancel: Callable[[], object],
        clock: Clock = background,
    ) -> None:
        self._start = start
        self._cancel = cancel
        self.inputs = ipw.Textarea(
            placeholder='What goes in: plain text, or JSON such as {"text": "..."}',
            layout=ipw.Layout(width="auto", height="44px"),
            tooltip="What the run works on",
        )
        self.run_button = ipw.Button(description="Run", icon="play", button_style="primary")
        self.run_button.add_class(AFTER_EDITS)
        self.cancel_button = ipw.Button(description="Cancel", icon="stop")
        self.problem = ipw.HTML()
        self.execution = ExecutionPanel(execution, clock=clock)
        self.run_button.on_click(lambda _button: self._press_run())
        self.cancel_button.on_click(lambda _button: self._cancel())
        buttons = [self.run_button, self.cancel_button, self.problem]
        super().__init__([self.inputs, ipw.HBox(buttons, layout=wrapping()), self.execution])
        self._end = execution.subscribe(
            lambda state: state["status"], self._follow, fire_immediately=True
        )

    def read_inputs(self) -> dict[str, Any]:
        """Return what the inputs field holds: JSON, or text under ``text``; empty gives nothing.

        Raises:
            RunError: It begins like JSON and is none.
        """
        text = self.inputs.value.strip()
        if not text:
            return {}
        if not text.startswith("{"):
            return {"text": text}
        try:
            return json.loads(text)
        except ValueError as error:
            raise RunError(f"The inputs begin like JSON and are none ({error}).") from None

    def close(self) -> None:
        """Close the panel and stop listening."""
        self._end()
        self.execution.close()
        super().close()

    # -------------------------------------------------------------- within

    def _press_run(self) -> None:
        self.problem.value = ""
        try:
            self._start(self.read_inputs())
        except KaizenError as error:
            self.problem.value = alert(str(error))

    def _follow(self, status: str, _previous: str) -> None:
        self.run_button.disabled = status in GOES_ON
        self.cancel_button.disabled = status not in GOES_ON
        if status in GOES_ON:
            self.problem.value = ""

    def __repr__(self) -> str:
        return f"RunPanel({self.execution._execution.status})"
