"""What went over an edge in the last run: its type and size, the line of Python that gives it, and itself."""

from __future__ import annotations

import html
import json

import ipywidgets as ipw

from kaizen_widgets.displays.markup import MUTED
from kaizen_widgets.engines import EdgeValue
from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.result_view import ResultView


class EdgeValueView(PythonOwned, ipw.VBox):
    """The value of an edge.

    Args:
        canvas_name: How a cell reaches the canvas: ``canvas`` or ``studio.canvas``.
    """

    def __init__(self, canvas_name: str = "canvas") -> None:
        self._canvas_name = canvas_name
        self.summary = ipw.HTML()
        self.code = ResultView()
        self.value = ResultView()
        super().__init__([self.summary, self.code, self.value])
        self.add_class("kaizen-edge-value")

    def show(self, found: EdgeValue) -> None:
        """Show a value."""
        size = f", {found.size}" if found.size else ""
        what = f"{found.type[:1].upper()}{found.type[1:]}{size}"
        ends = f"From {found.source} to {found.target}, in the last run."
        self.summary.value = (
            f'<b>{html.escape(what)}</b><br><span style="color: {MUTED}">{html.escape(ends)}</span>'
        )
        self.code.show_code(self.line_of(found.edge_id))
        self.code.layout.display = None
        self.value.show(found.value)

    def clear(self, reason: str) -> None:
        """Show why there is no value, as a sentence."""
        self.summary.value = ""
        self.code.layout.display = "none"
        self.value.clear(reason)

    def line_of(self, edge_id: str) -> str:
        """Return the line of Python that gives the value of an edge."""
        return f"{self._canvas_name}.edge({json.dumps(edge_id, ensure_ascii=False)}).value"

    def close(self) -> None:
        """Close it and its parts."""
        for part in (self.summary, self.code, self.value):
            part.close()
        super().close()

    def __repr__(self) -> str:
        return f"EdgeValueView({self._canvas_name})"
