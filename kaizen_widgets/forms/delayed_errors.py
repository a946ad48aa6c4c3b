"""Errors that are shown a while later, so that nobody is told off in the middle of a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.forms.paths import is_within
from kaizen_widgets.forms.row_moves import RowMove

Show = Callable[[str], None]


@dataclass
class _Waiting:
    name: str
    show: Show
    timer: Timer | None = None


class Delays:
    """One clock for each field.

    Whoever calls holds the form's lock; ``show(name)`` is called under it too.

    Args:
        clock: The time.
        delay: Seconds to wait; 0 shows at once.
        under_lock: Makes a call as an operation of its own.
    """

    def __init__(
        self, clock: Clock, delay: float, under_lock: Callable[[Callable[[], None]], None]
    ) -> None:
        self.delay = delay
        self._clock = clock
        self._under_lock = under_lock
        self._waiting: dict[str, _Waiting] = {}

    def wait(self, name: str, show: Show) -> None:
        """Show later; what waited for this name before is replaced."""
        self.cancel(name)
        entry = self._waiting[name] = _Waiting(name, show)
        entry.timer = self._clock.call_later(
            self.delay, lambda: self._under_lock(lambda: self._due(entry))
        )

    def flush(self, name: str) -> bool:
        """Show at once what waits for a name, also once more what was shown; tell whether there was any.

        What was shown stays known until it is cancelled: at the next blur of a field that has been told
        off, a new error need not wait.
        """
        entry = self._waiting.get(name)
        if entry is None:
            return False
        if entry.timer is not None:
            entry.timer.cancel()
        self._due(entry)
        return True

    def cancel(self, name: str) -> None:
        """Never show what waits for this one name."""
        entry = self._waiting.pop(name, None)
        if entry is not None and entry.timer is not None:
            entry.timer.cancel()

    def cancel_all(self, names: Iterable[str] = ("",)) -> None:
        """Never show what waits at or below any of these names."""
        if self._waiting:
            for known in [n for n in self._waiting if any(is_within(n, top) for top in names)]:
                self.cancel(known)

    def move(self, moved: RowMove) -> None:
        """Let what waits follow its row."""
        self._waiting = moved.keys(self._waiting)
        for name, entry in self._waiting.items():
            entry.name = name

    def _due(self, entry: _Waiting) -> None:
        if self._waiting.get(entry.name) is entry:
            entry.timer = None
            entry.show(entry.name)
