"""Translate names and ids when rows move: a row keeps its id, its errors and its flags.

A move is given as *origins*: for each row afterward, its index before the move, or None for a new row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from kaizen_widgets.forms.paths import is_within, join, parse

Origins: TypeAlias = Sequence[int | None]


class RowMove:
    """Maps names at or below a list from before a move to after it.

    Args:
        name: The list.
        origins: For each row afterward, its index before the move, or None for a new row.

    Attributes:
        name: The list.
        origins: As given.
        new_index: The index of each row after the move, by its index before; removed rows have none.
    """

    def __init__(self, name: str, origins: Origins) -> None:
        self.name = name
        self.origins = origins
        self._depth = len(parse(name))
        self.new_index = {old: new for new, old in enumerate(origins) if old is not None}

    def __call__(self, name: str) -> str | None:
        """Return the name after the move; None if its row was removed."""
        if not is_within(name, self.name):
            return name
        path = parse(name)
        index = path[self._depth] if len(path) > self._depth else None
        if not isinstance(index, int):
            return name  # the list itself, or its own error
        if index not in self.new_index:
            return None
        return join((*path[: self._depth], self.new_index[index], *path[self._depth + 1 :]))

    def names(self, names: Iterable[str]) -> set[str]:
        """Return the names after the move, without those whose row was removed."""
        return {new for name in names if (new := self(name)) is not None}

    def keys(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return a dict keyed by the names after the move, without those whose row was removed."""
        return {new: entry for name, entry in entries.items() if (new := self(name)) is not None}


def rows_replaced(name: str) -> Callable[[str], str | None]:
    """Return a function like a `RowMove`, for a value at ``name`` that was replaced with all its rows."""
    depth = len(parse(name))

    def current_name(known: str) -> str | None:
        is_in_a_row = is_within(known, name) and any(
            isinstance(part, int) for part in parse(known)[depth:]
        )
        return None if is_in_a_row else known

    return current_name


class FormRowIds:
    """Stable ids of rows, created when the ids of a list are first requested.

    Args:
        new_id: Returns a new id with each call.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._ids: dict[str, list[str]] = {}
        self._versions: dict[str, object] = {}

    def of(self, name: str, length: int) -> list[str]:
        """Return the ids of a list of ``length`` rows, which must not be modified."""
        ids = self._ids.setdefault(name, [])
        del ids[length:]
        while len(ids) < length:
            ids.append(self._new_id())
        return ids

    def version(self, name: str) -> object:
        """Return an object that stays the same until rows of the list are added, moved or replaced."""
        return self._versions.setdefault(name, object())

    def forget(self, name: str) -> set[str]:
        """Drop the ids of the lists at or below a name, because other rows are there; return those lists."""
        for known in [known for known in self._versions if is_within(known, name)]:
            del self._versions[known]
        dropped = {known for known in self._ids if is_within(known, name)}
        for known in dropped:
            del self._ids[known]
        return dropped

    def append(self, name: str) -> None:
        """Change the version of a list; the ids of new rows are made when they are asked for."""
        self._versions[name] = object()

    def move(self, name: str, length: int, move: RowMove) -> None:
        """Move the ids of a list that had ``length`` rows, and of the lists within those rows."""
        before = self.of(name, length)
        self._ids = move.keys(self._ids)
        self._ids[name] = [self._new_id() if old is None else before[old] for old in move.origins]
        self._versions = move.keys(self._versions)
        self._versions[name] = object()
