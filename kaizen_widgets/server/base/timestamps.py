"""Times as the API writes them: ISO 8601 in UTC with microseconds, so that text sorts like time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kaizen_widgets.core.clock import Clock


def timestamp(clock: Clock) -> str:
    """Return the current time."""
    return timestamp_of(clock.now())


def timestamp_after(clock: Clock, earlier: str) -> str:
    """Return the current time, or one microsecond after ``earlier`` if the clock has not passed it.

    So ``updated_at`` moves with every change, even when two changes share a clock tick or the machine's
    clock was set back.
    """
    return timestamp_of(
        max(clock.now(), datetime.fromisoformat(earlier) + timedelta(microseconds=1))
    )


def timestamp_of(moment: datetime) -> str:
    """Return an aware time as the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
