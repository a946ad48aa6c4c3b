"""Names and paths of fields, and reading and writing values by path.

`address.city` is ``("address", "city")``, `items.0.name` is ``("items", 0, "name")``, and the form itself is
``""`` or ``()``. A dot or backslash within a key is escaped by a backslash. Values are nested dicts and
lists, and are never changed in place: `put` and `unset` return new values that share everything unchanged
with the old ones, which therefore remain a valid snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Name: TypeAlias = "str | Path"
SomeNames: TypeAlias = "Name | Iterable[Name]"
"""One name, or a list or set of names; a tuple is one path."""

ROOT: Final = "root"
"""The last part of the name of a list's own error, as in `items.root`."""


class _Missing:
    """The type of `MISSING`, which marks the absence of a value; `None` is a value."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()

_PARTS = re.compile(r"((?:[^.\\]|\\.)*)(?:\.|$)", re.DOTALL)


@lru_cache(maxsize=65_536)
def parse(name: str) -> Path:
    """Return the path of a dotted name; parts made of digits only are indices.

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
    """Return a name or path as a path."""
    return parse(name) if isinstance(name, str) else name


def name_of(name: Name) -> str:
    """Return a name or path as a dotted name."""
    return name if isinstance(name, str) else join(name)


def names_of(names: SomeNames) -> tuple[str, ...]:
    """Return one or several names or paths as dotted names."""
    if isinstance(names, str):
        return (names,)
    if isinstance(names, tuple):
        return (join(names),)  # pyright: ignore[reportArgumentType] - a tuple is a path
    return tuple(map(name_of, names))


def is_within(name: str, parent: str) -> bool:
    """Return whether ``name`` is ``parent`` or below it; everything is below ``""``, the form itself."""
    return not parent or name == parent or name.startswith(parent + ".")


def parents(name: str) -> Iterator[str]:
    """Yield the names above ``name``, nearest first, ending with the form itself (``""``)."""
    path = parse(name)
    for length in range(len(path) - 1, -1, -1):
        yield join(path[:length])


@lru_cache(maxsize=65_536)
def pattern(name: str) -> str:
    """Return the name with ``*`` for every index, which is the same for all rows of a list."""
    return join(tuple("*" if isinstance(part, int) else part for part in parse(name)))


def get(values: Any, path: Path, default: Any = MISSING) -> Any:
    """Return the value at ``path``, or ``default`` if there is none."""
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
    """Return ``values`` with ``value`` at ``path``; missing dicts and lists on the way are created.

    The index after the last item appends to a list.

    Raises:
        IndexError: A list on the way has no such index.
    """
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(values, list):
        if not isinstance(part, int) or not 0 <= part <= len(values):
            raise IndexError(f"a list of {len(values)} items has no index {part!r}")
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
    """Return ``values`` without what is at ``path``; dicts and lists that become empty remain.

    An item of a list is removed, so that those after it move up.
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
    """Return a copy of nested dicts and lists; all other objects are shared."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")
