"""Mark the nodes of the canvas: cached, stale or pinned, waiting for a person, changed in a comparison."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.engines import Run
from kaizen_widgets.engines.event_log import Event
from kaizen_widgets.engines.run_comparison import RunComparison
from kaizen_widgets.errors import KaizenError, RunError
from kaizen_widgets.nodes import Functions
from kaizen_widgets.runs import Runner
from kaizen_widgets.stores import CanvasStore

DELAY = 0.3
"""Seconds after an edit until the marks are looked at again."""
MAX_NODES = 2_000
"""Nodes of a pipeline above which it is not looked for stale ones."""

Marks = Mapping[str, Mapping[str, Any]]


class NodeMarks:
    """The marks of one canvas, kept up to date.

    Args:
        store: The pipeline.
        functions: Functions that nodes call.
        runner: Knows the runs.
        clock: Time and timers, which may call on another thread.
        in_background: Does work that may take seconds.
        show: Called with the marks by node id whenever they change; see `NodeCalls.set_marks`.
    """

    def __init__(
        self,
        store: CanvasStore,
        functions: Functions,
        runner: Runner,
        *,
        clock: Clock,
        in_background: Callable[[Callable[[], None]], object],
        show: Callable[[Marks], object],
    ) -> None:
        self._store = store
        self._runner = runner
        self._clock = clock
        self._in_background = in_background
        self._show = show
        self._lock = threading.RLock()
        self._timer: Timer | None = None
        self._run: Run | None = None
        self._stale: dict[str, str] = {}
        self._changed: frozenset[str] = frozenset()
        """The nodes that differ in the comparison that is shown."""
        self._compared: str | None = None
        """Id of the pipeline that it is about."""
        self._is_closed = False
        self._unsubscribes = [
            store.on_event(lambda _event: self.update_soon()),
            functions.subscribe(self.update_soon),
            runner.subscribe(self.update_soon),
        ]

    def follow(self, run: Run) -> None:
        """Mark the nodes of a run from now on, in place of the one before."""
        with self._lock:
            self._run, self._stale, self._changed = run, {}, frozenset()
        run.subscribe(self._on_event, after=0)
        run.on_end(self.update_soon)
        self._refresh()

    def forget(self) -> None:
        """Mark nothing but pins until the next run."""
        with self._lock:
            self._run, self._stale, self._changed = None, {}, frozenset()
        self._refresh()

    def show_comparison(self, comparison: RunComparison) -> None:
        """Mark the nodes as changed that both runs have and whose state or output differs.

        Until the next run, or `hide_comparison`.

        Raises:
            RunError: It is no comparison, or one of runs of another pipeline than the open one.
        """
        if not isinstance(comparison, RunComparison):
            raise RunError(
                f"Show a comparison of two runs, run.compare(other), not a {type(comparison).__name__}."
            )
        history, open_id = self._runner.history, self._store.pipeline_id
        for run in (comparison.before, comparison.after):
            if any(run is one for one in history) and history.pipeline_of(run) != open_id:
                raise RunError(
                    "These runs are of another pipeline than the one on the canvas: open it first."
                )
        changed = frozenset(
            row.node_id
            for row in comparison.changed
            if row.before is not None and row.after is not None
        )
        with self._lock:
            self._changed, self._compared = changed, open_id
        self._refresh()

    def hide_comparison(self) -> None:
        """Mark no changes any more."""
        with self._lock:
            self._changed = frozenset()
        self._refresh()

    def update_soon(self) -> None:
        """Look again for stale nodes, after the delay."""
        with self._lock:
            if self._timer is None and not self._is_closed:
                self._timer = self._clock.call_later(
                    DELAY, lambda: self._in_background(self._update)
                )

    def close(self) -> None:
        """Stop."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        with self._lock:
            self._is_closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _on_event(self, event: Event) -> None:
        if event.kind in ("cached", "waiting"):
            self._refresh()

    def _update(self) -> None:
        with self._lock:
            self._timer = None
            run = self._run
        stale: dict[str, str] = {}
        if run is not None and run.has_ended and len(run.nodes) <= MAX_NODES:
            try:
                stale = {
                    row.node_id: row.reason
                    for row in self._runner.plan_unchanged(run)
                    if row.action in ("run", "ask") and row.reason and _has_output(run, row.node_id)
                }
            except KaizenError:
                pass  # It cannot run as it is; its problems are shown instead.
            except Exception:
                _logger.exception("The marks of the canvas could not be updated.")
        with self._lock:
            if run is not self._run:
                return
            self._stale = stale
        self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            run, stale = self._run, self._stale
            marks: dict[str, dict[str, Any]] = {}
            for node in () if run is None else run.nodes.values():
                if node.status == "waiting":
                    question = node.question
                    marks[node.id] = {"mark": "waiting"}
                    if question is not None:
                        marks[node.id]["reason"] = question.text[:200]
                elif node.status == "completed" and node.origin == "cached":
                    marks[node.id] = {"mark": "cached"}
                if node.id in stale:
                    marks[node.id] = {"mark": "stale", "reason": stale[node.id][:200]}
            marks |= {
                node_id: {"mark": "pinned"}
                for node_id in self._runner.pins
                if marks.get(node_id, {}).get("mark") != "waiting"
            }
            if self._compared == self._store.pipeline_id:
                for node_id in self._changed:
                    marks.setdefault(node_id, {})["difference"] = "changed"
        self._show(marks)


def _has_output(run: Run, node_id: str) -> bool:
    return node_id in run.nodes and run.nodes[node_id].status == "completed"


_logger = logging.getLogger("kaizen_widgets.studio")
