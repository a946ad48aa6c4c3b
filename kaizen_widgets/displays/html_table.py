"""Records as a static HTML table, for the display of a value in a cell; everything in it is escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kaizen_widgets.displays.formats import format_number
from kaizen_widgets.displays.grid_column import RIGHT, Column
from kaizen_widgets.displays.grid_table import (
    Cell,
    cell_text,
    column_value,
    encode_cell,
    resolve_columns,
)
from kaizen_widgets.displays.markup import MUTED
from kaizen_widgets.displays.previews import HIDDEN, is_secret_field

MAX_ROWS: Final = 20
MAX_TEXT: Final = 80
"""Characters shown of a cell; more are in its tooltip."""
_LEFT: Final = "text-align: left; vertical-align: top"
_NUMBER: Final = "text-align: right; vertical-align: top; font-variant-numeric: tabular-nums"


def html_table(
    records: Sequence[Any],
    columns: Sequence[Column | str] | None = None,
    *,
    caption: str = "",
    limit: int = MAX_ROWS,
    empty: str = "Nothing here yet.",
) -> str:
    """Return records as a table.

    Args:
        records: Mappings, models, dataclasses or plain values.
        columns: The columns or their names; None for those of the records, as a `DataGrid` chooses them.
        caption: What the records are.
        limit: The most rows; how many are left out is said below them.
        empty: Sentence in place of the table where there are no records.
    """
    if not records:
        title = f"<b>{html.escape(caption)}</b> " if caption else ""
        return f'<p>{title}<span style="color: {MUTED}">{html.escape(empty)}</span></p>'
    chosen = [each for each in resolve_columns(columns, records, "id") if not each.is_hidden]
    heads = "".join(
        f'<th scope="col" style="{_style(column)}">{html.escape(column.heading)}</th>'
        for column in chosen
    )
    rows = "".join(
        f"<tr>{''.join(_cell(column, record) for column in chosen)}</tr>"
        for record in records[:limit]
    )
    title = f'<caption style="{_LEFT}"><b>{html.escape(caption)}</b></caption>' if caption else ""
    left_out = len(records) - limit
    more = f'<p style="color: {MUTED}">{format_number(left_out)} more</p>' if left_out > 0 else ""
    return f"<table>{title}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{more}"


def fields_table(fields: Mapping[Any, Any], *, caption: str = "") -> str:
    """Return the fields of one record as a table with a row for each; secrets are hidden."""
    records = [
        {
            "field": Column(str(name)).heading,
            "value": HIDDEN if is_secret_field(str(name), value) else value,
        }
        for name, value in fields.items()
    ]
    columns = [Column("field", "Field", "title"), Column("value", "Value", "text")]
    return html_table(records, columns, caption=caption, limit=100)


def _style(column: Column) -> str:
    is_right = column.align == "right" or (column.align is None and column.format in RIGHT)
    return _NUMBER if is_right else _LEFT


def _cell(column: Column, record: Any) -> str:
    value = encode_cell(column_value(column, record), column.format)
    text = _moment(value) if column.format == "date" else cell_text(value, column.format)
    shown = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    exact = "" if value is None or isinstance(value, bool) else str(value)
    is_shortened = shown != exact and isinstance(value, str) and column.format != "status"
    tip = f' title="{html.escape(exact, quote=True)}"' if is_shortened else ""
    return f'<td style="{_style(column)}"{tip}>{html.escape(shown)}</td>'


def _moment(value: Cell) -> str:
    # Not "2 hours ago": a display does not change, and time passes.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return cell_text(value, "text")
    return f"{datetime.fromtimestamp(value, UTC).astimezone():%Y-%m-%d %H:%M}"
