"""Structural sharing: new data keeps the objects of the old where nothing changed, so ``is`` shows changes.

Only lists and dicts are looked into (not subclasses, not other containers), at most 500 levels deep. Data
that contains itself is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.query.query_state import UNSET

MAX_DEPTH = 500
_SCALARS = frozenset({str, int, float, bool, bytes})


class _CircularError(Exception):
    """The new data contains itself."""


def is_same_value(one: Any, other: Any) -> bool:
    """Return whether two values are the same: containers by identity, plain values by type and value."""
    if one is other:
        return True
    kind = type(one)
    return kind is type(other) and kind in _SCALARS and bool(one == other)


def replace_equal_deep(old: Any, new: Any) -> Any:
    """Return ``old`` if ``new`` equals it, else ``new`` with its equal parts taken from ``old``."""
    try:
        return _replace_equal(old, new, 0, {})
    except (RecursionError, _CircularError):
        return new


def replace_data(
    structural_sharing: bool | Callable[[Any, Any], Any] | None, old: Any, new: Any
) -> Any:
    """Return ``new``, sharing parts with ``old`` (`UNSET` for none) as the option says."""
    if callable(structural_sharing):
        return call_fitting(structural_sharing, None if old is UNSET else old, new)
    return new if structural_sharing is False else replace_equal_deep(old, new)


def _replace_equal(old: Any, new: Any, depth: int, met: dict[int, tuple[Any, Any] | None]) -> Any:
    """Do `replace_equal_deep` below ``depth`` levels.

    Args:
        old: Old value.
        new: New value.
        depth: Levels above it.
        met: By id of each new container met so far, the old one it was compared with and the outcome; None
            while it is being compared. So a container that occurs often is compared once, and data that
            contains itself is noticed.
    """
    if old is new:
        return old
    kind = type(new)
    if kind is not type(old):
        return new
    if kind in _SCALARS:
        return old if old == new else new
    if (kind is not list and kind is not dict) or depth > MAX_DEPTH:
        return new
    identity = id(new)
    known = met.get(identity, UNSET)
    if known is None:
        raise _CircularError
    if known is not UNSET and known[0] is old:
        return known[1]
    met[identity] = None
    is_equal = len(old) == len(new)
    shared: Any
    if kind is list:
        shared, size = [], len(old)
        for index, item in enumerate(new):
            if index < size:
                before = old[index]
                item = _replace_equal(before, item, depth + 1, met)
                if item is not before:
                    is_equal = False
            shared.append(item)
    else:
        shared, old_names = {}, iter(old)
        for name, item in new.items():
            before = old.get(name, UNSET)
            # Names in another order, or 1 in place of True, are a change although dicts compare equal.
            if is_equal and not is_same_value(next(old_names), name):
                is_equal = False
            if before is UNSET:
                is_equal = False
            else:
                item = _replace_equal(before, item, depth + 1, met)
                if item is not before:
                    is_equal = False
            shared[name] = item
    outcome = old if is_equal else shared
    met[identity] = (old, outcome)
    return outcome
