"""A table of itables (DataTables), from the extra ``tables``; it works without a network."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.displays.grid_column import Format
from kaizen_widgets.displays.grid_table import column_value, encode_cell, resolve_columns

MISSING: Final = (
    'For view="table" with itables: pip install "kaizen-widgets[tables]". This is our own table.'
)
"""Shown where the extra is not installed."""


def has_itables() -> bool:
    """Return whether the extra ``tables`` is installed, with the pandas that itables needs."""
    return all(importlib.util.find_spec(name) is not None for name in ("itables", "pandas"))


def itables_view(
    records: Sequence[Any], columns: Sequence[str] | None, shown: ipw.Widget | None = None
) -> ipw.Widget:
    """Return an itables widget with the records, or ``shown`` updated; its ``selected_rows`` is a trait.

    Args:
        records: Mappings, models, dataclasses or plain values.
        columns: Names of fields; by default the records' own, without those our own table hides.
        shown: The widget that an earlier call returned.
    """
    # Imported when first needed: an optional extra, and 0.7 seconds.
    import pandas as pd
    from itables.widget import ITable

    chosen = [each for each in resolve_columns(columns, records, "id") if not each.is_hidden]
    frame = pd.DataFrame(
        {
            column.heading: [
                _cell(column_value(column, record), column.format) for record in records
            ]
            for column in chosen
        }
    )
    if isinstance(shown, ITable):
        shown.update(frame)
        return shown
    return ITable(frame, classes="display nowrap compact", showIndex=False)


def _cell(value: Any, format: Format) -> Any:
    if isinstance(value, datetime):
        return value
    return encode_cell(value, "text" if format == "date" else format)
