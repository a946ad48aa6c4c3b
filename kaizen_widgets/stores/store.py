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

from collections.abc import Sequence
from functools import partial as bind
from typing import Any, ClassVar, TypeAlias

from traitlets import Bool, Bunch, Float, HasTraits, Int, TraitType, Unicode

from kaizen_widgets.core.notifier import Notifier, call_all
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.base_store import BaseStore
from kaizen_widgets.stores.equality import State
from kaizen_widgets.stores.middleware import Action, Middleware, Partial
from kaizen_widgets.stores.subscriptions import Entry, SelectorSubscription

Changes: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
"""What some keys were, and what the same keys are now."""

Changed: TypeAlias = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
"""The same, and the whole state then."""

_EXACT: dict[type[Any], type] = {Bool: bool, Float: float, Int: int, Unicode: str}
"""Traits that take every value of one type, so that such a value needs no check."""


class Store(BaseStore, HasTraits):
    """Base of the stores; the public traits of a subclass are its state.

    Args:
        notifier: The lock and queue to use; stores that change together share one.
        state: Initial values of some keys.
    """

    name: ClassVar[str] = "store"  # type: ignore[misc] - each kind of `Store` has one for all
    _derived: ClassVar[frozenset[str]] = frozenset()
    """Keys whose traits keep nothing themselves; the subclass announces them."""

    def __init__(self, *, notifier: Notifier | None = None, **state: Any) -> None:
        self._set_up(notifier or Notifier())
        names = self.trait_names()
        self._keys = tuple(sorted(key for key in names if not key.startswith("_")))
        self._checks = self.traits()
        self._exact: dict[str, type] = {}
        self._is_all_kept = len(self._keys) == len(names) and not self._derived
        super().__init__()
        unknown = sorted(set(state) - set(self._keys))
        if unknown:
            raise StoreError(f"The {self.name} store has no {unknown[0]!r}.", store=self.name)
        for key, value in state.items():
            setattr(self, key, value)
        self.initial = {key: getattr(self, key) for key in self._keys}
        self._exact = {key: kind for key in self._keys if (kind := self._type_of(key))}

    def get(self) -> dict[str, Any]:
        """Return the state as it is now."""
        with self._notifier.lock:
            return self._current()

    def has(self, key: str) -> bool:
        """Whether the state has such a key."""
        return key in self._keys

    def notify_change(self, change: Bunch) -> None:
        """Tell observers, then listeners, of a plain assignment (``store.theme = "dark"``)."""
        name = change.name
        if change.type != "change" or name not in self._keys or name in self._derived:
            super().notify_change(change)
            return
        with self._notifier:
            told = {name: change.old}, {name: change.new}, self._current()
            self._post(told, f"set {name}", self._middleware)

    # -------------------------------------------------------------- within

    def _current(self) -> dict[str, Any]:
        """Return the state, under the lock."""
        if self._is_all_kept:
            return self._trait_values.copy()  # `initial` has asked for each default once
        return {key: getattr(self, key) for key in self._keys}

    def _type_of(self, key: str) -> type | None:
        """Return the type whose every value a key takes as it is, if there is one."""
        trait: TraitType[Any, Any] = self._checks[key]
        is_bounded = any(getattr(trait, bound, None) is not None for bound in ("min", "max"))
        is_checked = key in self._trait_validators or hasattr(self, f"_{key}_validate")
        return None if is_bounded or is_checked else _EXACT.get(type(trait))

    def _store(self, values: State) -> Changes:
        """Check all values, then keep those that differ; return what changed."""
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        kept, exact = self._trait_values, self._exact
        for key, value in values.items():
            kind = type(value)
            if exact.get(key) is kind:
                old = kept[key]
                if old is value or (old == value and type(old) is kind):
                    continue
            else:
                value = self._checked(key, value)
                old = kept[key]
                if old is value or _equal(old, value):
                    continue
            before[key] = old
            after[key] = value
        kept.update(after)
        return before, after

    def _checked(self, key: str, value: Any) -> Any:
        """Return the value as its trait takes it."""
        if key not in self._checks or key[0] == "_":
            raise StoreError(f"The {self.name} store has no {key!r}.", store=self.name)
        return self._checks[key]._validate(self, value)

    def _change(self, partial: Partial, replace: bool) -> Changed | None:
        values: Any = partial if type(partial) is dict else self._values(partial, self._current())
        before, after = self._store({**self.initial, **values} if replace else values)
        if not before or not (
            self._subscriptions.entries or self._trait_notifiers or self._middleware
        ):
            return None
        return before, after, self._current()

    def _tell(
        self,
        entries: Sequence[Entry],
        change: Changed,
        action: Action,
        told: Sequence[Middleware],
    ) -> None:
        """Tell observers, listeners and middlewares, each also after another raised."""
        before, after, state = change
        if not told and not self._trait_notifiers:  # nothing but listeners, as most of the time
            self._tell_listeners(entries, before, state)
            return
        notify = super().notify_change
        observed = after if self._trait_notifiers else ()
        call_all(
            (
                *(bind(notify, self._event(key, before[key], after[key])) for key in observed),
                bind(self._tell_listeners, entries, before, state),
                *(bind(middleware.after_set, action) for middleware in told),
            )
        )

    def _event(self, key: str, old: Any, new: Any) -> Bunch:
        return Bunch(name=key, old=old, new=new, owner=self, type="change")

    def _tell_listeners(
        self, entries: Sequence[Entry], before: dict[str, Any], state: dict[str, Any]
    ) -> None:
        """Tell of a state, and of what some keys were before."""
        listening = self._subscriptions
        previous = state | before if listening.has_plain else before
        first: Exception | None = None
        for entry in entries:
            if listening.all is not entries and entry not in listening.entries:
                continue  # a listener before it has ended it
            try:
                if isinstance(entry, SelectorSubscription):
                    if entry.reads is not None:
                        self._learn(entry, state)
                    entry.ask(state)
                else:
                    entry(state, previous)
            except Exception as error:  # the others still hear
                first = first or error
        if first is not None:
            raise first


def _equal(old: Any, new: Any) -> bool:
    """Whether a set would change nothing; what cannot say whether it is equal counts as different."""
    try:
        if type(old) is type(new) and old == new:
            return True
    except Exception:
        return False  # An array's == is no yes or no.
    return False
