"""Back to the beginning: of the whole form, of one field, and taking a field out.

Whoever calls holds the form's lock, and validates afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.forms.paths import MISSING, Path, get, join, parse, put
from kaizen_widgets.forms.tracked_state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What a reset leaves as it is; React Hook Form's names."""

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


def reset(state: State, given: Any, keep: Keep) -> None:
    """Begin anew with given values, or MISSING for the defaults; they become the defaults."""
    fresh = state.defaults if given is MISSING else given
    values = fresh
    if keep.values:
        values = state.values
    elif keep.dirty_values:
        values = _with_dirty(fresh, state)
    was_dirty, given_errors = state.is_dirty, state.given
    state.begin_anew(
        values, state.defaults if keep.default_values else fresh, keeps_values=keep.values
    )
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
        state.given = given_errors
    state.is_submitting = False
    state.is_submitted = keep.is_submitted and state.is_submitted
    state.is_submit_successful = keep.is_submit_successful and state.is_submit_successful
    state.submit_count = state.submit_count if keep.submit_count else 0


def reset_field(
    state: State,
    name: str,
    default: Any = MISSING,
    *,
    keep_dirty: bool = False,
    keep_touched: bool = False,
    keep_error: bool = False,
) -> None:
    """Give a field its default back, or another default with it."""
    path = parse(name)
    if default is not MISSING:
        state.write_default(path, default)
    value = get(state.defaults, path)
    if value is MISSING:
        state.remove(name, value=True, default=False)
    else:
        state.write(path, value, tells_rows=True)
    state.forget([name], dirty=not keep_dirty, touched=not keep_touched)
    if not keep_dirty:
        state.is_dirty = bool(state.differences.names)
    if not keep_error:
        state.replace_errors(name, {})


def move_defaults(state: State, defaults: Mapping[str, Any], *, keep_dirty: bool) -> None:
    """Let fields be compared with other defaults."""
    for name, default in defaults.items():
        state.write_default(parse(name), default)
    if not keep_dirty:
        state.set_dirty(state.differences.names)
        state.is_dirty = bool(state.differences.names)


def take_out(
    state: State,
    names: Sequence[str],
    *,
    keep_value: bool = False,
    keep_default_value: bool = False,
    keep_error: bool = False,
    keep_dirty: bool = False,
    keep_touched: bool = False,
) -> None:
    """Take fields out of the form, with all that is known of them and not kept."""
    for name in names:
        state.remove(name, value=not keep_value, default=not keep_default_value)
        if not keep_error:
            state.replace_errors(name, {})
    state.forget(names, dirty=not keep_dirty, touched=not keep_touched)
    if not keep_dirty:
        state.is_dirty = bool(state.differences.names)


def _with_dirty(fresh: Any, state: State) -> Any:
    """Return fresh values in which the dirty leaves are as the user left them.

    Where a dirty row has no place among the fresh ones, its whole list stays the user's.
    """
    for name in sorted(state.dirty, key=_by_index):
        path = parse(name)
        own = get(state.values, path)
        if own is MISSING:
            continue
        try:
            fresh = put(fresh, path, own)
        except IndexError:
            lists = (path[:n] for n in range(len(path)) if isinstance(path[n], int))
            outermost = next(lists)
            fresh = put(fresh, outermost, get(state.values, outermost))
    return fresh


def _by_index(name: str) -> list[tuple[bool, int, str]]:
    """Sort rows by number, so that appended ones are put back in order."""
    return [
        (isinstance(part, int), part if isinstance(part, int) else 0, str(part))
        for part in parse(name)
    ]


def fields_of(value: Any, path: Path) -> list[str]:
    """Return the names of the fields in a value that is written as one: its leaves, a list being one."""
    if isinstance(value, dict) and value:
        return [found for key, item in value.items() for found in fields_of(item, (*path, key))]
    return [join(path)]
