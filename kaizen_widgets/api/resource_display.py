"""Resources and metrics as a cell displays them: tables of what the server has now."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kaizen_widgets.displays.formats import (
    format_money,
    format_number,
    format_percent,
    format_seconds,
)
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.grid_table import read_field
from kaizen_widgets.displays.html_table import html_table
from kaizen_widgets.displays.line_plot import PlotSeries
from kaizen_widgets.displays.markup import BAD
from kaizen_widgets.displays.plots import LinePlot
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.query.query_display import query_bundle, rows_of

if TYPE_CHECKING:
    from kaizen_widgets.api.metrics import MetricPoint, MetricSummary
    from kaizen_widgets.query import LiveQuery

MAX_NAMES: Final = 10
_PLOTS: Final = {
    "latency": ("Time to answer", "seconds", format_seconds, 1000),
    "tokens": ("Tokens", "tokens", format_number, 1),
    "errors": ("Failed calls", "calls", format_number, 1),
    "cost": ("Cost", "dollars", format_money, 1),
}
"""Title, unit, format and divisor of each metric."""


def resource_bundle(resource: object, make_query: Callable[[], LiveQuery]) -> dict[str, Any]:
    """Return a resource as a MIME bundle: a table of its items; its text has their names.

    Args:
        resource: The resource.
        make_query: Returns the query of its items.
    """
    name = type(resource).__name__
    try:
        query = make_query()
    except KaizenError as error:
        text = str(error)
        shown = f'<p><b>{name}</b> <span style="color: {BAD}">{html.escape(text)}</span></p>'
        return {"text/html": shown, "text/plain": f"{name}: {text}"}
    bundle = query_bundle(query, name)
    result = query.result
    if not result.has_data:
        text = f"{result.error}" if result.is_error else result.fetch_status
        return {**bundle, "text/plain": f"{name}: {text}"}
    rows = rows_of(result.data)
    if rows is None:
        return {**bundle, "text/plain": f"{name}: {_name_of(result.data)}"}
    names = ", ".join(_name_of(row) for row in rows[:MAX_NAMES]) or "none yet"
    more = f" and {len(rows) - MAX_NAMES:,} more" if len(rows) > MAX_NAMES else ""
    return {**bundle, "text/plain": f"{name}: {names}{more}"}


def metrics_bundle(
    summary: Callable[[], LiveQuery], latency: Callable[[], LiveQuery]
) -> dict[str, Any]:
    """Return the metrics of the last 24 hours as a MIME bundle: figures, and the time to answer as a plot.

    Args:
        summary: Returns the query of the summary.
        latency: Returns the query of the time to answer over time.
    """
    figures, points = summary(), latency()
    bundle = query_bundle(figures, "Metrics")
    query_bundle(points)  # Waits for it.
    if not figures.result.has_data:
        return {**bundle, "text/plain": "Metrics"}
    table = summary_html(figures.result.data)
    plot = series_plot("latency", points.result.data).svg if points.result.has_data else ""
    calls = figures.result.data.total_executions
    text = f"Metrics: {format_number(calls)} {'call' if calls == 1 else 'calls'} in 24 hours"
    return {"text/html": f"{table}{plot}", "text/plain": text}


def summary_bundle(summary: MetricSummary) -> dict[str, Any]:
    """Return a summary as a MIME bundle: its figures with their units."""
    return {"text/html": summary_html(summary)}


def summary_html(summary: MetricSummary) -> str:
    """Return a summary as a table of figures with their units."""
    calls = summary.total_executions
    figures = {
        "Calls": format_number(calls),
        "Average time": format_seconds(summary.avg_latency_ms / 1000) if calls else "–",
        "Failed": format_percent(summary.error_rate / 100) if calls else "–",
        "Cost": format_money(summary.total_cost_usd),
        "Tokens": format_number(summary.total_tokens),
    }
    columns = [Column(name, name, "text", align="right") for name in figures]
    return html_table([figures], columns, caption="Metrics")


def series_display(metric: str) -> Callable[[Any], dict[str, Any]]:
    """Return the function that shows the points of a metric as a plot."""
    return partial(_series_bundle, metric)


def series_plot(metric: str, points: Sequence[MetricPoint]) -> LinePlot:
    """Return the plot of a metric; no call is no time to answer, rather than zero."""
    title, unit, format_value, divisor = _PLOTS[metric]
    values = [
        (
            point.timestamp,
            None if metric == "latency" and not point.count else point.value / divisor,
        )
        for point in points
    ]
    series = PlotSeries("average" if metric == "latency" else unit, values)
    return LinePlot([series], label=title, unit=unit, format_value=format_value)


def _series_bundle(metric: str, points: Sequence[MetricPoint]) -> dict[str, Any]:
    bundle = series_plot(metric, points)._repr_mimebundle_()
    return {name: shown for name, shown in bundle.items() if name != "text/plain"}


def _name_of(record: Any) -> str:
    for field in ("name", "email", "id"):
        value = read_field(record, field)
        if isinstance(value, str) and value:
            return value[:80]
    return type(record).__name__
