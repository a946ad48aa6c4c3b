"""What `Store` and `PlainStore` have in common: set, subscribe, middleware, and the order of notifications.

They differ in where the state is (`_change`) and in how listeners are called (`_notify`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial as bind
from threading import get_ident
from typing import Any, ClassVar, TypeAlias, overload

from kaizen_widgets.core.background import is_background_thread
from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.equality import same
from kaizen_widgets.stores.middleware import (
    Action,
    Equality,
    Listener,
    Middleware,
    Partial,
    Selector,
    State,
    Unsubscribe,
)
from kaizen_widgets.stores.subscriptions import Entry, SelectorSubscription, Subscriptions

_Change: TypeAlias = tuple[Any, ...]
"""What changed. The first item holds the keys; None means any key."""


class BaseStore:
    """An observable state that is read with get and changed with set.

    Args:
        notifier: The lock and queue to use.
    """

    name: str
    initial: dict[str, Any]
    """The state the store was created with."""
    _reports_every_set: ClassVar[bool] = False
    """Whether middleware is called after each set, even one that changed nothing, and last of all."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._subscriptions = Subscriptions()
        self._middleware: tuple[Middleware, ...] = ()

    @abstractmethod
    def get(self) -> State:
        """Return the current state."""

    def set(
        self,
        partial: Partial,
        *,
        replace: bool = False,
        action: Action = None,
        middleware: Sequence[Middleware] | None = None,
    ) -> None:
        """Set some keys as one change.

        On the thread of the background loop this never waits: if another thread holds the lock, that thread
        makes the set when it releases it.

        Args:
            partial: The new values, or a function of the state that returns them.
            replace: Whether this is the whole new state; keys of a `Store` that are left out go back to
                their initial values.
            action: The name of this change in the devtools.
            middleware: The middleware to call after this set, if not all (used by middleware).

        Raises:
            StoreError: ``partial`` is not a mapping, or a `Store` has no such key. Nothing is set.
            traitlets.TraitError: A `Store` does not accept a value. Nothing is set.
        """
        # Not split up although it is long: each saved function call makes small stores measurably faster.
        notifier, subscriptions = self._notifier, self._subscriptions
        if middleware is None:
            middleware = self._middleware
        acquire, release = notifier.acquire, notifier.release
        is_within = notifier.is_held()
        thread = get_ident()
        change = entries = error = None
        notifying = 0
        try:
            # The lock is taken in here: Ctrl-C right after taking it must find the release.
            try:
                if not acquire(False):
                    if is_background_thread():
                        again = bind(
                            self.set, replace=replace, action=action, middleware=middleware
                        )
                        notifier.when_free(again, partial)
                        return
                    acquire()
                change = self._change(partial, replace)
                if change is not None:
                    notifying = notifier.notifying_thread
                    if is_within or notifier.calls or (notifying and not notifier.may_nest(thread)):
                        self._post(change, action, middleware)
                    else:
                        entries = subscriptions.all or subscriptions.now(change[0])
                        notifier.notifying_thread = thread
            finally:
                try:
                    release()
                except RuntimeError:  # The lock was not taken: Ctrl-C, or left to another thread.
                    pass
        finally:
            if entries is not None and change is not None:
                try:
                    self._notify(entries, change, action, middleware)
                except Exception as caught:
                    error = caught
                except BaseException:
                    notifier.abandon()
                    raise
                finally:
                    notifier.notifying_thread = notifying
            if error is not None or notifier.calls:
                notifier.flush(error)
        if middleware and self._reports_every_set:
            for each in middleware:
                each.after_set(action)

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

        With a selector and a listener, call ``listener(slice, previous_slice)`` after each set that changed
        the slice the selector takes out of the state. A listener that is subscribed twice is called once, and
        ends when either subscription is ended. Listeners may take fewer arguments.

        Args:
            first: A listener of states, or a selector: a function of the state alone. It may be called
                more often than there are changes, or not at all when no key it read has changed.
            second: A listener of the selector's slices.
            equality: Returns whether two slices count as the same: `same`, `shallow`, or your own
                function.
            fire_immediately: Whether to call the listener now, with the current slice as both arguments.

        Returns:
            A function that ends the subscription; calling it twice does no harm.
        """
        entry: Entry = first
        if second is not None and fire_immediately:
            # Before subscribing, and outside the lock: the listener may raise, or set.
            entry = SelectorSubscription(self.get(), first, second, equality)
            entry.fire()
        with self._notifier:
            state = self.get()
            if second is None:
                entry = self._subscriptions.fitted(first)
            elif not fire_immediately:
                entry = SelectorSubscription(state, first, second, equality)
            self._subscriptions.add(entry, state)

        def unsubscribe() -> None:
            with self._notifier:
                self._subscriptions.remove(entry)

        return unsubscribe

    @property
    def listener_count(self) -> int:
        """The number of subscribed listeners."""
        return len(self._subscriptions.entries)

    def reset(self) -> None:
        """Go back to the initial state."""
        self.set(self.initial, replace=True)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock of the state (re-entrant); listeners are called after the block ends.

        Other threads wait during the block, so keep it short. Code on the background loop must use
        `when_free` instead.
        """
        return self._notifier.locked()

    def when_free(self, call: Callable[[], object]) -> None:
        """Make a call under the lock without waiting; a thread that holds the lock makes it later."""
        self._notifier.when_free(call)

    # ---------------------------------------------------------- middleware

    @property
    def middleware(self) -> tuple[Middleware, ...]:
        """The middleware that is called after a set, in this order."""
        return self._middleware

    def has(self, key: str) -> bool:
        """Return whether the state may have a key: any, unless a subclass says otherwise."""
        return True

    def refused(self, state: State) -> dict[str, Exception]:
        """Return which values of a state the store does not accept, each with the reason: none."""
        return {}

    def use(self, middleware: Middleware) -> Unsubscribe:
        """Add a middleware that is called before those already there; return a function that removes it."""
        with self._notifier:
            self._middleware = (middleware, *self._middleware)

        def remove() -> None:
            with self._notifier:
                self._middleware = tuple(
                    each for each in self._middleware if each is not middleware
                )

        return remove

    # ------------------------------------------------------------ internal

    @abstractmethod
    def _change(self, partial: Partial, replace: bool) -> _Change | None:
        """Change the state, under the lock; return the change to notify of, or None."""

    @abstractmethod
    def _notify(
        self,
        entries: Sequence[Entry],
        change: _Change,
        action: Action,
        middleware: Sequence[Middleware],
    ) -> None:
        """Call the listeners after a change, outside the lock."""

    def _post(self, change: _Change, action: Action, middleware: Sequence[Middleware]) -> None:
        count = self._subscriptions.count
        self._notifier.post(self._notify_later, change, action, middleware, count)

    def _notify_later(
        self, change: _Change, action: Action, middleware: Sequence[Middleware], count: int
    ) -> None:
        """Notify of a change that had to wait; listeners that subscribed after it are not called."""
        self._notify(self._subscriptions.concerned(change[0], count), change, action, middleware)

    def _run_locked(self, call: Callable[[], object]) -> None:
        """Make a call under the lock; on the background loop, without waiting for it."""
        if is_background_thread():
            self._notifier.when_free(call)
        else:
            with self._notifier:
                call()

    def _values(self, partial: Partial, state: State) -> dict[str, Any]:
        """Return the values to set.

        Raises:
            StoreError: ``partial`` is not a mapping and does not return one.
        """
        values = call_fitting(partial, state) if callable(partial) else partial
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
    """Return a state as a dict: the same object if it is one (a subclass may redefine ``|``)."""
    return state if type(state) is dict else dict(state)
