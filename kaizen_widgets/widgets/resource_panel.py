"""ResourcePanel: a list of a resource in a `DataGrid`, fetched page by page, with search and actions.

The search field filters the fetched rows immediately; if the server has more rows, it is asked as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.api.resource import ReadOnlyResource
from kaizen_widgets.core.clock import Timer
from kaizen_widgets.displays.markup import heading, skeleton
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.query import LiveQuery, QueryResult
from kaizen_widgets.query.infinite_query_observer import InfiniteQueryObserver
from kaizen_widgets.widgets.data_grid import Column, DataGrid, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import fit_in, submit_form
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_frame import PanelFrame
from kaizen_widgets.widgets.panel_state import PanelState

SEARCH_DELAY: Final = 0.3
"""Seconds after the last key press in the search field before the server is asked."""
MAX_SEARCH: Final = 200
"""Characters of a search that servers accept."""
SERVER_SORTS: Final = frozenset({"name", "status", "created_at", "updated_at"})
"""Columns by which servers sort."""


class ResourcePanel(PanelFrame):
    """A list of a resource.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        resource: The resource that is listed, such as ``studio.agents``.
        columns: Columns of the table.
        noun: What is listed, in the plural, such as ``agents``.
        permission: What the user needs to see it, such as ``agents:read``.
        title: Heading.
        empty: Sentence for an empty list.
        actions: Actions of each row.
        toolbar: Buttons of the header.
        handlers: By name of an action or of a switch, a function of the record (None for the toolbar).
        filters: Filters of the list.
        select: Returns the records to show from those of the server.
        optional_columns: By name of a column, whether a record has a value for it: the column is shown only
            while a fetched record has one.
        searches_server: Whether the server can search this resource.
        footer: Widgets in the line below the table.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table; its ``selected``, ``search`` and ``sort`` are traits.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    _search_timer: Timer | None = None

    def __init__(
        self,
        resources: Any,
        resource: ReadOnlyResource[Any],
        *,
        columns: Sequence[Column | str],
        noun: str,
        permission: str = "",
        title: str = "",
        empty: str = "",
        actions: Sequence[RowAction] = (),
        toolbar: Callable[[], Sequence[RowAction]] = tuple,
        handlers: Mapping[str, Callable[[Any], object]] | None = None,
        filters: Mapping[str, Any] | None = None,
        select: Callable[[list[Any]], Iterable[Any]] | None = None,
        optional_columns: Mapping[str, Callable[[Any], bool]] | None = None,
        searches_server: bool = True,
        footer: Sequence[ipw.Widget] = (),
        body: Sequence[ipw.Widget] = (),
        dialogs: DialogHost | None = None,
    ) -> None:
        self.resource = resource
        self.filters: dict[str, Any] = dict(filters or {})
        self.handlers = dict(handlers or {})
        self._toolbar = toolbar
        self._select = select
        self._optional_columns = dict(optional_columns or {})
        self._unknown_columns: frozenset[str] = frozenset()
        self._searches_server = searches_server
        self._server_search = ""
        self._rows: list[Any] = []
        # Before the table, whose buttons and switches ask it.
        self.access = PanelAccess(resources)
        self.grid = DataGrid(
            columns=columns,
            actions=actions,
            title=title,
            empty=empty or f"No {noun} yet.",
            toolbar=toolbar(),
        )
        self.grid.is_loading = True
        self._detail_widget: ipw.Widget | None = None
        self._detail_title = ipw.HTML()
        self.close_button = ipw.Button(
            description="Close",
            icon="times",
            tooltip="Close this part",
            _dom_classes=("kaizen-quiet",),
        )
        self.close_button.on_click(lambda _button: self.close_detail())
        bar = wrapping()
        bar.justify_content = "space-between"
        self._detail_bar = ipw.HBox([self._detail_title, self.close_button], layout=bar)
        self.detail = ipw.VBox([])
        self.detail.layout.display = "none"
        self.detail.layout.margin = "8px 0 0"
        super().__init__(
            resources,
            body=[self.grid, *body],
            below=[self.detail],
            noun=noun,
            permission=permission,
            footer=footer,
            empty=empty,
            on_data=self._show_pages,
            dialogs=dialogs,
        )
        self.grid.on_action(self._act)
        self.grid.on_more(self.fetch_more)
        self.grid.observe(lambda change: self._search_changed(change["new"]), names="search")
        self.grid.observe(lambda _change: self._sort_changed(), names="sort")
        self.show_query(self._pages())

    # ---------------------------------------------------------------- list

    @property
    def rows(self) -> list[Any]:
        """The records fetched so far, as the API returns them."""
        return list(self._rows)

    @property
    def selected_record(self) -> Any:
        """The selected record, or None."""
        return next(iter(self.grid.selected_records), None)

    def set_filters(self, **filters: Any) -> None:
        """Replace the filters of the list, and fetch it with them."""
        self.filters = {name: value for name, value in filters.items() if value is not None}
        self.show_query(self._pages())

    def fetch_more(self) -> None:
        """Fetch the next page, if there is one and none is being fetched."""
        observer = None if self.query is None else self.query.observer
        if isinstance(observer, InfiniteQueryObserver) and observer.has_next_page:
            observer.fetch_next_page(cancel_refetch=False)

    def show_rows(self) -> None:
        """Show the fetched records again, after something that the columns depend on has changed."""
        shown = self._select(self._rows) if self._select is not None else self._rows
        with self.grid.hold_sync():
            self.grid.records = shown
            self.grid.is_loading = False
            self._hide_unknown()

    def record(self, key: str) -> Any:
        """Return a fetched record by its id, or None."""
        return next((row for row in self._rows if getattr(row, "id", None) == key), None)

    def close(self) -> None:
        """Close the panel and its table, and stop observing the list."""
        if self._search_timer is not None:
            self._search_timer.cancel()
        if self._is_open:
            self.close_detail()
            self.grid.close()
        super().close()

    # -------------------------------------------------------------- detail

    def show_detail(self, title: str, widget: ipw.Widget) -> None:
        """Show a widget below the table, in place of the one before, which is closed."""
        self.close_detail()
        shown = title if len(title) <= 120 else f"{title[:119]}…"
        self._detail_widget = widget
        self._detail_title.value = heading(shown)
        self.detail.children = (self._detail_bar, widget)
        self.detail.layout.display = ""

    def close_detail(self) -> None:
        """Close the widget below the table."""
        widget, self._detail_widget = self._detail_widget, None
        self.detail.children = ()
        self.detail.layout.display = "none"
        if widget is not None:
            widget.close()

    def show_form(
        self,
        title: str,
        load: Callable[[], Awaitable[Any]],
        make: Callable[[Any], FormPanel],
        answer: str,
        wide: bool = False,
    ) -> Dialog:
        """Show a dialog with a form that needs data first; return the dialog.

        Args:
            title: Title of the dialog.
            load: Returns the data; an error is shown in the dialog.
            make: Returns the form for the data.
            answer: Label of the button that submits it.
            wide: Whether the dialog is wide.
        """
        place = ipw.HTML(skeleton())
        form: FormPanel | None = None

        async def submit() -> bool:
            return form is not None and await submit_form(form)

        dialog = self.dialogs.show(
            Dialog(title, [place], answer=answer, on_answer=submit, wide=wide)
        )

        def show(data: Any) -> None:
            nonlocal form
            made = make(data)
            if dialog not in self.dialogs.children:
                made.close()
                return
            form = made
            fit_in(form, dialog)
            dialog.body.children = (form,)

        async def run() -> None:
            try:
                data = await load()
            except KaizenError as error:
                place.value = ""
                dialog.show_problem(str(error))
                return
            if self._client.loop.has_thread:
                # A form takes a while to build, in which the loop would stand still.
                await asyncio.to_thread(show, data)
            else:
                show(data)

        self._client.loop.start(run())
        return dialog

    # ------------------------------------------------------------ internal

    def _pages(self) -> LiveQuery:
        filters = dict(self.filters)
        if self._server_search:
            filters["search"] = self._server_search
        sort = self.grid.sort
        if self._searches_server and sort.removeprefix("-") in SERVER_SORTS and self._has_more():
            filters["sort"] = sort
        return self.resource.pages(**filters)

    def _hide_unknown(self) -> None:
        """Hide optional columns that no record has a value for, and show those again that were hidden."""
        if not self._rows:
            return
        unknown = frozenset(
            name for name, has in self._optional_columns.items() if not any(map(has, self._rows))
        )
        # What the user hid or showed in the columns menu stays, unless what is known changed.
        hidden = (set(self.grid.hidden_columns) - (self._unknown_columns - unknown)) | (
            unknown - self._unknown_columns
        )
        self._unknown_columns = unknown
        names = tuple(name for name in self.grid.column_names if name in hidden)
        if names != self.grid.hidden_columns:
            self.grid.hidden_columns = names

    def _has_more(self) -> bool:
        return self.query is not None and self.query.result.has_next_page

    def _show_pages(self, data: Any) -> None:
        pages = data["pages"]
        # A row that moved to the next page while pages were fetched is in two of them.
        rows = {getattr(row, "id", id(row)): row for page in pages for row in page["rows"]}
        self._rows = list(rows.values())
        total = max((page["total"] or 0 for page in pages), default=0)
        has_more = bool(pages) and pages[-1]["next_offset"] is not None
        with self.grid.hold_sync():
            self.show_rows()
            count = len(self.grid.records)
            # Without a total of the server it is only known that there are more.
            self.grid.total = max(total, count + 1) if has_more else None

    def is_empty(self, data: Any) -> bool:
        """Return whether the list is empty, however it is filtered."""
        return not any(page["rows"] for page in data["pages"])

    def draw_state(self, state: PanelState, result: QueryResult) -> None:
        """Show the state in the table where it has a place for it: loading and empty."""
        in_grid = state.has_data or state.kind == "loading"
        super().draw_state(state, result)
        if in_grid:
            self.blocked.layout.display = "none"
            self.body.layout.display = ""
        self.grid.is_loading = not state.has_data or (result.is_fetching and not self._rows)

    def _search_changed(self, text: str) -> None:
        if self._search_timer is not None:
            self._search_timer.cancel()
            self._search_timer = None
        wanted = text.strip()[:MAX_SEARCH]
        if not self._searches_server or wanted == self._server_search:
            return
        if self._server_search or self._has_more():
            clock = self._client.environment.clock
            self._search_timer = clock.call_later(SEARCH_DELAY, lambda: self._search(wanted))

    def _search(self, text: str) -> None:
        self._search_timer = None
        if self._is_open:
            self._server_search = text
            self.show_query(self._pages())

    def _sort_changed(self) -> None:
        if self._searches_server and self._has_more():
            self.show_query(self._pages())

    def _act(self, name: str, record: Any) -> None:
        handler = self.handlers.get(name)
        if handler is not None:
            handler(record)

    def _access_changed(self) -> None:
        self.grid.set_toolbar(self._toolbar())
        self.show_rows()
        super()._access_changed()
