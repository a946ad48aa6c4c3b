"""A value as what it is: text, Markdown, JSON, a table, an image, an exception, or its display in a cell.

Nothing here raises, whatever the value's own methods do, and every content is limited in size.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from typing import Any, Final

from kaizen_widgets.core.text import replace_lone_surrogates
from kaizen_widgets.displays.error_frames import error_content
from kaizen_widgets.displays.grid_table import plain_table
from kaizen_widgets.displays.previews import preview_line, preview_value, record_fields
from kaizen_widgets.displays.sentences import safe_repr
from kaizen_widgets.widgets.safe_html import looks_like_markdown, markdown_to_html, sanitize_html

Content = dict[str, Any]

MAX_TEXT: Final = 200_000
MAX_HTML: Final = 2_000_000
MAX_IMAGE: Final = 20_000_000
"""Bytes of an image; larger ones are named, not shown."""
MAX_ROWS: Final = 1_000
_SIGNATURES: Final = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"RIFF": "webp",
}
_IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")


def result_contents(value: Any) -> list[Content]:
    """Return the ways to show a value, the best first; each is JSON with ``kind``, ``label`` and ``fact``."""
    if value is None:
        return [{"kind": "nothing", "label": "", "fact": "", "text": "Nothing (None)."}]
    if isinstance(value, BaseException):
        return [{**error_content(value), "label": "Error", "fact": ""}]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return [_bytes(bytes(value))]
    table = _table(value)
    if table is not None:
        return table
    if isinstance(value, bool | int | float):
        return [_plain(safe_repr(value, MAX_TEXT), type(value).__name__)]
    if record_fields(value) is not None or isinstance(value, list | tuple | set | frozenset):
        own = _displayed(value) if not isinstance(value, Mapping | list | tuple) else None
        return [*([own] if own else []), *_json(value)]
    return [_displayed(value) or _plain(safe_repr(value, MAX_TEXT), type(value).__name__)]


def tree_contents(value: Any) -> list[Content]:
    """Return a value as a tree of its parts; one without parts as `result_contents` does."""
    has_parts = (
        isinstance(value, list | tuple | set | frozenset) or record_fields(value) is not None
    )
    return _json(value) if has_parts else result_contents(value)


def _text(value: str) -> list[Content]:
    shown = replace_lone_surrogates(str(value[:MAX_TEXT]))
    fact = f"{len(value):,} {'character' if len(value) == 1 else 'characters'}"
    if len(value) > MAX_TEXT:
        fact += f", the first {MAX_TEXT:,} shown"
    plain: Content = {"kind": "text", "label": "Source", "fact": fact, "text": shown}
    if shown[:1] in "{[":
        try:
            return [*_json(json.loads(shown)), plain]
        except (ValueError, RecursionError):
            pass
    if looks_like_markdown(shown):
        markup = markdown_to_html(shown)
        if len(markup) <= MAX_HTML:
            formatted = {"kind": "html", "label": "Formatted", "fact": fact, "html": markup}
            return [{**formatted, "text": shown}, plain]
    return [{**plain, "label": "Text"}]


def _plain(text: str, fact: str) -> Content:
    return {"kind": "text", "label": "Text", "fact": fact, "text": text}


def _bytes(value: bytes) -> Content:
    for signature, name in _SIGNATURES.items():
        is_webp = name != "webp" or value[8:12] == b"WEBP"
        if value.startswith(signature) and is_webp and len(value) <= MAX_IMAGE:
            return _image(base64.b64encode(value).decode(), f"image/{name}")
    lines = value[:4096].hex(" ", 1)
    rest = " …" if len(value) > 4096 else ""
    return _plain(lines + rest, f"{len(value):,} bytes")


def _image(encoded: str, mime: str) -> Content:
    source = f"data:{mime};base64,{''.join(encoded.split())}"
    return {"kind": "image", "label": "Image", "fact": mime, "src": source, "text": source}


def _json(value: Any) -> list[Content]:
    shown = preview_value(value)
    try:
        text = json.dumps(shown, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return [_plain(safe_repr(value, MAX_TEXT), type(value).__name__)]
    count = len(shown) if isinstance(shown, dict | list) else 0
    word = ("key", "keys") if isinstance(shown, dict) else ("item", "items")
    fact = f"{count:,} {word[count != 1]}"
    return [
        {
            "kind": "json",
            "label": "Tree",
            "fact": fact,
            "value": json.loads(replace_lone_surrogates(json.dumps(shown, ensure_ascii=False))),
            "text": replace_lone_surrogates(text),
        }
    ]


def _table(value: Any) -> list[Content] | None:
    """Return the contents of a table: a data frame, or a list of records."""
    if _is_frame(value):
        try:
            records, columns = _frame_rows(value)
        except Exception:  # a frame of another version, or a broken one
            return None
        return [_table_content(plain_table(records, columns), preview_line(value), len(value))]
    if isinstance(value, list | tuple) and value:
        records = value[:MAX_ROWS]
        if all(isinstance(record, Mapping) and record for record in records):
            names = {str(name) for record in records[:50] for name in record}
            if len(names) <= 40:
                fact = f"{len(value):,} × {len(names)}"
                return [_table_content(plain_table(records), fact, len(value)), *_json(value)]
    return None


def _table_content(table: dict[str, Any], fact: str, rows: int) -> Content:
    if rows > MAX_ROWS:
        fact += f", the first {MAX_ROWS:,} rows shown"
    names = [column["label"] for column in table["columns"]]
    lines = ["\t".join(names)]
    cells = table["cells"]
    for row in range(len(table["keys"])):
        lines.append("\t".join("" if each[row] is None else str(each[row]) for each in cells))
    return {
        "kind": "table", "label": "Table", "fact": fact, "table": table, "text": "\n".join(lines),
    }  # fmt: skip


def _is_frame(value: Any) -> bool:
    root = type(value).__module__.partition(".")[0]
    return root in ("pandas", "polars") and type(value).__name__ in ("DataFrame", "Series")


def _frame_rows(value: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the first rows of a pandas or polars frame or series, and the names of its columns."""
    frame = value.to_frame() if type(value).__name__ == "Series" else value
    frame = frame.head(MAX_ROWS)
    if type(value).__module__.startswith("polars"):
        names = [str(name) for name in frame.columns]
        return [dict(zip(names, row, strict=True)) for row in frame.rows()], names
    names = [str(name) for name in frame.columns]
    index = None if type(frame.index).__name__ == "RangeIndex" else [str(i) for i in frame.index]
    columns = [frame.iloc[:, place].tolist() for place in range(len(names))]
    records = [
        {name: None if _is_missing(item) else item for name, item in zip(names, row, strict=True)}
        for row in zip(*columns, strict=True)
    ] or [{} for _ in range(len(frame))]
    if index is not None:
        label = str(frame.index.name or "index")
        records = [{label: key, **row} for key, row in zip(index, records, strict=True)]
        names = [label, *(name for name in names if name != label)]
    return records, names


def _is_missing(value: Any) -> bool:
    # NaN, NaT and NA are the values that are not equal to themselves, or cannot say so.
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _displayed(value: Any) -> Content | None:
    """Return what a value displays in a cell, made safe; None if that is only its repr."""
    bundle = _mimebundle(value)
    fact = type(value).__name__
    for mime in _IMAGES:
        data = bundle.get(mime)
        if isinstance(data, bytes):
            data = base64.b64encode(data).decode()
        if isinstance(data, str) and len(data) <= MAX_IMAGE * 4 // 3:
            return {**_image(data, mime), "fact": fact}
    drawing = bundle.get("image/svg+xml")
    if isinstance(drawing, str) and len(drawing) <= MAX_HTML:
        # As an image, an SVG runs no scripts and loads nothing.
        encoded = base64.b64encode(replace_lone_surrogates(drawing).encode()).decode()
        return {**_image(encoded, "image/svg+xml"), "fact": fact, "text": drawing}
    markup = bundle.get("text/html")
    if isinstance(markup, str) and len(markup) <= MAX_HTML:
        safe = sanitize_html(replace_lone_surrogates(markup))
        if safe is not None and safe.strip():
            return {
                "kind": "html",
                "label": "Formatted",
                "fact": fact,
                "html": safe,
                "text": markup,
            }
    text = bundle.get("text/markdown")
    if isinstance(text, str):
        return {**_text(text)[0], "fact": fact}
    data = bundle.get("application/json")
    if isinstance(data, dict | list):
        return {**_json(data)[0], "fact": fact}
    return None


def _mimebundle(value: Any) -> Mapping[str, Any]:
    figure = _figure(value)
    if figure is not None:
        return {"image/png": figure}
    # Imported here: without IPython there are no displays, and it is slow to import.
    from IPython.core.formatters import format_display_data

    try:
        data, _ = format_display_data(value, exclude=("text/plain", "text/latex"))
    except (Exception, SystemExit):  # raised by the value's own methods
        return {}
    return data if isinstance(data, Mapping) else {}


def _figure(value: Any) -> bytes | None:
    """Return a matplotlib figure as PNG; IPython shows one only if a notebook backend is active."""
    if not type(value).__module__.startswith("matplotlib.") or not hasattr(value, "savefig"):
        return None
    file = io.BytesIO()
    try:
        value.savefig(file, format="png", bbox_inches="tight")
    except Exception:  # raised while drawing
        return None
    return file.getvalue()
