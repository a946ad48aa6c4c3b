"""Data as an HTML table: a list of records as rows, one record as names and values, everything escaped."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from kaizen_widgets.widgets.markup import LINE, MUTED, hint
from kaizen_widgets.widgets.previews import HIDDEN, is_secret_field, preview_line, record_fields

ROWS = 50
COLUMNS = 8
CELL = 120
"""Characters of a cell; its tooltip shows up to ten times as many."""

_CELL = (
    "padding: 4px 10px; text-align: left; vertical-align: top; max-width: 320px; "
    "overflow-wrap: break-word; white-space: normal"
)


def data_table(data: Any, *, columns: Sequence[str] | None = None, empty: str = "") -> str | None:
    """Return a table of ``data``, or None if a table cannot show it.

    Args:
        data: Records (mappings, pydantic models, dataclasses) in a list, or one record, or plain values.
        columns: Fields to show, in this order; by default the first few, with ids after the others.
        empty: Text for an empty list.
    """
    if data is None:
        return hint("No data.")
    if isinstance(data, str | bool | int | float):
        return f'<p style="margin: 4px 0">{html.escape(preview_line(data, 4000))}</p>'
    if isinstance(data, list | tuple):
        return _rows(data, columns) if data else hint(empty or "Nothing here yet.")
    fields = record_fields(data)
    if fields is None:
        return None
    shown = {name: fields.get(name) for name in columns} if columns is not None else fields
    if not shown:
        return hint(empty or "Nothing here yet.")
    body = "".join(
        f'<tr style="border-bottom: 1px solid {LINE}"><th scope="row" style="{_CELL}; color: {MUTED}; '
        f'font-weight: normal">{html.escape(str(name))}</th>{_cell(str(name), value)}</tr>'
        for name, value in list(shown.items())[:ROWS]
    )
    return _table(body) + _left_out(len(shown) - ROWS, 0)


def _rows(data: Sequence[Any], columns: Sequence[str] | None) -> str:
    records = [record_fields(row) for row in data[:ROWS]]
    if not all(record is not None for record in records):
        body = "".join(f"<tr>{_cell('', row)}</tr>" for row in data[:ROWS])
        return _table(body) + _left_out(len(data) - ROWS, 0)
    names = list(columns or _ids_last(str(name) for record in records for name in record or ()))
    shown = names if columns is not None else names[:COLUMNS]
    head = "".join(
        f'<th scope="col" style="{_CELL}; color: {MUTED}">{html.escape(name)}</th>'
        for name in shown
    )
    body = "".join(
        f'<tr style="border-top: 1px solid {LINE}">'
        + "".join(_cell(name, (record or {}).get(name)) for name in shown)
        + "</tr>"
        for record in records
    )
    return _table(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>") + _left_out(
        len(data) - ROWS, len(names) - len(shown)
    )


def _ids_last(names: Iterable[str]) -> list[str]:
    """Return distinct names in their order, ids after the others, because they are least readable."""
    return sorted(dict.fromkeys(names), key=lambda name: name == "id" or name.endswith("_id"))


def _table(inside: str) -> str:
    # A wide table scrolls and does not widen the notebook.
    return (
        '<div style="overflow-x: auto"><table style="border-collapse: collapse; font-size: 13px; '
        f'line-height: 1.4">{inside}</table></div>'
    )


def _cell(name: str, value: Any) -> str:
    full = HIDDEN if is_secret_field(name, value) else preview_line(value, CELL * 10)
    text = _rounded(value) if type(value) is float else full
    short = text if len(text) <= CELL else f"{text[: CELL - 1]}…"
    title = f' title="{html.escape(full)}"' if short != full else ""
    aligned = "; text-align: right" if type(value) in (int, float) else ""
    return f'<td style="{_CELL}{aligned}"{title}>{html.escape(short)}</td>'


def _rounded(number: float) -> str:
    """Return a number with readable precision: 1,369.67 or 0.221434."""
    if not math.isfinite(number) or number == int(number):
        return str(number)
    return f"{number:,.2f}" if abs(number) >= 1000 else f"{number:.6g}"


def _left_out(rows: int, columns: int) -> str:
    parts = [
        f"{count} more {word}{'s' if count > 1 else ''}"
        for count, word in ((rows, "row"), (columns, "column"))
        if count > 0
    ]
    return hint(f"and {' and '.join(parts)}") if parts else ""
