"""Listening to a part of the state: a selector takes it out, an equality says whether it changed.

Pure functions over states; a store's `subscribe` puts them together. Numbers, texts, booleans and None
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


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same one (as JavaScript's ``Object.is``, but 0.0 is -0.0)."""
    if one is other:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, int | float) and isinstance(other, int | float):
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


class Selected:
    """A listener of states that calls ``listener(slice, previous)`` when the slice changed.

    Args:
        state: The state now; its slice is what the next one is compared with.
        selector: Takes the slice out of a state.
        listener: Called with the new slice and the last one.
        equality: Whether two slices count as the same.
        fire_immediately: Whether to call the listener now, with the present slice twice.
    """

    __slots__ = ("_equality", "_listener", "remembered", "selector")

    def __init__(
        self,
        state: State,
        selector: Selector,
        listener: Callable[[Any, Any], object],
        equality: Equality = same,
        fire_immediately: bool = False,
    ) -> None:
        self.selector = selector
        self.remembered = selector(state)
        self._listener = listener
        self._equality = equality
        if fire_immediately:
            listener(self.remembered, self.remembered)

    def __call__(self, state: State, _previous: State) -> None:
        """Compare with what is remembered, and tell."""
        self.hear(self.selector(state))

    def hear(self, fresh: Any) -> None:
        """Compare a slice with what is remembered, and tell."""
        if not self._equality(self.remembered, fresh):
            # Remembered first: the listener may set again, and is then asked about the next one.
            previous, self.remembered = self.remembered, fresh
            self._listener(fresh, previous)
