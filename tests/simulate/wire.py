"""A connection that drops, delays, repeats and reorders messages (as JSON), determined by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from kaizen_widgets.testing.fake_clock import FakeClock


@dataclass
class Faults:
    """Probabilities per message, and the longest delay in seconds."""

    drop: float = 0.0
    double: float = 0.0
    delay: float = 0.01


class LossyConnection:
    """One direction of a connection."""

    def __init__(
        self,
        deliver: Callable[[str], None],
        clock: FakeClock,
        chance: random.Random,
        faults: Faults,
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._chance = chance
        self._faults = faults
        self.connected = True

    def send(self, text: str) -> None:
        """Send a message; it arrives at any time, twice, or never."""
        copies = 2 if self._chance.random() < self._faults.double else 1
        for _ in range(copies):
            if self._chance.random() >= self._faults.drop:
                wait = self._chance.random() * self._faults.delay
                self._clock.call_later(wait, lambda: self._arrive(text))

    def _arrive(self, text: str) -> None:
        if self.connected:
            self._deliver(text)
