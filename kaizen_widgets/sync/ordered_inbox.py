"""Handles messages of views in the order in which each view sent them (rules F2 and F3 of SPEC.md).

A kernel hands the messages of one page to several threads, so a later message may arrive first. It waits for
the earlier ones; an earlier message that does not arrive within `PATIENCE` was lost with its connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.sync.remembered_views import RememberedViews

PATIENCE = 0.5
"""Seconds that a message waits for an earlier one."""


@dataclass(slots=True)
class _Sender:
    """One view: the number of its last message that was handled, and messages that arrived early."""

    handled: int = 0
    early: dict[int, Callable[[], object]] = field(default_factory=dict)
    timer: Timer | None = None

    def stop_waiting(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class OrderedInbox:
    """Receives messages from any thread and handles them one at a time, under no lock.

    Args:
        on_repeated: Called for a message that arrives twice; it is handled once.
        on_error: Called with an exception of a handler; the messages behind it are handled all the same.
        clock: Time and timers.
    """

    def __init__(
        self,
        *,
        on_repeated: Callable[[str], object],
        on_error: Callable[[Exception], object],
        clock: Clock,
    ) -> None:
        self._on_repeated = on_repeated
        self._clock = clock
        self._handlers = Notifier(on_error)
        self._senders = RememberedViews(_Sender, on_forget=_Sender.stop_waiting)

    def receive(self, client: str, number: int, handle: Callable[[], object]) -> None:
        """Handle a view's message, now or after the messages that the view sent before it.

        Args:
            client: The view.
            number: The number of the message among those of the view, from 1.
            handle: Handles it.
        """
        with self._handlers:
            sender = self._senders[client]
            if number <= sender.handled or number in sender.early:
                self._handlers.post(self._on_repeated, client)
                return
            sender.early[number] = handle
            self._advance(sender)

    def close(self) -> None:
        """Stop waiting, and drop the messages that arrived early."""
        with self._handlers:
            for sender in self._senders:
                sender.stop_waiting()
            self._senders.clear()

    def _advance(self, sender: _Sender) -> None:
        while (number := sender.handled + 1) in sender.early:
            sender.handled = number
            self._handlers.post(sender.early.pop(number))
        if not sender.early:
            sender.stop_waiting()
        elif sender.timer is None:
            sender.timer = self._clock.call_later(PATIENCE, lambda: self._skip_gap(sender))

    def _skip_gap(self, sender: _Sender) -> None:
        """Continue behind the missing messages; a second gap has a time of its own."""
        with self._handlers:
            sender.timer = None
            if sender.early:
                sender.handled = min(sender.early) - 1
                self._advance(sender)
