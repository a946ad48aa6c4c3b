"""Plots that a cell displays: a Vega-Lite v5 chart, and the same lines as an SVG where nothing draws those.

Version 5, because it is the newest that JupyterLab and Notebook draw without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from kaizen_widgets.displays.line_plot import PlotSeries, line_plot

VEGA_LITE: Final = "application/vnd.vegalite.v5+json"
MAX_POINTS: Final = 1_000
"""Points of a line in the chart; of more, every n-th one."""


class LinePlot:
    """Lines over time. A cell displays it; ``spec`` is its Vega-Lite dictionary.

    Args:
        series: The lines.
        label: What is shown; the title.
        unit: Title of the value axis, such as ``seconds``.
        format_value: Returns the text of a value in the SVG.
        width: Width in pixels.
        height: Height in pixels.
    """

    def __init__(
        self,
        series: Sequence[PlotSeries],
        *,
        label: str,
        unit: str = "",
        format_value: Callable[[float], str] = lambda value: f"{value:g}",
        width: int = 640,
        height: int = 200,
    ) -> None:
        self.series = tuple(series)
        self.label = label
        self.unit = unit
        self._format_value = format_value
        self.width = width
        self.height = height

    @property
    def spec(self) -> dict[str, Any]:
        """The chart as a Vega-Lite v5 dictionary, with its data inside."""
        values = [
            {"time": moment.isoformat(), "series": one.name, "value": value}
            for one in self.series
            for moment, value in one.points[:: max(1, -(-len(one.points) // MAX_POINTS))]
        ]
        names = [one.name for one in self.series]
        dashes = [[4, 4] if one.is_dashed else [1, 0] for one in self.series]
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": self.label,
            "width": self.width,
            "height": self.height,
            "data": {"values": values},
            "mark": {"type": "line", "tooltip": True, "invalid": "break-paths-show-domains"},
            "encoding": {
                "x": {"field": "time", "type": "temporal", "title": None},
                "y": {"field": "value", "type": "quantitative", "title": self.unit or None},
                "color": {
                    "field": "series",
                    "type": "nominal",
                    "title": None,
                    "scale": {"domain": names},
                },
                "strokeDash": {
                    "field": "series",
                    "type": "nominal",
                    "legend": None,
                    "scale": {"domain": names, "range": dashes},
                },
            },
        }

    @property
    def svg(self) -> str:
        """The chart as an SVG."""
        return line_plot(
            self.series,
            label=self.label,
            format_value=self._format_value,
            height=self.height,
            width=self.width,
        )

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {VEGA_LITE: self.spec, "image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"LinePlot({self.label!r}, {len(self.series)} series)"
