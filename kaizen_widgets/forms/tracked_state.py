"""All that a form knows at one moment, and what an operation changed of it.

Nothing here decides: it keeps values, defaults, errors, flags and row ids in step with their definitions
and notes what became different. Not for several threads; whoever calls holds the form's lock.

Definitions:
    dirty: those leaves that differed from their default when their field was last changed by the user,
        by rows, or by a write that asked for it (`mark_dirty`). The form is dirty, at that moment, when
        any leaf differs.
    touched: the user left the field, or a write asked for it.
    errors: what the last validation that was about the name said, or what `set_error` put there since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.forms.change import FLAGS, Change
from kaizen_widgets.forms.differences import Differences, same
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


class State:
    """See the module.

    Args:
        defaults: What the values are at first; not copied, never changed in place.
        new_id: Gives ids of rows.
    """

    def __init__(self, defaults: Any, new_id: Callable[[], str]) -> None:
        self.values = self.defaults = defaults
        self.has_root = get(defaults, ("root",)) is not MISSING
        """Whether a field is called `root`, as the form's own errors are where none is."""
        self.errors: dict[str, FieldError] = {}
        self.given: set[str] = set()
        """Names whose error came from `set_error`: only their own validation removes it."""
        self.dirty: set[str] = set()
        self.touched: set[str] = set()
        self.differences = Differences(defaults, defaults)
        self.rows = FormRowIds(new_id)
        self.generation = 0
        """How often the form was reset: what began before is of no interest any more."""
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
        """Begin to note what an operation changes."""
        self._flags_before = self._flags()
        self.values_before, self.errors_before = self.values, self.errors
        self._written: set[str] = set()
        self._dirtied: set[str] = set()
        self._touched: set[str] = set()
        self._moved: set[str] = set()
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
            frozenset(self._dirtied),
            frozenset(self._touched),
            frozenset(self._moved),
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
        """Return what a flag was before the operation."""
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

    def write(self, path: Path, value: Any, *, tells_rows: bool = False) -> None:
        """Put a value at its place; rows of lists that are replaced by it get new ids.

        Args:
            path: The place.
            value: The value.
            tells_rows: Name the rows it is in too, as the original does of what a program writes.
        """
        old = get(self.values, path)
        if same(old, value) and type(old) is type(value):
            return
        self.values = put(self.values, path, value)
        self.differences.changed(path, old, self.values, self.defaults)
        self._written.add(join(path))
        if tells_rows:
            rows = (n for n, part in enumerate(path[:-1], 1) if isinstance(part, int))
            self._written.update(join(path[:n]) for n in rows)
        if isinstance(old, dict | list):
            self._moved |= self.rows.replaced(join(path))

    def heard(self, name: str) -> None:
        """Have the watchers of ``name`` told, whether or not its value is another."""
        self._written.add(name)

    def write_default(self, path: Path, value: Any) -> None:
        """Put a default at its place."""
        self.defaults = put(self.defaults, path, value)
        self.differences = Differences(self.values, self.defaults)

    def remove(self, name: str, *, value: bool, default: bool) -> None:
        """Take out what stands at ``name``, in the values, the defaults, or both."""
        path = parse(name)
        if value:
            self.values = unset(self.values, path)
            self._written.add(name)
            self._moved |= self.rows.replaced(name)
        if default:
            self.defaults = unset(self.defaults, path)
        self.differences = Differences(self.values, self.defaults)

    def begin_anew(self, values: Any, defaults: Any, *, keeps_values: bool) -> None:
        """Take other values and defaults; the present values may stay."""
        self.generation += 1
        self._is_reset = True
        if not keeps_values:
            self._moved |= self.rows.replaced("")
            self._written.add("")
        self.values, self.defaults = values, defaults
        self.differences = Differences(values, defaults)

    def move_rows(self, name: str, rows: list[Any], origins: Origins) -> None:
        """Give a list other rows; what is known of rows that were there before follows them."""
        path = parse(name)
        old = get(self.values, path)
        moved = RowMove(name, origins)
        self.rows.move(name, len(old) if isinstance(old, list) else 0, origins, moved)
        self._moved.add(name)
        self.values = put(self.values, path, rows)
        self.differences.changed(path, old, self.values, self.defaults)
        self._written.add(name)
        self.errors = moved.keys(self.errors)
        self.given = moved.each(self.given)
        self.set_touched(moved.each(self.touched))

    # ------------------------------------------------------- dirty, touched

    def mark_dirty(self, name: str) -> None:
        """Let the dirty flags at and below ``name`` say how things are; likewise the form's own."""
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
            # A leaf above is none any more, now that something stands below it.
            old |= {above for above in parents(name) if above in self.dirty} - differing
        if old != new:
            self._dirtied ^= old ^ new
            self.dirty -= old
            self.dirty |= new
        self.is_dirty = bool(differing)

    def set_dirty(self, names: set[str]) -> None:
        """Make these, and only these, dirty."""
        self._dirtied ^= self.dirty ^ names
        self.dirty = set(names)

    def set_touched(self, names: set[str]) -> None:
        """Make these, and only these, touched."""
        self._touched ^= self.touched ^ names
        self.touched = set(names)

    def touch(self, name: str) -> None:
        """Make one touched."""
        if name not in self.touched:
            self.touched.add(name)
            self._touched ^= {name}

    def forget(self, names: Iterable[str], *, dirty: bool, touched: bool) -> None:
        """Take the flags off these names and all below them."""
        for name in names:
            if dirty:
                self.set_dirty({known for known in self.dirty if not is_within(known, name)})
            if touched:
                self.set_touched({known for known in self.touched if not is_within(known, name)})

    # --------------------------------------------------------------- errors

    def set_errors(self, errors: Mapping[str, FieldError]) -> None:
        """Make these, and only these, the errors."""
        self.errors = dict(errors)
        self.given = set()

    def replace_errors(self, name: str, found: Mapping[str, FieldError]) -> None:
        """Replace the errors at and below ``name`` by those that are found there."""
        fresh = self.within(found, name)
        old = self.within(self.errors, name)
        self.given = {known for known in self.given if not is_within(known, name)}
        if fresh != old:
            kept = {known: error for known, error in self.errors.items() if known not in old}
            self.errors = {**kept, **fresh}

    def set_error(self, name: str, error: FieldError) -> None:
        """Put an error at one name; only a validation of that name, or of all, takes it away."""
        self.errors = {**self.errors, name: error}
        self.given.add(name)

    def within(self, errors: Mapping[str, FieldError], name: str) -> dict[str, FieldError]:
        """Return the errors at and below a name; of the form itself, only its own."""
        if not errors:
            return {}
        if not name:
            return {known: error for known, error in errors.items() if self.is_own(known)}
        below = name + "."
        return {
            known: error
            for known, error in errors.items()
            if known == name or known.startswith(below)
        }

    def is_own(self, name: str) -> bool:
        """Whether an error of this name is the form's: `""`, or `root.server` if no field is `root`."""
        return not name or (not self.has_root and is_within(name, "root"))
