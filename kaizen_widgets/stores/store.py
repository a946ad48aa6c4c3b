"""A store is four verbs: get, set, subscribe, and the state it began with.

State is what the store's public traits hold, so `observe`, `link` and assignment work as well. A set is
atomic (one bad value and nothing is set), silent when nothing differs, and safe from any thread:
listeners and observers hear of it after it is done, outside the lock, with (state, previous).

Source: the shape follows zustand's vanilla store (MIT); not its code.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

from traitlets import Bunch, HasTraits

from kaizen_widgets.delivery import Delivery
from kaizen_widgets.errors import StoreError

State: TypeAlias = Mapping[str, Any]
Partial: TypeAlias = State | Callable[[State], State]
Listener: TypeAlias = Callable[[State, State], object]
Unsubscribe: TypeAlias = Callable[[], None]


class Store(HasTraits):
    """Base of the stores; the public traits of a subclass are its state.

    Args:
        delivery: The lock and queue to use; stores that change together share one.
        state: Initial values of some keys.
    """

    name: ClassVar[str] = "store"
    _derived: ClassVar[frozenset[str]] = frozenset()
    """Keys whose traits keep nothing themselves; the subclass announces them."""

    def __init__(self, *, delivery: Delivery | None = None, **state: Any) -> None:
        self._delivery = delivery or Delivery()
        self._listeners: list[Listener] = []
        self._keys = tuple(sorted(key for key in self.trait_names() if not key.startswith("_")))
        self._in_set = threading.local()
        super().__init__()
        unknown = sorted(set(state) - set(self._keys))
        if unknown:
            raise StoreError(f"The {self.name} store has no {unknown[0]!r}.", store=self.name)
        for key, value in state.items():
            setattr(self, key, value)
        self.initial: State = self.get()
        self.observe(self._assigned, names=[key for key in self._keys if key not in self._derived])

    def get(self) -> dict[str, Any]:
        """Return the state as it is now."""
        with self._delivery.locked():
            return {key: getattr(self, key) for key in self._keys}

    def set(self, partial: Partial) -> None:
        """Set some keys at once.

        Args:
            partial: The new values, or a function of the state that returns them.

        Raises:
            StoreError: There is no such key. Nothing is set.
            traitlets.TraitError: A value has the wrong type. Nothing is set.
        """
        with self._delivery.locked():
            previous = self.get() if callable(partial) or self._listeners else {}
            changes = self._store(partial(previous) if callable(partial) else partial)
            if changes:
                self._delivery.post(lambda: self._announce(changes, previous))

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call ``listener(state, previous)`` after each set that changed something.

        Returns:
            A function that ends it; harmless to call twice.
        """
        entry: Listener = lambda state, previous: listener(state, previous)  # noqa: E731 - own identity
        with self._delivery.locked():
            self._listeners.append(entry)

        def unsubscribe() -> None:
            with self._delivery.locked():
                if entry in self._listeners:
                    self._listeners.remove(entry)

        return unsubscribe

    def reset(self) -> None:
        """Go back to the initial state."""
        self.set(self.initial)

    def _store(self, values: State) -> list[Bunch]:
        """Check all values, then keep those that differ; return traitlets' change events."""
        traits = self.traits()
        checked: dict[str, Any] = {}
        for key, value in values.items():
            if key not in self._keys:
                raise StoreError(f"The {self.name} store has no {key!r}.", store=self.name)
            checked[key] = traits[key]._validate(self, value)
        changes: list[Bunch] = []
        for key, value in checked.items():
            old = getattr(self, key)
            if _equal(old, value):
                continue
            self._trait_values[key] = value
            changes.append(Bunch(name=key, old=old, new=value, owner=self, type="change"))
        return changes

    def _announce(self, changes: list[Bunch], previous: State) -> None:
        self._in_set.active = True
        try:
            for change in changes:
                self.notify_change(change)
        finally:
            self._in_set.active = False
        self._call_listeners(previous)

    def _call_listeners(self, previous: State) -> None:
        if not self._listeners:
            return
        with self._delivery.locked():
            listeners, state = tuple(self._listeners), self.get()
        for listener in listeners:
            listener(state, previous)

    def _assigned(self, change: Bunch) -> None:
        """Tell listeners of a plain assignment (``store.theme = "dark"``)."""
        if not getattr(self._in_set, "active", False) and self._listeners:
            self._call_listeners(self.get() | {change.name: change.old})


def _equal(old: Any, new: Any) -> bool:
    """Whether a set would change nothing; what cannot say whether it is equal counts as different."""
    if old is new:
        return True
    try:
        return type(old) is type(new) and bool(old == new)
    except Exception:
        return False  # An array's == is no yes or no.
