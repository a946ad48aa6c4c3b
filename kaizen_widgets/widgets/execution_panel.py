"""Show a run: its state and time, each node's result, when each node worked, and the log.

A panel of ipywidgets for an `ExecutionStore`; it does not start or stop runs. It is drawn at most ten times a
second, at least once a second during a run, for the elapsed time, and at the end of each cell.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.formats import format_seconds
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.markup import ACCENT, BAD, GOOD, MONO, MUTED, WARN, alert, hint
from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.displays.waterfall import waterfall
from kaizen_widgets.engines import Run
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.result_view import ResultView
from kaizen_widgets.widgets.throttle import Throttle

LOG_LINES: Final = 200
"""Number of lines shown: the newest that match the filters. The store has more."""
LEVELS: Final = ("debug", "info", "warning", "error")
LEVEL_WORDS: Final = {
    "debug": "All levels",
    "info": "Info and above",
    "warning": "Warnings and errors",
}
LEVEL_COLORS: Final = {"debug": MUTED, "warning": WARN, "error": BAD}
STATUS_WORDS: Final = {
    "failed": ("failed", BAD),
    "running": ("running", ACCENT),
    "pending": ("waiting", MUTED),
    "completed": ("done", GOOD),
    "skipped": ("skipped", MUTED),
    "cancelled": ("cancelled", WARN),
}
"""Word and color of the number of nodes in each state, in the order in which they are named."""
RUN_WORDS: Final = {"completed": "Done", "cancelled": "Cancelled", "idle": "Nothing ran yet"}
_BARS: Final = {"completed": "success", "failed": "danger", "cancelled": "warning"}


class ExecutionPanel(Panel):
    """Shows a run.

    Args:
        execution: Store of the run, such as ``studio.execution``.
        run: Returns the run that the store shows, for its values and exceptions; without it they are texts.
        canvas_store: Store whose selected node is the selected row, and the other way round.
        clock: Time and timers; the background loop by default.

    Attributes:
        results: The table of nodes; its ``selected`` has the id of the node that ``detail`` shows.
        detail: The output or the error of the selected node; without one, the run's.
        level: Drop-down for the lowest level of log lines to show.
        search: Text field; only log lines that contain its text are shown, ignoring case.

    Raises:
        TypeError: ``execution`` is not an `ExecutionStore`.
    """

    _unsubscribe: Callable[[], None] | None = None
    # None until the end of `__init__`: ipywidgets also closes a panel that was refused.

    def __init__(
        self,
        execution: ExecutionStore,
        *,
        run: Callable[[], Run | None] | None = None,
        canvas_store: CanvasStore | None = None,
        clock: Clock = background,
    ) -> None:
        if not isinstance(execution, ExecutionStore):
            raise TypeError(
                f"An ExecutionPanel shows an ExecutionStore, such as studio.execution, "
                f"not {type(execution).__name__}."
            )
        self._execution = execution
        self._run = run or (lambda: None)
        self._canvas_store = canvas_store
        self._clock = clock
        self._shown_detail: Any = None
        self.progress = ipw.FloatProgress(
            min=0, max=100, layout=ipw.Layout(width="auto", height="3px", margin="0")
        )
        self.elapsed = ipw.HTML()
        self.status = ipw.HTML()
        self.results = DataGrid(
            columns=[
                Column("label", "Result", "title", mark="status"),
                Column("seconds", "Time", "seconds"),
                Column("line", "Value", "text"),
            ],
            empty="No run yet. The result of each node appears here.",
            is_searchable=False,
            is_dense=True,
        )
        self.bars = ipw.HTML()
        self.detail_title = ipw.HTML()
        self.detail = ResultView(empty="Select a node to see its result.")
        self.level = ipw.Dropdown(
            options=[(LEVEL_WORDS.get(name, "Errors"), name) for name in LEVELS],
            value="debug",
            layout=ipw.Layout(width="150px"),
        )
        self.level.tooltip = "Lowest level of the lines to show"
        self.search = ipw.Text(
            placeholder="Filter the log",
            continuous_update=True,
            layout=ipw.Layout(width="130px"),
        )
        self.lines = ipw.HTML()
        head = ipw.HBox([self.status, self.elapsed], layout=wrapping())
        columns = ipw.HBox(
            [
                _column("Results", [self.results], "1 1 330px"),
                _column("Waterfall", [self.bars], "1 1 220px"),
                _column("Log", [self.lines], "1 1 300px", [self.level, self.search]),
            ],
            layout=ipw.Layout(flex_flow="row wrap", grid_gap="8px 16px", align_items="flex-start"),
        )
        detail = ipw.VBox([self.detail_title, self.detail], layout=ipw.Layout(margin="8px 0 0"))
        super().__init__([self.progress, head, columns, detail])
        self._throttle = Throttle(self.refresh, clock)
        self._unsubscribes = [
            execution.subscribe(lambda _state, _previous: self._throttle.changed())
        ]
        if canvas_store is not None:
            self._unsubscribes.append(
                canvas_store.subscribe(
                    lambda state: state["selected_node_id"], lambda key, _: self._select(key)
                )
            )
        self._unsubscribe = self._end
        for field in (self.level, self.search):
            field.observe(lambda _change: self._draw_log(execution.get()), names="value")
        self.results.observe(lambda _change: self._on_row(), names="selected")
        self.refresh()

    def refresh(self) -> None:
        """Show the run's current state."""
        state = self._execution.get()
        self.progress.value = state["progress"]
        self.progress.bar_style = _BARS.get(state["status"], "")
        self.progress.layout.visibility = "visible" if state["status"] in ACTIVE else "hidden"
        self.elapsed.value = self._elapsed(state)
        self.status.value = _status(state)
        nodes = state["node_executions"]
        self.results.records = [
            {**node, "id": key, "line": self._line(key, node, state)} for key, node in nodes.items()
        ]
        if self._canvas_store is not None and not self.results.selected:
            self._select(self._canvas_store.selected_node_id)
        self.bars.value = waterfall(list(nodes.values()), state["start_time"], self._clock.now())
        self._draw_log(state)
        self._draw_detail(state)
        if state["status"] in ACTIVE:
            self._throttle.changed(within=1.0)

    def close(self) -> None:
        """Close the panel and unsubscribe from the stores."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        super().close()

    # -- selection

    def _on_row(self) -> None:
        selected = self.results.selected
        store = self._canvas_store
        if store is not None and selected and store.selected_node_id != selected[0]:
            store.set_selection(selected[0])
        self._draw_detail(self._execution.get())

    def _select(self, node_id: str | None) -> None:
        """Select the row of a node; none if the run has no such node."""
        known = any(record["id"] == node_id for record in self.results.records)
        keys = (node_id,) if known else ()
        if self.results.selected != keys:
            self.results.selected = keys

    # -- internal

    def _end(self) -> None:
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        self._throttle.close()

    def _value(self, node_id: str, state: Mapping[str, Any]) -> Any:
        """Return a node's output or exception; `_NO_VALUE` where only its text is known."""
        run = self._run()
        if run is not None and run.id == state["execution_id"] and node_id in run.nodes:
            node = run.nodes[node_id]
            if node.status == "completed":
                return node.output
            if node.status == "failed" and node.error is not None:
                return node.error
        results = (state["result"] or {}).get("node_results", {})
        return results.get(node_id, _NO_VALUE)

    def _line(self, node_id: str, node: Mapping[str, Any], state: Mapping[str, Any]) -> str:
        if node["error"]:
            return node["error"]
        value = self._value(node_id, state) if node["status"] == "completed" else _NO_VALUE
        return (node["preview"] or node["message"]) if value is _NO_VALUE else preview_line(value)

    def _draw_detail(self, state: Mapping[str, Any]) -> None:
        nodes = state["node_executions"]
        chosen = next(iter(self.results.selected), None)
        failed = next((key for key, node in nodes.items() if node["status"] == "failed"), None)
        if chosen is None and state["status"] == "failed":
            chosen = failed
        node = nodes.get(chosen) if chosen is not None else None
        title, value = "", _NO_VALUE
        if node is not None:
            title, value = node["label"], self._value(str(chosen), state)
            text = node["error"] or node["message"] or node["preview"]
        else:
            result = state["result"]
            text = ""
            if result is not None and result["success"]:
                title, value = "Result", result["output"]
        # A value that is drawn again would close its open branches.
        shown = (state["execution_id"], chosen, id(value), text)
        if shown == self._shown_detail:
            return
        self._shown_detail = shown
        self.detail_title.value = f"<b>{html.escape(title)}</b>" if title else ""
        if value is not _NO_VALUE:
            self.detail.show(value)
        elif node is not None:
            self.detail.clear(text or STATUS_WORDS[node["status"]][0].capitalize())
        else:
            self.detail.clear("" if not nodes else None)

    def _elapsed(self, state: Mapping[str, Any]) -> str:
        if state["start_time"] is None:
            return ""
        end = state["end_time"]
        until = self._clock.now() if end is None else datetime.fromisoformat(end)
        seconds = (until - datetime.fromisoformat(state["start_time"])).total_seconds()
        return f'<span style="color: {MUTED}; white-space: nowrap">{format_seconds(seconds)}</span>'

    def _draw_log(self, state: Mapping[str, Any]) -> None:
        labels = {key: node["label"] for key, node in state["node_executions"].items()}
        wanted = set(LEVELS[LEVELS.index(self.level.value) :])
        text = self.search.value.strip().lower()
        shown = [
            line
            for line in state["logs"]
            if line["level"] in wanted and text in _message(line, labels).lower()
        ]
        self.lines.value = _log(shown, labels, state["start_time"], is_empty=not state["logs"])

    def __repr__(self) -> str:
        return f"ExecutionPanel({self._execution.status})"


_NO_VALUE: Final = object()


def _column(
    title: str, children: Sequence[ipw.Widget], flex: str, tools: Sequence[ipw.Widget] = ()
) -> ipw.Widget:
    heading = ipw.HTML(
        f'<span style="color: {MUTED}; font-size: 11px; font-weight: 500">{title}</span>',
        layout=ipw.Layout(flex="1 1 auto"),
    )
    bar = ipw.HBox([heading, *tools], layout=ipw.Layout(align_items="center", min_height="28px"))
    body = ipw.VBox(children, layout=ipw.Layout(max_height="280px", overflow="auto"))
    return ipw.VBox([bar, body], layout=ipw.Layout(flex=flex, min_width="0", overflow="hidden"))


def _status(state: Mapping[str, Any]) -> str:
    status = state["status"]
    if status == "failed" and state["message"]:
        return alert(state["message"])
    done = [node["status"] for node in state["node_executions"].values()]
    counts = {name: done.count(name) for name in STATUS_WORDS if done.count(name)}
    words = " ".join(
        f'<span style="color: {STATUS_WORDS[name][1]}">{count} {STATUS_WORDS[name][0]}</span>'
        for name, count in counts.items()
    )
    text = html.escape(state["message"] or RUN_WORDS.get(status, status.capitalize()))
    return f'<span role="status"><b>{text}</b> {words}</span>'


def _log(
    lines: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    start: str | None,
    *,
    is_empty: bool,
) -> str:
    if is_empty:
        return hint("Lines that nodes print and log appear here.")
    if not lines:
        return hint("No log line matches the filters.")
    shown = lines[-LOG_LINES:]
    left_out = len(lines) - len(shown)
    note = hint(f"{left_out} older lines are not shown.") if left_out else ""
    begin = None if start is None else datetime.fromisoformat(start)
    text = "\n".join(_log_line(line, labels, begin) for line in shown)
    return f'{note}<pre style="{MONO}; margin: 0; overflow-wrap: anywhere">{text}</pre>'


def _log_line(line: Mapping[str, Any], labels: Mapping[str, str], begin: datetime | None) -> str:
    moment = datetime.fromisoformat(line["timestamp"])
    after = 0.0 if begin is None else (moment - begin).total_seconds()
    color = LEVEL_COLORS.get(line["level"])
    message = html.escape(_message(line, labels))
    text = f'<span style="color: {color}">{line["level"]}: {message}</span>' if color else message
    exact = html.escape(f"{moment.astimezone():%H:%M:%S}")
    return f'<span style="color: {MUTED}" title="{exact}">{after:+.2f}</span>  {text}'


def _message(line: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    label = labels.get(line["node_id"], line["node_id"])
    return f"{label}  {line['message']}" if label else line["message"]
