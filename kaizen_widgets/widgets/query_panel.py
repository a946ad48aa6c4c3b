"""QueryPanel shows a query: a placeholder while it loads, then the data, or the error and a way to retry.

A VBox of ipywidgets with an observer. While the panel is open, the query is observed and the client is
mounted. Updates may come from any thread.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal

import ipywidgets as ipw
from IPython.core.formatters import format_display_data

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.markup import (
    MUTED,
    WARN,
    alert,
    badge,
    hint,
    quiet_bar,
    skeleton,
)
from kaizen_widgets.displays.previews import HIDDEN, is_secret_field, record_fields
from kaizen_widgets.query import InfiniteQueryObserver, LiveQuery, QueryObserver, QueryResult
from kaizen_widgets.query.query_display import key_title, rows_of
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.itables_view import MISSING, has_itables, itables_view
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.result_view import ResultView

logger = logging.getLogger(__name__)

DataView = Callable[[Any], Any]


class QueryPanel(Panel):
    """Shows a query.

    Args:
        query: Query to show, such as ``studio.agents.list()``, or an observer.
        view: Function called with the data when it changes. It returns a widget (return the same one each
            time, updated, to avoid flicker), a string, or any value that a cell can display. By default
            records are a `DataGrid`, one record is a table of its fields, and other values are shown as
            what they are. "table" shows records in a table of itables, if the extra ``tables`` is
            installed.
        title: Heading; by default the query's key.
        columns: Fields that the table shows.
        empty: Text for an empty list.
        **grid: Options of the `DataGrid`, such as ``actions``.

    Raises:
        TypeError: ``query`` is not a query, or ``view`` cannot be called.
    """

    # None until the end of `__init__`: ipywidgets also closes a panel whose `__init__` raised.
    _unsubscribe: Callable[[], None] | None = None

    def __init__(
        self,
        query: LiveQuery | QueryObserver,
        view: DataView | Literal["table"] | None = None,
        *,
        title: str | None = None,
        columns: Sequence[str] | None = None,
        empty: str = "",
        **grid: Any,
    ) -> None:
        observer = query.observer if isinstance(query, LiveQuery) else query
        if not isinstance(observer, QueryObserver):
            raise TypeError(f"A QueryPanel shows a query, not {type(query).__name__}.")
        if view is not None and view != "table" and not callable(view):
            raise TypeError(
                f'view must be a function of the data, or "table", not {type(view).__name__}.'
            )
        self.query = query
        self._observer = observer
        self._view = view
        self._columns = columns
        self._shown: Any = _NOTHING
        self._drawing = Notifier(lambda error: logger.error("A panel failed", exc_info=error))
        name = key_title(observer.options.query_key) if title is None else title
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
            tooltip="Fetch the data again",
            button_style="warning",
            layout=ipw.Layout(width="auto"),
        )
        self.bar = ipw.HTML(quiet_bar(False), layout=ipw.Layout(margin="0", height="2px"))
        self.message = ipw.HTML()
        self.problem = ipw.HBox([self.message, self.retry_button], layout=wrapping())
        self.body = ipw.VBox([])
        self._html = ipw.HTML()
        self._grid_options = {"columns": columns, "empty": empty or "Nothing here yet.", **grid}
        self._itable: ipw.Widget | None = None
        self._output = ipw.Output()
        for button in (self.refresh_button, self.retry_button):
            button.on_click(lambda _button: observer.refetch(cancel_refetch=False))
        header = ipw.HBox(
            [self.title, self.state, self.updated, self.refresh_button], layout=wrapping()
        )
        super().__init__([header, self.bar, self.problem, self.body])
        observer.client.mount()
        self._unsubscribe = observer.subscribe(lambda _result: self.refresh())
        self.refresh()

    @cached_property
    def grid(self) -> DataGrid:
        """The table that shows records; its ``selected`` is a trait."""
        grid = DataGrid(**self._grid_options)
        grid.on_more(self._fetch_more)
        return grid

    @cached_property
    def _fields(self) -> DataGrid:
        columns = [Column("field", "Field", "title"), Column("value", "Value", "text")]
        return DataGrid(columns=columns, key="field", selection="none")

    @cached_property
    def _result(self) -> ResultView:
        return ResultView()

    def refresh(self) -> None:
        """Show the query's current state; may be called at any time."""
        self._drawing.post(self._draw)

    def close(self) -> None:
        """Close the panel and stop observing the query."""
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()
            self._observer.client.unmount()
        super().close()

    # ---------------------------------------------------------------- drawing

    def _draw(self) -> None:
        result = self._observer.result
        self.state.value = _badges(result)
        self.updated.value = _time_of_update(result)
        self.bar.value = quiet_bar(result.is_fetching and result.has_data)
        # Not disabled while fetching: a disabled button loses the keyboard focus.
        self.refresh_button.icon = "refresh spin" if result.is_fetching else "refresh"
        failed = result.is_error and not result.is_fetching
        self.message.value = alert(_error_text(result.error)) if failed else ""
        self.problem.layout.display = "flex" if failed else "none"
        self._draw_body(result)

    def _draw_body(self, result: QueryResult) -> None:
        if result.has_data:
            if self._shown is not result.data:
                self._shown = result.data
                self.body.children = (self._data_widget(result.data),)
            return
        self._shown = _NOTHING
        if result.is_fetching:
            body = skeleton()
        elif result.is_paused:
            body = hint("You are offline: the data is fetched when the network is back.")
        elif result.is_error:
            body = ""
        else:
            body = hint("Not fetched yet: press Refresh.")
        self.body.children = (self._html_widget(body),) if body else ()

    def _data_widget(self, data: Any) -> ipw.Widget:
        if self._view is None or isinstance(self._view, str):
            return self._table(data)
        try:
            shown = self._view(data)
        except Exception as error:
            logger.exception("The view of a panel raised")
            text = f"The view of this panel failed: {type(error).__name__}: {error}"
            return self._html_widget(alert(text))
        if isinstance(shown, ipw.Widget):
            return shown
        if isinstance(shown, str):
            return self._html_widget(f"<div>{html.escape(shown)}</div>")
        return self._output_widget(shown)

    def _table(self, data: Any) -> ipw.Widget:
        """Return the widget for the default view of any data."""
        rows = rows_of(data)
        if rows is not None:
            self.grid.records = rows
            self.grid.has_more = self._observer.result.has_next_page
            if self._view != "table" or not rows:
                return self.grid
            if not has_itables():
                return ipw.VBox([ipw.HTML(hint(MISSING)), self.grid])
            self._itable = itables_view(rows, self._columns, self._itable)
            return self._itable
        fields = record_fields(data)
        if fields is not None:
            names = self._columns if self._columns is not None else list(fields)
            # A secret is known by its name, which is not a column's here.
            self._fields.records = [
                {
                    "field": Column(str(name)).heading,
                    "value": HIDDEN if is_secret_field(str(name), value) else value,
                }
                for name in names
                for value in (fields.get(name),)
            ]
            return self._fields
        if data is None:
            return self._html_widget(hint("No data."))
        self._result.show(data)
        return self._result

    def _fetch_more(self) -> None:
        if isinstance(self._observer, InfiniteQueryObserver) and self._observer.has_next_page:
            self._observer.fetch_next_page(cancel_refetch=False)

    def _html_widget(self, markup: str) -> ipw.Widget:
        self._html.value = markup
        return self._html

    def _output_widget(self, value: Any) -> ipw.Widget:
        # An Output captures only what the thread of the cell displays, so its outputs are set directly.
        data, metadata = format_display_data(value)
        shown = {"output_type": "display_data", "data": data, "metadata": metadata}
        self._output.outputs = (shown,)
        return self._output

    def __repr__(self) -> str:
        return f"QueryPanel({list(self._observer.options.query_key)})"


_NOTHING = object()


def _badges(result: QueryResult) -> str:
    """Return badges for stale data, a missing network or a failed attempt."""
    parts = []
    if result.is_paused:
        parts.append(badge("offline", WARN, title="Continues when the network is back"))
    if result.failure_count and result.is_fetching:
        reason = _error_text(result.failure_reason)
        parts.append(badge(f"failed {result.failure_count}x, retrying", WARN, title=reason))
    if result.is_placeholder_data:
        parts.append(badge("placeholder", title="Shown until the data arrives"))
    elif result.is_stale and result.has_data:
        parts.append(badge("stale", WARN, title="Older than its stale time, or invalidated"))
    return " ".join(parts)


def _time_of_update(result: QueryResult) -> str:
    at = result.updated_at
    if at is None or not result.has_data:
        return ""
    here = at.astimezone()
    return (
        f'<time datetime="{at.isoformat()}" title="{here:%Y-%m-%d %H:%M:%S %Z}" '
        f'style="color: {MUTED}; font-size: 12px">updated {here:%H:%M:%S}</time>'
    )


def _error_text(error: BaseException | None) -> str:
    return str(error) or type(error).__name__
