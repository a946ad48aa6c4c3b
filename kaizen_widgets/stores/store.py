"""A store whose state is its public traits: get, set, subscribe, and traitlets' observe, link and assignment.

A set is atomic (if one value is refused, none is set), does not notify if nothing differs, and is safe from
any thread. Listeners and observers are called afterwards, outside the lock, with (state, previous). If a
listener raises, the others are still called; the first error reaches the code that called set.

The store holds exactly the value that was set: a value that is equal in Python but not the same, such as a
dict in another order, replaces the old one. Validators (``@validate``) see the whole new state. Inside
``hold_trait_notifications`` notifications and validators wait for its end, as they do for assignments.

For state with arbitrary keys, and zustand's behavior in every detail, see `PlainStore`. Both take the
same middleware.

Source: the interface follows zustand's vanilla store (MIT); not its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial as bind
from typing import Any, ClassVar, TypeAlias

from traitlets import (
    Bool,
    Bunch,
    Float,
    HasTraits,
    Int,
    MetaHasTraits,
    TraitError,
    TraitType,
    Unicode,
)

from kaizen_widgets.core.notifier import Notifier, call_all
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.base_store import BaseStore
from kaizen_widgets.stores.equality import same_content, unchanged
from kaizen_widgets.stores.middleware import Action, Middleware, Partial, State
from kaizen_widgets.stores.subscriptions import Entry, SelectorSubscription

Changes: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
"""The keys that changed, with their values before and after."""

Changed: TypeAlias = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
"""The same, and the whole state after the change."""

_EXACT: dict[type[Any], type] = {Bool: bool, Float: float, Int: int, Unicode: str}
"""Traits that accept every value of one type as it is, so that such a value needs no validation."""


class _StoreType(MetaHasTraits):
    """Marks a store as complete after its ``__init__``: from then on it takes no new public attributes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        store = super().__call__(*args, **kwargs)
        store._is_complete = True
        return store


class Store(BaseStore, HasTraits, metaclass=_StoreType):
    """Base of the stores; the public traits of a subclass are its state.

    Args:
        notifier: The lock and queue to use; stores that change together share one.
        state: Initial values of some keys.
    """

    name: ClassVar[str] = "store"  # type: ignore[misc] - one for all stores of a class
    _derived: ClassVar[frozenset[str]] = frozenset()
    """Keys whose traits are computed; the subclass notifies of their changes."""
    _assignable: frozenset[str] = frozenset()
    _is_complete = False

    def __init__(self, *, notifier: Notifier | None = None, **state: Any) -> None:
        BaseStore.__init__(self, notifier or Notifier())
        names = self.trait_names()
        self._keys = tuple(sorted(key for key in names if not key.startswith("_")))
        traits = self.traits()
        self._traits_by_key = {key: traits[key] for key in self._keys}
        self._exact: dict[str, type] = {}
        self._holds_whole_state = len(self._keys) == len(names) and not self._derived
        HasTraits.__init__(self)
        self._validated_keys = frozenset(key for key in self._keys if self._has_validator(key))
        for key in self._keys:
            getattr(self, key)  # now the trait values include every default
        checked = self._validated({key: state[key] for key in state if key not in self._derived})
        self._trait_values.update(checked)
        for key in self._derived & state.keys():
            setattr(self, key, state[key])
        self.initial = {key: getattr(self, key) for key in self._keys}
        self._exact = {key: kind for key in self._keys if (kind := self._type_of(key))}
        self._assignable = frozenset(
            key for key, trait in self._traits_by_key.items() if not trait.read_only
        ).difference(self._derived)

    def get(self) -> dict[str, Any]:
        """Return the current state."""
        return self._current()

    def has(self, key: str) -> bool:
        """Return whether the state has such a key."""
        return key in self._keys

    def reset(self) -> None:
        """Restore the initial state."""
        self.set(self.initial, replace=True, action="reset")

    def refused(self, state: State) -> dict[str, Exception]:
        """Return which values of a state the store does not accept, each with the reason."""
        found: dict[str, Exception] = {}
        for key, value in state.items():
            if key not in self._derived:
                try:
                    with self._notifier:
                        self._accepted({key: value})
                except (StoreError, TraitError) as error:
                    found[key] = error
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a key of the state, as `set` does, or any other attribute that exists."""
        if name in self._assignable:
            self.set({name: value}, action=f"set {name}")
        elif self._is_complete and not (name.startswith("_") or self._has_attribute(name)):
            raise AttributeError(self._no_key(name), name=name, obj=self)
        else:
            super().__setattr__(name, value)

    def notify_change(self, change: Bunch) -> None:
        """Notify of a change that traitlets made itself, as at the end of ``hold_trait_notifications``."""
        name = change.name
        if change.type != "change" or name not in self._keys or name in self._derived:
            super().notify_change(change)
            return
        with self._notifier:
            changed = {name: change.old}, {name: change.new}, self._current()
            self._post(changed, f"set {name}", self._middleware)

    # ---------------------------------------------------------- validation

    def _type_of(self, key: str) -> type | None:
        """Return the type of which a key accepts every value without validation, if there is one."""
        trait: TraitType[Any, Any] = self._traits_by_key[key]
        is_bounded = any(getattr(trait, bound, None) is not None for bound in ("min", "max"))
        return None if is_bounded or key in self._validated_keys else _EXACT.get(type(trait))

    def _has_validator(self, key: str) -> bool:
        return key in self._trait_validators or hasattr(self, f"_{key}_validate")

    def _validated(self, values: State) -> dict[str, Any]:
        """Return the values as their traits and validators accept them; validators see the whole new state.

        Raises:
            StoreError: There is no such key.
            traitlets.TraitError: A value is refused.
        """
        accepted = self._accepted(values)
        if self._cross_validation_lock:
            return accepted  # hold_trait_notifications calls the validators at its end
        validators = [key for key in accepted if key in self._validated_keys]
        if not validators:
            return accepted
        held = self._trait_values
        before = {key: held[key] for key in accepted}
        held.update(accepted)
        try:
            for key in validators:
                trait = self._traits_by_key[key]
                accepted[key] = held[key] = trait._cross_validate(self, held[key])
        finally:
            held.update(before)
        return accepted

    def _accepted(self, values: State) -> dict[str, Any]:
        """Return the values as their traits accept them, without calling validators."""
        traits = self._traits_by_key
        was_locked, self._cross_validation_lock = self._cross_validation_lock, True
        try:
            accepted = {}
            for key, value in values.items():
                if key not in traits:
                    raise StoreError(self._no_key(key), store=self.name)
                accepted[key] = traits[key]._validate(self, value)
            return accepted
        finally:
            self._cross_validation_lock = was_locked

    def _has_attribute(self, name: str) -> bool:
        return name in self.__dict__ or hasattr(type(self), name)

    def _no_key(self, key: str) -> str:
        close = get_close_matches(key, self._keys, 1)
        if close:
            return f"The {self.name} store has no {key!r}; did you mean {close[0]!r}?"
        return f"The {self.name} store has no {key!r}; it has {', '.join(self._keys)}."

    # ------------------------------------------------------------ internal

    def _current(self) -> dict[str, Any]:
        """Return the current state."""
        # One call into C, so that another thread's set is never seen in part.
        values = self._trait_values.copy()
        return values if self._holds_whole_state else {key: values[key] for key in self._keys}

    def _change(self, partial: Partial, replace: bool) -> Changed | None:
        values: Any = partial if type(partial) is dict else self._values(partial, self._current())
        before, after = self._apply_values({**self.initial, **values} if replace else values)
        if not before:
            return None
        if self._cross_validation_lock:  # within hold_trait_notifications
            for key, value in after.items():
                self.notify_change(self._event(key, before[key], value))
            return None
        if not (self._subscriptions.entries or self._trait_notifiers or self._middleware):
            return None
        state = self._trait_values.copy() if self._holds_whole_state else self._current()
        return before, after, state

    def _apply_values(self, values: State) -> Changes:
        """Validate all values, then store those that differ; return what changed."""
        held, exact = self._trait_values, self._exact
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        unchecked: dict[str, Any] | None = None
        for key, value in values.items():
            kind = type(value)
            if exact.get(key) is kind:
                old = held[key]
                if old is value:
                    continue
                if kind is float:
                    if unchanged(old, value):
                        continue
                elif old == value and type(old) is kind:
                    continue
                before[key] = old
                after[key] = value
            elif unchecked is None:
                unchecked = {key: value}
            else:
                unchecked[key] = value
        if unchecked is not None:
            accepted = self._validated({**after, **unchecked})
            for key in unchecked:
                old, value = held[key], accepted[key]
                # A trait such as List(Int()) makes a copy each time, which alone is no change.
                is_copy = value is not unchecked[key]
                if not (same_content(old, value) if is_copy else unchanged(old, value)):
                    before[key] = old
                    after[key] = value
        held.update(after)
        return before, after

    def _notify(
        self,
        entries: Sequence[Entry],
        change: Changed,
        action: Action,
        middleware: Sequence[Middleware],
    ) -> None:
        """Call observers, listeners and middleware, even after one of them raised."""
        before, after, state = change
        if not middleware and not self._trait_notifiers:  # only listeners: the usual case
            self._call_listeners(entries, before, state)
            return
        notify = super().notify_change
        observed = after if self._trait_notifiers else ()
        name = f"set {', '.join(before)}" if action is None else action
        call_all(
            (
                *(bind(notify, self._event(key, before[key], after[key])) for key in observed),
                bind(self._call_listeners, entries, before, state),
                *(bind(each.after_set, name) for each in middleware),
            )
        )

    def _event(self, key: str, old: Any, new: Any) -> Bunch:
        return Bunch(name=key, old=old, new=new, owner=self, type="change")

    def _call_listeners(
        self, entries: Sequence[Entry], before: dict[str, Any], state: dict[str, Any]
    ) -> None:
        """Call listeners with the new state and the previous one."""
        subscriptions = self._subscriptions
        previous = state | before if subscriptions.has_plain else before
        first: Exception | None = None
        for entry in entries:
            if subscriptions.all is not entries and entry not in subscriptions.entries:
                continue  # an earlier listener has unsubscribed it
            try:
                if isinstance(entry, SelectorSubscription):
                    if entry.reads is not None:
                        self._learn(entry, state)
                    entry.ask(state)
                else:
                    entry(state, previous)
            except Exception as error:  # the others are still called
                first = first or error
        if first is not None:
            raise first
