"""A wire that drops, delays, doubles and reorders, from a seed; each message crosses as JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.graph.wire import Wire
from kaizen_widgets.testing.clock import FakeClock


@dataclass
class Faults:
    """Chances per message, and how long one may take (seconds)."""

    drop: float = 0.0
    double: float = 0.0
    delay: float = 0.01


class LossyWire:
    """One direction of a connection."""

    def __init__(
        self,
        deliver: Callable[[Any], None],
        clock: FakeClock,
        chance: random.Random,
        faults: Faults,
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._chance = chance
        self._faults = faults
        self.connected = True

    def send(self, message: Wire) -> None:
        """Send a message; what arrives is what JSON makes of it, any time, never, or twice."""
        text = json.dumps(message.model_dump(mode="json", by_alias=True), allow_nan=False)
        copies = 2 if self._chance.random() < self._faults.double else 1
        for _ in range(copies):
            if self._chance.random() >= self._faults.drop:
                wait = self._chance.random() * self._faults.delay
                self._clock.call_later(wait, lambda: self._arrive(text))

    def _arrive(self, text: str) -> None:
        if self.connected:
            self._deliver(json.loads(text))
