"""A store is four verbs: get, set, subscribe, and the state it began with.

State is what the store's public traits hold, so `observe`, `link` and assignment work as well. A set is
atomic (one bad value and nothing is set), silent when nothing differs, and safe from any thread:
listeners and observers hear of it after it is done, outside the lock, with (state, previous). A listener
that raises keeps nothing from the others; the error reaches whoever set, once.

For state of any keys, and zustand's behaviour to the letter, see `PlainStore`: both take the same
middleware.

Source: the shape follows zustand's vanilla store (MIT); not its code.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial as bind
from typing import Any, ClassVar, overload

from traitlets import Bunch, HasTraits

from kaizen_widgets.delivery import Delivery, call_all
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.middleware import Action, Middleware, Partial
from kaizen_widgets.stores.selecting import (
    Equality,
    Listener,
    Selected,
    Selector,
    State,
    Unsubscribe,
    same,
)


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
        self._middleware: tuple[Middleware, ...] = ()
        self._keys = tuple(sorted(key for key in self.trait_names() if not key.startswith("_")))
        self._checks = self.traits()
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

    def set(self, partial: Partial, *, replace: bool = False, action: Action = None) -> None:
        """Set some keys at once.

        Args:
            partial: The new values, or a function of the state that returns them.
            replace: Whether keys that are not given go back to their initial values.
            action: What to call this in the devtools.

        Raises:
            StoreError: There is no such key. Nothing is set.
            traitlets.TraitError: A value has the wrong type. Nothing is set.
        """
        self.apply(partial, replace=replace, action=action, told=self._middleware)

    @overload
    def subscribe(self, listener: Listener, /) -> Unsubscribe: ...
    @overload
    def subscribe(
        self,
        selector: Selector,
        listener: Callable[[Any, Any], object],
        /,
        *,
        equality: Equality = ...,
        fire_immediately: bool = ...,
    ) -> Unsubscribe: ...
    def subscribe(
        self,
        first: Any,
        second: Any = None,
        /,
        *,
        equality: Equality = same,
        fire_immediately: bool = False,
    ) -> Unsubscribe:
        """Call ``listener(state, previous)`` after each set that changed something.

        Or, given a selector and a listener, call ``listener(slice, previous_slice)`` after each set
        that changed what the selector takes out of the state.

        Args:
            first: A listener of states, or a selector.
            second: A listener of what the selector selects.
            equality: Whether two slices count as the same: `same`, `shallow`, or your own.
            fire_immediately: Whether to call the listener now, with the present slice twice.

        Returns:
            A function that ends it; harmless to call twice.
        """
        if second is None:
            entry: Listener = lambda state, previous: first(state, previous)  # noqa: E731 - own identity
        else:
            entry = Selected(self.get(), first, second, equality, fire_immediately)
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

    def locked(self) -> AbstractContextManager[None]:
        """Keep the state still for a moment (re-entrant); listeners hear of sets in it afterwards."""
        return self._delivery.locked()

    # ---------------------------------------------------------- middleware

    @property
    def middleware(self) -> tuple[Middleware, ...]:
        """What is told of a set, in this order."""
        return self._middleware

    def has(self, key: str) -> bool:
        """Whether the state has such a key."""
        return key in self._keys

    def use(self, middleware: Middleware) -> Unsubscribe:
        """Put a middleware around all there are; return what takes it off."""
        with self._delivery.locked():
            self._middleware = (middleware, *self._middleware)

        def take_off() -> None:
            with self._delivery.locked():
                self._middleware = tuple(m for m in self._middleware if m is not middleware)

        return take_off

    def apply(
        self, partial: Partial, *, replace: bool, action: Action, told: Sequence[Middleware]
    ) -> None:
        """Set, and tell only these middlewares (for middleware; others use `set`)."""
        with self._delivery.locked():
            previous = self.get() if callable(partial) or self._listeners else {}
            values = partial(previous) if callable(partial) else partial
            if not isinstance(values, Mapping):
                raise StoreError(
                    f"The {self.name} store takes a mapping, or a function of the state that "
                    f"returns one, not {type(values).__name__}.",
                    store=self.name,
                )
            changes = self._store({**self.initial, **values} if replace else values)
            if changes:
                self._delivery.post(lambda: self._announce(changes, previous, action, told))

    # -------------------------------------------------------------- within

    def _store(self, values: State) -> list[Bunch]:
        """Check all values, then keep those that differ; return traitlets' change events."""
        checked: dict[str, Any] = {}
        for key, value in values.items():
            if key not in self._keys:
                raise StoreError(f"The {self.name} store has no {key!r}.", store=self.name)
            checked[key] = self._checks[key]._validate(self, value)
        changes: list[Bunch] = []
        for key, value in checked.items():
            old = getattr(self, key)
            if _equal(old, value):
                continue
            self._trait_values[key] = value
            changes.append(Bunch(name=key, old=old, new=value, owner=self, type="change"))
        return changes

    def _announce(
        self,
        changes: list[Bunch],
        previous: State,
        action: Action = None,
        told: Sequence[Middleware] | None = None,
    ) -> None:
        call_all(
            (
                bind(self._tell_observers, changes),
                bind(self._call_listeners, previous),
                bind(self._tell, self._middleware if told is None else told, action),
            )
        )

    def _tell_observers(self, changes: list[Bunch]) -> None:
        self._in_set.active = True
        try:
            call_all(bind(self.notify_change, change) for change in changes)
        finally:
            self._in_set.active = False

    def _call_listeners(self, previous: State) -> None:
        if not self._listeners:
            return
        with self._delivery.locked():
            listeners, state = tuple(self._listeners), self.get()
        first: Exception | None = None
        for listener in listeners:
            try:
                if isinstance(listener, Selected):
                    # Inline, because of a thousand listeners one is concerned.
                    fresh = listener.selector(state)
                    if fresh is not listener.remembered:
                        listener.hear(fresh)
                else:
                    listener(state, previous)
            except Exception as error:  # the others still hear
                first = first or error
        if first is not None:
            raise first

    def _tell(self, told: Sequence[Middleware], action: Action) -> None:
        call_all(bind(middleware.after_set, action) for middleware in told)

    def _assigned(self, change: Bunch) -> None:
        """Tell listeners of a plain assignment (``store.theme = "dark"``)."""
        if getattr(self._in_set, "active", False):
            return
        if self._listeners:
            self._call_listeners(self.get() | {change.name: change.old})
        self._tell(self._middleware, f"set {change.name}")


def _equal(old: Any, new: Any) -> bool:
    """Whether a set would change nothing; what cannot say whether it is equal counts as different."""
    if old is new:
        return True
    try:
        return type(old) is type(new) and bool(old == new)
    except Exception:
        return False  # An array's == is no yes or no.
