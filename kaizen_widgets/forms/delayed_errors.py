"""Show errors after a delay, so that none appears while a word is still being typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.forms.paths import is_within
from kaizen_widgets.forms.row_moves import RowMove

Show = Callable[[str], None]


@dataclass
class _DelayedError:
    name: str
    show: Show
    timer: Timer | None = None


class DelayedErrors:
    """At most one delayed error for each field.

    The caller holds the form's lock; ``show(name)`` is called under it too.

    Args:
        clock: Runs the timers.
        delay: Seconds to wait; 0 shows errors immediately.
        when_free: Makes a call as an operation of the form, without waiting for its lock.
    """

    def __init__(
        self, clock: Clock, delay: float, when_free: Callable[[Callable[[], None]], object]
    ) -> None:
        self.delay = delay
        self._clock = clock
        self._when_free = when_free
        self._entries: dict[str, _DelayedError] = {}

    def add(self, name: str, show: Show) -> None:
        """Show an error after the delay; replaces an earlier one of the same field."""
        self.cancel(name)
        entry = self._entries[name] = _DelayedError(name, show)
        entry.timer = self._clock.call_later(
            self.delay, lambda: self._when_free(lambda: self._show(entry))
        )

    def flush(self, name: str) -> bool:
        """Show the delayed error of a field now; return whether there is one.

        An error that was shown remains here until it is canceled: when such a field is left again, its
        next error is shown without delay.
        """
        entry = self._entries.get(name)
        if entry is None:
            return False
        if entry.timer is not None:
            entry.timer.cancel()
        self._show(entry)
        return True

    def cancel(self, name: str) -> None:
        """Drop the delayed error of this one field."""
        entry = self._entries.pop(name, None)
        if entry is not None and entry.timer is not None:
            entry.timer.cancel()

    def cancel_all(self, names: Iterable[str] = ("",)) -> None:
        """Drop the delayed errors at or below any of these names; of all fields by default."""
        if self._entries:
            for known in [n for n in self._entries if any(is_within(n, top) for top in names)]:
                self.cancel(known)

    def move(self, move: RowMove) -> None:
        """Move delayed errors along with their rows."""
        self._entries = move.keys(self._entries)
        for name, entry in self._entries.items():
            entry.name = name

    def _show(self, entry: _DelayedError) -> None:
        if self._entries.get(entry.name) is entry:
            entry.timer = None
            entry.show(entry.name)
