"""Field arrays: append, insert, move and remove the rows of a list, each with a stable id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.change_notifier import ChangeNotifier
from kaizen_widgets.forms.delayed_errors import DelayedErrors
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.originals import Original
from kaizen_widgets.forms.paths import Path, copied, get, parse
from kaizen_widgets.forms.row_moves import RowMove
from kaizen_widgets.forms.tracked_state import TrackedState
from kaizen_widgets.forms.validation import FormValidation
from kaizen_widgets.forms.validation_modes import ValidationModes


@dataclass(frozen=True, slots=True)
class RowDraft:
    """A new row.

    Attributes:
        draft: Its draft.
        originals: The objects it was made from, by path; untouched fields keep them.
    """

    draft: Any
    originals: Mapping[Path, Original] = field(default_factory=dict)


class FieldArrays:
    """The lists of a form: their rows, and the state that moves with each row.

    Args:
        state: The form's state.
        changes: The form's lock and notifications.
        schema: The model's fields, if there is a model.
        modes: Whether changed rows are validated.
        validation: Validates changed rows.
        delayed_errors: Errors that move with their rows.
    """

    def __init__(
        self,
        state: TrackedState,
        changes: ChangeNotifier,
        schema: FormFields | None,
        modes: ValidationModes,
        validation: FormValidation,
        delayed_errors: DelayedErrors,
    ) -> None:
        self.operation = changes.operation
        self._state = state
        self._lock = changes.lock
        self._schema = schema
        self._modes = modes
        self._validation = validation
        self._delayed_errors = delayed_errors

    def rows(self, name: str) -> list[Any]:
        """Return the drafts of a list's rows, which must not be modified; empty if there is no list."""
        with self._lock:
            value = get(self._state.values, parse(name), [])
            return value if isinstance(value, list) else []

    def ids(self, name: str) -> list[str]:
        """Return the ids of a list's rows, which must not be modified."""
        with self._lock:
            return self._state.row_ids.of(name, len(self.rows(name)))

    def draft(self, name: str, row: Any) -> RowDraft:
        """Return the draft of a new row of a list."""
        if self._schema is None:
            return RowDraft(copied(row))
        draft, originals = self._schema.row_draft(name, row, self._state.values)
        return RowDraft(copied(draft), originals)

    def append(self, name: str, rows: Sequence[RowDraft]) -> None:
        """Add rows at the end of a list, and validate it if the mode says so."""
        with self.operation:
            length = len(self.rows(name))
            self._state.append_rows(name, [row.draft for row in rows])
            self._add_originals(name, dict(enumerate(rows, length)))
            self._validate(name)

    def set_rows(self, name: str, rows: Sequence[RowDraft | int]) -> None:
        """Replace the rows of a list, and validate it if the mode says so.

        Args:
            name: The list.
            rows: Each a new row, or the index of a row that was there before.
        """
        with self.operation:
            before = self.rows(name)
            move = RowMove(name, [row if isinstance(row, int) else None for row in rows])
            drafts = [before[row] if isinstance(row, int) else row.draft for row in rows]
            self._state.move_rows(name, drafts, move)
            self._delayed_errors.move(move)
            if self._schema is not None:
                self._schema.move_rows(move)
                added = {at: row for at, row in enumerate(rows) if not isinstance(row, int)}
                self._add_originals(name, added)
            self._validate(name)

    def _add_originals(self, name: str, rows: Mapping[int, RowDraft]) -> None:
        originals = {index: row.originals for index, row in rows.items() if row.originals}
        if self._schema is not None and originals:
            self._schema.add_rows(name, originals, self._state.values)

    def _validate(self, name: str) -> None:
        if self._modes.validates_rows(is_submitted=self._state.is_submitted):
            self._validation.validate_rows(name)
        else:
            self._validation.update_is_valid()


class Rows:
    """One list of a form. Errors and touched flags of a row move with it.

    Methods that take rows accept one row or a list of rows; a row that is itself a list must be wrapped
    in a list.

    Args:
        lists: The lists of the form.
        name: The dotted name of the list.
    """

    def __init__(self, lists: FieldArrays, name: str) -> None:
        self._lists = lists
        self.name = name

    @property
    def ids(self) -> list[str]:
        """The id of each row, in order."""
        with self._lists.operation:
            return list(self._lists.ids(self.name))

    def index_of(self, row_id: str) -> int:
        """Return the current index of a row.

        Raises:
            FormError: The list has no row with this id.
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
        """Add rows before the row at ``index``, or at the end if ``index`` is the number of rows."""
        self._insert(index, rows)

    def remove(self, index: int | Iterable[int] | None = None) -> None:
        """Remove one row, several rows, or (without an argument) all rows."""
        with self._lists.operation:
            length = len(self)
            if index is None:
                removed = set(range(length))
            else:
                removed = {index} if isinstance(index, int) else set(index)
            for each in removed:
                self._check(each, length)
            self._set([old for old in range(length) if old not in removed])

    def swap(self, one: int, other: int) -> None:
        """Swap two rows."""
        with self._lists.operation:
            length = len(self)
            self._check(one, length)
            self._check(other, length)
            rows: list[RowDraft | int] = list(range(length))
            rows[one], rows[other] = other, one
            self._set(rows)

    def move(self, index: int, to: int) -> None:
        """Take a row out and insert it at ``to``."""
        with self._lists.operation:
            length = len(self)
            self._check(index, length)
            self._check(to, length)
            rows: list[RowDraft | int] = list(range(length))
            rows.insert(to, rows.pop(index))
            self._set(rows)

    def update(self, index: int, row: Any) -> None:
        """Replace a row by a new one, which gets a new id."""
        with self._lists.operation:
            length = len(self)
            self._check(index, length)
            rows: list[RowDraft | int] = list(range(length))
            rows[index] = self._lists.draft(self.name, row)
            self._set(rows)

    def replace(self, rows: Iterable[Any]) -> None:
        """Replace all rows by new ones."""
        with self._lists.operation:
            self._set([self._lists.draft(self.name, row) for row in rows])

    def __len__(self) -> int:
        return len(self._lists.rows(self.name))

    def __repr__(self) -> str:
        return f"Rows({self.name!r}, {len(self)})"

    def _insert(self, index: int | None, rows: Any) -> None:
        with self._lists.operation:
            length = len(self)
            at = length if index is None else index
            if at != length:
                self._check(at, length)
            given = list(rows) if isinstance(rows, list | tuple) else [rows]
            drafts = [self._lists.draft(self.name, row) for row in given]
            if at == length:
                self._lists.append(self.name, drafts)
            else:
                self._set([*range(at), *drafts, *range(at, length)])

    def _set(self, rows: Sequence[RowDraft | int]) -> None:
        self._lists.set_rows(self.name, rows)

    def _check(self, index: int, length: int) -> None:
        if not isinstance(index, int) or not 0 <= index < length:
            raise FormError(
                f"{self.name or 'The form'} has {length} rows; there is no row {index!r}."
            )
