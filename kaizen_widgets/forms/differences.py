"""Which leaves of a form differ from their defaults, kept up to date as values change.

A leaf is a value that is neither a dict nor a list, or an empty dict or list. A leaf that only one side has
differs. Rows are compared by index, numbers by value; but `True` is not 1, "3" is not 3, and NaN is NaN.
Two trees are equal exactly when none of their leaves differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kaizen_widgets.forms.paths import MISSING, Path, get, is_within, join


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
        return bool(one == other)
    except Exception:
        return False  # comparing arrays, for example, gives no bool


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
        # Only one side has items: its leaves differ. Of a dict and a list, those of the first.
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
        names: The dotted names of the leaves that differ.
    """

    def __init__(self, values: Any, defaults: Any) -> None:
        self.names: set[str] = set(map(join, differences(values, defaults, ())))

    def update(self, path: Path, old: Any, values: Any, defaults: Any) -> None:
        """Update the names after the value at ``path`` was replaced.

        Args:
            path: The place that was written.
            old: The value before.
            values: All values after the write.
            defaults: All defaults.
        """
        name, value, default = join(path), get(values, path), get(defaults, path)
        if not any(
            side is MISSING or isinstance(side, dict | list) for side in (old, value)
        ) and not isinstance(default, dict | list):
            (self.names.discard if deep_equal(value, default) else self.names.add)(name)
            return
        if old is MISSING or value is MISSING:
            path = self._affected(path, values, defaults)
        self.names = {known for known in self.names if not is_within(known, join(path))}
        self.names.update(map(join, differences(get(values, path), get(defaults, path), path)))

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
