"""Who listens to a store, in the order they came, and whom a change concerns.

A listener hears of every change. A selector is a function of the state: of a few, all are asked after each
change; of many, one is asked only when a key it read has changed, so that among a thousand the
unconcerned cost nothing. What a selector reads is seen when it is asked; one that looks at the whole
state, or makes another slice of the same state each time, is asked after each change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from kaizen_widgets.stores.equality import (
    Equality,
    Listener,
    Selector,
    State,
    same,
)

MANY = 16
"""From so many selectors on, what they read is kept."""


class SelectorSubscription:
    """A listener of what a selector takes out of the state.

    Args:
        state: The state now; its slice is what the next one is compared with.
        selector: Takes the slice out of a state.
        listener: Called with the new slice and the last one.
        equality: Whether two slices count as the same.
    """

    __slots__ = ("_equality", "_listener", "reads", "remembered", "selector")

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
        """The keys its slice depends on; None: ask it after each change."""
        self._listener = listener
        self._equality = equality

    def fire(self) -> None:
        """Tell of the present slice, twice."""
        self._listener(self.remembered, self.remembered)

    def ask(self, state: State) -> None:
        """Take the slice of a state, compare it with what is remembered, and tell."""
        # Python 3.11 calls what a slot holds twice as fast by way of a local.
        selector, equality, listener = self.selector, self._equality, self._listener
        fresh, previous = selector(state), self.remembered
        if fresh is not previous and not equality(previous, fresh):
            # Remembered first: the listener may set again, and is then asked about the next one.
            self.remembered = fresh
            listener(fresh, previous)

    def find_reads(self, state: State) -> frozenset[str] | None:
        """Return what the slice of a state depends on, by taking it once more under observation."""
        watched = _Watched(state)
        try:
            is_repeatable = self._equality(self.selector(state), self.selector(watched))
        except Exception:
            return None  # It wants more than a mapping: nothing is known.
        return frozenset(watched.reads) if is_repeatable and not watched.is_read_whole else None


Entry: TypeAlias = Listener | SelectorSubscription


class Subscriptions:
    """The listeners of one store; changed under the store's lock, read without."""

    def __init__(self) -> None:
        self.entries: dict[Entry, int] = {}
        """All there are, each with its number."""
        self.all: tuple[Entry, ...] | None = ()
        """The same, as `now` last returned them; None: somebody came or went, or reads are kept."""
        self.has_plain = False
        """Whether somebody wants to hear whole states."""
        self.count = 0
        """How many there have ever been."""
        self._selectors = 0
        self._always: dict[Entry, None] = {}
        self._readers: dict[str, dict[Entry, None]] = {}

    def add(self, entry: Entry, state: State) -> None:
        """Keep a listener; one that is kept already stays where it is."""
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
        # One whose slice is another by now has a change to be asked about first.
        if self._selectors > MANY and entry.selector(state) is entry.remembered:
            self.learn(entry, state)

    def remove(self, entry: Entry) -> None:
        """Keep it no longer; harmless when it is gone."""
        if self.entries.pop(entry, None) is None:
            return
        self.all = None
        self._always.pop(entry, None)
        if isinstance(entry, SelectorSubscription):
            self._selectors -= 1
            self._forget(entry)
        self.has_plain = len(self.entries) > self._selectors

    def learn(self, entry: SelectorSubscription, state: State) -> None:
        """Note what a slice depends on."""
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
        """Return whom a change of some keys concerns, in the order they came.

        Args:
            changed: The keys; None for any.
            count: Only of so many who came first.
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
        """Return the same under the store's lock, while no change waits to be told."""
        if self._readers:
            return self.concerned(changed)
        if self.all is None:
            self.all = tuple(self.entries)
        return self.all

    def _number(self, entry: Entry) -> int:
        return self.entries.get(entry, 0)  # another thread may have ended it just now

    def _forget(self, entry: SelectorSubscription) -> None:
        for key in entry.reads or ():
            readers = self._readers[key]
            readers.pop(entry, None)
            if not readers:
                del self._readers[key]
        entry.reads = None


class _Watched(Mapping[str, Any]):
    """A state that notes which of its keys are read."""

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
