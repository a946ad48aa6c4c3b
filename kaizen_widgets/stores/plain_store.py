"""A store over a plain mapping: any keys, any values, and the behavior of zustand's vanilla store.

It differs from `Store` in three ways. Only setting the state object it already has is not notified. If a
listener calls set, the listeners of that set are called before it returns. If a listener raises, the later
listeners are not called, and the error reaches the code that called set. States are replaced, never changed:
treat what `get` returns as frozen. Safe from any thread: listeners run outside the lock, and of two threads'
sets the second is notified after the first.

Source: zustand's vanilla store (MIT), whose recorded traces the tests replay; not its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.stores.base_store import BaseStore, as_dict
from kaizen_widgets.stores.middleware import Action, Partial, State
from kaizen_widgets.stores.subscriptions import Entry, SelectorSubscription


class PlainStore(BaseStore):
    """A store over one mapping.

    Args:
        initial: The initial state, which `reset` restores.
        name: The store's name in error messages.
    """

    _reports_every_set = True

    def __init__(self, initial: State | None = None, *, name: str = "plain") -> None:
        super().__init__(Notifier(nested=True))
        self.name = name
        self.initial = {} if initial is None else as_dict(initial)
        self._state: dict[str, Any] = self.initial

    def get(self) -> State:
        """Return the current state, not a copy: do not change it."""
        return self._state

    def _change(self, partial: Partial, replace: bool) -> tuple[State | None, State] | None:
        previous = self._state
        fresh: Any = partial if type(partial) is dict else self._values(partial, previous)
        if fresh is previous:
            return None
        self._state = fresh if replace else previous | fresh
        return (None if replace else fresh, previous) if self._subscriptions.entries else None

    def _notify(
        self, entries: Sequence[Entry], change: tuple[Any, ...], action: Action, middleware: object
    ) -> None:
        subscriptions = self._subscriptions
        for entry in entries:
            if subscriptions.all is not entries and entry not in subscriptions.entries:
                continue  # an earlier listener has unsubscribed it
            if isinstance(entry, SelectorSubscription):
                if entry.reads is not None:
                    self._learn(entry, self._state)
                entry.ask(self._state)
            else:
                entry(self._state, change[1])

    def __repr__(self) -> str:
        return f"PlainStore({self.name!r})"
