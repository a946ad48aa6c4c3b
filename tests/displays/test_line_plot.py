"""Line plots as one SVG."""

import math
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from kaizen_widgets.displays.line_plot import MAX_POINTS, PlotSeries, line_plot

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def hours(*values):
    return [(START + timedelta(hours=index), value) for index, value in enumerate(values)]


def draw(*series, **options):
    return ElementTree.fromstring(line_plot(series, label="Time to answer", **options))


def texts(svg):
    return [text.text for text in svg.iter(f"{SVG}text")]


def test_plot_shows_its_axes_and_the_values_of_each_moment():
    svg = draw(
        PlotSeries("average", hours(500, 1950, 900)),
        format_value=lambda value: f"{value:g} ms",
        notes=["3 calls", "41 calls", "5 calls"],
    )
    slots = [each for each in svg.iter(f"{SVG}g") if each.get("class") == "kz-slot"]
    assert len(slots) == 3
    time = f"{(START + timedelta(hours=1)).astimezone():%H:%M}"
    assert texts(slots[1]) == [f"{time}, 41 calls", "average 1950 ms"]
    assert "2000 ms" in texts(svg)
    assert svg.get("aria-label") == "Time to answer: average from 500 ms to 1950 ms, last 900 ms"


def test_missing_value_interrupts_the_line_and_a_single_value_is_a_dot():
    svg = draw(PlotSeries("a", hours(1, 2, None, 4, math.nan, 5, 6)))
    line = next(p.get("d") for p in svg.iter(f"{SVG}path") if p.get("fill") == "none")
    assert line is not None
    assert line.count("M") == 3
    dots = [each for each in svg.iter(f"{SVG}circle") if each.get("r") == "2.5"]
    assert len(dots) == 1


def test_values_of_zero_stay_on_the_base_line():
    svg = draw(PlotSeries("errors", hours(0, 0, 0)), height=134)
    line = next(p.get("d") for p in svg.iter(f"{SVG}path") if p.get("fill") == "none")
    assert line == "M0.00 100.0 L50.00 100.0 L100.00 100.0"


@pytest.mark.parametrize("points", [[], hours(None), hours(math.inf)])
def test_plot_without_values_says_so(points):
    assert texts(draw(PlotSeries("a", points))) == ["No values in this time."]


def test_names_are_escaped_and_cut():
    svg = line_plot([PlotSeries("<b>" + "x" * 5000, hours(1, 2))], label='"><script>')
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert len(svg) < 5000


def test_long_series_are_thinned():
    svg = draw(PlotSeries("a", hours(*range(MAX_POINTS * 3))))
    slots = [each for each in svg.iter(f"{SVG}g") if each.get("class") == "kz-slot"]
    assert len(slots) == MAX_POINTS


def test_picture_has_a_width_of_its_own():
    svg = draw(PlotSeries("a", hours(1, 2)), width=640)
    assert svg.get("width") == "640"
    assert "calc" not in ElementTree.tostring(svg, encoding="unicode")


def test_labels_of_the_value_axis_have_no_zeros_at_the_end():
    svg = draw(PlotSeries("a", hours(1, 2)), format_value=lambda value: f"{value:.2f} s")
    assert {"0 s", "0.5 s", "1 s", "1.5 s", "2 s"} <= set(texts(svg))
