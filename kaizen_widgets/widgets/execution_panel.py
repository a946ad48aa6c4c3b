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
from kaizen_widgets.displays.formats import format_money, format_seconds
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.markup import ACCENT, BAD, GOOD, MUTED, WARN, alert
from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.displays.waterfall import waterfall
from kaizen_widgets.engines import Run, follow
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.widgets.approval_box import ApprovalBox
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.result_view import ResultView
from kaizen_widgets.widgets.run_log import RunLog
from kaizen_widgets.widgets.throttle import Throttle

STATUS_WORDS: Final = {
    "failed": ("failed", BAD),
    "waiting": ("waiting for you", WARN),
    "running": ("running", ACCENT),
    "pending": ("queued", MUTED),
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
        approval: What a node asks a person; hidden while none does.
        run_log: The log and its filters.

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
        self._live = execution
        self._execution = execution
        """The store that is shown: ``_live``, or one with an earlier run."""
        self._run = run or (lambda: None)
        self._past: Run | None = None
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
        self.run_log = RunLog()
        self.approval = ApprovalBox()
        head = ipw.HBox([self.status, self.elapsed], layout=wrapping())
        columns = ipw.HBox(
            [
                _column("Results", [self.results], "2 1 360px"),
                _column("Waterfall", [self.bars], "1 1 220px"),
                _column("Log", self.run_log.body, "1 1 300px", self.run_log.tools),
            ],
            layout=ipw.Layout(flex_flow="row wrap", grid_gap="8px 16px", align_items="flex-start"),
        )
        detail = ipw.VBox([self.detail_title, self.detail], layout=ipw.Layout(margin="8px 0 0"))
        super().__init__([self.progress, head, self.approval, columns, detail])
        self._throttle = Throttle(self.refresh, clock)
        self._unsubscribes = [
            execution.subscribe(lambda _state, _previous: self._on_change(execution))
        ]
        if canvas_store is not None:
            self._unsubscribes.append(
                canvas_store.subscribe(
                    lambda state: state["selected_node_id"], lambda key, _: self.select(key)
                )
            )
        self._unsubscribe = self._end
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
            {
                **node,
                "id": key,
                "status": node["origin"] or node["status"],
                "line": self._line(key, node, state),
            }
            for key, node in nodes.items()
        ]
        if self._canvas_store is not None and not self.results.selected:
            self.select(self._canvas_store.selected_node_id)
        self.bars.value = waterfall(list(nodes.values()), state["start_time"], self._clock.now())
        self.run_log.draw(state)
        self._draw_detail(state)
        if state["status"] in ACTIVE:
            self._throttle.changed(within=1.0)

    @property
    def shown_run(self) -> Run | None:
        """The run that is shown, if it is known."""
        return self._run() if self._past is None else self._past

    def show_run(self, run: Run | None) -> None:
        """Show an earlier run that has ended; None for the run of the store."""
        live = self._run()
        if run is not None and live is not None and run.id == live.id:
            run = None
        self._past = run
        self._execution = self._live if run is None else _store_of(run, self._clock)
        self.refresh()

    def close(self) -> None:
        """Close the panel and unsubscribe from the stores."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        super().close()

    # -- selection

    def _on_row(self) -> None:
        selected = self.results.selected
        self.run_log.follow(selected[0] if selected else None)
        store = self._canvas_store
        if store is not None and selected and store.selected_node_id != selected[0]:
            store.set_selection(selected[0])
        self._draw_detail(self._execution.get())

    def select(self, node_id: str | None) -> None:
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

    def _on_change(self, store: ExecutionStore) -> None:
        if self._execution is store:
            self._throttle.changed()

    def _run_of(self, state: Mapping[str, Any]) -> Run | None:
        run = self.shown_run
        return run if run is not None and run.id == state["execution_id"] else None

    def _value(self, node_id: str, state: Mapping[str, Any]) -> Any:
        """Return a node's output or exception; `_NO_VALUE` where only its text is known."""
        run = self._run_of(state)
        if run is not None and node_id in run.nodes:
            node = run.nodes[node_id]
            if node.status == "completed" and run.has_values:
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
        self.approval.draw(state, self._run_of(state), chosen)
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
        run = self._run_of(state)
        if run is not None and run.seconds is not None:
            seconds = run.seconds  # The store hears of the run a moment later.
        facts = [format_seconds(max(0.0, seconds))]
        costs = [
            each["cost"] for each in state["node_executions"].values() if each["cost"] is not None
        ]
        facts += [format_money(float(sum(costs)))] if costs else []
        return f'<span style="color: {MUTED}; white-space: nowrap">{" · ".join(facts)}</span>'

    def __repr__(self) -> str:
        return f"ExecutionPanel({self._execution.status})"


_NO_VALUE: Final = object()


def _column(
    title: str, children: Sequence[ipw.Widget], flex: str, tools: Sequence[ipw.Widget] = ()
) -> ipw.Widget:
    heading = ipw.HTML(
        f'<span style="color: {MUTED}; font-size: 11px; font-weight: 500">{title}</span>',
        layout=ipw.Layout(flex="0 0 auto" if tools else "1 1 auto"),
    )
    bar = ipw.HBox(
        [heading, *tools],
        layout=ipw.Layout(
            align_items="center", min_height="32px", grid_gap="4px", overflow="hidden"
        ),
    )
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


def _store_of(run: Run, clock: Clock) -> ExecutionStore:
    """Return a store with a run that has ended, at the times at which it happened."""
    store = ExecutionStore(now=clock.now)
    follow(run, store, clock)
    events = run.events()
    times = {"start_time": events[0].ts.isoformat(), "end_time": events[-1].ts.isoformat()}
    store.set(times, action="execution/restored")
    return store
