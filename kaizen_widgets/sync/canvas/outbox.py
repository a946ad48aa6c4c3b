"""The messages of one canvas to its views, in order and at a limited rate.

Messages within 50 ms are sent as one mail (rule S8), because Jupyter drops messages above a certain rate. A
backlog that is larger than the document is replaced by a snapshot. After a message to all views heartbeats
follow for a minute (rule S4), because a view cannot notice that the last message was lost; an answer to one
view needs none, because that view asks again.

Units: seconds. Safe from any thread; waits for no lock but its own, which is held for no call of user code.
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
"""Minimum time between two mails."""
HEARTBEAT = 2.0
"""Time between two heartbeats."""
HEARTBEATS = 30
"""The number of heartbeats after the last message to all views."""
BACKLOG = 200
"""Operations that are always sent as they are, however small the document."""


class Outbox:
    """Collects messages and sends them as mails.

    Args:
        send: Sends one mail; may raise when there is no connection, and the mail is lost.
        heartbeat: Returns the version of the document; None when there is no view.
        clock: Time and timers.
        snapshot: Returns the document for all views, which replaces a backlog.
        backlog: Number of operations that are always sent as they are.
        size: Returns the number of elements of the document: below it a backlog is cheaper than a snapshot.
    """

    def __init__(
        self,
        send: Callable[[KernelMail], object],
        heartbeat: Callable[[], Heartbeat | None],
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
        """Send a message, immediately or together with others in up to 50 ms."""
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
        """Stop sending."""
        with self._lock:
            self._closed = True
            for timer in (self._timer, self._beat_timer):
                if timer is not None:
                    timer.cancel()
            self._timer = self._beat_timer = None

    def _flush_timed(self) -> None:
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
        beat = self._heartbeat()
        with self._lock:
            self._beat_timer = None
            if self._closed or beat is None:
                return
            self._beats_left -= 1
            if self._beats_left > 0:
                self._beat_timer = self._clock.call_later(HEARTBEAT, self._beat)
            self._send(KernelMail(messages=(beat,)))


def _in_place_of(waiting: list[KernelMessage], snapshot: Snapshot) -> list[KernelMessage]:
    """Replace batches by a snapshot that contains them; their views get `Handled` instead."""
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
