"""The rows of a list in a form: add, move and remove them, and know each by an id that stays its own."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.row_moves import (
    Origins,
    inserted,
    listed,
    moved,
    swapped,
    without,
)


class RowsOwner(Protocol):
    """What rows need of their form."""

    @property
    def _operation(self) -> AbstractContextManager[None]:
        """The form's lock, and the telling of what changed under it."""
        ...

    def _rows_of(self, name: str) -> tuple[list[Any], list[str]]:
        """Return the rows and their ids."""
        ...

    def _row_draft(self, name: str, row: Any) -> Any:
        """Return the draft of a row."""
        ...

    def _move_rows(self, name: str, rows: list[Any], origins: Origins) -> None:
        """Give the list other rows, and judge it if the mode says so."""


class Rows:
    """One list of a form. What is known of a row (its errors, whether it was touched) moves with it.

    Where rows are taken, one row or a list of them will do; a row that is itself a list must stand in one.

    Args:
        form: Whose.
        name: The list's dotted name.
    """

    def __init__(self, form: RowsOwner, name: str) -> None:
        self._form = form
        self.name = name

    @property
    def ids(self) -> list[str]:
        """The id of each row, in order."""
        with self._form._operation:
            return list(self._form._rows_of(self.name)[1])

    def index_of(self, row_id: str) -> int:
        """Return where a row stands now.

        Raises:
            FormError: There is no such row (any more).
        """
        ids = self.ids
        if row_id not in ids:
            raise FormError(f"{self.name or 'The form'} has no row {row_id!r} any more.")
        return ids.index(row_id)

    def append(self, rows: Any) -> None:
        """Add rows at the end."""
        self._insert(None, rows)

    def prepend(self, rows: Any) -> None:
        """Add rows at the beginning."""
        self._insert(0, rows)

    def insert(self, index: int, rows: Any) -> None:
        """Add rows before the one at ``index``; at the length, at the end."""
        self._insert(index, rows)

    def remove(self, index: int | Iterable[int] | None = None) -> None:
        """Remove one row, several, or all."""
        with self._form._operation:
            length = len(self)
            if index is None:
                gone = list(range(length))
            else:
                gone = [index] if isinstance(index, int) else list(index)
            for each in gone:
                self._check(each, length)
            self._take(without(length, gone))

    def swap(self, one: int, other: int) -> None:
        """Let two rows change places."""
        with self._form._operation:
            length = len(self)
            self._check(one, length)
            self._check(other, length)
            self._take(swapped(length, one, other))

    def move(self, index: int, to: int) -> None:
        """Take a row out and put it in again at ``to``."""
        with self._form._operation:
            length = len(self)
            self._check(index, length)
            self._check(to, length)
            self._take(moved(length, index, to))

    def update(self, index: int, row: Any) -> None:
        """Replace a row: it is a new one, with a new id."""
        with self._form._operation:
            rows = self._form._rows_of(self.name)[0]
            self._check(index, len(rows))
            fresh = rows.copy()
            fresh[index] = self._form._row_draft(self.name, row)
            origins = [None if old == index else old for old in range(len(rows))]
            self._form._move_rows(self.name, fresh, origins)

    def replace(self, rows: Iterable[Any]) -> None:
        """Replace all rows by others."""
        with self._form._operation:
            fresh = [self._form._row_draft(self.name, row) for row in rows]
            self._form._move_rows(self.name, fresh, [None] * len(fresh))

    def __len__(self) -> int:
        return len(self._form._rows_of(self.name)[0])

    def __repr__(self) -> str:
        return f"Rows({self.name!r}, {len(self)})"

    def _insert(self, index: int | None, rows: Any) -> None:
        with self._form._operation:
            there = self._form._rows_of(self.name)[0]
            at = len(there) if index is None else index
            if at != len(there):
                self._check(at, len(there))
            fresh = [self._form._row_draft(self.name, row) for row in listed(rows)]
            origins = inserted(len(there), at, len(fresh))
            self._form._move_rows(self.name, [*there[:at], *fresh, *there[at:]], origins)

    def _take(self, origins: Origins) -> None:
        rows = self._form._rows_of(self.name)[0]
        kept = [rows[old] for old in origins if old is not None]
        self._form._move_rows(self.name, kept, origins)

    def _check(self, index: int, length: int) -> None:
        if not isinstance(index, int) or not 0 <= index < length:
            raise FormError(
                f"{self.name or 'The form'} has {length} rows; there is no row {index!r}."
            )
