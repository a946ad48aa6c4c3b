"""Plots in a cell: a Vega-Lite v5 chart with the same lines as an SVG."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

from IPython.core.formatters import format_display_data

from kaizen_widgets.displays.line_plot import PlotSeries
from kaizen_widgets.displays.plots import MAX_POINTS, VEGA_LITE, LinePlot

START = datetime(2026, 1, 1, tzinfo=UTC)


def series(count: int, name: str = "median", **options: bool) -> PlotSeries:
    points = [(START + timedelta(minutes=n), None if n == 2 else n / 10) for n in range(count)]
    return PlotSeries(name, points, **options)


def test_a_plot_is_a_chart_of_version_5_and_a_picture():
    plot = LinePlot([series(10), series(10, "<95th>", is_dashed=True)], label="Time", unit="s")
    data, _ = format_display_data(plot)
    assert set(data) == {VEGA_LITE, "image/svg+xml", "text/plain"}
    chart = json.loads(json.dumps(data[VEGA_LITE], allow_nan=False))
    assert chart["$schema"].endswith("/v5.json")
    assert len(chart["data"]["values"]) == 20
    assert chart["data"]["values"][2]["value"] is None
    assert chart["encoding"]["strokeDash"]["scale"]["range"] == [[1, 0], [4, 4]]
    assert ET.fromstring(data["image/svg+xml"]).tag.endswith("svg")
    assert "<95th>" not in data["image/svg+xml"]


def test_long_lines_are_thinned():
    chart = LinePlot([series(10_500)], label="Time").spec
    assert MAX_POINTS / 2 < len(chart["data"]["values"]) <= MAX_POINTS
