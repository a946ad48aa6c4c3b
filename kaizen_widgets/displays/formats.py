"""Numbers, durations, amounts and times as short text; `js/src/grid/formats.ts` formats the same way.

Rounded to be read, not to be computed with: show the exact value in a tooltip where it matters.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final, Literal

NOTHING: Final = "–"
"""Shown for a missing number."""
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_STEPS: Final = (
    (60, 3600, "min", "min"),
    (3600, 86_400, "hour", "hours"),
    (86_400, 14 * 86_400, "day", "days"),
    (7 * 86_400, 60 * 86_400, "week", "weeks"),
    (30 * 86_400, 365 * 86_400, "month", "months"),
    (365 * 86_400, math.inf, "year", "years"),
)


def format_number(value: float | None) -> str:
    """Return a number with thousands separators and, below 1,000, three significant digits."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == int(value) or abs(value) >= 1000:
        return f"{_round(value):,}"
    if abs(value) < 1e-4:
        return f"{value:.2e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return _without_zeros(f"{value:.{digits}f}")


def format_money(value: float | None) -> str:
    """Return an amount in dollars: cents, and two significant digits below one cent."""
    if value is None or not math.isfinite(value):
        return NOTHING
    sign, amount = ("-" if value < 0 else ""), abs(value)
    if amount == 0:
        return "$0"
    if amount < 0.0001:
        return f"{sign}<$0.0001"
    if amount < 0.01:
        digits = 1 - math.floor(math.log10(amount))
        return f"{sign}${_without_zeros(f'{amount:.{digits}f}')}"
    return f"{sign}${amount:,.2f}"


def format_seconds(value: float | None) -> str:
    """Return a duration given in seconds, such as ``310 ms``, ``1.24 s`` or ``2 min 05 s``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value < 0.9995:
        return f"{max(0, _round(value * 1000))} ms"
    if value < 9.995:
        return f"{value:.2f} s"
    if value < 59.95:
        return f"{value:.1f} s"
    seconds = _round(value)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def format_difference(value: float | None, unit: Literal["s", "$"]) -> str:
    """Return a difference of seconds or dollars with its sign, such as ``+310 ms``; empty if not known."""
    if value is None:
        return ""
    text = (format_seconds if unit == "s" else format_money)(abs(value))
    return f"{'-' if value < 0 else '+'}{text}"


def format_percent(value: float | None) -> str:
    """Return a fraction of 0 to 1 in percent, such as ``0.6 %``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    percent = value * 100
    return (
        f"{_round(percent):,} %"
        if abs(percent) >= 9.95
        else f"{_without_zeros(f'{percent:.1f}')} %"
    )


def format_bytes(value: float | None) -> str:
    """Return a number of bytes, such as ``1.2 MB`` (of 1,000 kB)."""
    if value is None or not math.isfinite(value):
        return NOTHING
    unit = 0
    while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    text = f"{value:.0f}" if unit == 0 or abs(value) >= 9.95 else _without_zeros(f"{value:.1f}")
    return f"{text} {_UNITS[unit]}"


def format_time_ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago a time was, or how far it is ahead; a time without an offset is UTC."""
    if moment is None:
        return NOTHING
    seconds = (_utc(now or datetime.now(UTC)) - _utc(moment)).total_seconds()
    distance = abs(seconds)
    if distance < 60:
        return "just now" if seconds >= 0 else "in a moment"
    if 86_400 <= distance < 2 * 86_400:
        return "yesterday" if seconds > 0 else "tomorrow"
    step, _, one, many = next(each for each in _STEPS if distance < each[1])
    count = math.floor(distance / step)
    words = f"{count} {one if count == 1 else many}"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _round(value: float) -> int:
    # Half away from zero, as JavaScript's Math.round does for positive numbers; Python rounds half to even.
    return math.floor(abs(value) + 0.5) * (-1 if value < 0 else 1)


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
