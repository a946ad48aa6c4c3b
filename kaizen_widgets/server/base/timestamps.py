"""Times as the API writes them: ISO 8601 in UTC with microseconds, so that text sorts like time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kaizen_widgets.core.clock import Clock


def stamp(clock: Clock) -> str:
    """Return the time now."""
    return _text(clock.now())


def stamp_after(clock: Clock, earlier: str) -> str:
    """Return the time now, or just after ``earlier`` if the clock has not moved past it.

    So ``updated_at`` moves with every change, also when two fall into one tick or the machine's clock
    was set back.
    """
    return _text(max(clock.now(), datetime.fromisoformat(earlier) + timedelta(microseconds=1)))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
