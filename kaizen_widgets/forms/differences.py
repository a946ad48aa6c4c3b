"""Track which leaves of a form differ from their defaults as values change.

A leaf is a value that is neither a dict nor a list, or an empty dict or list. A leaf that only one side has
differs. Rows are compared by index, numbers by value; but `True` is not 1, "3" is not 3, and NaN is NaN.
Two trees are equal exactly when none of their leaves differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kaizen_widgets.forms.name_index import NameIndex
from kaizen_widgets.forms.paths import MISSING, Path, get, join


def deep_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal for a form; values that cannot be compared are not."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(deep_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(deep_equal, one, other))
    if _comparable_type(one) is not _comparable_type(other):
        return False
    try:
        return bool(one == other) or bool(one != one and other != other)
    except Exception:
        return False  # comparing arrays, for example, gives no bool


def is_identical(one: Any, other: Any) -> bool:
    """Return whether two values are interchangeable in every respect.

    Unlike `deep_equal` this distinguishes 1 from 1.0, dicts in different orders, and objects of other
    classes, whose ``==`` may compare only part of them.
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict:
        return len(one) == len(other) and all(
            is_identical(key, other_key) and is_identical(value, other_value)
            for (key, value), (other_key, other_value) in zip(
                one.items(), other.items(), strict=True
            )
        )
    if kind is list:
        return len(one) == len(other) and all(map(is_identical, one, other))
    if kind is float:
        return one.hex() == other.hex()  # -0.0 is not 0.0, and NaN is NaN
    return kind in (str, int, bool, bytes) and one == other


def leaves(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of the leaves of ``value``, which is at ``path``."""
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
    """Yield the paths of the leaves in which two values at ``path`` differ."""
    if one is other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*one, *(key for key in other if key not in one)):
            yield from differences(one.get(key, MISSING), other.get(key, MISSING), (*path, key))
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            pair = [side[index] if index < len(side) else MISSING for side in (one, other)]
            yield from differences(pair[0], pair[1], (*path, index))
    elif _has_items(one) or _has_items(other):
        # Only one side has items: its leaves differ. For a dict and a list, those of the first.
        yield from leaves(one if _has_items(one) else other, path)
    elif not deep_equal(one, other):
        yield path


class Differences:
    """The names of the leaves in which values differ from their defaults.

    `update` must be called after every write. It costs what is written, not the size of the form.

    Args:
        values: The values.
        defaults: The defaults.

    Attributes:
        index: The dotted names of the leaves that differ.
    """

    def __init__(self, values: Any, defaults: Any) -> None:
        self.index = NameIndex(map(join, differences(values, defaults, ())))

    @property
    def names(self) -> set[str]:
        """The dotted names of the leaves that differ, to be read only."""
        return self.index.names

    def update(self, path: Path, old: Any, values: Any, defaults: Any) -> None:
        """Update the names after the value, or the default, at ``path`` was replaced.

        Args:
            path: The place that was written.
            old: The value or default before.
            values: All values after the write.
            defaults: All defaults after the write.
        """
        name, value, default = join(path), get(values, path), get(defaults, path)
        sides = (old, value, default)
        if not any(side is MISSING or isinstance(side, dict | list) for side in sides):
            (self.index.discard if deep_equal(value, default) else self.index.add)(name)
            return
        if any(side is MISSING for side in sides):
            path = self._affected(path, values, defaults)
        new = set(map(join, differences(get(values, path), get(defaults, path), path)))
        self.index.replace_below(join(path), new)

    def _affected(self, path: Path, values: Any, defaults: Any) -> Path:
        """Return the topmost path whose comparison changes when a value was added or removed.

        Within two dicts, or two lists, items are compared one by one; anything else as a whole.
        """
        for length in range(len(path)):
            above = path[:length]
            kinds = {_container_type(get(side, above)) for side in (values, defaults)}
            if len(kinds) > 1 or None in kinds or join(above) in self.names:
                return above
        return path


def _container_type(value: Any) -> type | None:
    return next((kind for kind in (dict, list) if isinstance(value, kind)), None)


def _has_items(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _comparable_type(value: Any) -> type:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value)
