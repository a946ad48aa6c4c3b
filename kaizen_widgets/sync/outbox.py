"""What the kernel has to say to the views of one canvas, in order and not too often.

Messages within 50 ms leave as one mail (rule S8): Jupyter drops messages, for good, above a rate. After
something was said heartbeats follow for a minute (rule S4), because a view cannot notice that the last
message was lost.

Units: seconds. Safe from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kaizen_widgets.clock import Clock, Timer
from kaizen_widgets.sync.messages import Heartbeat, KernelMail, KernelMessage

INTERVAL = 0.05
"""At most one mail in so many seconds."""
HEARTBEAT = 2.0
"""Seconds between heartbeats while changes are recent."""
HEARTBEATS = 30
"""How many heartbeats follow the last message."""


class Outbox:
    """Sends mails.

    Args:
        send: Puts one mail on the wire; may raise when there is none, which loses the mail.
        heartbeat: Says where the document stands.
        clock: Time and timers.
    """

    def __init__(
        self,
        send: Callable[[KernelMail], object],
        heartbeat: Callable[[], Heartbeat],
        clock: Clock,
    ) -> None:
        self._send = send
        self._heartbeat = heartbeat
        self._clock = clock
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
                self._timer = self._clock.call_later(wait, self._flush)

    def close(self) -> None:
        """Send nothing more."""
        with self._lock:
            self._closed = True
            for timer in (self._timer, self._beat_timer):
                if timer is not None:
                    timer.cancel()
            self._timer = self._beat_timer = None

    def _flush(self) -> None:
        with self._lock:
            self._timer = None
            if self._closed or not self._waiting:
                return
            mail = KernelMail(messages=tuple(self._waiting))
            self._waiting.clear()
            self._sent_at = self._clock.monotonic()
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
