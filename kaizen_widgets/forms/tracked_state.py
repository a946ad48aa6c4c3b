"""Everything a form knows at one moment, and what an operation changed of it.

Nothing is decided here: the state keeps values, defaults, errors, flags and row ids consistent with the
definitions below, and records what changed. It is not thread-safe; the caller holds the form's lock.

Definitions:
    dirty: A leaf is dirty if it differed from its default when its field was last changed by the user, by
        rows, or by a write that asked for it (`mark_dirty`). The form is dirty if, at that moment, any
        leaf differed.
    touched: The user left the field, or a write asked for it.
    errors: The result of the last validation of the name, or what `set_error` stored since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.forms.change import FLAGS, Change
from kaizen_widgets.forms.differences import Differences, deep_equal
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
from kaizen_widgets.forms.row_moves import FormRowIds, Origins, RowMove


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
        dirty: Names of dirty leaves.
        touched: Names of touched fields.
        differences: The leaves that differ from their defaults now.
        row_ids: Ids of rows.
        generation: How often the form was reset; a result from an earlier generation is dropped.
    """

    def __init__(self, defaults: Any, new_id: Callable[[], str]) -> None:
        self.values = self.defaults = defaults
        self.has_root_field = get(defaults, ("root",)) is not MISSING
        self.errors: dict[str, FieldError] = {}
        self.manual_errors: set[str] = set()
        self.dirty: set[str] = set()
        self.touched: set[str] = set()
        self.differences = Differences(defaults, defaults)
        self.row_ids = FormRowIds(new_id)
        self.generation = 0
        self.is_dirty = False
        self.is_valid = False
        self.is_validating = False
        self.is_submitting = False
        self.is_submitted = False
        self.is_submit_successful = False
        self.submit_count = 0
        self.begin()

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
        if deep_equal(old, value) and type(old) is type(value):
            return
        self.values = put(self.values, path, value)
        self.differences.update(path, old, self.values, self.defaults)
        self._written.add(join(path))
        if include_rows:
            rows = (n for n, part in enumerate(path[:-1], 1) if isinstance(part, int))
            self._written.update(join(path[:n]) for n in rows)
        if isinstance(old, dict | list):
            self._lists_changed |= self.row_ids.forget(join(path))

    def mark_written(self, name: str) -> None:
        """Report ``name`` as written, whether or not its value changed."""
        self._written.add(name)

    def write_default(self, path: Path, value: Any) -> None:
        """Replace the default at a path."""
        self.defaults = put(self.defaults, path, value)
        self.differences = Differences(self.values, self.defaults)

    def remove(self, name: str, *, value: bool, default: bool) -> None:
        """Remove what is at ``name`` from the values, the defaults, or both."""
        path = parse(name)
        if value:
            self.values = unset(self.values, path)
            self._written.add(name)
            self._lists_changed |= self.row_ids.forget(name)
        if default:
            self.defaults = unset(self.defaults, path)
        self.differences = Differences(self.values, self.defaults)

    def restart(self, values: Any, defaults: Any, *, keep_values: bool) -> None:
        """Begin a new generation with these values and defaults.

        Args:
            values: The new values.
            defaults: The new defaults.
            keep_values: Whether ``values`` are the present values, which are then not reported.
        """
        self.generation += 1
        self._is_reset = True
        if not keep_values:
            self._lists_changed |= self.row_ids.forget("")
            self._written.add("")
        self.values, self.defaults = values, defaults
        self.differences = Differences(values, defaults)

    def move_rows(self, name: str, rows: list[Any], origins: Origins) -> None:
        """Replace the rows of a list; errors, touched flags and ids move with rows that were there."""
        path = parse(name)
        old = get(self.values, path)
        move = RowMove(name, origins)
        self.row_ids.move(name, len(old) if isinstance(old, list) else 0, origins, move)
        self._lists_changed.add(name)
        self.values = put(self.values, path, rows)
        self.differences.update(path, old, self.values, self.defaults)
        self._written.add(name)
        self.errors = move.keys(self.errors)
        self.manual_errors = move.names(self.manual_errors)
        self.set_touched(move.names(self.touched))

    # ------------------------------------------------------- dirty, touched

    def mark_dirty(self, name: str) -> None:
        """Update the dirty flags at and below ``name``, and the flag of the form."""
        path, differing = parse(name), self.differences.names
        if isinstance(get(self.values, path), dict | list) or isinstance(
            get(self.defaults, path), dict | list
        ):
            new = {known for known in differing if is_within(known, name)}
        else:
            new = {name} & differing
        below = name + "." if name else ""
        old = {known for known in self.dirty if known == name or known.startswith(below)}
        if len(path) > 1:
            # A leaf above is no leaf any more, because something is below it now.
            old |= {above for above in parents(name) if above in self.dirty} - differing
        if old != new:
            self._dirty_toggled ^= old ^ new
            self.dirty -= old
            self.dirty |= new
        self.is_dirty = bool(differing)

    def set_dirty(self, names: set[str]) -> None:
        """Make exactly these names dirty."""
        self._dirty_toggled ^= self.dirty ^ names
        self.dirty = set(names)

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
                self.set_dirty({known for known in self.dirty if not is_within(known, name)})
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
        self.manual_errors = {known for known in self.manual_errors if not is_within(known, name)}
        if new != old:
            others = {known: error for known, error in self.errors.items() if known not in old}
            self.errors = {**others, **new}

    def set_error(self, name: str, error: FieldError) -> None:
        """Store an error that stays until this name, or the whole form, is validated."""
        self.errors = {**self.errors, name: error}
        self.manual_errors.add(name)

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
