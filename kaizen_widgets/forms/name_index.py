"""A set of dotted names that finds the names at or below another name without searching the whole set."""

from __future__ import annotations

from collections.abc import Iterable

from kaizen_widgets.forms.paths import parents


class NameIndex:
    """A set of names, linked to the names above them.

    Adding and removing a name takes time proportional to its depth, and `below` to the size of its result.

    Args:
        names: The initial names.

    Attributes:
        names: The names, to be read only.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: set[str] = set()
        self._children: dict[str, set[str]] = {}
        """For each name above a member: the names one level below it that are, or lead to, members."""
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Add a name."""
        if name in self.names:
            return
        self.names.add(name)
        child = name
        for parent in parents(name):
            children = self._children.get(parent)
            if children is not None:
                children.add(child)
                return
            self._children[parent] = {child}
            child = parent

    def discard(self, name: str) -> None:
        """Remove a name if it is a member; names below it stay."""
        if name not in self.names:
            return
        self.names.remove(name)
        if name in self._children:
            return
        child = name
        for parent in parents(name):
            children = self._children[parent]
            children.discard(child)
            if children:
                return
            del self._children[parent]
            if parent in self.names:
                return
            child = parent

    def replace_below(self, name: str, names: set[str]) -> None:
        """Replace the members at or below a name by others."""
        old = self.below(name)
        for known in old - names:
            self.discard(known)
        for known in names - old:
            self.add(known)

    def below(self, name: str) -> set[str]:
        """Return the members at or below a name."""
        found: set[str] = set()
        level = [name]
        while level:
            found.update(self.names.intersection(level))
            level = [
                child
                for parent in level
                if (children := self._children.get(parent)) is not None
                for child in children
            ]
        return found

    def difference_below(self, name: str, other: NameIndex) -> set[str]:
        """Return the names at or below a name that are members of either index, but not of both."""
        if name in self._children or name in other._children:
            return self.below(name) ^ other.below(name)
        return set() if (name in self.names) == (name in other.names) else {name}

    def has_below(self, name: str) -> bool:
        """Return whether a member is at or below a name."""
        return name in self.names or name in self._children
