"""Keep an `ExecutionStore` up to date with a run.

The first event updates the store immediately; events of the next 20 ms are collected into one update. The end
of the run is never delayed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.engines.event_log import Event
from kaizen_widgets.engines.run import NodeRun, Run, failure
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.value_count import count_of
from kaizen_widgets.stores.execution import ExecutionStore

_LEVELS = {"DEBUG": "debug", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"} | {
    "stderr": "warning"
}
"""Level of a log line by the level of its record or by its stream; info otherwise."""
INTERVAL = 0.02
"""Seconds between two updates of the store while a run reports.

Short, because views collect messages for up to 50 ms more, and should show a node within 100 ms.
"""
TEXT_INTERVAL = 0.25
"""Seconds between two updates with the texts that nodes are writing: people read them, nothing waits."""
TEXT_SHOWN = 160
"""Characters of such a text that are shown: its end. Ten nodes write about 10 kB of messages a second."""


def follow(
    run: Run, store: ExecutionStore, clock: Clock, interval: float = INTERVAL
) -> Callable[[], None]:
    """Show a run in a store, from its first event; replaces the run shown before.

    Returns:
        A function that stops following; calling it twice does no harm. Following also ends when the store
        shows another run.
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
        self._collected: list[Event] = []
        self._texts: dict[str, str] = {}
        self._timer: Timer | None = None
        self._text_timer: Timer | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> Callable[[], None]:
        self._unsubscribe = self._run.subscribe(self._on_event, after=0)
        return self.stop

    def stop(self) -> None:
        with self._lock:
            if self._unsubscribe is not None:
                self._unsubscribe()
            for timer in (self._timer, self._text_timer):
                if timer is not None:
                    timer.cancel()
            self._collected.clear()
            self._texts.clear()

    def _on_event(self, event: Event) -> None:
        with self._lock:
            if event.kind == "text":
                self._on_text(event)
                return
            self._collected.append(event)
            ended = event.kind == "run" and event.state not in ("running", "cancelling")
            if ended or self._timer is None:
                self._update_store()

    def _on_text(self, event: Event) -> None:
        self._texts[event.node or ""] = str(event.data["text"])[-TEXT_SHOWN:]
        if self._text_timer is None:
            self._text_timer = self._clock.call_later(TEXT_INTERVAL, self._on_text_timer)

    def _on_text_timer(self) -> None:
        with self._lock:
            self._text_timer = None
            texts, self._texts = self._texts, {}
            if texts and self._store.execution_id == self._run.id:
                changes = {node_id: {"preview": text} for node_id, text in texts.items()}
                self._store.update_nodes(changes, (), execution_id=self._run.id)

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            if self._collected:
                self._update_store()

    def _update_store(self) -> None:
        run_id = self._run.id
        if self._store.execution_id != run_id:
            self.stop()
            return
        events, self._collected = self._collected, []
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(self._interval, self._on_timer)
        changes: dict[str, dict[str, Any]] = {}
        lines: list[dict[str, Any]] = []
        for event in events:
            match event.kind:
                case "node" | "progress" | "usage" | "cached" | "waiting" if event.node is not None:
                    changes.setdefault(event.node, {}).update(_facts(event))
                    if event.kind == "node" and event.state == "completed":
                        found = _count(self._run, self._run.nodes[event.node])
                        changes[event.node].update(found)
                case "log":
                    lines.append(self._line(event))
                case _:
                    pass
        try:
            self._store.update_nodes(changes, lines, execution_id=run_id)
        finally:  # The end must reach the store even if one of its observers raises.
            for event in events:
                if event.kind == "run" and event.state in ("running", "cancelling"):
                    word = "Cancelling…" if event.state == "cancelling" else ""
                    self._store.set_running(word, execution_id=run_id)
                elif event.kind == "run":
                    self._end(event.state, run_id)

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

    def _end(self, state: str, run_id: str) -> None:
        for timer in (self._timer, self._text_timer):
            if timer is not None:
                timer.cancel()
        nodes = self._run.nodes
        try:
            outputs = {k: node.output for k, node in nodes.items() if node.status == "completed"}
            result = self._run.result if state == "completed" else None
        except RunError:  # The values were dropped, of an old run.
            outputs, result = {}, None
        failed = [node for node in nodes.values() if node.status == "failed"]
        match state:
            case "completed":
                self._store.set_result(result, node_results=outputs, execution_id=run_id)
            case "cancelled":
                self._store.cancel(node_results=outputs, execution_id=run_id)
            case _:
                error = failure(failed[0]) if failed else "The run failed."
                if self._run.reason:
                    error = f"The run was stopped: {self._run.reason}."
                node_id = failed[0].id if failed else None
                self._store.set_failed(
                    error, node_id=node_id, node_results=outputs, execution_id=run_id
                )


def _count(run: Run, node: NodeRun) -> dict[str, Any]:
    """Return what a node gave and how much of it; nothing where a loop has started it again."""
    if node.status != "completed" or not run.has_values:
        return {}
    found = count_of(node.output)
    try:
        parts = {name: count_of(part) for name, part in run.parts_of(node.id).items()}
    except Exception:  # A value that lacks one of the parts it was declared with.
        parts = {}
    return {"type": found.type, "count": found.count, "parts": parts or None}


def _facts(event: Event) -> dict[str, Any]:
    when = event.ts.isoformat()
    if event.kind == "progress":
        return {"progress": event.data["fraction"]}
    if event.kind == "usage":
        tokens = event.data["input_tokens"] + event.data["output_tokens"]
        return {"tokens": tokens, "cost": event.data["cost"]}
    if event.kind == "cached":
        return {"origin": event.data["origin"]}
    if event.kind == "waiting":
        is_asked = event.state == "asked"
        message = str(event.data["question"]) if is_asked else ""
        return {"status": "waiting" if is_asked else "running", "message": message}
    if event.state == "running":
        return {"status": "running", "started": when, "message": "", "error": ""}
    data = event.data
    if event.state == "retrying":
        text = f"attempt {event.attempt} failed; the next one begins in {data['delay']:.3g} s"
        return {"status": "running", "message": text, "error": data["error"]}
    if event.state == "iterated":
        return {"message": f"iteration {data['iteration']}"}
    # Of a node that takes some of its outputs only, which.
    taken = {"outputs": tuple(data["outputs"])} if "outputs" in data else {}
    return {
        "status": event.state,
        "ended": when,
        "seconds": data.get("seconds"),
        "preview": data.get("preview", ""),
        "error": data.get("error", ""),
        "message": data.get("reason", ""),
        **taken,
    }
