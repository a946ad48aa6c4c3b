"""A query as a cell displays it: its data as a table, or why there is none."""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from kaizen_widgets.displays.html_table import fields_table, html_table
from kaizen_widgets.displays.markup import BAD, MUTED
from kaizen_widgets.displays.previews import preview_text, record_fields

if TYPE_CHECKING:
    from kaizen_widgets.query.live_query import LiveQuery

WAIT: Final = 10.0
"""Seconds a cell waits for data that is being fetched."""
logger = logging.getLogger(__name__)


def query_bundle(query: LiveQuery, title: str | None = None) -> dict[str, Any]:
    """Return a query as a MIME bundle; waits for data that is missing or stale.

    Args:
        query: The query.
        title: Caption; by default the query's key.
    """
    name = key_title(query.query_key) if title is None else title
    if query.fetch_status != "paused":
        # A failed fetch is in the result. On the background loop nothing can be waited for.
        with suppress(Exception):
            query.wait(WAIT)
    result = query.result
    if result.has_data:
        try:
            shown = query.display(result.data) if query.display is not None else None
            bundle = {"text/html": data_html(result.data, name)} if shown is None else dict(shown)
        except Exception as error:
            logger.exception("The display of a query raised")
            bundle = {"text/html": _line(name, f"Not shown: {type(error).__name__}.", BAD)}
    elif result.is_paused:
        bundle = {"text/html": _line(name, "Offline: fetched when the network is back.", MUTED)}
    elif result.is_error:
        text = str(result.error) or type(result.error).__name__
        bundle = {"text/html": _line(name, text, BAD)}
    else:
        bundle = {"text/html": _line(name, "Not fetched yet.", MUTED)}
    return {**bundle, "text/plain": repr(query)}


def data_html(data: Any, caption: str) -> str:
    """Return data as HTML: records as a table, one record as its fields, anything else as text."""
    rows = rows_of(data)
    if rows is not None:
        return html_table(rows, caption=caption)
    fields = record_fields(data)
    if fields is not None:
        return fields_table(fields, caption=caption)
    text = data if isinstance(data, str) else preview_text(data)
    return f"{_line(caption, '', MUTED)}<pre>{html.escape(text[:20_000])}</pre>"


def rows_of(data: Any) -> Sequence[Any] | None:
    """Return the rows of a list, or of all pages of an infinite query; None for other data."""
    if isinstance(data, list | tuple):
        return data
    if not isinstance(data, Mapping) or not isinstance(data.get("pages"), list | tuple):
        return None
    found: list[Any] = []
    for page in data["pages"]:
        rows = page.get("rows") if isinstance(page, Mapping) else page
        if not isinstance(rows, list | tuple):
            return None
        found += rows
    return found


def key_title(key: Sequence[Any]) -> str:
    """Return a query's key in words, such as ``agents · list · all``."""
    return " · ".join(map(_key_part, key))


def _key_part(part: Any) -> str:
    if isinstance(part, dict):
        known = {name: value for name, value in part.items() if value is not None}
        return ", ".join(f"{name}={value}" for name, value in known.items()) or "all"
    return str(part)


def _line(title: str, text: str, color: str) -> str:
    return f'<p><b>{html.escape(title)}</b> <span style="color: {color}">{html.escape(text)}</span></p>'
