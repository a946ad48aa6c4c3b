"""Which leaves of a form differ from their defaults, kept up to date as values change.

A leaf is a value that is no dict and no list, or an empty one. A leaf that only one side has differs; rows
are compared by their index; numbers by value, but `True` is not 1 and "3" is not 3. Two trees are the
same exactly when no leaf of theirs differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kaizen_widgets.forms.paths import MISSING, Path, get, is_within, join


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a form; what cannot say whether it is equal is not."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if _kind(one) is not _kind(other):
        return False
    try:
        return bool(one == other)
    except Exception:
        return False  # An array's == is no yes or no.


def leaves(value: Any, path: Path) -> Iterator[Path]:
    """Give the paths of the leaves of ``value``, which stands at ``path``."""
    if value is MISSING:
        return
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def differences(one: Any, other: Any, path: Path) -> Iterator[Path]:
    """Give the paths of the leaves in which two values that stand at ``path`` differ."""
    if one is other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*one, *(key for key in other if key not in one)):
            yield from differences(one.get(key, MISSING), other.get(key, MISSING), (*path, key))
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            pair = [side[index] if index < len(side) else MISSING for side in (one, other)]
            yield from differences(pair[0], pair[1], (*path, index))
    elif _is_branch(one) or _is_branch(other):
        # One side only: its leaves. Of a dict against a list, those of the value.
        yield from leaves(one if _is_branch(one) else other, path)
    elif not same(one, other):
        yield path


class Differences:
    """The names of the leaves in which values differ from their defaults.

    `changed` must be called after every write, with the place of the write; it costs what stands there,
    not what the form holds.
    """

    def __init__(self, values: Any, defaults: Any) -> None:
        self.names: set[str] = set(map(join, differences(values, defaults, ())))

    def changed(self, path: Path, old: Any, values: Any, defaults: Any) -> None:
        """Take note that the value at ``path`` is another than ``old`` was."""
        name, value, default = join(path), get(values, path), get(defaults, path)
        if not any(
            side is MISSING or isinstance(side, dict | list) for side in (old, value)
        ) and not isinstance(default, dict | list):
            (self.names.discard if same(value, default) else self.names.add)(name)
            return
        if old is MISSING or value is MISSING:
            path = self._felt(path, values, defaults)
        self.names = {known for known in self.names if not is_within(known, join(path))}
        self.names.update(map(join, differences(get(values, path), get(defaults, path), path)))

    def _felt(self, path: Path, values: Any, defaults: Any) -> Path:
        """Return how far up a value that came or went is felt.

        Below two dicts, or two lists, keys go by themselves; anything else differs as one.
        """
        for length in range(len(path)):
            above = path[:length]
            kinds = {_container(get(side, above)) for side in (values, defaults)}
            if len(kinds) > 1 or None in kinds or join(above) in self.names:
                return above
        return path


def _container(value: Any) -> type | None:
    return next((kind for kind in (dict, list) if isinstance(value, kind)), None)


def _is_branch(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _kind(value: Any) -> type:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value)
