"""DataGrid shows records as a table to search, sort and select from.

The rows are sent as one compressed block and searched, sorted and paged in the browser, so that a key press
in the search field needs no kernel. Callbacks run on the thread that handles the page's messages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from traitlets import Bool, Bytes, Int, TraitError, Tuple, Unicode, validate

from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.grid_table import (
    Cell,
    Key,
    cell_text,
    column_cells,
    column_look,
    encode_cell,
    pack_json,
    read_field,
    record_keys,
    resolve_columns,
)
from kaizen_widgets.displays.previews import HIDDEN, is_secret_field
from kaizen_widgets.widgets.bundle import Bundle, BundledWidget
from kaizen_widgets.widgets.row_action import RowAction

__all__ = ["Column", "DataGrid", "RowAction"]

logger = logging.getLogger(__name__)

Unsubscribe: TypeAlias = Callable[[], None]
Selection: TypeAlias = Literal["one", "many", "none"]
MAX_TEXT: Final = 1_000
"""Characters of a search text."""


class GridActionMessage(BaseModel):
    """The user chose an action of a row or of the header."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["action"]
    name: str
    key: str | int | None = None


class GridOpenMessage(BaseModel):
    """The user opened a row: Enter, or a double click."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["open"]
    key: str | int


class GridMoreMessage(BaseModel):
    """The user asked for further rows of the server."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["more"]


_MESSAGE: Final = TypeAdapter[GridActionMessage | GridOpenMessage | GridMoreMessage](
    Annotated[GridActionMessage | GridOpenMessage | GridMoreMessage, Field(discriminator="kind")]
)


class DataGrid(BundledWidget):
    """A table of records.

    Args:
        records: Mappings, pydantic models, dataclasses or plain values.
        columns: Columns, or names of fields; by default those of the records, titles first and ids last.
        key: Field that identifies a record; without it a record's place does.
        page_size: Rows shown at first, and added by each press of the "more" button.
        empty: Text where there are no records.
        actions: Actions of each row.
        title: Heading, with the number of records beside it.
        toolbar: Buttons of the header; their callbacks get None in place of a record.
        selection: Whether one row can be selected, many, or none.
        is_searchable: Whether the header has a search field.
        is_dense: Whether rows are low, without a frame around the table.

    Attributes:
        selected: Keys of the selected records.
        search: Text of the search field; rows that contain all of its words are shown.
        sort: Name of the column that sorts, with ``-`` before it for descending; empty for none.
        hidden_columns: Names of the columns that are not shown.
        has_more: Whether the server has further records, where `total` is not known.
        total: Number of records on the server, if there are more than `records`; else None.
        is_loading: Whether placeholders are shown while there are no records yet.

    Raises:
        TraitError: ``selected``, ``sort`` or ``search`` is set to something that is not in the table.
    """

    bundle = Bundle("grid")
    page_traits = frozenset({"selected", "search", "sort", "hidden_columns"})

    _table = Bytes().tag(sync=True)
    selected = Tuple().tag(sync=True)
    search = Unicode().tag(sync=True)
    sort = Unicode().tag(sync=True)
    hidden_columns = Tuple().tag(sync=True)
    total = Int(None, allow_none=True).tag(sync=True)
    has_more = Bool(False).tag(sync=True)
    is_loading = Bool(False).tag(sync=True)
    page_size = Int(50, min=1).tag(sync=True)

    def __init__(
        self,
        records: Iterable[Any] = (),
        *,
        columns: Sequence[Column | str] | None = None,
        key: str = "id",
        page_size: int = 50,
        empty: str = "Nothing here yet.",
        actions: Sequence[RowAction] = (),
        title: str = "",
        toolbar: Sequence[RowAction] = (),
        selection: Selection = "one",
        is_searchable: bool = True,
        is_dense: bool = False,
        **options: Any,
    ) -> None:
        # Before the base class, which reads the state for its first message.
        self._given_columns = columns
        self._key = key
        self._actions = tuple(actions)
        self._toolbar = tuple(toolbar)
        self._look = {
            "empty": empty,
            "title": title,
            "selection": selection,
            "search": is_searchable,
            "dense": is_dense,
            "actions": [_action_look(action) for action in self._actions],
        }
        self._on_action: list[Callable[[str, Any], object]] = []
        self._on_open: list[Callable[[Any], object]] = []
        self._on_more: list[Callable[[], object]] = []
        self._records: tuple[Any, ...] = ()
        self._keys: list[Key] = []
        self._places: dict[Key, int] = {}
        self._columns: list[Column] = []
        self._known_columns: tuple[str, ...] = ()
        self._cells: list[list[Cell]] = []
        super().__init__(page_size=page_size, **options)
        self._set_records(records)
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))

    # ------------------------------------------------------------ records

    @property
    def records(self) -> tuple[Any, ...]:
        """The records; setting them keeps selection, search, sort, scroll and focus."""
        return self._records

    @records.setter
    def records(self, records: Iterable[Any]) -> None:
        self._set_records(records)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, with the formats that were inferred."""
        return tuple(self._columns)

    def show(self, records: Iterable[Any], columns: Sequence[Column | str]) -> None:
        """Show other records with other columns; selection, search and sort stay where they still fit."""
        self._given_columns = columns
        self._set_records(records)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, hidden ones included."""
        return tuple(column.name for column in self._columns)

    @property
    def selected_records(self) -> tuple[Any, ...]:
        """The selected records."""
        return tuple(self._records[self._places[key]] for key in self.selected)

    @property
    def empty(self) -> str:
        """The text where there are no records."""
        return self._look["empty"]

    @empty.setter
    def empty(self, text: str) -> None:
        if text != self._look["empty"]:
            self._look["empty"] = text
            self._send_table()

    def set_toolbar(self, toolbar: Sequence[RowAction]) -> None:
        """Replace the buttons of the header, for example when a permission changed."""
        self._toolbar = tuple(toolbar)
        self._send_table()

    def draw_again(self) -> None:
        """Ask again what is refused, for example when a permission changed."""
        self._send_table()

    @property
    def shown_rows(self) -> list[dict[str, str]]:
        """The texts of all rows in the order of the records, by column name; hidden columns left out."""
        hidden = set(self.hidden_columns)
        return [
            {
                column.name: cell_text(cells[place], column.format)
                for column, cells in zip(self._columns, self._cells, strict=True)
                if column.name not in hidden
            }
            for place in range(len(self._records))
        ]

    # ---------------------------------------------------------- callbacks

    def on_action(self, callback: Callable[[str, Any], object]) -> Unsubscribe:
        """Call ``callback(name, record)`` when an action is chosen or a switch pressed."""
        return _subscribe(self._on_action, callback)

    def on_open(self, callback: Callable[[Any], object]) -> Unsubscribe:
        """Call ``callback(record)`` when a row is opened, by Enter or a double click."""
        return _subscribe(self._on_open, callback)

    def on_more(self, callback: Callable[[], object]) -> Unsubscribe:
        """Call ``callback()`` when further rows are wanted; `total` or `has_more` say that there are some."""
        return _subscribe(self._on_more, callback)

    # ----------------------------------------------------------- internal

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply the state that the page sent, without values that do not fit the table."""
        checked = {}
        for name, value in sync_data.items():
            try:
                checked[name] = self._check(name, value)
            except TraitError as error:
                logger.warning("A table ignored what the page sent: %s", str(error)[:200])
        super().set_state(checked)

    def _check(self, name: str, value: Any) -> Any:
        if name == "selected":
            if not isinstance(value, list | tuple) or not all(type(k) in (str, int) for k in value):
                raise TraitError("selected is a tuple of keys.")
            # Keys of rows that have just been replaced are no error.
            return tuple(dict.fromkeys(key for key in value if key in self._places))
        if name == "hidden_columns":
            known = {column.name for column in self._columns}
            if not isinstance(value, list | tuple) or not all(type(n) is str for n in value):
                raise TraitError("hidden_columns is a tuple of names.")
            return tuple(dict.fromkeys(each for each in value if each in known))
        if name in ("sort", "search") and not isinstance(value, str):
            raise TraitError(f"{name} is a text.")
        return value

    @validate("selected")
    def _validate_selected(self, proposal: Any) -> tuple[Key, ...]:
        keys = tuple(dict.fromkeys(proposal["value"]))
        for key in keys:
            if key not in self._places:
                raise TraitError(f"There is no row {str(key)[:80]!r} to select.")
        if self._look["selection"] == "none" and keys:
            raise TraitError("Rows of this table cannot be selected.")
        return keys[:1] if self._look["selection"] == "one" else keys

    @validate("sort")
    def _validate_sort(self, proposal: Any) -> str:
        name = proposal["value"].removeprefix("-")
        if name and all(column.name != name for column in self._columns):
            raise TraitError(f"There is no column {name[:80]!r} to sort by.")
        return proposal["value"]

    @validate("search")
    def _validate_search(self, proposal: Any) -> str:
        return proposal["value"][:MAX_TEXT]

    def _set_records(self, records: Iterable[Any]) -> None:
        self._records = tuple(records)
        self._keys = record_keys(self._records, self._key)
        self._places = {key: place for place, key in enumerate(self._keys)}
        columns = resolve_columns(self._given_columns, self._records, self._key)
        self._columns = columns
        self._cells = [column_cells(column, self._records) for column in columns]
        names = tuple(column.name for column in columns)
        with self.hold_sync():
            if names != self._known_columns and (self._records or not self._known_columns):
                # Columns that the user hid stay hidden when others come or go.
                new = set(names) - set(self._known_columns)
                hidden = {column.name for column in columns if column.is_hidden} & new
                self.hidden_columns = tuple(
                    name for name in names if name in hidden or name in self.hidden_columns
                )
                self._known_columns = names
            if self.sort.removeprefix("-") not in ("", *names):
                self.sort = ""
            gone = [key for key in self.selected if key not in self._places]
            if gone:
                self.selected = tuple(key for key in self.selected if key in self._places)
            self._send_table()

    def _send_table(self) -> None:
        table = {
            **self._look,
            "toolbar": [
                {**_action_look(action), "refusal": _refusal(action, None)}
                for action in self._toolbar
            ],
            "columns": [column_look(column) for column in self._columns],
            "keys": self._keys,
            # A column that repeats the keys is not sent twice.
            "cells": [None if cells == self._keys else cells for cells in self._cells],
            "second": {
                str(index): [self._second(column.second, record) for record in self._records]
                for index, column in enumerate(self._columns)
                if column.second
            },
            "marks": {
                str(index): [self._second(column.mark, record) for record in self._records]
                for index, column in enumerate(self._columns)
                if column.mark
            },
            "refusals": self._refusals(),
        }
        packed = pack_json(table)
        if packed != self._table:
            self._table = packed

    def _second(self, name: str, record: Any) -> Cell:
        value = read_field(record, name)
        return HIDDEN if is_secret_field(name, value) else encode_cell(value, "text")

    def _refusals(self) -> dict[str, dict[str, str]]:
        """Return by action or switch, and place, why it cannot be pressed; a function that raises refuses."""
        found: dict[str, dict[str, str]] = {}
        for each in (*self._actions, *self._switches):
            if each.is_enabled is None:
                continue
            for place, record in enumerate(self._records):
                reason = _refusal(each, record)
                if reason is not None:
                    found.setdefault(each.name, {})[str(place)] = reason
        return found

    @property
    def _switches(self) -> list[Column]:
        return [column for column in self._columns if column.format == "switch"]

    def _receive(self, content: Any) -> None:
        if isinstance(content, Mapping) and content.get("kind") == "code":
            return  # handled by the base class
        try:
            message = _MESSAGE.validate_python(content)
        except ValidationError:
            logger.warning("A table ignored a message of an unknown format.")
            return
        match message:
            case GridMoreMessage():
                _notify(self._on_more)
            case GridOpenMessage(key=key):
                if key in self._places:
                    _notify(self._on_open, self._records[self._places[key]])
            case GridActionMessage(name=name, key=None):
                if any(
                    action.name == name and _refusal(action, None) is None
                    for action in self._toolbar
                ):
                    _notify(self._on_action, name, None)
            case GridActionMessage(name=name, key=key) if key in self._places:
                record = self._records[self._places[key]]
                # The page may be behind: what is refused now is refused.
                if any(
                    each.name == name and _refusal(each, record) is None
                    for each in (*self._actions, *self._switches)
                ):
                    _notify(self._on_action, name, record)
            case _:
                logger.info("A table ignored an action on a row that is gone.")

    def __repr__(self) -> str:
        return f"DataGrid({len(self._records)} rows)"


def _action_look(action: RowAction) -> dict[str, Any]:
    look: dict[str, Any] = {"name": action.name, "label": action.label, "icon": action.icon}
    if action.is_danger:
        look["danger"] = True
    if action.is_visible:
        look["visible"] = True
    return look


def _refusal(pressed: RowAction | Column, record: Any) -> str | None:
    try:
        return pressed.refusal(record)
    except Exception as error:
        logger.exception("is_enabled of %s raised", pressed.name)
        return f"It cannot be told whether this is possible: {type(error).__name__}."


def _subscribe(listeners: list[Any], callback: Any) -> Unsubscribe:
    if not callable(callback):
        raise TypeError(f"A callback is a function, not {type(callback).__name__}.")
    listeners.append(callback)

    def unsubscribe() -> None:
        if callback in listeners:
            listeners.remove(callback)

    return unsubscribe


def _notify(listeners: Sequence[Callable[..., object]], *arguments: Any) -> None:
    for listener in tuple(listeners):
        try:
            listener(*arguments)
        except Exception:
            logger.exception("A listener of a table raised")
