"""Resets a form or one of its fields, moves defaults, and removes fields.

The caller holds the form's lock, and validates afterward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.forms.paths import MISSING, get, parse, put
from kaizen_widgets.forms.tracked_state import TrackedState


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOptions:
    """What a reset keeps; the names are React Hook Form's."""

    values: bool = False
    dirty_values: bool = False
    default_values: bool = False
    errors: bool = False
    dirty: bool = False
    touched: bool = False
    is_submitted: bool = False
    is_submit_successful: bool = False
    submit_count: bool = False
    is_valid: bool = False


def reset_form(state: TrackedState, given: Any, keep: KeepOptions) -> None:
    """Reset the form to given values, which become the defaults, or (for MISSING) to its defaults."""
    fresh = state.defaults if given is MISSING else given
    values = fresh
    if keep.values:
        values = state.values
    elif keep.dirty_values:
        values = _with_dirty_values(fresh, state)
    was_dirty, manual_errors = state.is_dirty, state.manual_errors
    defaults = state.defaults if keep.default_values else fresh
    state.restart(values, defaults, keep_values=keep.values)
    keeps_flags = (
        not keep.default_values
        if keep.dirty_values
        else keep.dirty and not (keep.default_values and given is not MISSING)
    )
    if not keeps_flags:
        state.set_dirty(state.differences.names)
    state.is_dirty = was_dirty if keep.dirty else bool(state.differences.names or state.dirty)
    if not keep.touched:
        state.set_touched(set())
    state.set_errors(state.errors if keep.errors else {})
    if keep.errors:
        state.manual_errors = manual_errors
    state.is_submitting = False
    state.is_submitted = keep.is_submitted and state.is_submitted
    state.is_submit_successful = keep.is_submit_successful and state.is_submit_successful
    state.submit_count = state.submit_count if keep.submit_count else 0


def reset_field(
    state: TrackedState,
    name: str,
    default: Any = MISSING,
    *,
    keep_dirty: bool = False,
    keep_touched: bool = False,
    keep_error: bool = False,
) -> None:
    """Reset a field to its default, after replacing that default if one is given."""
    path = parse(name)
    if default is not MISSING:
        state.write_default(path, default)
    value = get(state.defaults, path)
    if value is MISSING:
        state.remove(name, value=True, default=False)
    else:
        state.write(path, value, include_rows=True)
    state.clear_flags([name], dirty=not keep_dirty, touched=not keep_touched)
    if not keep_dirty:
        state.is_dirty = bool(state.differences.names)
    if not keep_error:
        state.replace_errors(name, {})


def reset_defaults(state: TrackedState, defaults: Mapping[str, Any], *, keep_dirty: bool) -> None:
    """Replace the defaults of fields; the values stay."""
    for name, default in defaults.items():
        state.write_default(parse(name), default)
    if not keep_dirty:
        state.set_dirty(state.differences.names)
        state.is_dirty = bool(state.differences.names)


def remove_fields(
    state: TrackedState,
    names: Sequence[str],
    *,
    keep_value: bool = False,
    keep_default_value: bool = False,
    keep_error: bool = False,
    keep_dirty: bool = False,
    keep_touched: bool = False,
) -> None:
    """Remove fields from the form, except the parts of their state that are kept."""
    for name in names:
        state.remove(name, value=not keep_value, default=not keep_default_value)
        if not keep_error:
            state.replace_errors(name, {})
    state.clear_flags(names, dirty=not keep_dirty, touched=not keep_touched)
    if not keep_dirty:
        state.is_dirty = bool(state.differences.names)


def _with_dirty_values(fresh: Any, state: TrackedState) -> Any:
    """Return fresh values with the dirty leaves as the user left them.

    If a dirty row has no place in the fresh list, the user's whole list is kept.
    """
    for name in sorted(state.dirty, key=_row_order):
        path = parse(name)
        edited = get(state.values, path)
        if edited is MISSING:
            continue
        try:
            fresh = put(fresh, path, edited)
        except IndexError:
            lists = (path[:n] for n in range(len(path)) if isinstance(path[n], int))
            outermost = next(lists)
            fresh = put(fresh, outermost, get(state.values, outermost))
    return fresh


def _row_order(name: str) -> list[tuple[bool, int, str]]:
    """Return a sort key that orders rows by number, so that appended rows are put back in order."""
    return [
        (isinstance(part, int), part if isinstance(part, int) else 0, str(part))
        for part in parse(name)
    ]
