"""The state of a form, and a record of the changes that an operation makes to it.

Nothing is decided here: the state keeps values, defaults, errors, flags and row ids consistent with the
definitions below, and records what changed. It is not thread-safe; the caller holds the form's lock.

Definitions:
    dirty: A leaf is dirty if it differed from its default when its field was last changed by the user, by
        rows, or by a write with `should_dirty` (`mark_dirty`). The form is dirty if, at that moment, any
        leaf differed.
    touched: The user left the field, or it was written with `should_touch`.
    errors: The result of the last validation of the name, or what `set_error` stored since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.forms.change import FLAGS, Change
from kaizen_widgets.forms.differences import Differences, is_identical
from kaizen_widgets.forms.name_index import NameIndex
from kaizen_widgets.forms.paths import (
    MISSING,
    Path,
    get,
    is_within,
    join,
    parents,
    parse,
    put,
    unset,
)
from kaizen_widgets.forms.resolver import FieldError
from kaizen_widgets.forms.row_moves import FormRowIds, RowMove, rows_replaced


class TrackedState:
    """The state of a form. See the module for definitions.

    Args:
        defaults: The initial values; not copied, and never changed in place.
        new_id: Returns ids of rows.

    Attributes:
        values: All values, nested dicts and lists that are never changed in place.
        defaults: What the values are compared with.
        has_root_field: Whether a field is called `root`, the name of the form's own errors otherwise.
        errors: Errors by name.
        manual_errors: Names whose error came from `set_error`; only their own validation removes it.
        touched: Names of touched fields.
        row_ids: Ids of rows.
        generation: How often the form was reset; a result from an earlier generation is dropped.
        moves: The moves of rows since the first of the submits under way began.
    """

    def __init__(self, defaults: Any, new_id: Callable[[], str]) -> None:
        self.values = self.defaults = defaults
        self.has_root_field = get(defaults, ("root",)) is not MISSING
        self.errors: dict[str, FieldError] = {}
        self.manual_errors: set[str] = set()
        self.touched: set[str] = set()
        self.row_ids = FormRowIds(new_id)
        self.generation = 0
        self.moves: list[Callable[[str], str | None]] = []
        self._dirty = NameIndex()
        self._is_dirty = False
        self._differences = Differences(defaults, defaults)
        self._stale_list: tuple[str, Any] | None = None
        """The list whose rows changed since `_differences` was updated, and its value before."""
        self.is_valid = False
        self.is_validating = False
        self.is_submitting = False
        self.is_submitted = False
        self.is_submit_successful = False
        self.submit_count = 0
        self.begin()

    # --------------------------------------------------------------- reading

    @property
    def differences(self) -> Differences:
        """The leaves that differ from their defaults now."""
        self._compare_stale_list()
        return self._differences

    @property
    def dirty(self) -> set[str]:
        """The names of dirty leaves, to be read only."""
        self._compare_stale_list()
        return self._dirty.names

    @property
    def is_dirty(self) -> bool:
        """Whether the form is dirty."""
        self._compare_stale_list()
        return self._is_dirty

    @is_dirty.setter
    def is_dirty(self, is_dirty: bool) -> None:
        self._compare_stale_list()
        self._is_dirty = is_dirty

    def has_dirty(self, name: str) -> bool:
        """Return whether a leaf at or below ``name`` is dirty."""
        self._compare_stale_list()
        return self._dirty.has_below(name)

    # ------------------------------------------------------------ operation

    def begin(self) -> None:
        """Begin to record what an operation changes."""
        self._flags_before = self._flags()
        self.values_before, self.errors_before = self.values, self.errors
        self._written: set[str] = set()
        self._dirty_toggled: set[str] = set()
        self._touched_toggled: set[str] = set()
        self._lists_changed: set[str] = set()
        self._is_reset = False

    def finish(self) -> Change:
        """Return what changed since `begin`."""
        self._compare_stale_list()
        flags = self._flags()
        errors: frozenset[str] = frozenset()
        if self.errors is not self.errors_before:
            names = self.errors.keys() | self.errors_before.keys()
            errors = frozenset(
                name for name in names if self.errors.get(name) != self.errors_before.get(name)
            )
        return Change(
            frozenset(self._written),
            errors,
            frozenset(self._dirty_toggled),
            frozenset(self._touched_toggled),
            frozenset(self._lists_changed),
            {}
            if flags == self._flags_before
            else {
                name: new
                for name, new, old in zip(FLAGS, flags, self._flags_before, strict=True)
                if new != old
            },
            self._is_reset,
        )

    def flag_before(self, name: str) -> Any:
        """Return the value of a flag before the operation."""
        return self._flags_before[FLAGS.index(name)]

    def _flags(self) -> tuple[Any, ...]:
        return (
            self.is_dirty,
            self.is_valid,
            self.is_validating,
            self.is_submitting,
            self.is_submitted,
            self.is_submit_successful,
            self.submit_count,
        )

    # --------------------------------------------------------------- values

    def write(self, path: Path, value: Any, *, include_rows: bool = False) -> None:
        """Replace the value at a path; rows of lists that are replaced get new ids.

        Args:
            path: The path.
            value: The value.
            include_rows: Report the rows that contain the path as changed too, as React Hook Form does
                for values that a program sets.
        """
        old = get(self.values, path)
        if is_identical(old, value):
            return
        self._compare_stale_list()
        self.values = put(self.values, path, value)
        self._differences.update(path, old, self.values, self.defaults)
        self._written.add(join(path))
        if include_rows:
            rows = (n for n, part in enumerate(path[:-1], 1) if isinstance(part, int))
            self._written.update(join(path[:n]) for n in rows)
        if isinstance(old, dict | list):
            self._lists_changed |= self.row_ids.forget(join(path))
            if self.is_submitting:
                self.moves.append(rows_replaced(join(path)))

    def mark_written(self, name: str) -> None:
        """Report ``name`` as written, whether or not its value changed."""
        self._written.add(name)

    def write_default(self, path: Path, value: Any) -> None:
        """Replace the default at a path."""
        self._compare_stale_list()
        old = get(self.defaults, path)
        if is_identical(old, value):
            return
        self.defaults = put(self.defaults, path, value)
        self._differences.update(path, old, self.values, self.defaults)

    def remove(self, name: str, *, value: bool, default: bool) -> None:
        """Remove what is at ``name`` from the values, the defaults, or both."""
        self._compare_stale_list()
        path = parse(name)
        if value:
            self.values = unset(self.values, path)
            self._written.add(name)
            self._lists_changed |= self.row_ids.forget(name)
        if default:
            self.defaults = unset(self.defaults, path)
        self._differences = Differences(self.values, self.defaults)

    def restart(self, values: Any, defaults: Any, *, keep_values: bool) -> None:
        """Begin a new generation with these values and defaults.

        Args:
            values: The new values.
            defaults: The new defaults.
            keep_values: Whether ``values`` are the present values, which are then not reported.
        """
        self._compare_stale_list()
        if self.is_submitting:
            self.moves.append(rows_replaced(""))
        self.generation += 1
        self._is_reset = True
        if not keep_values:
            self._lists_changed |= self.row_ids.forget("")
            self._written.add("")
        self.values, self.defaults = values, defaults
        self._differences = Differences(values, defaults)

    # ----------------------------------------------------------------- rows

    def append_rows(self, name: str, rows: list[Any]) -> None:
        """Add rows at the end of a list, and update the dirty flags of the list."""
        old = get(self.values, parse(name))
        before = old if isinstance(old, list) else []
        self.row_ids.append(name)
        self._write_rows(name, old, [*before, *rows])

    def move_rows(self, name: str, rows: list[Any], move: RowMove) -> None:
        """Replace the rows of a list, and update the dirty flags of the list.

        Errors, touched flags and ids move with the rows that were there before.

        Args:
            name: The list.
            rows: All rows.
            move: Where each of them was before.
        """
        old = get(self.values, parse(name))
        self.row_ids.move(name, len(old) if isinstance(old, list) else 0, move)
        self._write_rows(name, old, rows)
        if self.errors:
            self.errors = move.keys(self.errors)
            self.manual_errors = move.names(self.manual_errors)
        if self.touched:
            self.set_touched(move.names(self.touched))
        if self.is_submitting:
            self.moves.append(move)

    def _write_rows(self, name: str, old: Any, rows: list[Any]) -> None:
        if self._stale_list is None or self._stale_list[0] != name:
            self._compare_stale_list()
            self._stale_list = (name, old)
        self.values = put(self.values, parse(name), rows)
        self._lists_changed.add(name)
        self._written.add(name)

    def _compare_stale_list(self) -> None:
        """Compare a list whose rows changed with its default, and update its dirty flags.

        This is done once for any number of row operations that follow each other in a batch.
        """
        if self._stale_list is not None:
            (name, old), self._stale_list = self._stale_list, None
            self._differences.update(parse(name), old, self.values, self.defaults)
            self.mark_dirty(name)

    # ------------------------------------------------------- dirty, touched

    def mark_dirty(self, name: str) -> None:
        """Update the dirty flags at and below ``name``, and the flag of the form."""
        self._compare_stale_list()
        differing, dirty = self._differences.index, self._dirty
        changed = differing.difference_below(name, dirty)
        if "." in name and dirty.names:
            # A dirty leaf above is no leaf any more, because something is below it now.
            above = {parent for parent in parents(name) if parent in dirty.names}
            changed |= above - differing.names
        if changed:
            self._toggle_dirty(changed)
        self._is_dirty = bool(differing.names)

    def set_dirty(self, names: set[str]) -> None:
        """Make exactly these names dirty."""
        self._toggle_dirty(self.dirty ^ names)

    def _toggle_dirty(self, names: set[str]) -> None:
        self._dirty_toggled ^= names
        for name in names:
            (self._dirty.discard if name in self._dirty.names else self._dirty.add)(name)

    def set_touched(self, names: set[str]) -> None:
        """Make exactly these names touched."""
        self._touched_toggled ^= self.touched ^ names
        self.touched = set(names)

    def touch(self, name: str) -> None:
        """Make a name touched."""
        if name not in self.touched:
            self.touched.add(name)
            self._touched_toggled ^= {name}

    def clear_flags(self, names: Iterable[str], *, dirty: bool, touched: bool) -> None:
        """Clear the dirty flags, the touched flags, or both, at and below these names."""
        for name in names:
            if dirty:
                self._compare_stale_list()
                self._toggle_dirty(self._dirty.below(name))
            if touched:
                self.set_touched({known for known in self.touched if not is_within(known, name)})

    # --------------------------------------------------------------- errors

    def set_errors(self, errors: Mapping[str, FieldError]) -> None:
        """Replace all errors."""
        self.errors = dict(errors)
        self.manual_errors = set()

    def replace_errors(self, name: str, found: Mapping[str, FieldError]) -> None:
        """Replace the errors at and below ``name`` by those of ``found`` that belong there."""
        new = self.within(found, name)
        old = self.within(self.errors, name)
        if self.manual_errors:
            self.manual_errors = {
                known for known in self.manual_errors if not is_within(known, name)
            }
        if new != old:
            errors = self._writable_errors()
            for known in old:
                del errors[known]
            errors.update(new)

    def set_error(self, name: str, error: FieldError) -> None:
        """Store an error that stays until this name, or the whole form, is validated."""
        self._writable_errors()[name] = error
        self.manual_errors.add(name)

    def _writable_errors(self) -> dict[str, FieldError]:
        """Return the errors for changing them in place, after saving those before the operation."""
        if self.errors is self.errors_before:
            self.errors = dict(self.errors)
        return self.errors

    def within(self, errors: Mapping[str, FieldError], name: str) -> dict[str, FieldError]:
        """Return the errors at and below a name; for `""`, only those of the form as a whole."""
        if not errors:
            return {}
        if not name:
            return {known: error for known, error in errors.items() if self.is_form_error(known)}
        below = name + "."
        return {
            known: error
            for known, error in errors.items()
            if known == name or known.startswith(below)
        }

    def is_form_error(self, name: str) -> bool:
        """Return whether errors of this name are about the whole form: `""`, or `root.server` and such."""
        return not name or (not self.has_root_field and is_within(name, "root"))
