"""Rate limits for signing in: attempts per minute, by route and client address.

Attempts are counted in this process's memory: a restart forgets them, which costs a guesser more time than
it saves.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.server.base.client_address import client_network

WINDOW = 60.0
"""Seconds in which attempts are counted together."""
MAX_ADDRESSES = 10_000
"""How many addresses are remembered; the one not seen for longest is forgotten first."""


@dataclass(frozen=True)
class SignInLimits:
    """Attempts per minute from one address; the defaults are the public server's."""

    login: int = 10
    register: int = 5
    refresh: int = 30


@dataclass(frozen=True)
class Attempts:
    """The attempts of one address in the current window.

    Attributes:
        count: How many there were, this one included.
        seconds_left: Seconds until the window ends.
    """

    count: int
    seconds_left: float

    @property
    def wait(self) -> int:
        """Whole seconds until the window ends, at least 1."""
        return max(math.ceil(self.seconds_left), 1)


class AttemptCounter:
    """Counts attempts in windows of one minute; a window begins with its first attempt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def count(self, route: str, address: str, clock: Clock) -> Attempts:
        """Count an attempt and return the attempts in its window."""
        now, key = clock.monotonic(), (route, client_network(address))
        with self._lock:
            began, tries = self._windows.pop(key, (now, 0))
            if now - began >= WINDOW:
                began, tries = now, 0
            self._windows[key] = began, tries + 1
            if len(self._windows) > MAX_ADDRESSES:
                self._windows.popitem(last=False)
        return Attempts(tries + 1, began + WINDOW - now)
