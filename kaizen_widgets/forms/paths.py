"""Where a value stands in a form: dotted names for people, tuples for programs, and values by them.

`address.city` is ``("address", "city")``, `items.0.name` is ``("items", 0, "name")``, and the form itself is
``""`` or ``()``. A dot or backslash within a key is escaped by a backslash. Values are nested dicts and
lists, and are never changed in place: `put` and `unset` return a new whole that shares all they did not
touch, so that whoever holds the old one has a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Name: TypeAlias = "str | Path"
SomeNames: TypeAlias = "Name | Iterable[Name]"
"""One name, or a list (or set) of them; a tuple is the path of one."""

ROOT: Final = "root"
"""The last part of the name of a list's own error, as in `items.root`."""


class _Missing:
    """What stands where no value does; `None` is a value."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()

_PARTS = re.compile(r"((?:[^.\\]|\\.)*)(?:\.|$)", re.DOTALL)


@lru_cache(maxsize=65_536)
def parse(name: str) -> Path:
    """Return the path of a dotted name; parts of digits alone are indices.

    Examples:
        >>> parse("items.0.name"), parse("")
        (('items', 0, 'name'), ())
    """
    if not name:
        return ()
    if "\\" not in name:
        return tuple(int(part) if _is_index(part) else part for part in name.split("."))
    parts = [match[1] for match in _PARTS.finditer(name)]
    if not name.endswith(".") or name.endswith("\\."):
        parts.pop()  # the empty match at the end
    return tuple(
        int(part) if _is_index(part) else re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)
        for part in parts
    )


@lru_cache(maxsize=65_536)
def join(path: Path) -> str:
    r"""Return the dotted name of a path.

    Examples:
        >>> join(("items", 0, "a.b"))
        'items.0.a\\.b'
    """
    return ".".join(
        str(part) if isinstance(part, int) else part.replace("\\", "\\\\").replace(".", "\\.")
        for part in path
    )


def path_of(name: Name) -> Path:
    """Return the path of a name or path."""
    return parse(name) if isinstance(name, str) else name


def name_of(name: Name) -> str:
    """Return the dotted name of a name or path."""
    return name if isinstance(name, str) else join(name)


def names_of(names: SomeNames) -> tuple[str, ...]:
    """Return the dotted names of one or several."""
    if isinstance(names, str):
        return (names,)
    if isinstance(names, tuple):
        return (join(names),)  # pyright: ignore[reportArgumentType] - a tuple is a path
    return tuple(map(name_of, names))


def is_within(name: str, parent: str) -> bool:
    """Whether ``name`` is ``parent`` or stands below it; everything stands below the form itself."""
    return not parent or name == parent or name.startswith(parent + ".")


def parents(name: str) -> Iterator[str]:
    """Give the names above ``name``, nearest first, the form itself (``""``) last."""
    path = parse(name)
    for length in range(len(path) - 1, -1, -1):
        yield join(path[:length])


@lru_cache(maxsize=65_536)
def pattern(name: str) -> str:
    """Return the name with ``*`` for every index: what all rows of a list have in common."""
    return join(tuple("*" if isinstance(part, int) else part for part in parse(name)))


def get(values: Any, path: Path, default: Any = MISSING) -> Any:
    """Return the value at ``path``, or ``default`` where there is none."""
    for part in path:
        if isinstance(values, dict):
            key = part if part in values else str(part)
            if key not in values:
                return default
            values = values[key]
        elif isinstance(values, list) and isinstance(part, int) and 0 <= part < len(values):
            values = values[part]
        else:
            return default
    return values


def put(values: Any, path: Path, value: Any) -> Any:
    """Return ``values`` with ``value`` at ``path``; what is missing on the way is made.

    A list grows by one at its end; an index further out is refused.

    Raises:
        IndexError: A list has no such place.
    """
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(values, list):
        if not isinstance(part, int) or not 0 <= part <= len(values):
            raise IndexError(f"a list of {len(values)} has no {part!r}")
        fresh = values.copy()
        if part == len(values):
            fresh.append(put(MISSING, rest, value))
        else:
            fresh[part] = put(values[part], rest, value)
        return fresh
    if isinstance(values, dict):
        copy = values.copy()
        key = part if part in values else str(part)
        copy[key] = put(values.get(key, MISSING), rest, value)
        return copy
    if isinstance(part, int):
        return put([], path, value)
    return {part: put(MISSING, rest, value)}


def unset(values: Any, path: Path) -> Any:
    """Return ``values`` without what stands at ``path``; emptied containers stay.

    A place in a list is left out, and what follows moves up.
    """
    if not path:
        return MISSING
    part, rest = path[0], path[1:]
    if get(values, (part,)) is MISSING:
        return values
    fresh: Any = values.copy()
    key: Any = part if isinstance(values, list) or part in values else str(part)
    inner = unset(values[key], rest)
    if inner is MISSING:
        del fresh[key]
    else:
        fresh[key] = inner
    return fresh


def copied(value: Any) -> Any:
    """Return a copy with dicts and lists of its own, at any depth; other things are shared."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")
