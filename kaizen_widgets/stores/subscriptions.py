"""The listeners of a store, in the order they subscribed, and which of them a change concerns.

A plain listener is called after each change. A selector is a function of the state. Up to `MANY` selectors
are all called after each change. With more, a selector is called only if a key it read has changed, so that
selectors a change does not affect cost nothing. The keys a selector reads are recorded while it runs. A
selector that reads the whole state, returns a different slice of the same state each time, or has a custom
equality function is called after each change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.stores.equality import same, shallow
from kaizen_widgets.stores.middleware import Equality, Listener, Selector, State

MANY = 16
"""The number of selectors above which the keys they read are remembered."""


class SelectorSubscription:
    """A listener for a slice of the state.

    Args:
        state: The current state; its slice is compared with the next one.
        selector: Takes the slice out of a state.
        listener: Called with the new slice and the previous one.
        equality: Returns whether two slices count as the same. A custom function is called after each
            change, even if the slice is the same object.
    """

    __slots__ = ("_asks_always", "_equality", "_listener", "reads", "remembered", "selector")

    def __init__(
        self,
        state: State,
        selector: Selector,
        listener: Callable[[Any, Any], object],
        equality: Equality = same,
    ) -> None:
        self.selector = selector
        self.remembered = selector(state)
        self.reads: frozenset[str] | None = None
        """The keys the slice depends on; None: call the selector after each change."""
        self._listener = fit_callback(listener, 2)
        self._equality = equality
        self._asks_always = equality is not same and equality is not shallow

    def fire(self) -> None:
        """Call the listener with the present slice as the new and the previous one."""
        self._listener(self.remembered, self.remembered)

    def ask(self, state: State) -> None:
        """Take the slice of a state and call the listener if it is not the remembered one."""
        # In Python 3.11, calling through a local name is twice as fast as through a slot.
        selector, equality, listener = self.selector, self._equality, self._listener
        fresh, previous = selector(state), self.remembered
        if (fresh is not previous or self._asks_always) and not equality(previous, fresh):
            # Stored first: the listener may call set, and then this runs with the next state.
            self.remembered = fresh
            listener(fresh, previous)

    def find_reads(self, state: State) -> frozenset[str] | None:
        """Return the keys the slice depends on, found by calling the selector again; None: any key."""
        if self._asks_always:
            return None
        watched = _WatchedState(state)
        try:
            is_repeatable = self._equality(self.selector(state), self.selector(watched))
        except Exception:
            return None  # The selector needs more than a mapping offers.
        return frozenset(watched.reads) if is_repeatable and not watched.is_read_whole else None


Entry: TypeAlias = Listener | SelectorSubscription


class Subscriptions:
    """The listeners of one store; changed under the store's lock, read without it."""

    def __init__(self) -> None:
        self.entries: dict[Entry, int] = {}
        """All listeners, each with its number."""
        self.all: tuple[Entry, ...] | None = ()
        """The listeners as `now` last returned them; None when they changed, or reads are remembered."""
        self.has_plain = False
        """Whether there is a listener of whole states."""
        self.count = 0
        """How many listeners there have ever been: the number of the newest."""
        self._selectors = 0
        self._fitted: dict[Listener, Listener] = {}
        self._always: dict[Entry, None] = {}
        self._readers: dict[str, dict[Entry, None]] = {}

    def fitted(self, listener: Listener) -> Listener:
        """Return a two-argument version of a listener, the same object each time."""
        if listener in self._fitted:
            return self._fitted[listener]
        fit = fit_callback(listener, 2)
        if fit is not listener:
            self._fitted[listener] = fit
        return fit

    def add(self, entry: Entry, state: State) -> None:
        """Add a listener; one that was already added stays in its place."""
        if entry in self.entries:
            return
        self.count += 1
        self.entries[entry] = self.count
        self.all = None
        self._always[entry] = None
        if not isinstance(entry, SelectorSubscription):
            self.has_plain = True
            return
        self._selectors += 1
        # If its slice has changed since, the selector must be called after the next change.
        if self._selectors > MANY and entry.selector(state) is entry.remembered:
            self.learn(entry, state)

    def remove(self, entry: Entry) -> None:
        """Remove a listener; does nothing if there is no such listener."""
        if self.entries.pop(entry, None) is None:
            return
        self.all = None
        self._always.pop(entry, None)
        if isinstance(entry, SelectorSubscription):
            self._selectors -= 1
            self._forget(entry)
        else:
            self._fitted = {key: fit for key, fit in self._fitted.items() if fit is not entry}
        self.has_plain = len(self.entries) > self._selectors

    def learn(self, entry: SelectorSubscription, state: State) -> None:
        """Remember which keys a slice depends on."""
        reads = entry.find_reads(state)
        if reads == entry.reads or entry not in self.entries:
            return
        self._forget(entry)
        entry.reads = reads
        if reads is None:
            self._always[entry] = None
        else:
            self.all = None
            self._always.pop(entry, None)
            for key in reads:
                self._readers.setdefault(key, {})[entry] = None

    def concerned(self, changed: Iterable[str] | None, count: int | None = None) -> Sequence[Entry]:
        """Return the listeners to call after a change, in the order they subscribed.

        Args:
            changed: The keys that changed; None for any.
            count: Only the listeners up to this number, when later ones subscribed after the change.
        """
        if changed is None or not self._readers:
            found: Sequence[Entry] = tuple(self.entries)
        else:
            some = dict(self._always)
            for key in changed:
                some.update(self._readers.get(key, {}))
            found = sorted(some, key=self._number)
        if count is None or count == self.count:
            return found
        return [entry for entry in found if self._number(entry) <= count]

    def now(self, changed: Iterable[str] | None) -> Sequence[Entry]:
        """Return the listeners to call after a change that is notified directly, without being posted."""
        if self._readers:
            return self.concerned(changed)
        if self.all is None:
            self.all = tuple(self.entries)
        return self.all

    def _number(self, entry: Entry) -> int:
        return self.entries.get(entry, 0)  # another thread may have just removed it

    def _forget(self, entry: SelectorSubscription) -> None:
        for key in entry.reads or ():
            readers = self._readers[key]
            readers.pop(entry, None)
            if not readers:
                del self._readers[key]
        entry.reads = None


class _WatchedState(Mapping[str, Any]):
    """A state that records which of its keys are read."""

    __slots__ = ("_state", "is_read_whole", "reads")

    def __init__(self, state: State) -> None:
        self._state = state
        self.reads: set[str] = set()
        self.is_read_whole = False

    def __getitem__(self, key: str) -> Any:
        self.reads.add(key)
        return self._state[key]

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            self.reads.add(key)
        return key in self._state

    def __iter__(self) -> Iterator[str]:
        self.is_read_whole = True
        return iter(self._state)

    def __len__(self) -> int:
        self.is_read_whole = True
        return len(self._state)
