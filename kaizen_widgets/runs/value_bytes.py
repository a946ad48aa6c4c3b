"""About how many bytes values take; an estimate, made in bounded time.

Of long containers a part is counted and taken for all. What is large is counted by identity, so that a value
which several nodes or runs hold counts once.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

LARGE = 64_000
"""Bytes from which a value is counted by identity."""
SAMPLE = 200
"""Items of a container that are counted; the others are taken for alike."""
MAX_PARTS = 20_000
"""The most parts of all values that are looked at."""
_ATOMS = (str, bytes, bytearray, int, float, complex, bool, type(None))
_CONTAINERS = (list, tuple, set, frozenset)
_ARRAYS = frozenset({"numpy", "pyarrow", "torch"})
"""Packages whose values say in ``nbytes`` how large they are."""


@dataclass(frozen=True)
class ValueBytes:
    """Bytes of some values.

    Attributes:
        large: Bytes of each large part by its id, which holds as long as the values are alive.
        small: Bytes of all other parts together.
    """

    large: Mapping[int, int]
    small: int


def bytes_of(values: Iterable[Any]) -> ValueBytes:
    """Return about how many bytes values take together."""
    large: dict[int, int] = {}
    small = 0
    seen: set[int] = set()
    waiting: list[tuple[Any, float]] = [(value, 1.0) for value in values]
    for _ in range(MAX_PARTS):
        if not waiting:
            break
        value, times = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        size, parts, share = _look_into(value)
        waiting += [(part, times * share) for part in parts]
        if size >= LARGE and times == 1:
            large[id(value)] = size
        else:
            small += int(size * times)
    return ValueBytes(large, small)


def _look_into(value: Any) -> tuple[int, list[Any], float]:
    """Return the bytes of a value alone, its parts or some of them, and how many each stands for."""
    kind = type(value)
    if kind in _ATOMS:
        return sys.getsizeof(value), [], 1.0
    try:
        if kind in _CONTAINERS:
            parts = list(islice(value, SAMPLE))
            return sys.getsizeof(value), parts, len(value) / max(len(parts), 1)
        if kind is dict:
            items = list(islice(value.items(), SAMPLE))
            parts = [part for item in items for part in item]
            return sys.getsizeof(value), parts, len(value) / max(len(items), 1)
        package = kind.__module__.partition(".")[0]
        if package in _ARRAYS and isinstance(size := getattr(value, "nbytes", None), int):
            return size, [], 1.0
        if package == "pandas" and hasattr(value, "memory_usage"):
            return _table_bytes(value), [], 1.0
        inside = object.__getattribute__(value, "__dict__")
        if not isinstance(value, type) and type(inside) is dict:
            return object.__sizeof__(value), [inside], 1.0
    except Exception:  # It changes while it is looked into, or is not what it seems.
        _logger.debug("A %s could not be looked into", kind.__name__, exc_info=True)
    return object.__sizeof__(value), [], 1.0


def _table_bytes(table: Any) -> int:
    """Return the bytes of a table or column of pandas; its texts are known of some rows."""
    shallow = _total(table.memory_usage())
    some = table.iloc[:SAMPLE]
    if not len(some):
        return shallow
    return max(shallow, int(_total(some.memory_usage(deep=True)) * len(table) / len(some)))


def _total(usage: Any) -> int:
    return int(usage.sum() if hasattr(usage, "sum") else usage)


_logger = logging.getLogger("kaizen_widgets.runs")
