"""Show a run: its state, progress and time, the result of each node, and the log.

A panel of ipywidgets for an `ExecutionStore`; it does not start or stop runs. It is drawn at most ten times a
second, and at least once a second during a run, for the elapsed time.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.markup import ACCENT, BAD, GOOD, LINE, MONO, MUTED, WARN, alert, hint
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.previews import preview_line, preview_text
from kaizen_widgets.widgets.throttle import Throttle

LOG_LINES: Final = 200
"""Number of lines shown: the newest that match the filters. The store has more."""
LEVELS: Final = ("debug", "info", "warning", "error")
LEVEL_WORDS: Final = {
    "debug": "all",
    "info": "info and above",
    "warning": "warning and above",
}
LEVEL_COLORS: Final = {"debug": MUTED, "warning": WARN, "error": BAD}
STATUS_MARKS: Final = {
    "pending": ("○", "waiting"),
    "running": ("◐", "running"),
    "completed": ("✓", "completed"),
    "failed": ("✗", "failed"),
    "skipped": ("»", "skipped"),
    "cancelled": ("■", "cancelled"),
}
STATUS_COLORS: Final = {"running": ACCENT, "completed": GOOD, "failed": BAD}
_BARS: Final = {"completed": "success", "failed": "danger", "cancelled": "warning"}
_CELL: Final = "padding: 4px 8px; vertical-align: top; text-align: left"


class ExecutionPanel(Panel):
    """Shows a run.

    Args:
        execution: Store of the run, such as ``studio.execution``.
        clock: Time and timers; the background loop by default.

    Attributes:
        level: Drop-down for the lowest level of log lines to show.
        search: Text field; only log lines that contain its text are shown, ignoring case.

    Raises:
        TypeError: ``execution`` is not an `ExecutionStore`.
    """

    _unsubscribe: Callable[[], None] | None = None
    # None until the end of `__init__`: ipywidgets also closes a panel that was refused.

    def __init__(self, execution: ExecutionStore, *, clock: Clock = background) -> None:
        if not isinstance(execution, ExecutionStore):
            raise TypeError(
                f"An ExecutionPanel shows an ExecutionStore, such as studio.execution, "
                f"not {type(execution).__name__}."
            )
        self._execution = execution
        self._clock = clock
        self.progress = ipw.FloatProgress(
            min=0, max=100, layout=ipw.Layout(flex="1 1 80px", min_width="80px", width="auto")
        )
        self.elapsed = ipw.HTML()
        self.status = ipw.HTML(layout=ipw.Layout(flex="1 1 100%"))
        self.results = ipw.HTML()
        self.level = ipw.Dropdown(
            options=[(LEVEL_WORDS.get(name, name), name) for name in LEVELS],
            value="debug",
            description="Level",
            style={"description_width": "initial"},
            layout=ipw.Layout(width="220px"),
        )
        self.search = ipw.Text(
            placeholder="Filter the log",
            continuous_update=True,
            layout=ipw.Layout(width="200px"),
        )
        self.lines = ipw.HTML()
        self.tabs = ipw.Tab(
            [
                ipw.VBox([self.results], layout=_scroll()),
                ipw.VBox(
                    [
                        ipw.HBox([self.level, self.search], layout=wrapping()),
                        ipw.VBox([self.lines], layout=_scroll()),
                    ]
                ),
            ],
            titles=("Results", "Log"),
        )
        bar = ipw.HBox([self.progress, self.elapsed, self.status], layout=wrapping())
        super().__init__([bar, self.tabs])
        self._throttle = Throttle(self.refresh, clock)
        self._unsubscribe = execution.subscribe(lambda _state, _previous: self._throttle.changed())
        for field in (self.level, self.search):
            field.observe(lambda _change: self._draw_log(execution.get()), names="value")
        self.refresh()

    def refresh(self) -> None:
        """Show the run's current state."""
        state = self._execution.get()
        self.progress.value = state["progress"]
        self.progress.bar_style = _BARS.get(state["status"], "")
        self.elapsed.value = self._elapsed(state)
        self.status.value = _status(state)
        self.results.value = _results(state)
        self._draw_log(state)
        if state["status"] in ACTIVE:
            self._throttle.changed(within=1.0)

    def close(self) -> None:
        """Close the panel and unsubscribe from the store."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._throttle.close()
        super().close()

    # -- internal

    def _elapsed(self, state: Mapping[str, Any]) -> str:
        if state["start_time"] is None:
            return ""
        end = state["end_time"]
        until = self._clock.now() if end is None else datetime.fromisoformat(end)
        seconds = (until - datetime.fromisoformat(state["start_time"])).total_seconds()
        tenths = max(round(seconds, 1), 0.0)  # A run starts with 0.0 s, not 0 ms.
        text = f"{state['progress']:.0f} % · {format_duration(tenths) if tenths else '0.0 s'}"
        return f'<span style="color: {MUTED}; white-space: nowrap">{text}</span>'

    def _draw_log(self, state: Mapping[str, Any]) -> None:
        labels = {key: node["label"] for key, node in state["node_executions"].items()}
        wanted = set(LEVELS[LEVELS.index(self.level.value) :])
        text = self.search.value.strip().lower()
        shown = [
            line
            for line in state["logs"]
            if line["level"] in wanted and text in _message(line, labels).lower()
        ]
        self.lines.value = _log(shown, labels, is_empty=not state["logs"])

    def __repr__(self) -> str:
        return f"ExecutionPanel({self._execution.status})"


def format_duration(seconds: float) -> str:
    """Return a duration for people, such as ``1 min 05 s``."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _scroll() -> ipw.Layout:
    return ipw.Layout(max_height="280px", overflow="auto")


def _status(state: Mapping[str, Any]) -> str:
    if state["status"] == "failed" and state["message"]:
        return alert(state["message"])
    done = [node["status"] for node in state["node_executions"].values()]
    counts = {name: done.count(name) for name in STATUS_MARKS if done.count(name)}
    words = ", ".join(f"{count} {STATUS_MARKS[name][1]}" for name, count in counts.items())
    text = "Nothing ran yet" if state["status"] == "idle" else state["status"].capitalize()
    text = state["message"] or text
    return f'<span role="status">{html.escape(text)}{f": {words}" if words else ""}</span>'


def _results(state: Mapping[str, Any]) -> str:
    nodes, result = state["node_executions"], state["result"]
    if not nodes and result is None:
        return hint("No run yet. The result of each node appears here.")
    rows = [_row(node) for node in nodes.values()]
    table = (
        '<table style="width: 100%; border-collapse: collapse"><tbody>'
        + "".join(rows)
        + "</tbody></table>"
    )
    if result is None or not result["success"]:
        return table
    output = html.escape(preview_line(preview_text(result["output"]), 4000))
    return (
        f'{table}<div style="padding: 6px 8px"><b>Result</b>'
        f'<pre style="{MONO}; margin: 4px 0 0; overflow-wrap: anywhere">{output}</pre></div>'
    )


def _row(node: Mapping[str, Any]) -> str:
    mark, word = STATUS_MARKS[node["status"]]
    color = STATUS_COLORS.get(node["status"], MUTED)
    seconds = "" if node["seconds"] is None else format_duration(node["seconds"])
    text = node["error"] or node["preview"] or node["message"]
    return (
        f'<tr style="border-bottom: 1px solid {LINE}">'
        f'<td style="{_CELL}; color: {color}; white-space: nowrap">{mark} {word}</td>'
        f'<th scope="row" style="{_CELL}; white-space: nowrap">'
        f"{html.escape(node['label'])}</th>"
        f'<td style="{_CELL}; color: {MUTED}; white-space: nowrap">{seconds}</td>'
        f'<td style="{_CELL}; {MONO}; width: 100%; overflow-wrap: anywhere">'
        f"{html.escape(text)}</td></tr>"
    )


def _log(lines: Sequence[Mapping[str, Any]], labels: Mapping[str, str], *, is_empty: bool) -> str:
    if is_empty:
        return hint("Lines that nodes print and log appear here.")
    if not lines:
        return hint("No log line matches the filters.")
    shown = lines[-LOG_LINES:]
    left_out = len(lines) - len(shown)
    note = hint(f"{left_out} older lines are not shown.") if left_out else ""
    text = "\n".join(_line(line, labels) for line in shown)
    return f'{note}<pre style="{MONO}; margin: 0">{text}</pre>'


def _line(line: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    time = datetime.fromisoformat(line["timestamp"]).strftime("%H:%M:%S")
    color = LEVEL_COLORS.get(line["level"])
    message = html.escape(_message(line, labels))
    text = f'<span style="color: {color}">{line["level"]}: {message}</span>' if color else message
    return f'<span style="color: {MUTED}">{time}</span>  {text}'


def _message(line: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    label = labels.get(line["node_id"], line["node_id"])
    return f"{label}  {line['message']}" if label else line["message"]
