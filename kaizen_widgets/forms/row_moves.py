"""Rows keep their identity while they move: ids of rows, and what a move does to names.

A move says, for each row afterwards, which row it was before (None: a new one). Everything that is
known by a name below the list (errors, touched flags, ids of rows within rows) follows by `RowMove`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from kaizen_widgets.forms.paths import is_within, join, parse

Origins: TypeAlias = Sequence[int | None]


class RowMove:
    """Names below a list, before and after its rows moved.

    Args:
        name: The list.
        origins: For each row afterwards, its index before, or None.
    """

    def __init__(self, name: str, origins: Origins) -> None:
        self._name = name
        self._depth = len(parse(name))
        self._new = {old: new for new, old in enumerate(origins) if old is not None}

    def __call__(self, name: str) -> str | None:
        """Return what ``name`` is called now; None if its row is gone."""
        if not is_within(name, self._name):
            return name
        path = parse(name)
        index = path[self._depth] if len(path) > self._depth else None
        if not isinstance(index, int):
            return name  # the list itself, or its own error
        if index not in self._new:
            return None
        return join((*path[: self._depth], self._new[index], *path[self._depth + 1 :]))

    def each(self, names: Iterable[str]) -> set[str]:
        """Return what these names are called now, without those that are gone."""
        return {new for name in names if (new := self(name)) is not None}

    def keys(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return the entries by their names of now, without those that are gone."""
        return {new: entry for name, entry in entries.items() if (new := self(name)) is not None}


class FormRowIds:
    """A stable id for every row that somebody asked for.

    Args:
        new_id: Gives a fresh id each time.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._ids: dict[str, list[str]] = {}

    def of(self, name: str, length: int) -> list[str]:
        """Return the ids of the rows of a list: the same object until rows are moved or replaced."""
        ids = self._ids.setdefault(name, [])
        del ids[length:]
        while len(ids) < length:
            ids.append(self._new_id())
        return ids

    def replaced(self, name: str) -> set[str]:
        """Forget the ids of the lists at or below ``name``: other rows stand there; return those lists."""
        gone = {known for known in self._ids if is_within(known, name)}
        for known in gone:
            del self._ids[known]
        return gone

    def move(self, name: str, length: int, origins: Origins, moved: RowMove) -> None:
        """Let the ids of a list of ``length`` rows, and of the lists within them, follow a move."""
        before = self.of(name, length)
        self._ids = moved.keys(self._ids)
        self._ids[name] = [self._new_id() if old is None else before[old] for old in origins]


def listed(rows: Any) -> list[Any]:
    """Return rows as a list; one row that is no list is a list of one."""
    return list(rows) if isinstance(rows, list | tuple) else [rows]


def without(length: int, indices: Iterable[int]) -> Origins:
    """Return the origins after some rows are removed."""
    gone = set(indices)
    return [index for index in range(length) if index not in gone]


def inserted(length: int, index: int, count: int) -> Origins:
    """Return the origins after new rows are inserted before ``index``."""
    return [*range(index), *[None] * count, *range(index, length)]


def swapped(length: int, one: int, other: int) -> Origins:
    """Return the origins after two rows changed places."""
    origins = list(range(length))
    origins[one], origins[other] = other, one
    return origins


def moved(length: int, index: int, to: int) -> Origins:
    """Return the origins after a row is taken out and put in again at ``to``."""
    origins = list(range(length))
    origins.insert(to, origins.pop(index))
    return origins
