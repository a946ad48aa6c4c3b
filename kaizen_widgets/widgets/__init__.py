"""The ipywidgets layer: what a notebook shows."""

from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.run_panel import RunPanel
from kaizen_widgets.widgets.unsaved import UnsavedPanel

__all__ = ["Canvas", "RunPanel", "UnsavedPanel"]
