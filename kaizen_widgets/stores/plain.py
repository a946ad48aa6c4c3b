"""A store over a plain mapping: any keys, any values, and zustand's behaviour to the letter.

Where a `Store` is a HasTraits with typed keys that is silent when values are equal, this one is silent
only when it is given the very state it has. A set within a listener is heard of in full before the outer
one goes on; a listener that raises ends the round, and the error reaches whoever set. States are never
changed, only replaced: treat what `get` returns as frozen. Safe from any thread; listeners run outside
the lock, and of two threads' sets the second is told after the first.

Source: zustand's vanilla store (MIT), whose recorded traces it is held to; not its code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, overload

from kaizen_widgets.delivery import Delivery
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


class PlainStore:
    """Four verbs over one mapping.

    Args:
        initial: The state to begin with, and to go back to.
        name: What errors call it.
    """

    def __init__(self, initial: State | None = None, *, name: str = "plain") -> None:
        self.name = name
        self.initial: State = {} if initial is None else initial
        self._state = self.initial
        self._delivery = Delivery(nested=True)
        self._listeners: dict[Listener, None] = {}
        self._middleware: tuple[Middleware, ...] = ()

    def get(self) -> State:
        """Return the state as it is now: the very object, so do not change it."""
        return self._state

    def set(self, partial: Partial, *, replace: bool = False, action: Action = None) -> None:
        """Set some keys at once; silent when given the state itself.

        Args:
            partial: The new values, or a function of the state that returns them.
            replace: Whether it is the whole new state.
            action: What to call this in the devtools.

        Raises:
            StoreError: It is no mapping.
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
        """Call ``listener(state, previous)`` after each set, or only when a part of it changed.

        Give a listener, or a selector and a listener of what it selects. The same listener is kept
        once; whoever ends it ends it for all.

        Returns:
            A function that ends it; harmless to call twice.
        """
        listener: Listener = first
        if second is not None and fire_immediately:
            # Before it is subscribed, and outside the lock: it may raise, or set.
            listener = Selected(self._state, first, second, equality, fire_immediately=True)
        with self._delivery.locked():
            if second is not None and not fire_immediately:
                listener = Selected(self._state, first, second, equality)
            self._listeners[listener] = None

        def unsubscribe() -> None:
            with self._delivery.locked():
                self._listeners.pop(listener, None)

        return unsubscribe

    def reset(self) -> None:
        """Go back to the initial state."""
        self.set(self.initial, replace=True)

    def locked(self) -> AbstractContextManager[None]:
        """Keep the state still for a moment (re-entrant); listeners hear of sets in it afterwards."""
        return self._delivery.locked()

    # ---------------------------------------------------------- middleware

    @property
    def middleware(self) -> tuple[Middleware, ...]:
        """What is told of a set, in this order."""
        return self._middleware

    def has(self, key: str) -> bool:
        """Whether the state may have such a key: any."""
        return True

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
            fresh = partial(self._state) if callable(partial) else partial
            if not isinstance(fresh, Mapping):
                raise StoreError(
                    f"The {self.name} store takes a mapping, or a function of the state that "
                    f"returns one, not {type(fresh).__name__}.",
                    store=self.name,
                )
            previous = self._state
            if fresh is not previous:
                self._state = fresh if replace else {**previous, **fresh}
                self._delivery.post(lambda: self._notify(previous))
        for middleware in told:
            middleware.after_set(action)

    def _notify(self, previous: State) -> None:
        for listener in tuple(self._listeners):
            if isinstance(listener, Selected):
                # Inline, because of a thousand listeners one is concerned.
                fresh = listener.selector(self._state)
                if fresh is not listener.remembered and listener in self._listeners:
                    listener.hear(fresh)
            elif listener in self._listeners:  # a listener before it may have ended it
                listener(self._state, previous)

    def __repr__(self) -> str:
        return f"PlainStore({self.name!r})"
