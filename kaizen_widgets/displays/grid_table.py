"""The table of a `DataGrid`: columns chosen from records, and cells as small JSON values for the page."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import Enum
from itertools import chain
from typing import Any, Final, TypeAlias
from uuid import UUID

from pydantic import SecretBytes, SecretStr

from kaizen_widgets.core.text import replace_lone_surrogates
from kaizen_widgets.displays import formats
from kaizen_widgets.displays.grid_column import RIGHT, Column, Format
from kaizen_widgets.displays.previews import HIDDEN, is_secret_field, preview_line, record_fields

Cell: TypeAlias = str | int | float | bool | None
Key: TypeAlias = str | int

MAX_CELL: Final = 600
"""Characters of a cell that reach the page."""
SHOWN: Final = 8
"""Columns shown at first, where they are not given; the others are in the columns menu."""
SAMPLE: Final = 100
"""Records from which columns and formats are inferred."""
_EXACT: Final = 2**53
"""Whole numbers above it are sent as text, because JavaScript would round them."""
_TITLES: Final = ("name", "title", "label", "email")
_STATES: Final = frozenset({"status", "state"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_NUMBERS: Final[dict[Format, Callable[[float | None], str]]] = {
    "number": formats.format_number,
    "money": formats.format_money,
    "seconds": formats.format_seconds,
    "percent": formats.format_percent,
    "bytes": formats.format_bytes,
}


def read_field(record: Any, name: str) -> Any:
    """Return a field of a mapping, model, dataclass or object; None if it has none of that name."""
    if isinstance(record, Mapping):
        return record[name] if name in record else getattr(record, name, None)
    # A computed field of a model is an attribute, too.
    if name != "value" or record_fields(record) is not None:
        return getattr(record, name, None)
    return record


def column_value(column: Column, record: Any) -> Any:
    """Return a column's value of a record; a secret is hidden, and a function that raises gives None."""
    if column.value is None:
        value = read_field(record, column.name)
    else:
        try:
            value = column.value(record)
        except Exception:  # the user's function, for one odd record of many
            return None
    return HIDDEN if is_secret_field(column.name, value) else value


def column_cells(column: Column, records: Iterable[Any]) -> list[Cell]:
    """Return a column's values of all records, as the page gets them."""
    read, format = column_value, column.format
    return [encode_cell(read(column, record), format) for record in records]


def resolve_columns(
    columns: Sequence[Column | str] | None, records: Sequence[Any], key: str
) -> list[Column]:
    """Return the columns with their formats, as `Column` objects.

    Args:
        columns: The columns or their names; None for those of the records: titles first, ids last.
        records: The records, for the names and formats that are not given.
        key: The field that identifies a record.
    """
    sample = records[:SAMPLE]
    if columns is None:
        chosen = _columns_of(sample, key)
    else:
        chosen = [Column(each) if isinstance(each, str) else each for each in columns]
    title = next((column.name for column in chosen if column.format == "title"), None)
    if title is None:
        names = {column.name for column in chosen if column.format == "auto"}
        title = next((name for name in _TITLES if name in names), None)
    return [
        replace(column, format=_infer(column, sample, key, title))
        if column.format == "auto"
        else column
        for column in chosen
    ]


def encode_cell(value: Any, format: Format) -> Cell:
    """Return a value as the page gets it: times as seconds since 1970, anything structured as its text."""
    if type(value) is str and format != "date":
        return _line(value)  # Most cells are text.
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, SecretStr | SecretBytes):
        return HIDDEN
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else preview_line(value, MAX_CELL)
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else str(value)
    if format == "date":
        moment = _moment(value)
        if moment is not None:
            return round(moment.timestamp(), 3)
    if isinstance(value, UUID | date) and not isinstance(value, datetime):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset) and all(
        isinstance(item, str | int | float | Enum) for item in value
    ):
        items = (item.value if isinstance(item, Enum) else item for item in value)
        return _cut(", ".join(map(str, items)))
    return _cut(preview_line(value, MAX_CELL))


def cell_text(cell: Cell, format: Format, now: datetime | None = None) -> str:
    """Return the text of an encoded cell, as the page shows it."""
    if cell is None or cell == "":
        return formats.NOTHING
    if isinstance(cell, bool):
        return ("On" if cell else "Off") if format == "switch" else ("Yes" if cell else "No")
    if isinstance(cell, str):
        if format == "id":
            return cell if len(cell) <= 10 else cell[:8]
        return cell.replace("_", " ").capitalize() if format == "status" else cell
    if format == "date":
        return formats.format_time_ago(datetime.fromtimestamp(cell, UTC), now)
    return _NUMBERS.get(format, formats.format_number)(cell)


def column_look(column: Column) -> dict[str, Any]:
    """Return what the page gets of a column."""
    right = column.align == "right" or (column.align is None and column.format in RIGHT)
    return {
        "name": column.name,
        "label": column.heading,
        "format": column.format,
        "right": right,
        "tones": {str(word).lower(): tone for word, tone in column.tones.items()},
        "filter": column.is_filter,
        "sortable": column.is_sortable,
    }


def plain_table(
    records: Sequence[Any], columns: Sequence[Column | str] | None = None
) -> dict[str, Any]:
    """Return a table as the page gets it, without titles, actions and selection."""
    chosen = [each for each in resolve_columns(columns, records, "id") if not each.is_hidden]
    return {
        "empty": "No rows.",
        "title": "",
        "selection": "none",
        "search": True,
        "dense": False,
        "toolbar": [],
        "actions": [],
        "columns": [column_look(column) for column in chosen],
        "keys": list(range(len(records))),
        "cells": [column_cells(column, records) for column in chosen],
        "second": {},
        "marks": {},
        "refusals": {},
    }


def pack_json(value: Any) -> bytes:
    """Return JSON as the page gets it: compressed with zlib."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def record_keys(records: Sequence[Any], key: str) -> list[Key]:
    """Return a key for each record: its field, or its place where the field is missing or not unique."""
    keys: list[Key] = []
    seen: set[Key] = set()
    for place, record in enumerate(records):
        value = read_field(record, key)
        usable = isinstance(value, str | UUID) or type(value) is int
        one: Key = place if not usable else value if isinstance(value, int) else str(value)
        while one in seen or one == "":
            one = f"{one} #{place}"
        seen.add(one)
        keys.append(one)
    return keys


def _columns_of(sample: Sequence[Any], key: str) -> list[Column]:
    fields = [record_fields(record) for record in sample]
    if not fields or any(each is None for each in fields):
        return [Column("value", "Value", "text" if fields else "auto")]
    names = list(dict.fromkeys(str(name) for name in chain.from_iterable(f or () for f in fields)))

    def rank(name: str) -> tuple[int, int]:
        values = [each.get(name) for each in fields if each and each.get(name) is not None]
        if name == key or name == "id":
            return (6, 0)
        if not values:
            return (5, 0)
        if name.endswith("_id"):
            return (7, 0)
        if name in _TITLES:
            return (0, _TITLES.index(name))
        if any(record_fields(value) is not None for value in values):
            return (4, 0)
        return (3 if name.endswith("_at") else 1, 0)

    ordered = sorted(names, key=rank)
    readable = [name for name in ordered if rank(name)[0] < 6]
    ids = [name for name in ordered if rank(name)[0] >= 6]
    useful = sum(rank(name)[0] < 5 for name in readable)
    limit = min(useful, SHOWN - min(1, len(ids)))
    shown = {*readable[:limit], *ids[: max(1, SHOWN - limit)]} or set(ordered)
    return [Column(name, is_hidden=name not in shown) for name in ordered]


def _infer(column: Column, sample: Sequence[Any], key: str, title: str | None) -> Format:
    name = column.name.lower()
    if column.name == title:
        return "title"
    values = [value for record in sample if (value := column_value(column, record)) is not None]
    if name in ("id", key) or name.endswith("_id") or _all(values, (UUID,)):
        return "id"
    if _all(values, (bool,)):
        return "bool"
    if values and all(_moment(value) is not None for value in values):
        return "date"
    if _all(values, (int, float)):
        return _number_format(name)
    return "status" if name in _STATES else "text"


def _number_format(name: str) -> Format:
    if name.endswith(("_seconds", "_duration")) or name in ("seconds", "duration", "elapsed"):
        return "seconds"
    if "cost" in name or "price" in name or name.endswith("_usd"):
        return "money"
    return "bytes" if name.endswith("_bytes") else "number"


def _all(values: Iterable[Any], types: tuple[type, ...]) -> bool:
    values = list(values)
    return bool(values) and all(isinstance(value, types) for value in values)


def _moment(value: Any) -> datetime | None:
    """Return a time from a datetime or its ISO text; one without an offset is UTC, as servers send it."""
    if isinstance(value, str) and len(value) < 40 and _TIME.fullmatch(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or not 1 < value.year < 9999:
        return None
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _line(text: str) -> str:
    return " ".join(_cut(text).split())


def _cut(text: str) -> str:
    return replace_lone_surrogates(text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…")
