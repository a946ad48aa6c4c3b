"""The events of a run, as a numbered log that can be replayed and followed.

Every event gets the next number, from 1 without gaps. A node has exactly one end and no events after it; the
last event is the end of the run. All events are kept for replay, but of log lines, progress, text and usage
only the newest: 100,000 or 32 million characters.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from contextvars import Context as VariableContext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeAlias

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.core.text import replace_lone_surrogates

MAX_REPORTS = 100_000
"""Log lines, reports of progress, pieces of text and counts of usage that are kept."""
MAX_CHARACTERS = 32_000_000
"""Characters that the texts of these may have together."""

EventKind = Literal["run", "node", "log", "progress", "text", "usage", "cached", "waiting"]
REPORTS = frozenset({"log", "progress", "text", "usage"})
"""Kinds of events that a node may send without end."""
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
            retrying (it failed and is tried again), iterated (it is done with one iteration of a loop),
            completed, failed, cancelled, skipped. For ``waiting`` (a person is asked): asked, approved,
            rejected. Otherwise empty.
        attempt: How often the node was begun, this time included, in all iterations of its loops; 0 for the
            run and for nodes never started.
        data: JSON; of a log line ``stream`` (stdout, stderr or log) and ``text``, of progress
            ``fraction``, of a node's end ``seconds`` and ``preview``, ``error`` or ``reason``; of retrying
            ``error`` and ``delay`` (seconds), of iterated ``iteration`` and ``preview`` or ``error``; of a
            node of a loop that runs, ``iteration``; of a run that was stopped at a limit, ``reason``; of a
            text that a node is writing ``piece`` and ``text`` (its newest 2,000 characters); of usage
            what all requests of the node to models used, see `ModelUsage.to_json`; of a question
            ``question``, ``preview`` and ``tool``, of its answer ``reason``; of cached ``origin`` (cached or
            pinned), ``run_id`` (of the run that made it, if known) and ``seconds`` (how long that took).
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
        self._events: list[Event] = []
        self._reports = 0
        self._characters = 0
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

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended, so that no more events follow."""
        return None in self._ended

    def events(self, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """Return the kept events with a number above ``after``, in order.

        Args:
            after: Number of an event.
            limit: The most events to return, the oldest ones; None for all.
        """
        with self._notifier.locked():
            start = bisect_right(self._events, after, key=lambda event: event.seq)
            end = None if limit is None else start + max(limit, 0)
            return tuple(self._events[start:end])

    def trim(self, reports: int) -> None:
        """Keep only so many of the newest log lines, reports of progress, texts and usage."""
        with self._notifier.locked():
            self._drop_reports(reports, MAX_CHARACTERS)

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
        self._events.append(event)
        if event.kind in REPORTS:
            self._reports += 1
            self._characters += _length(event)
            # A tenth more than is kept, so that not each event copies the list.
            if self._reports > MAX_REPORTS * 1.1 or self._characters > MAX_CHARACTERS * 1.1:
                self._drop_reports(MAX_REPORTS, MAX_CHARACTERS)
        elif event.state in TERMINAL:
            self._ended.add(event.node)

    def _drop_reports(self, count: int, characters: int) -> None:
        kept: list[Event] = []
        self._reports = self._characters = 0
        for event in reversed(self._events):
            if event.kind in REPORTS:
                length = _length(event)
                if self._reports >= count or self._characters + length > characters:
                    count = 0  # Those kept are the newest, without a gap between them.
                    continue
                self._reports += 1
                self._characters += length
            kept.append(event)
        self._events = kept[::-1]

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


def _length(event: Event) -> int:
    return len(event.data.get("text", "")) + len(event.data.get("piece", ""))


def _sendable(value: Any) -> Any:
    return replace_lone_surrogates(value) if isinstance(value, str) else value


_MAIN_THREAD = threading.main_thread()
_log = logging.getLogger("kaizen_widgets.engines")
