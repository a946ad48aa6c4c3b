"""A query, shown: a skeleton while it loads, the data, the error and a way to try again.

A VBox of ipywidgets over an observer; it fetches nothing itself but by its buttons. While the panel is
open the query is watched, and the client hears of network and focus. Updates may come from any thread.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw
from IPython.core.formatters import format_display_data

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.query import LiveQuery, QueryObserver, QueryResult
from kaizen_widgets.widgets.data_table import data_table
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.markup import (
    MUTED,
    WARN,
    alert,
    badge,
    hint,
    quiet_bar,
    skeleton,
)
from kaizen_widgets.widgets.panel import Panel

logger = logging.getLogger(__name__)

View = Callable[[Any], Any]


class QueryPanel(Panel):
    """Watch a query.

    Args:
        query: Such as ``studio.agents.list()``; an observer will do.
        view: What to show of the data: called with it when it changed, gives a widget (the same each
            time, brought up to date, does not flicker), a text, or anything a cell could show. By
            default records become a table.
        title: What stands above; by default the query's key.
        columns: Which fields the table shows.
        empty: What to say of an empty list.

    Raises:
        TypeError: ``query`` is none, or ``view`` cannot be called.
    """

    _end: Callable[[], None] | None = None  # ipywidgets closes also what was refused when made

    def __init__(
        self,
        query: LiveQuery | QueryObserver,
        view: View | None = None,
        *,
        title: str | None = None,
        columns: Sequence[str] | None = None,
        empty: str = "",
    ) -> None:
        observer = query.observer if isinstance(query, LiveQuery) else query
        if not isinstance(observer, QueryObserver):
            raise TypeError(f"A QueryPanel shows a query, not {type(query).__name__}.")
        if view is not None and not callable(view):
            raise TypeError(f"view must be a function of the data, not {type(view).__name__}.")
        self.query = query
        self._observer = observer
        self._view = view
        self._columns = columns
        self._empty = empty
        self._shown: Any = _NOTHING
        self._drawing = Notifier(lambda error: logger.error("A panel failed", exc_info=error))
        name = " · ".join(map(_part, observer.options.query_key)) if title is None else title
        self.title = ipw.HTML(
            f"<b>{html.escape(name)}</b>", layout=ipw.Layout(margin="0 8px 0 2px")
        )
        self.state = ipw.HTML()
        self.updated = ipw.HTML()
        self.refresh_button = ipw.Button(
            description="Refresh",
            icon="refresh",
            tooltip="Fetch the data again",
            layout=ipw.Layout(width="auto"),
        )
        self.retry_button = ipw.Button(
            description="Retry",
            icon="repeat",
            button_style="warning",
            layout=ipw.Layout(width="auto"),
        )
        self.bar = ipw.HTML(quiet_bar(False), layout=ipw.Layout(margin="0", height="2px"))
        self.message = ipw.HTML()
        self.problem = ipw.HBox([self.message, self.retry_button], layout=wrapping())
        self.body = ipw.VBox([])
        self._html = ipw.HTML()
        self._output = ipw.Output()
        for button in (self.refresh_button, self.retry_button):
            button.on_click(lambda _button: observer.refetch(cancel_refetch=False))
        header = ipw.HBox(
            [self.title, self.state, self.updated, self.refresh_button], layout=wrapping()
        )
        super().__init__([header, self.bar, self.problem, self.body])
        observer.client.mount()
        self._end = observer.subscribe(lambda _result: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Show the query as it is now; harmless to call at any time."""
        self._drawing.post(self._draw)

    def close(self) -> None:
        """Close the panel and stop watching."""
        end, self._end = self._end, None
        if end is not None:
            end()
            self._observer.client.unmount()
        super().close()

    # ---------------------------------------------------------------- drawing

    def _draw(self) -> None:
        result = self._observer.result
        self.state.value = _state(result)
        self.updated.value = _updated(result)
        self.bar.value = quiet_bar(result.is_fetching and result.has_data)
        # Not disabled meanwhile: that would take the keyboard's focus away.
        self.refresh_button.icon = "refresh spin" if result.is_fetching else "refresh"
        failed = result.is_error and not result.is_fetching
        self.message.value = alert(_why(result.error)) if failed else ""
        self.problem.layout.display = "flex" if failed else "none"
        self._draw_body(result)

    def _draw_body(self, result: QueryResult) -> None:
        if result.has_data:
            if self._shown is not result.data:
                self._shown = result.data
                self.body.children = (self._look(result.data),)
            return
        self._shown = _NOTHING
        if result.is_fetching:
            body = skeleton()
        elif result.is_paused:
            body = hint("There is no network: this is fetched once it is back.")
        elif result.is_error:
            body = ""
        else:
            body = hint("Not fetched yet: press Refresh.")
        self.body.children = (self._written(body),) if body else ()

    def _look(self, data: Any) -> ipw.Widget:
        if self._view is None:
            table = data_table(data, columns=self._columns, empty=self._empty)
            return self._displayed(data) if table is None else self._written(table)
        try:
            seen = self._view(data)
        except Exception as error:
            logger.exception("The view of a panel raised")
            said = f"The view of this panel failed: {type(error).__name__}: {error}"
            return self._written(alert(said))
        if isinstance(seen, ipw.Widget):
            return seen
        if isinstance(seen, str):
            return self._written(f"<div>{html.escape(seen)}</div>")
        return self._displayed(seen)

    def _written(self, text: str) -> ipw.Widget:
        self._html.value = text
        return self._html

    def _displayed(self, value: Any) -> ipw.Widget:
        # Not captured, as an Output does: that works in the thread of the cell alone.
        data, metadata = format_display_data(value)
        shown = {"output_type": "display_data", "data": data, "metadata": metadata}
        self._output.outputs = (shown,)
        return self._output

    def __repr__(self) -> str:
        return f"QueryPanel({list(self._observer.options.query_key)})"


_NOTHING = object()


def _state(result: QueryResult) -> str:
    """Return what is worth a word: that it is old, that there is no network, that an attempt failed."""
    parts = []
    if result.is_paused:
        parts.append(badge("offline", WARN, title="Goes on once the network is back"))
    if result.failure_count and result.is_fetching:
        why = _why(result.failure_reason)
        parts.append(badge(f"failed {result.failure_count}x, trying again", WARN, title=why))
    if result.is_placeholder_data:
        parts.append(badge("placeholder", title="Shown until the data is there"))
    elif result.is_stale and result.has_data:
        parts.append(badge("stale", WARN, title="Older than it should be, or declared out of date"))
    return " ".join(parts)


def _updated(result: QueryResult) -> str:
    at = result.updated_at
    if at is None or not result.has_data:
        return ""
    here = at.astimezone()
    return (
        f'<time datetime="{at.isoformat()}" title="{here:%Y-%m-%d %H:%M:%S %Z}" '
        f'style="color: {MUTED}; font-size: 12px">updated {here:%H:%M:%S}</time>'
    )


def _why(error: BaseException | None) -> str:
    return str(error) or type(error).__name__


def _part(part: Any) -> str:
    if isinstance(part, dict):
        return ", ".join(f"{name}={value}" for name, value in part.items()) or "all"
    return str(part)
