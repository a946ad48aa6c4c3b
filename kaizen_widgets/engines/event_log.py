"""The events of a run, as a numbered log that can be replayed and followed.

Every event gets the next number, from 1 without gaps. A node has exactly one end and no events after it; the
last event is the end of the run. The newest 1,000 log lines are kept for replay, the newest progress, text
and usage of each node, and all other events.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context as VariableContext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeAlias

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.core.text import replace_lone_surrogates

MAX_LINES = 1000

EventKind = Literal["run", "node", "log", "progress", "text", "usage"]
TERMINAL = frozenset({"completed", "failed", "cancelled", "skipped"})
"""States that end a node or a run."""


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        seq: Its number in the run, from 1.
        node: Id of the node, or None for the run itself.
        kind: What it is about.
        state: For ``run``: running, cancelling, completed, failed, cancelled. For ``node``: running,
            retrying (it failed and is tried again), waiting (it is done with one iteration of a loop),
            completed, failed, cancelled, skipped. Otherwise empty.
        attempt: How often the node was begun, this time included, in all iterations of its loops; 0 for the
            run and for nodes never started.
        data: JSON; of a log line ``stream`` (stdout, stderr or log) and ``text``, of progress
            ``fraction``, of a node's end ``seconds`` and ``preview``, ``error`` or ``reason``; of retrying
            ``error`` and ``delay`` (seconds), of waiting ``iteration`` and ``preview`` or ``error``; of a
            node of a loop that runs, ``iteration``; of a run that was stopped at a limit, ``reason``; of a
            text that a node is writing ``piece`` and ``text`` (its newest 2,000 characters); of usage
            what all requests of the node to models used, see `ModelUsage.to_json`.
        ts: Time in UTC.
    """

    run_id: str
    seq: int
    node: str | None
    kind: EventKind
    state: str
    attempt: int
    data: Mapping[str, Any] = field(default_factory=dict)
    ts: datetime = field(kw_only=True)


Listener: TypeAlias = Callable[[Event], object]


class EventLog:
    """The events of one run; safe from any thread.

    Args:
        run_id: Id of the run.
        clock: Clock for the times.
    """

    def __init__(self, run_id: str, clock: Clock) -> None:
        self.run_id = run_id
        self._clock = clock
        self._notifier = Notifier()
        self._seq = 0
        self._states: deque[Event] = deque()
        self._lines: deque[Event] = deque(maxlen=MAX_LINES)
        self._newest: dict[tuple[str | None, EventKind], Event] = {}
        self._ended: set[str | None] = set()
        self._listeners: dict[object, Listener] = {}

    def emit(
        self,
        kind: EventKind,
        *,
        node: str | None = None,
        state: str = "",
        attempt: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> bool:
        """Add an event and call the listeners; return False and do nothing after the node or run has ended.

        Text in ``data`` is made fit to be sent to a browser.
        """
        facts = {name: _sendable(value) for name, value in (data or {}).items()}
        with self._notifier.locked():
            if node in self._ended or None in self._ended:
                return False
            self._seq += 1
            event = Event(
                self.run_id, self._seq, node, kind, state, attempt, facts, ts=self._clock.now()
            )
            self._keep(event)
            for token in self._listeners:
                self._notifier.post(partial(self._call, token, event))
        return True

    def then(self, call: Callable[[], object]) -> None:
        """Make a call after the listeners were called with all events so far."""
        self._notifier.post(call)

    def events(self, after: int = 0) -> tuple[Event, ...]:
        """Return the kept events with a number above ``after``, in order."""
        with self._notifier.locked():
            kept = [*self._states, *self._lines, *self._newest.values()]
        return tuple(sorted((e for e in kept if e.seq > after), key=lambda event: event.seq))

    def subscribe(self, listener: Listener, after: int | None = None) -> Callable[[], None]:
        """Call ``listener(event)`` for each event from now on, in order, on the thread where it happens.

        Args:
            listener: Function that must not wait for the run. Its errors are logged; it is still called
                for later events.
            after: Number above which events are replayed first; None to replay nothing.

        Returns:
            The unsubscribe function; calling it twice does no harm.
        """
        token = object()
        with self._notifier.locked():
            self._listeners[token] = listener
            for event in () if after is None else self.events(after):
                self._notifier.post(partial(self._call, token, event))

        def unsubscribe() -> None:
            with self._notifier.locked():
                self._listeners.pop(token, None)

        return unsubscribe

    def _keep(self, event: Event) -> None:
        if event.kind == "log":
            self._lines.append(event)
        elif event.kind in ("progress", "text", "usage"):
            self._newest[event.node, event.kind] = event
        else:
            self._states.append(event)
            if event.state in TERMINAL:
                self._ended.add(event.node)

    def _call(self, token: object, event: Event) -> None:
        listener = self._listeners.get(token)
        if listener is None:
            return
        try:
            # In a context of its own: what a listener prints is not the node's, although it may be
            # called on the node's thread.
            VariableContext().run(listener, event)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and threading.current_thread() is _MAIN_THREAD:
                raise  # The user interrupts the cell.
            VariableContext().run(_log.exception, "A listener of run %s failed.", self.run_id)


def _sendable(value: Any) -> Any:
    return replace_lone_surrogates(value) if isinstance(value, str) else value


_MAIN_THREAD = threading.main_thread()
_log = logging.getLogger("kaizen_widgets.engines")
