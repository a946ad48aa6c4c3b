"""Two runs side by side: which nodes gave something else, and what time and cost they took."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from kaizen_widgets.displays.formats import format_difference
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.markup import MUTED
from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.result_view import ResultView

if TYPE_CHECKING:
    from kaizen_widgets.engines.run_comparison import ComparedNode, RunComparison


class ComparisonView(Panel):
    """Shows a `RunComparison`: ``ComparisonView(run.compare(other))``.

    Args:
        comparison: The comparison; None for none yet.
        on_select: Called with the id of the selected node.

    Attributes:
        rows: The table of nodes; those that differ say what changed.
        before: What the selected node gave in the older run.
        after: What it gave in the newer one.
    """

    def __init__(
        self,
        comparison: RunComparison | None = None,
        *,
        on_select: Callable[[str], object] = lambda node_id: None,
    ) -> None:
        self.comparison = comparison
        self._on_select = on_select
        self.head = ipw.HTML()
        self.rows = DataGrid(
            columns=[
                Column("label", "Node", "title", second="change"),
                Column("before", "Before", "text"),
                Column("after", "After", "text"),
                Column("time", "Time", "text", align="right"),
                Column("cost", "Cost", "text", align="right"),
            ],
            is_searchable=False,
            is_dense=True,
        )
        self.before = ResultView(empty="Gave nothing.")
        self.after = ResultView(empty="Gave nothing.")
        self._sides = ipw.HBox(
            [_side("Before", self.before), _side("After", self.after)],
            layout=ipw.Layout(flex_flow="row wrap", grid_gap="8px 16px", display="none"),
        )
        super().__init__([self.head, self.rows, self._sides])
        self.rows.observe(lambda _change: self._on_row(), names="selected")
        if comparison is not None:
            self.show(comparison)

    def show(self, comparison: RunComparison) -> None:
        """Show another comparison."""
        self.comparison = comparison
        changed = len(comparison.changed)
        words = (
            "All nodes gave the same."
            if not changed
            else f"{changed} of {len(comparison)} nodes {'differs' if changed == 1 else 'differ'}."
        )
        before, after = (
            f"{run.started.astimezone():%H:%M:%S}" for run in (comparison.before, comparison.after)
        )
        times = f"{after} compared with {before}"
        self.head.value = (
            f'<span role="status"><b>{html.escape(words)}</b> '
            f'<span style="color: {MUTED}">{times}</span></span>'
        )
        self.rows.records = [_record(row) for row in comparison.rows]
        self._on_row()

    def _on_row(self) -> None:
        selected = next(iter(self.rows.selected), None)
        rows = () if self.comparison is None else self.comparison.rows
        row = next((each for each in rows if each.node_id == selected), None)
        self._sides.layout.display = "none" if row is None else ""
        if row is None:
            return
        for view, node, text in (
            (self.before, row.before, row.before_text),
            (self.after, row.after, row.after_text),
        ):
            if node is not None and node.status == "completed" and node.has_value:
                view.show(node.output)
            elif node is not None and node.error is not None:
                view.show(node.error)
            else:
                view.clear(text or None)
        self._on_select(row.node_id)

    def __repr__(self) -> str:
        return f"ComparisonView({self.comparison!r})"


def _side(title: str, view: ipw.Widget) -> ipw.Widget:
    heading = ipw.HTML(
        f'<span style="color: {MUTED}; font-size: 11px; font-weight: 500">{title}</span>'
    )
    return ipw.VBox([heading, view], layout=ipw.Layout(flex="1 1 280px", min_width="0"))


def _record(row: ComparedNode) -> dict[str, Any]:
    return {
        "id": row.node_id,
        "label": row.label,
        "change": row.change or "Same",
        "before": preview_line(row.before_text),
        "after": preview_line(row.after_text),
        "time": format_difference(row.seconds, "s"),
        "cost": format_difference(row.cost, "$"),
    }
