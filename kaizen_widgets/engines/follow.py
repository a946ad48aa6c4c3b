"""Keeps an `ExecutionStore` up to date with a run.

The first news goes to the store at once; what comes within the next 20 ms is gathered and goes in one
change. The run's end is never held back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.engines.event_log import Event
from kaizen_widgets.engines.run import Run, failure
from kaizen_widgets.stores.execution import ExecutionStore

_LEVELS = {"DEBUG": "debug", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"} | {
    "stderr": "warning"
}
"""A log line's level by its record's, or by the stream it was printed to; info otherwise."""
INTERVAL = 0.02
"""Seconds between two changes of the store while a run talks.

Short, because views wait up to 50 ms more for their mail, and are to show a node within 100 ms.
"""


def follow(
    run: Run, store: ExecutionStore, clock: Clock, interval: float = INTERVAL
) -> Callable[[], None]:
    """Show a run in a store, from its beginning; a run shown before is forgotten.

    Returns:
        A function that ends it; harmless to call twice. It ends by itself when the store takes up
        another run.
    """
    nodes = {node_id: node.label for node_id, node in run.nodes.items()}
    store.start_execution(run.id, nodes)
    return _Follower(run, store, clock, interval).start()


class _Follower:
    def __init__(self, run: Run, store: ExecutionStore, clock: Clock, interval: float) -> None:
        self._run = run
        self._store = store
        self._clock = clock
        self._interval = interval
        self._lock = threading.RLock()
        self._gathered: list[Event] = []
        self._timer: Timer | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> Callable[[], None]:
        self._unsubscribe = self._run.subscribe(self._hear, after=0)
        return self.stop

    def stop(self) -> None:
        with self._lock:
            if self._unsubscribe is not None:
                self._unsubscribe()
            if self._timer is not None:
                self._timer.cancel()
            self._gathered.clear()

    def _hear(self, event: Event) -> None:
        with self._lock:
            self._gathered.append(event)
            ended = event.kind == "run" and event.state not in ("running", "cancelling")
            if ended or self._timer is None:
                self._pass_on()

    def _due(self) -> None:
        with self._lock:
            self._timer = None
            if self._gathered:
                self._pass_on()

    def _pass_on(self) -> None:
        mine = self._run.id
        if self._store.execution_id != mine:
            self.stop()
            return
        events, self._gathered = self._gathered, []
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(self._interval, self._due)
        changes: dict[str, dict[str, Any]] = {}
        lines: list[dict[str, Any]] = []
        for event in events:
            match event.kind:
                case "node" | "progress" if event.node is not None:
                    changes.setdefault(event.node, {}).update(_facts(event))
                case "log":
                    lines.append(self._line(event))
                case _:
                    pass
        try:
            self._store.update_nodes(changes, lines, execution_id=mine)
        finally:  # An observer of the store that raises must not keep the end from it.
            for event in events:
                if event.kind == "run" and event.state in ("running", "cancelling"):
                    word = "Cancelling…" if event.state == "cancelling" else ""
                    self._store.set_running(word, execution_id=mine)
                elif event.kind == "run":
                    self._end(event.state, mine)

    def _line(self, event: Event) -> dict[str, Any]:
        data = dict(event.data)
        level = _LEVELS.get(data.pop("level", data["stream"]), "info")
        return {
            "message": data.pop("text"),
            "level": level,
            "node_id": event.node,
            "timestamp": event.ts.isoformat(),
            "data": data,
        }

    def _end(self, state: str, mine: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        nodes = self._run.nodes
        given = {key: node.output for key, node in nodes.items() if node.status == "completed"}
        failed = [node for node in nodes.values() if node.status == "failed"]
        match state:
            case "completed":
                self._store.set_result(self._run.result, node_results=given, execution_id=mine)
            case "cancelled":
                self._store.cancel(node_results=given, execution_id=mine)
            case _:
                error = failure(failed[0]) if failed else "The run failed."
                node_id = failed[0].id if failed else None
                self._store.set_failed(
                    error, node_id=node_id, node_results=given, execution_id=mine
                )


def _facts(event: Event) -> dict[str, Any]:
    when = event.ts.isoformat()
    if event.kind == "progress":
        return {"progress": event.data["fraction"]}
    if event.state == "running":
        return {"status": "running", "started": when}
    data = event.data
    return {
        "status": event.state,
        "ended": when,
        "seconds": data.get("seconds"),
        "preview": data.get("preview", ""),
        "error": data.get("error", ""),
        "message": data.get("reason", ""),
    }
