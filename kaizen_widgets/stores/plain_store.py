"""A store over a plain mapping: any keys, any values, and zustand's behaviour to the letter.

Where a `Store` is a HasTraits with typed keys that is silent when values are equal, this one is silent
only when it is given the very state it has. A set within a listener is heard of in full before the outer
one goes on; a listener that raises ends the round, and the error reaches whoever set. States are never
changed, only replaced: treat what `get` returns as frozen. Safe from any thread; listeners run outside
the lock, and of two threads' sets the second is told after the first.

Source: zustand's vanilla store (MIT), whose recorded traces it is held to; not its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.stores.base_store import BaseStore, as_dict
from kaizen_widgets.stores.equality import State
from kaizen_widgets.stores.middleware import Action, Partial
from kaizen_widgets.stores.subscriptions import Entry, SelectorSubscription


class PlainStore(BaseStore):
    """Four verbs over one mapping.

    Args:
        initial: The state to begin with, and to go back to.
        name: What errors call it.
    """

    _tells_always = True

    def __init__(self, initial: State | None = None, *, name: str = "plain") -> None:
        self._set_up(Notifier(nested=True))
        self.name = name
        self.initial = {} if initial is None else as_dict(initial)
        self._state: dict[str, Any] = self.initial

    def get(self) -> State:
        """Return the state as it is now: the very object, so do not change it."""
        return self._state

    def _change(self, partial: Partial, replace: bool) -> tuple[State | None, State] | None:
        previous = self._state
        fresh: Any = partial if type(partial) is dict else self._values(partial, previous)
        if fresh is previous:
            return None
        self._state = fresh if replace else previous | fresh
        return (None if replace else fresh, previous) if self._subscriptions.entries else None

    def _tell(
        self, entries: Sequence[Entry], change: tuple[Any, ...], action: Action, told: object
    ) -> None:
        listening = self._subscriptions
        for entry in entries:
            if listening.all is not entries and entry not in listening.entries:
                continue  # a listener before it has ended it
            if isinstance(entry, SelectorSubscription):
                if entry.reads is not None:
                    self._learn(entry, self._state)
                entry.ask(self._state)
            else:
                entry(self._state, change[1])

    def __repr__(self) -> str:
        return f"PlainStore({self.name!r})"
