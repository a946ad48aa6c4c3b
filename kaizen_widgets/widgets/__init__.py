"""The ipywidgets layer: what a notebook shows."""

from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.mutation_button import MutationButton
from kaizen_widgets.widgets.query_devtools import QueryDevtools
from kaizen_widgets.widgets.query_panel import QueryPanel
from kaizen_widgets.widgets.run_panel import RunPanel

__all__ = ["Canvas", "MutationButton", "QueryDevtools", "QueryPanel", "RunPanel"]
