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
        (
            "Average time",
            _milliseconds(now.avg_latency_ms) if calls else "–",
            *_slower(now, before),
        ),
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
    return f'<div class="kaizen-cards" role="list">{"".join(_card(*card) for card in cards)}</div>'


def metric_plot(points: Sequence[MetricPoint], shown: Shown) -> str:
    """Return the plot of a metric over time; no call is no time to answer, rather than zero."""
    values = [
        (
            point.timestamp,
            point.count
            if shown == "calls"
            else None
            if shown == "latency" and not point.count
            else point.value,
        )
        for point in points
    ]
    name = {"latency": "average", "calls": "calls", "errors": "failed"}.get(shown, shown)
    notes = [
        f"{format_number(point.count)} {'call' if point.count == 1 else 'calls'}"
        for point in points
    ]
    return line_plot(
        [PlotSeries(name, values)],
        label=TITLES[shown],
        format_value={"latency": _milliseconds, "cost": format_money}.get(shown, format_number),
        notes=[] if shown == "calls" else notes,
    )


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


def _slower(now: MetricSummary, before: MetricSummary | None) -> tuple[str, str]:
    if before is None or not before.total_executions or not now.total_executions:
        return "", ""
    difference = now.avg_latency_ms - before.avg_latency_ms
    if abs(difference) < 0.02 * before.avg_latency_ms or abs(difference) < 1:
        return "as before", ""
    is_slower = difference > 0
    text = f"{_milliseconds(abs(difference))} {'slower' if is_slower else 'faster'}"
    # A fifth slower is worth a color.
    return text, "warn" if difference > 0.2 * before.avg_latency_ms else ""


def _milliseconds(value: float) -> str:
    return format_seconds(value / 1000)


def _cut(text: str, limit: int = 120) -> str:
    return html.escape(text if len(text) <= limit else f"{text[: limit - 1]}…", quote=True)
