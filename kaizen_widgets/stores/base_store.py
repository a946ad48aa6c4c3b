"""The four verbs every store has: get, set, subscribe, and the state it began with.

What a state is, and how a set is told, each kind of store says for itself (`Store`, `PlainStore`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import get_ident
from typing import Any, ClassVar, TypeAlias, overload

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.equality import (
    Equality,
    Listener,
    Selector,
    State,
    Unsubscribe,
    same,
)
from kaizen_widgets.stores.middleware import Action, Middleware, Partial
from kaizen_widgets.stores.subscriptions import Entry, SelectorSubscription, Subscriptions

_Change: TypeAlias = tuple[Any, ...]
"""What changed; first of all the keys, None for any."""


class BaseStore:
    """What all stores share; a subclass calls `_set_up` first."""

    name: str
    initial: dict[str, Any]
    """The state it began with."""
    _tells_always: ClassVar[bool] = False
    """Whether middleware hears of each set, also of one that changed nothing, and last of all."""

    def _set_up(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._subscriptions = Subscriptions()
        self._middleware: tuple[Middleware, ...] = ()

    @abstractmethod
    def get(self) -> State:
        """Return the state as it is now."""

    def set(
        self,
        partial: Partial,
        *,
        replace: bool = False,
        action: Action = None,
        told: Sequence[Middleware] | None = None,
    ) -> None:
        """Set some keys at once.

        Args:
            partial: The new values, or a function of the state that returns them.
            replace: Whether it is the whole new state; keys a `Store` is not given go back to
                their initial values.
            action: What to call this in the devtools.
            told: Tell only these middlewares of it (for middleware).

        Raises:
            StoreError: It is no mapping, or a `Store` has no such key. Nothing is set.
            traitlets.TraitError: A value is none that a `Store` takes there. Nothing is set.
        """
        # All there is to a set in one place: a call less is worth more here than a thought more.
        notifier, listening = self._notifier, self._subscriptions
        if told is None:
            told = self._middleware
        is_held, acquire, release = notifier.is_held, notifier.acquire, notifier.release
        is_within = is_held()
        thread = get_ident()
        change = entries = error = None
        notifying_thread = 0
        try:
            # In here, not before: Ctrl-C comes after a call, and would find the lock taken for good.
            try:
                acquire()
                change = self._change(partial, replace)
                if change is not None:
                    notifying_thread = notifier.notifying_thread
                    if (
                        is_within
                        or notifier.calls
                        or (notifying_thread and not notifier.may_nest(thread))
                    ):
                        self._post(change, action, told)
                    else:
                        entries = listening.all or listening.now(change[0])
                        notifier.notifying_thread = thread
            finally:
                try:
                    release()
                except RuntimeError:  # Ctrl-C came while it was waited for
                    pass
        finally:
            if entries is not None and change is not None:
                try:
                    self._tell(entries, change, action, told)
                except Exception as caught:
                    error = caught
                finally:
                    notifier.notifying_thread = notifying_thread
            if error is not None or notifier.calls:
                notifier.flush(error)
        if told and self._tells_always:
            for middleware in told:
                middleware.after_set(action)

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
        that changed what the selector takes out of the state. The same listener is kept once; whoever
        ends it ends it for all.

        Args:
            first: A listener of states, or a selector: a function of the state alone, which may be
                asked more than once, or not at all when no key it read has changed.
            second: A listener of what the selector selects.
            equality: Whether two slices count as the same: `same`, `shallow`, or your own.
            fire_immediately: Whether to call the listener now, with the present slice twice.

        Returns:
            A function that ends it; harmless to call twice.
        """
        entry: Entry = first
        if second is not None and fire_immediately:
            # Before it is subscribed, and outside the lock: it may raise, or set.
            entry = SelectorSubscription(self.get(), first, second, equality)
            entry.fire()
        with self._notifier.locked():
            state = self.get()
            if second is not None and not fire_immediately:
                entry = SelectorSubscription(state, first, second, equality)
            self._subscriptions.add(entry, state)

        def unsubscribe() -> None:
            with self._notifier.locked():
                self._subscriptions.remove(entry)

        return unsubscribe

    def reset(self) -> None:
        """Go back to the initial state."""
        self.set(self.initial, replace=True)

    def locked(self) -> AbstractContextManager[None]:
        """Keep the state still for a moment (re-entrant); listeners hear of sets in it afterwards."""
        return self._notifier.locked()

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
        with self._notifier.locked():
            self._middleware = (middleware, *self._middleware)

        def take_off() -> None:
            with self._notifier.locked():
                self._middleware = tuple(m for m in self._middleware if m is not middleware)

        return take_off

    # -------------------------------------------------------------- within

    @abstractmethod
    def _change(self, partial: Partial, replace: bool) -> _Change | None:
        """Change the state, under the lock; return what is to be told of it, if anything is."""

    @abstractmethod
    def _tell(
        self, entries: Sequence[Entry], change: _Change, action: Action, told: Sequence[Middleware]
    ) -> None:
        """Tell of a change, outside the lock."""

    def _post(self, change: _Change, action: Action, told: Sequence[Middleware]) -> None:
        count = self._subscriptions.count
        self._notifier.post(self._tell_later, change, action, told, count)

    def _tell_later(
        self, change: _Change, action: Action, told: Sequence[Middleware], count: int
    ) -> None:
        """Tell of a change when its turn has come, though not who came after it."""
        self._tell(self._subscriptions.concerned(change[0], count), change, action, told)

    def _values(self, partial: Partial, state: State) -> dict[str, Any]:
        """Return what is to be set.

        Raises:
            StoreError: It is no mapping.
        """
        values = partial(state) if callable(partial) else partial
        if isinstance(values, Mapping):
            return as_dict(values)
        raise StoreError(
            f"The {self.name} store takes a mapping, or a function of the state that "
            f"returns one, not {type(values).__name__}.",
            store=self.name,
        )

    def _learn(self, entry: SelectorSubscription, state: State) -> None:
        with self._notifier:
            self._subscriptions.learn(entry, state)


def as_dict(state: State) -> dict[str, Any]:
    """Return a state as a dict: the very object, if it is one (of a subclass, ``|`` may be odd)."""
    return state if type(state) is dict else dict(state)
