"""Comparison of values: when do two of them count as the same?

`same` and `shallow` compare slices of a state, as zustand does: numbers, texts, booleans and None by type and
value (1 is 1.0, but neither True nor "1"), everything else by identity, so that the cost does not depend on
the size. `unchanged` decides whether a set changes a key, and is stricter: 1 and 1.0 differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign
from typing import Any

_NUMBER = (int, float)
_SCALARS = frozenset({bool, bytes, int, str, type(None)})


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same (JavaScript's ``Object.is``, except that 0.0 is -0.0)."""
    if one is other:
        return True
    kind = type(one)
    if kind is type(other) and (kind is int or kind is str):  # fast path for most values
        return one == other
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, _NUMBER) and isinstance(other, _NUMBER):
        return one == other or (one != one and other != other)  # NaN counts as NaN
    return isinstance(one, str) and isinstance(other, str) and one == other


def shallow(one: Any, other: Any) -> bool:
    """Return whether two values are the same, or mappings or lists whose members are the same."""
    if same(one, other):
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return False


def unchanged(old: Any, new: Any) -> bool:
    """Return whether replacing ``old`` with ``new`` changes nothing.

    Scalars are compared by exact type and value. Anything else is unchanged only if it is the same object:
    Python's ``==`` calls a dict in another order, ``[True]`` and ``[1]``, or two times in other zones equal.
    """
    if old is new:
        return True
    kind = type(old)
    if kind is not type(new):
        return False
    if kind is float:
        return (old == new and copysign(1.0, old) == copysign(1.0, new)) or (
            old != old and new != new
        )
    return kind in _SCALARS and old == new


def same_content(old: Any, new: Any) -> bool:
    """Return whether two values are unchanged, or lists, tuples or dicts with the same content in order."""
    if unchanged(old, new):
        return True
    kind = type(old)
    if kind is not type(new):
        return False
    if kind is list or kind is tuple:
        return len(old) == len(new) and all(map(same_content, old, new))
    if kind is dict:
        return len(old) == len(new) and all(
            same_content(one, other)
            for pair in zip(old.items(), new.items(), strict=True)
            for one, other in zip(*pair, strict=True)
        )
    return False
