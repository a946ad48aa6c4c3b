"""What the kernel has to say to the views of one canvas, in order and not too often.

Messages within 50 ms leave as one mail (rule S8): Jupyter drops messages, for good, above a rate. What is
more than the document itself leaves as a snapshot of it. After something was said to all views heartbeats
follow for a minute (rule S4), because a view cannot notice that the last message was lost; what answers one
view needs none, for that view asks again.

Units: seconds. Safe from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.sync.canvas.messages import (
    Applied,
    Handled,
    Heartbeat,
    KernelMail,
    KernelMessage,
    Snapshot,
)

INTERVAL = 0.05
"""At most one mail in so many seconds."""
HEARTBEAT = 2.0
"""Seconds between heartbeats while changes are recent."""
HEARTBEATS = 30
"""How many heartbeats follow the last message to all views."""
BACKLOG = 200


class Outbox:
    """Sends mails.

    Args:
        send: Puts one mail on the wire; may raise when there is none, which loses the mail.
        heartbeat: Says where the document stands.
        clock: Time and timers.
        snapshot: The document for every view, in place of a backlog.
        backlog: So many operations always travel as they are.
        size: How many elements the document has: below it a backlog is cheaper than a snapshot.
    """

    def __init__(
        self,
        send: Callable[[KernelMail], object],
        heartbeat: Callable[[], Heartbeat],
        clock: Clock,
        *,
        snapshot: Callable[[], Snapshot] | None = None,
        backlog: int = BACKLOG,
        size: Callable[[], int] = lambda: 0,
    ) -> None:
        self._send = send
        self._heartbeat = heartbeat
        self._clock = clock
        self._snapshot = snapshot
        self._backlog = backlog
        self._size = size
        self._lock = threading.RLock()
        self._waiting: list[KernelMessage] = []
        self._sent_at = float("-inf")
        self._timer: Timer | None = None
        self._beat_timer: Timer | None = None
        self._beats_left = 0
        self._closed = False

    def post(self, message: KernelMessage) -> None:
        """Send a message, at once or with those of the next moment."""
        with self._lock:
            if self._closed:
                return
            self._waiting.append(message)
            if self._timer is not None:
                return
            wait = self._sent_at + INTERVAL - self._clock.monotonic()
            if wait <= 0:
                self._flush()
            else:
                self._timer = self._clock.call_later(wait, self._flush_timed)

    def close(self) -> None:
        """Send nothing more."""
        with self._lock:
            self._closed = True
            for timer in (self._timer, self._beat_timer):
                if timer is not None:
                    timer.cancel()
            self._timer = self._beat_timer = None

    def _flush_timed(self) -> None:
        # Outside our lock: the document's lock is taken to make the snapshot.
        snapshot = self._snapshot() if self._snapshot and self._is_backlog() else None
        with self._lock:
            self._timer = None
            if snapshot is not None:
                self._waiting[:] = _in_place_of(self._waiting, snapshot)
            self._flush()

    def _is_backlog(self) -> bool:
        with self._lock:
            count = sum(len(each.batch) for each in self._waiting if isinstance(each, Applied))
        return count > max(self._backlog, self._size())

    def _flush(self) -> None:
        with self._lock:
            if self._closed or not self._waiting:
                return
            mail = KernelMail(messages=tuple(self._waiting))
            self._waiting.clear()
            self._sent_at = self._clock.monotonic()
            if any(getattr(message, "to", None) is None for message in mail.messages):
                self._beats_left = HEARTBEATS
                if self._beat_timer is None:
                    self._beat_timer = self._clock.call_later(HEARTBEAT, self._beat)
            self._send(mail)

    def _beat(self) -> None:
        # Outside our lock: the document's lock is taken to say where it stands.
        beat = self._heartbeat()
        with self._lock:
            self._beat_timer = None
            if self._closed:
                return
            self._beats_left -= 1
            if self._beats_left > 0:
                self._beat_timer = self._clock.call_later(HEARTBEAT, self._beat)
            self._send(KernelMail(messages=(beat,)))


def _in_place_of(waiting: list[KernelMessage], snapshot: Snapshot) -> list[KernelMessage]:
    """Put a snapshot in the place of the batches it holds; their senders hear that they were done."""
    kept: list[KernelMessage] = []
    done: dict[str, Handled] = {}
    for message in waiting:
        if not isinstance(message, Applied) or not _holds(snapshot, message):
            kept.append(message)
        elif message.client is not None and message.n is not None:
            done[message.client] = Handled(
                to=message.client, epoch=message.epoch, n=message.n, rev=message.rev
            )
    return [snapshot, *done.values(), *kept]


def _holds(snapshot: Snapshot, applied: Applied) -> bool:
    return applied.epoch == snapshot.epoch and applied.rev <= snapshot.rev
