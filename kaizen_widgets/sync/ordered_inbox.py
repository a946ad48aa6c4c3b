"""Messages of views, done in the order each view sent them (rules F2 and F3 of SPEC.md).

A kernel hands the messages of one page to several threads, and a later one may come first. What comes too
early waits for what was sent before it; what was sent before and does not come was lost with its wire, and
is waited for no longer than `PATIENCE`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.core.notifier import Notifier

PATIENCE = 0.5
"""Seconds."""


class OrderedInbox:
    """Takes messages from any thread and does them one at a time, under no lock.

    Args:
        again: Called for a message that came twice, which is done once.
        on_error: Takes what one raised; those behind it are done all the same.
        clock: Time and timers.
    """

    def __init__(
        self,
        *,
        again: Callable[[], object],
        on_error: Callable[[Exception], object],
        clock: Clock,
    ) -> None:
        self._again = again
        self._clock = clock
        self._line = Notifier(on_error)
        self._taken: dict[str, int] = {}
        self._early: defaultdict[str, dict[int, Callable[[], object]]] = defaultdict(dict)
        self._timers: dict[str, Timer] = {}

    def take(self, client: str, number: int, do: Callable[[], object]) -> None:
        """Do a view's message, now or once what the view sent before it is done.

        Args:
            client: The view.
            number: The message's place among the view's, counted from 1.
            do: Does it.
        """
        with self._line:
            if number <= self._taken.get(client, 0) or number in self._early[client]:
                self._line.post(self._again)
                return
            self._early[client][number] = do
            self._advance(client)

    def close(self) -> None:
        """Wait for nothing any more; what came too early is forgotten."""
        with self._line:
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()
            self._early.clear()

    def _advance(self, client: str) -> None:
        early = self._early[client]
        while (number := self._taken.get(client, 0) + 1) in early:
            self._taken[client] = number
            self._line.post(early.pop(number))
        if not early and (timer := self._timers.pop(client, None)):
            timer.cancel()
        elif early and client not in self._timers:
            self._timers[client] = self._clock.call_later(PATIENCE, lambda: self._give_up(client))

    def _give_up(self, client: str) -> None:
        """Go on behind the gap; a second gap is waited for anew."""
        with self._line:
            self._timers.pop(client, None)
            if early := self._early[client]:
                self._taken[client] = min(early) - 1
                self._advance(client)
