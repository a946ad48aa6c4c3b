"""Subscriptions to a part of the state: a selector takes it out, an equality says whether it changed.

Pure functions over states; `Subscriptions` puts them together. Numbers, texts, booleans and None
are the same by kind and value (1 is 1.0, but neither True nor "1"); everything else by identity, so that
looking at a state costs nothing whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

State: TypeAlias = Mapping[str, Any]
Listener: TypeAlias = Callable[[State, State], object]
Selector: TypeAlias = Callable[[State], Any]
Equality: TypeAlias = Callable[[Any, Any], bool]
Unsubscribe: TypeAlias = Callable[[], None]

_NUMBER = (int, float)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same one (as JavaScript's ``Object.is``, but 0.0 is -0.0)."""
    if one is other:
        return True
    kind = type(one)
    if kind is type(other) and (kind is int or kind is str):  # the rule below, for most there are
        return one == other
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, _NUMBER) and isinstance(other, _NUMBER):
        return one == other or (one != one and other != other)  # NaN is itself
    return isinstance(one, str) and isinstance(other, str) and one == other


def shallow(one: Any, other: Any) -> bool:
    """Whether two values are the same, or mappings or lists whose members are the same."""
    if same(one, other):
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return False
