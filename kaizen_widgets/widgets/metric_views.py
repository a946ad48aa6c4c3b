"""Metrics as HTML: cards with figures, a plot over time, and the last failures."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kaizen_widgets.api import MetricPoint, MetricSummary
from kaizen_widgets.api.metrics import MetricExecution
from kaizen_widgets.displays.formats import (
    format_money,
    format_number,
    format_percent,
    format_seconds,
    format_time_ago,
)
from kaizen_widgets.displays.line_plot import PlotSeries, line_plot
from kaizen_widgets.displays.markup import MUTED

Shown = Literal["latency", "calls", "errors", "tokens", "cost"]
TITLES: Mapping[Shown, str] = {
    "latency": "Time to answer",
    "calls": "Calls",
    "errors": "Failed calls",
    "tokens": "Tokens",
    "cost": "Cost",
}
"""What can be plotted over time."""
SPANS = {
    "1h": "the hour before",
    "24h": "the day before",
    "7d": "the week before",
    "30d": "the month before",
}
"""What the time before is called."""
METRICS_CSS = """<style>
.kaizen-cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); overflow: hidden;
  border-block: 1px solid var(--kz-line-soft, #e6e6e6) }
.kaizen-card { padding: 8px 12px 10px; min-width: 0; overflow-wrap: anywhere; margin: 0 0 -1px -1px;
  border: solid var(--kz-line-soft, #e6e6e6); border-width: 0 0 1px 1px }
.kaizen-card :is(.kaizen-name, .kaizen-beside) { font-size: 12px; line-height: 16px; min-height: 16px;
  color: var(--kz-muted, #5c626e) }
.kaizen-card .kaizen-figure { font-size: 20px; line-height: 26px; font-weight: 600;
  font-variant-numeric: tabular-nums }
.kaizen-card .kaizen-beside[data-tone="warn"] { color: var(--kz-warn, #8a5800) }
.kaizen-failures { width: 100%; border-collapse: collapse; font-size: 13px; line-height: 20px;
  table-layout: fixed }
.kaizen-failures th { font-size: 11px; font-weight: 500; text-align: left; color: var(--kz-muted, #5c626e);
  padding: 6px 12px; border-bottom: 1px solid var(--kz-line-soft, #e6e6e6) }
.kaizen-failures td { padding: 6px 12px; border-bottom: 1px solid var(--kz-line-soft, #e6e6e6);
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.kaizen-failures :is(th, td):nth-child(n + 3) { text-align: right; font-variant-numeric: tabular-nums;
  color: var(--kz-muted, #5c626e); width: 112px }
.kaizen-failures :is(th, td):nth-child(3) { width: 64px }
.kaizen-failures :is(th, td):nth-child(2) { width: 28%; color: var(--kz-muted, #5c626e) }
</style>"""


_LEGEND = (
    f'<div style="display: flex; gap: 16px; font-size: 12px; color: {MUTED}; padding: 0 12px">'
    '<span><span aria-hidden="true" style="color: var(--kz-accent, #2463d8)">━━</span> median</span>'
    '<span><span aria-hidden="true">╍╍</span> 95th percentile</span></div>'
)


@dataclass(frozen=True)
class Failure:
    """Failed calls of one agent for one reason.

    Attributes:
        reason: What went wrong.
        agent: Name of the agent.
        count: How often.
        last: The last time.
    """

    reason: str
    agent: str
    count: int
    last: datetime


def metric_cards(now: MetricSummary, before: MetricSummary | None, span: str) -> str:
    """Return the figures of a time range as cards.

    Args:
        now: Summary of the range.
        before: Summary of the time before it, which is compared with; None if it is not known.
        span: What the time before is called.
    """
    calls = now.total_executions
    cards = [
        ("Calls", format_number(calls), *_change(calls, before and before.total_executions, span)),
        _time_card(now, before),
        (
            "Failed",
            format_percent(now.error_rate / 100) if calls else "–",
            f"{format_number(now.failure_count)} {'call' if now.failure_count == 1 else 'calls'}",
            "",
        ),
        (
            "Cost",
            format_money(now.total_cost_usd),
            f"{format_money(1000 * now.total_cost_usd / calls)} per 1,000" if calls else "",
            "",
        ),
        (
            "Tokens",
            format_number(now.total_tokens),
            f"{format_number(round(now.total_tokens / calls))} per call" if calls else "",
            "",
        ),
    ]
    if now.p95_latency_ms is not None:
        slow = (_milliseconds(now.p95_latency_ms), "95 % of the calls took less", "")
        cards.insert(2, ("95th percentile", *slow))
    return f'<div class="kaizen-cards" role="list">{"".join(_card(*card) for card in cards)}</div>'


def metric_plot(points: Sequence[MetricPoint], shown: Shown) -> str:
    """Return the plot of a metric over time; no call is no time to answer, rather than zero.

    Of the time to answer it shows the median and the 95th percentile, or the average where the server knows
    only that.
    """
    if shown == "latency" and any(point.median_latency_ms is not None for point in points):
        median = [(point.timestamp, point.median_latency_ms) for point in points]
        slow = [(point.timestamp, point.p95_latency_ms) for point in points]
        lines = [PlotSeries("median", median), PlotSeries("95th", slow, is_dashed=True)]
    else:
        name = {"latency": "average", "calls": "calls", "errors": "failed"}.get(shown, shown)
        lines = [PlotSeries(name, [(point.timestamp, _value(point, shown)) for point in points])]
    notes = [
        f"{format_number(point.count)} {'call' if point.count == 1 else 'calls'}"
        for point in points
    ]
    legend = _LEGEND if len(lines) > 1 else ""
    return legend + line_plot(
        lines,
        label=TITLES[shown],
        format_value={"latency": _milliseconds, "cost": format_money}.get(shown, format_number),
        notes=[] if shown == "calls" else notes,
    )


def _value(point: MetricPoint, shown: Shown) -> float | None:
    if shown == "calls":
        return point.count
    return None if shown == "latency" and not point.count else point.value


def failures_of(
    executions: Sequence[MetricExecution], names: Mapping[str, str], since: datetime
) -> list[Failure]:
    """Return why executions failed since a moment, the latest first.

    Args:
        executions: Failed executions, in any order.
        names: Names of agents, by id.
        since: Earlier failures are left out.
    """
    found: dict[tuple[str, str], list[datetime]] = {}
    for each in executions:
        if each.created_at is None or each.created_at < since or each.status == "success":
            continue
        reason = each.error_message or each.error_type or each.status
        agent = names.get(each.agent_id) or each.agent_id[:8]
        found.setdefault((reason, agent), []).append(each.created_at)
    failures = [
        Failure(reason, agent, len(times), max(times)) for (reason, agent), times in found.items()
    ]
    return sorted(failures, key=lambda failure: failure.last, reverse=True)


def failure_table(failures: Sequence[Failure], now: datetime, limit: int = 8) -> str:
    """Return failures as a table, of at most ``limit`` rows; empty without any."""
    if not failures:
        return ""
    rows = "".join(
        f'<tr><td dir="auto" title="{_cut(each.reason, 2000)}">{_cut(each.reason)}</td>'
        f'<td dir="auto" title="{_cut(each.agent, 2000)}">{_cut(each.agent)}</td>'
        f"<td>{format_number(each.count)}</td>"
        f'<td title="{each.last.astimezone():%Y-%m-%d %H:%M:%S}">'
        f"{format_time_ago(each.last, now)}</td></tr>"
        for each in failures[:limit]
    )
    further = len(failures) - limit
    more = f'<p style="color: {MUTED}; margin: 6px 12px">{further} more</p>' if further > 0 else ""
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Last failures", "Agent", "Count", "When")
    )
    table = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    return f'<table class="kaizen-failures">{table}</table>{more}'


def _card(name: str, figure: str, beside: str, tone: str) -> str:
    return (
        f'<div class="kaizen-card" role="listitem"><div class="kaizen-name">{name}</div>'
        f'<div class="kaizen-figure">{html.escape(figure)}</div>'
        f'<div class="kaizen-beside" data-tone="{tone}">{html.escape(beside)}</div></div>'
    )


def _change(now: float, before: float | None, span: str) -> tuple[str, str]:
    if before is None:
        return "", ""
    if not before:
        return (f"none in {span}" if now else ""), ""
    change = now / before - 1
    if abs(change) < 0.005:
        return f"as in {span}", ""
    if change >= 10:
        return f"{format_number(round(now / before))} times {span}", ""
    return f"{format_percent(abs(change))} {'up' if change > 0 else 'down'} on {span}", ""


def _time_card(now: MetricSummary, before: MetricSummary | None) -> tuple[str, str, str, str]:
    if now.median_latency_ms is None:
        earlier = before.avg_latency_ms if before is not None and before.total_executions else None
        title, time = "Average time", now.avg_latency_ms if now.total_executions else None
    else:
        earlier = None if before is None else before.median_latency_ms
        title, time = "Median time", now.median_latency_ms
    figure = "–" if time is None else _milliseconds(time)
    return (title, figure, *_slower(time, earlier))


def _slower(now: float | None, before: float | None) -> tuple[str, str]:
    if now is None or not before:
        return "", ""
    difference = now - before
    if abs(difference) < 0.02 * before or abs(difference) < 1:
        return "as before", ""
    text = f"{_milliseconds(abs(difference))} {'slower' if difference > 0 else 'faster'}"
    # A fifth slower is worth a color.
    return text, "warn" if difference > 0.2 * before else ""


def _milliseconds(value: float) -> str:
    return format_seconds(value / 1000)


def _cut(text: str, limit: int = 120) -> str:
    return html.escape(text if len(text) <= limit else f"{text[: limit - 1]}…", quote=True)
