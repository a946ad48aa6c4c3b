"""The ipywidgets layer: what a notebook shows."""

from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.run_panel import RunPanel

__all__ = ["Canvas", "RunPanel"]
