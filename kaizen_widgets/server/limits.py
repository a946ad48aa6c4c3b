"""How often somebody may try to sign in: so many tries a minute for each route and address.

Counted in this process's memory: a restart forgets, which costs a guesser more than it gives.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.server.errors import ApiError

WINDOW = 60.0
MOST_ADDRESSES = 10_000


@dataclass(frozen=True)
class SignInLimits:
    """Tries a minute from one address; the public server's by default."""

    login: int = 10
    register: int = 5
    refresh: int = 30


class Counter:
    """Counts tries in windows of a minute, each beginning with its first try."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def count(self, route: str, address: str, clock: Clock) -> tuple[int, float]:
        """Count a try; return how many there were in its window, and the seconds it still lasts."""
        now, key = clock.monotonic(), (route, address)
        with self._lock:
            began, tries = self._windows.pop(key, (now, 0))
            if now - began >= WINDOW:
                began, tries = now, 0
            self._windows[key] = began, tries + 1
            if len(self._windows) > MOST_ADDRESSES:
                self._windows.popitem(last=False)
        return tries + 1, began + WINDOW - now


def limited(route: str) -> Any:
    """Return the dependency that refuses a try too many with 429 and says how long to wait."""

    async def check(request: Request, response: Response) -> None:
        studio = request.app.state.services
        most: int = getattr(studio.limits, route)
        address = request.client.host if request.client else ""
        tries, left = studio.tries.count(route, address, studio.clock)
        wait = str(max(math.ceil(left), 1))
        facts = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(most - tries, 0)),
            "X-RateLimit-Reset": wait,
        }
        if tries > most:
            raise ApiError(
                429,
                f"Too many tries: wait {wait} seconds and try again",
                headers=facts | {"Retry-After": wait},
            )
        response.headers.update(facts)

    return Depends(check)


LoginTries = Annotated[None, limited("login")]
RegisterTries = Annotated[None, limited("register")]
RefreshTries = Annotated[None, limited("refresh")]
