"""Draws lines over time as one self-contained SVG.

Put into a page, it takes the width of its place, and pointing at a moment shows its values; its text keeps
its size. As a picture (with ``width``) it has the same lines. Colors are the studio's tokens, with a
fallback for places without them. Needs no JavaScript: what appears at the pointer is a CSS rule.
"""

from __future__ import annotations

import html
import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

LEFT, RIGHT, TOP, BOTTOM = 52, 20, 10, 24
"""Pixels around the lines: for the labels of the axes."""
MAX_POINTS = 1000
"""Points that are drawn of a series; of more, every n-th one."""
MAX_NAME = 40
MAX_VALUE = 1e15
"""Values at least as large are not drawn."""
COLORS = (
    "var(--kz-accent, #2463d8)",
    "var(--kz-muted, #5c626e)",
    "var(--kz-warn, #8a5800)",
    "var(--kz-good, #1b7f3b)",
    "var(--kz-bad, #c8382f)",
)
_GRID = "var(--kz-line-soft, rgb(128 128 128 / 0.25))"
_MUTED = "var(--kz-muted, #6b6b6b)"
_STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
"""Seconds between two labels of the time axis."""
_TEXT = 'font-size="11" font-family="var(--kz-font, system-ui, sans-serif)"'
_STYLE = """<style>
.kz-plot .kz-tip { visibility: hidden; pointer-events: none }
.kz-plot .kz-slot:is(:hover, :focus) > .kz-tip { visibility: visible }
.kz-plot .kz-slot { outline: none }
.kz-plot text { font-variant-numeric: tabular-nums }
</style>"""


@dataclass(frozen=True)
class PlotSeries:
    """One line of a plot.

    Attributes:
        name: Its name in the legend and at the pointer.
        points: Moments (with a time zone) with their values, oldest first; a missing value interrupts the
            line.
        is_dashed: Whether the line is dashed, without a ground below it.
    """

    name: str
    points: Sequence[tuple[datetime, float | None]]
    is_dashed: bool = False


def line_plot(
    series: Sequence[PlotSeries],
    *,
    label: str,
    format_value: Callable[[float], str] = lambda value: f"{value:g}",
    notes: Sequence[str] = (),
    height: int = 200,
    width: int | None = None,
) -> str:
    """Return an SVG with a line for each series, and the values of each moment at the pointer.

    Args:
        series: The lines; their colors are those of `COLORS`, in this order. At most `MAX_POINTS` are drawn.
        label: What is shown, for screen readers.
        format_value: Returns the text of a value, with its unit.
        notes: What is added to the time at the pointer, for each point of the first series.
        height: Height in pixels.
        width: Width in pixels, for a picture; by default that of its place.
    """
    series = [_thinned(each) for each in series]
    moments = sorted({moment for each in series for moment, _ in each.points})
    values = [v for each in series for _, v in each.points if _is_drawn(v)]
    name = html.escape(f"{label}: {_summary(series, format_value)}", quote=True)
    facts = f'xmlns="http://www.w3.org/2000/svg" class="kz-plot" role="img" aria-label="{name}"'
    place = f'width="{width or "100%"}" height="{height}"'
    if not moments or not values:
        nothing = f'<text x="50%" y="50%" text-anchor="middle" fill="{_MUTED}" {_TEXT}>'
        return f"<svg {facts} {place}>{nothing}No values in this time.</text></svg>"
    scale = _Scale(moments, values, height - TOP - BOTTOM)
    body = "".join(
        (
            _STYLE,
            _value_axis(scale, format_value),
            _time_axis(scale, moments),
            *(_line(each, scale, COLORS[i % len(COLORS)]) for i, each in enumerate(series)),
            _slots(series, moments, scale, format_value, notes),
        )
    )
    # Percentages are those of the lines' place: in a page the labels are in the margin around it, in a
    # picture the place is an svg inside.
    if width is None:
        margin = f"margin: {TOP}px {RIGHT}px {BOTTOM}px {LEFT}px"
        style = f"display: block; overflow: visible; width: calc(100% - {LEFT + RIGHT}px); {margin}"
        return f'<svg {facts} height="{scale.height}" style="{style}">{body}</svg>'
    inner = f'x="{LEFT}" y="{TOP}" width="{width - LEFT - RIGHT}" height="{scale.height}"'
    return f'<svg {facts} {place}><svg {inner} style="overflow: visible">{body}</svg></svg>'


class _Scale:
    """Positions of moments (percent of the width) and of values (pixels from the top)."""

    def __init__(self, moments: Sequence[datetime], values: Sequence[float], height: int) -> None:
        self.first, self.last = moments[0], moments[-1]
        self.height = height
        low, high = min(0.0, *values), max(0.0, *values)
        self.ticks = _ticks(low, high)
        self.low, self.high = self.ticks[0], self.ticks[-1]

    def x(self, moment: datetime) -> float:
        length = (self.last - self.first).total_seconds()
        return 100 * (moment - self.first).total_seconds() / length if length else 50.0

    def y(self, value: float) -> float:
        return self.height * (1 - (value - self.low) / (self.high - self.low))


def _ticks(low: float, high: float) -> list[float]:
    """Return three to six round values that include ``low`` and ``high``."""
    span = (high - low) or abs(high) or 1.0
    rough = span / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * n for n in (1, 2, 2.5, 5) if power * n >= rough), power * 10)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * index for index in range(first, max(last, first + 1) + 1)]


def _value_axis(scale: _Scale, format_value: Callable[[float], str]) -> str:
    parts = []
    for value in scale.ticks:
        y = f"{scale.y(value):.1f}"
        parts.append(
            f'<line x1="0" x2="100%" y1="{y}" y2="{y}" stroke="{_GRID}"/>'
            f'<text x="-8" y="{y}" dy="4" text-anchor="end" fill="{_MUTED}" {_TEXT}>'
            f"{html.escape(_without_zeros(format_value(value)))}</text>"
        )
    return "".join(parts)


def _time_axis(scale: _Scale, moments: Sequence[datetime]) -> str:
    length = (scale.last - scale.first).total_seconds()
    step = next((step for step in _STEPS if length / step <= 6), math.ceil(length / 6 or 1))
    in_hours = step < 86_400
    start = scale.first.astimezone()
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    skipped = math.ceil((start - midnight).total_seconds() / step)
    labels: list[datetime] = []
    moment = midnight + timedelta(seconds=step * skipped)
    while moment <= scale.last and length:
        labels.append(moment)
        moment += timedelta(seconds=step)
    return "".join(
        f'<text x="{scale.x(at):.2f}%" y="{scale.height + 17}" text-anchor="middle" '
        f'fill="{_MUTED}" {_TEXT}>{_clock(at) if in_hours else _day(at)}</text>'
        for at in labels or [moments[0]]
    )


def _line(series: PlotSeries, scale: _Scale, color: str) -> str:
    runs: list[list[tuple[float, float]]] = [[]]
    for moment, value in series.points:
        if not _is_drawn(value):
            runs.append([])
        else:
            runs[-1].append((scale.x(moment), scale.y(value)))
    runs = [run for run in runs if run]
    dashes = ' stroke-dasharray="4 3"' if series.is_dashed else ""
    line = " ".join("M" + " L".join(f"{x:.2f} {y:.1f}" for x, y in run) for run in runs)
    base = f"{scale.y(0):.1f}"
    ground = (
        ""
        if series.is_dashed
        else " ".join(
            f"M{run[0][0]:.2f} {base} L"
            + " L".join(f"{x:.2f} {y:.1f}" for x, y in run)
            + f" L{run[-1][0]:.2f} {base} Z"
            for run in runs
        )
    )
    shade = f'<path d="{ground}" fill="{color}" fill-opacity="0.1"/>' if ground else ""
    dots = "".join(
        f'<circle cx="{run[0][0]:.2f}%" cy="{run[0][1]:.1f}" r="2.5" fill="{color}"/>'
        for run in runs
        if len(run) == 1
    )
    # Stretched to the width of its place; the stroke keeps its width.
    return (
        f'<svg width="100%" height="{scale.height}" viewBox="0 0 100 {scale.height}" '
        f'preserveAspectRatio="none" style="overflow: visible">{shade}<path d="{line}" fill="none" '
        f'stroke="{color}" stroke-width="{1.5 if series.is_dashed else 2}"{dashes} '
        f'stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>{dots}'
    )


def _slots(
    series: Sequence[PlotSeries],
    moments: Sequence[datetime],
    scale: _Scale,
    format_value: Callable[[float], str],
    notes: Sequence[str],
) -> str:
    """Return a place to point at for each moment, with what is shown there."""
    by_moment = [dict(each.points) for each in series]
    note_of = {moment: note for (moment, _), note in zip(series[0].points, notes, strict=False)}
    is_long = (scale.last - scale.first).total_seconds() > 2 * 86_400
    places = [scale.x(moment) for moment in moments]
    edges = [0.0, *((a + b) / 2 for a, b in itertools.pairwise(places)), 100.0]
    parts = []
    for index, moment in enumerate(moments):
        time = _day(moment) if is_long else _clock(moment)
        found = [
            (each.name, value, COLORS[number % len(COLORS)])
            for number, each in enumerate(series)
            if _is_drawn(value := by_moment[number].get(moment))
        ]
        head = f"{time}, {note_of[moment]}" if note_of.get(moment) else time
        rows = [f"{name} {format_value(value)}" for name, value, _ in found]
        parts.append(
            f'<g class="kz-slot"><rect x="{edges[index]:.2f}%" y="{-TOP}" '
            f'width="{edges[index + 1] - edges[index]:.2f}%" height="{scale.height + TOP}" '
            f'fill="transparent"/>'
            + _tip(places[index], head, rows, [scale.y(v) for _, v, _ in found], scale, found)
            + "</g>"
        )
    return "".join(parts)


def _tip(
    x: float,
    head: str,
    rows: Sequence[str],
    heights: Sequence[float],
    scale: _Scale,
    found: Sequence[tuple[str, float, str]],
) -> str:
    # Room for wide fonts; the rows are semibold.
    width = 20 + max(7 * len(head), *(8 * len(row) for row in rows), 40)
    height = 10 + 17 * (1 + len(rows))
    left = -width - 10 if x > 55 else 10
    dots = "".join(
        f'<circle cx="0" cy="{y:.1f}" r="3.5" fill="{color}" stroke="var(--kz-card, #fff)" '
        'stroke-width="1.5"/>'
        for y, (_, _, color) in zip(heights, found, strict=True)
    )
    lines = "".join(
        f'<text x="{left + 10:.0f}" y="{17 + 17 * number}" font-size="12" '
        f'font-weight="{600 if number else 400}" '
        f'fill="{"var(--kz-text, #16181d)" if number else _MUTED}" '
        f'font-family="var(--kz-font, system-ui, sans-serif)">{html.escape(text)}</text>'
        for number, text in enumerate((head, *rows))
    )
    return (
        f'<svg class="kz-tip" x="{x:.2f}%" y="0" style="overflow: visible">'
        f'<line y1="0" y2="{scale.height}" stroke="{_MUTED}"/>{dots}'
        f'<rect x="{left:.0f}" y="0" width="{width:.0f}" height="{height}" rx="6" '
        f'fill="var(--kz-float, #fff)" stroke="var(--kz-line, #dfe2e7)"/>{lines}</svg>'
    )


def _without_zeros(text: str) -> str:
    """Return a label without zeros at the end of its decimals: ``2.00 s`` is ``2 s``."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda found: found[1].rstrip("."), text)


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M}"


def _day(moment: datetime) -> str:
    here = moment.astimezone()
    return f"{here.day} {here:%b}"


def _is_drawn(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value) and abs(value) < MAX_VALUE


def _thinned(series: PlotSeries) -> PlotSeries:
    step = math.ceil(len(series.points) / MAX_POINTS)
    name = series.name if len(series.name) <= MAX_NAME else f"{series.name[: MAX_NAME - 1]}…"
    return PlotSeries(name, series.points[:: max(step, 1)], series.is_dashed)


def _summary(series: Sequence[PlotSeries], format_value: Callable[[float], str]) -> str:
    """Return the range and the last value of each series in a sentence."""
    parts = []
    for each in series:
        values = [v for _, v in each.points if _is_drawn(v)]
        if values:
            low, high, last = map(format_value, (min(values), max(values), values[-1]))
            parts.append(f"{each.name} from {low} to {high}, last {last}")
    return "; ".join(parts) or "no values in this time"
