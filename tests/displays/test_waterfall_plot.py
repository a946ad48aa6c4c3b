"""The bars of a run as Vega-Lite v5 with an SVG beside it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from IPython.core.formatters import format_display_data

from kaizen_widgets.displays.plots import VEGA_LITE
from kaizen_widgets.displays.waterfall_plot import MAX_BARS, WaterfallBar, WaterfallPlot

BARS = [
    WaterfallBar("<Ann>", "completed", 0.0, 1.0),
    WaterfallBar("Bob", "waiting", 1.0, 3.0),
    WaterfallBar("Bob", "failed", 3.0, 4.0),
]


def test_a_waterfall_is_a_chart_of_version_5_and_a_picture():
    data, _ = format_display_data(WaterfallPlot(BARS))
    assert set(data) == {VEGA_LITE, "image/svg+xml", "text/plain"}
    assert data["text/plain"] == "WaterfallPlot(2 nodes)"
    chart = json.loads(json.dumps(data[VEGA_LITE], allow_nan=False))
    assert chart["$schema"].endswith("/v5.json")
    assert [row["time"] for row in chart["data"]["values"]] == ["1.00 s", "2.00 s", "1.00 s"]
    assert chart["encoding"]["color"]["scale"]["domain"] == ["completed", "failed", "waiting"]
    picture = ET.fromstring(data["image/svg+xml"])
    bars = [each for each in picture if each.tag.endswith("rect")]
    widths = [float(bar.get("width", "0")) for bar in bars]
    assert widths[1] == widths[0] * 2 == widths[2] * 2
    assert bars[1].get("y") == bars[2].get("y") != bars[0].get("y")
    assert "<Ann>" not in data["image/svg+xml"]


def test_a_run_without_bars_has_an_empty_picture():
    plot = WaterfallPlot([])
    ET.fromstring(plot.svg)
    assert plot.spec["data"]["values"] == []


def test_a_long_run_draws_its_first_bars():
    plot = WaterfallPlot([WaterfallBar(str(n), "completed", 0.0, 0.0) for n in range(1000)])
    assert len(plot.spec["data"]["values"]) == MAX_BARS
    assert plot.svg.count("<rect") == MAX_BARS
