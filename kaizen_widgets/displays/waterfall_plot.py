"""When each node of a run worked, as a picture a cell displays: Vega-Lite v5, and the same bars as an SVG."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kaizen_widgets.displays.formats import format_seconds
from kaizen_widgets.displays.plots import VEGA_LITE

MAX_BARS: Final = 200
ROW: Final = 22
"""Height of a bar's row, in pixels."""
LABEL, AXIS = 170, 26
"""Pixels for the names at the left, and for the times below."""
MAX_LABEL: Final = 24
STATE_COLORS: Final = {
    "completed": "#1b7f3b",
    "failed": "#c8382f",
    "running": "#2463d8",
    "waiting": "#b87400",
    "cancelled": "#8a8f98",
}
_TEXT: Final = 'font-size="11" font-family="system-ui, sans-serif" fill="#6b6b6b"'


@dataclass(frozen=True)
class WaterfallBar:
    """One stretch of time in which a node worked, or waited.

    Attributes:
        node: Name of the node.
        state: How it ended, or ``running`` or ``waiting``.
        start: When it began, in seconds after the run did.
        end: When it ended, likewise.
    """

    node: str
    state: str
    start: float
    end: float


class WaterfallPlot:
    """The bars of a run. A cell displays it; ``spec`` is its Vega-Lite dictionary.

    Args:
        bars: The bars, in the order of the nodes; at most `MAX_BARS` are drawn.
        label: What is shown; the title.
        width: Width in pixels.
    """

    def __init__(
        self, bars: Sequence[WaterfallBar], *, label: str = "Time of each node", width: int = 640
    ) -> None:
        self.bars = tuple(bars)
        self.label = label
        self.width = width

    @property
    def spec(self) -> dict[str, Any]:
        """The chart as a Vega-Lite v5 dictionary, with its data inside."""
        states = [state for state in STATE_COLORS if any(b.state == state for b in self.bars)]
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": self.label,
            "width": self.width - LABEL,
            "height": {"step": ROW},
            "data": {
                "values": [
                    {
                        "node": bar.node,
                        "state": bar.state,
                        "start": round(bar.start, 4),
                        "end": round(bar.end, 4),
                        "time": format_seconds(bar.end - bar.start),
                    }
                    for bar in self.bars[:MAX_BARS]
                ]
            },
            "mark": {"type": "bar", "cornerRadius": 2, "height": 10},
            "encoding": {
                "y": {"field": "node", "type": "nominal", "sort": None, "title": None},
                "x": {
                    "field": "start",
                    "type": "quantitative",
                    "title": "seconds",
                    "axis": {"tickCount": 4},
                },
                "x2": {"field": "end"},
                "color": {
                    "field": "state",
                    "type": "nominal",
                    "title": None,
                    "scale": {
                        "domain": states,
                        "range": [STATE_COLORS[state] for state in states],
                    },
                },
                "tooltip": [
                    {"field": name, "type": "nominal"} for name in ("node", "state", "time")
                ],
            },
        }

    @property
    def svg(self) -> str:
        """The chart as an SVG."""
        shown = self.bars[:MAX_BARS]
        nodes = list(dict.fromkeys(bar.node for bar in shown))
        # A millisecond at least, so that a run of instant nodes can be divided.
        last = max([0.001, *(bar.end for bar in shown)])
        room = self.width - LABEL - 8
        height = max(len(nodes), 1) * ROW + AXIS
        name = html.escape(f"{self.label}: {len(nodes)} nodes, {format_seconds(last)}", quote=True)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}" '
            f'width="{self.width}" height="{height}">'
        ]
        for row, node in enumerate(nodes):
            text = node if len(node) <= MAX_LABEL else f"{node[: MAX_LABEL - 1]}…"
            parts.append(
                f'<text x="{LABEL - 10}" y="{row * ROW + 15}" text-anchor="end" {_TEXT}>'
                f"{html.escape(text)}</text>"
            )
        for bar in shown:
            x = LABEL + room * bar.start / last
            width = max(3.0, room * (bar.end - bar.start) / last)
            tip = html.escape(f"{bar.node}: {bar.state}, {format_seconds(bar.end - bar.start)}")
            color = STATE_COLORS.get(bar.state, STATE_COLORS["cancelled"])
            parts.append(
                f'<rect x="{x:.1f}" y="{nodes.index(bar.node) * ROW + 6}" width="{width:.1f}" '
                f'height="10" rx="2" fill="{color}"><title>{tip}</title></rect>'
            )
        y = height - AXIS + 4
        parts.append(f'<path d="M{LABEL} {y}h{room}" stroke="#8a8f98" stroke-width="1"/>')
        for part, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
            parts.append(
                f'<text x="{LABEL + room * part:.0f}" y="{y + 15}" text-anchor="{anchor}" {_TEXT}>'
                f"{format_seconds(last * part)}</text>"
            )
        return "".join(parts) + "</svg>"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {VEGA_LITE: self.spec, "image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        count = len({bar.node for bar in self.bars})
        return f"WaterfallPlot({count} {'node' if count == 1 else 'nodes'})"
