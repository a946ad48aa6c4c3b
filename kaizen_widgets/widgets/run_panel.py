"""The run panel: what goes in, Run and Cancel, how far it is, what came out, what was said.

A VBox of ipywidgets over an `ExecutionStore`; it starts nothing itself. Updates may come from any thread.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.errors import KaizenError, RunError
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.widgets.markup import ACCENT, BAD, GOOD, LINE, MONO, MUTED, alert, hint

LOG_LINES = 200
"""How many of the newest lines the log shows; the store keeps more."""

STATUS_MARKS = {
    "pending": ("○", "waiting"),
    "running": ("◐", "running"),
    "completed": ("✓", "completed"),
    "failed": ("✗", "failed"),
    "skipped": ("»", "skipped"),
    "cancelled": ("■", "cancelled"),
}
STATUS_COLORS = {"running": ACCENT, "completed": GOOD, "failed": BAD}


class RunPanel(ipw.VBox):
    """Start, watch and read runs.

    Args:
        execution: The run to show.
        start: Called with the inputs when Run is pressed.
        cancel: Called when Cancel is pressed.
    """

    def __init__(
        self,
        execution: ExecutionStore,
        *,
        start: Callable[[Mapping[str, Any]], object],
        cancel: Callable[[], object],
    ) -> None:
        self._execution = execution
        self._start = start
        self._cancel = cancel
        self.inputs = ipw.Textarea(
            placeholder='What goes in: plain text, or JSON such as {"text": "..."}',
            layout=ipw.Layout(width="auto", height="44px"),
            tooltip="What the run works on",
        )
        self.run_button = ipw.Button(description="Run", icon="play", button_style="primary")
        self.cancel_button = ipw.Button(description="Cancel", icon="stop", disabled=True)
        self.progress = ipw.FloatProgress(
            min=0, max=1, layout=ipw.Layout(flex="1 1 80px", min_width="80px", width="auto")
        )
        self.status = ipw.HTML(layout=ipw.Layout(margin="0 8px"))
        self.results = ipw.HTML()
        self.lines = ipw.HTML()
        scroll = ipw.Layout(max_height="280px", overflow="auto")
        self.tabs = ipw.Tab(
            [ipw.VBox([self.results], layout=scroll), ipw.VBox([self.lines], layout=scroll)],
            titles=("Results", "Log"),
        )
        self.run_button.on_click(lambda _button: self._press_run())
        self.cancel_button.on_click(lambda _button: self._cancel())
        bar = ipw.HBox(
            [self.run_button, self.cancel_button, self.progress, self.status],
            layout=ipw.Layout(flex_flow="row wrap", align_items="center"),
        )
        super().__init__([self.inputs, bar, self.tabs])
        self._end = execution.subscribe(lambda _state, _previous: self.refresh())
        self.refresh()

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

    def refresh(self) -> None:
        """Show the run as the store has it now."""
        state = self._execution.get()
        running = state["status"] == "running"
        self.run_button.disabled = running
        self.cancel_button.disabled = not running
        self.progress.value = state["progress"]
        self.progress.bar_style = {"completed": "success", "failed": "danger"}.get(
            state["status"], ""
        )
        self.status.value = self._status(state)
        self.results.value = self._results(state)
        self.lines.value = _log(state["logs"])

    def close(self) -> None:
        """Close the panel and stop listening."""
        self._end()
        super().close()

    def _press_run(self) -> None:
        try:
            self._start(self.read_inputs())
        except KaizenError as error:
            self.status.value = alert(str(error))

    def _status(self, state: Mapping[str, Any]) -> str:
        if state["status"] == "failed" and state["message"]:
            return alert(state["message"])
        done = [node["status"] for node in state["node_executions"].values()]
        counts = {name: done.count(name) for name in STATUS_MARKS if done.count(name)}
        words = ", ".join(f"{count} {STATUS_MARKS[name][1]}" for name, count in counts.items())
        text = "Nothing ran yet" if state["status"] == "idle" else state["status"].capitalize()
        text = state["message"] or text
        return f'<span role="status">{html.escape(text)}{f": {words}" if words else ""}</span>'

    def _results(self, state: Mapping[str, Any]) -> str:
        if not state["node_executions"]:
            return hint("Press Run: each node's result appears here.")
        rows = [_row(node) for node in state["node_executions"].values()]
        return (
            '<table style="width: 100%; border-collapse: collapse"><tbody>'
            + "".join(rows)
            + "</tbody></table>"
        )

    def __repr__(self) -> str:
        return f"RunPanel({self._execution.status})"


def _row(node: Mapping[str, Any]) -> str:
    mark, word = STATUS_MARKS[node["status"]]
    color = STATUS_COLORS.get(node["status"], MUTED)
    seconds = "" if node["seconds"] is None else f"{node['seconds']:.2f} s"
    text = node["error"] or node["preview"] or node["message"]
    cell = "padding: 4px 8px; vertical-align: top; text-align: left"
    return (
        f'<tr style="border-bottom: 1px solid {LINE}">'
        f'<td style="{cell}; color: {color}; white-space: nowrap">{mark} {word}</td>'
        f'<th scope="row" style="{cell}; white-space: nowrap">'
        f"{html.escape(node['label'])}</th>"
        f'<td style="{cell}; color: {MUTED}; white-space: nowrap">{seconds}</td>'
        f'<td style="{cell}; {MONO}; width: 100%">{html.escape(text)}</td></tr>'
    )


def _log(lines: Any) -> str:
    if not lines:
        return hint("What nodes print and log appears here.")
    shown = lines[-LOG_LINES:]
    text = "\n".join(html.escape(_line(line)) for line in shown)
    left_out = len(lines) - len(shown)
    note = hint(f"{left_out} older lines are not shown.") if left_out else ""
    return f'{note}<pre style="{MONO}; margin: 0">{text}</pre>'


def _line(line: Mapping[str, Any]) -> str:
    return f"{line['label']}  {line['text']}" if line.get("label") else line["text"]
