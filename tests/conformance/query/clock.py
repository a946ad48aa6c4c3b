"""A clock of whole virtual milliseconds, so that timers due at the same instant fire together."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from kaizen_widgets.testing.fake_clock import FakeClock

EPOCH = 1_700_000_000


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class MillisecondClock(FakeClock):
    """A clock at 0 ms, moved by `advance`."""

    def __init__(self) -> None:
        super().__init__(datetime.fromtimestamp(EPOCH, UTC))
        self.ms = 0
        self._due: list[tuple[int, int, _Timer]] = []
        self._number = itertools.count()

    def monotonic(self) -> float:
        return self.ms / 1000

    def now(self) -> datetime:
        return datetime.fromtimestamp(EPOCH, UTC) + timedelta(milliseconds=self.ms)

    def call_later(self, delay: float, callback: Callable[[], object]) -> _Timer:  # type: ignore[override]
        timer = _Timer(callback)
        due = self.ms + max(round(delay * 1000), 0)
        heapq.heappush(self._due, (due, next(self._number), timer))
        return timer

    @property
    def next_ms(self) -> int | None:
        while self._due and self._due[0][2].callback is None:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    @property
    def next_due(self) -> float | None:
        ms = self.next_ms
        return None if ms is None else ms / 1000

    def advance(self, seconds: float) -> None:
        self.advance_to(self.ms + round(seconds * 1000))

    def advance_to(self, target: int) -> None:
        while (due := self.next_ms) is not None and due <= target:
            self.ms = max(self.ms, due)
            callback = heapq.heappop(self._due)[2].callback
            assert callback is not None
            callback()
        self.ms = target
