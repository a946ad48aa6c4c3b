"""A run as a table of pandas, one row a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaizen_widgets.errors import RunError

if TYPE_CHECKING:
    from kaizen_widgets.engines.run import Run

COLUMNS = (
    "node", "id", "status", "origin", "seconds", "requests", "tokens", "cost", "error",
)  # fmt: skip


def frame_of(run: Run) -> Any:
    """Return a run as a DataFrame, one row a node in the order of the graph.

    Raises:
        RunError: pandas is not installed.
    """
    rows = [
        (
            node.label,
            node.id,
            node.status,
            node.origin or ("run" if node.seconds is not None else ""),
            node.seconds,
            node.usage.requests,
            node.usage.total_tokens,
            None if node.usage.cost is None else float(node.usage.cost),
            node.message or node.reason,
        )
        for node in run.nodes.values()
    ]
    return frame(rows, COLUMNS)


def frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> Any:
    """Return rows as a DataFrame.

    Raises:
        RunError: pandas is not installed.
    """
    try:
        # Imported when first needed: pandas takes half a second, and comes with an extra.
        import pandas as pd
    except ImportError:
        raise RunError("A table needs pandas: pip install 'kaizen-widgets[tables]'.") from None
    return pd.DataFrame(rows, columns=list(columns))
