"""Find out whether JSON reproduces a value exactly: the same types, keys and numbers after a round trip.

JSON turns tuples into lists, keys into strings, and subclasses of str, int or dict into the plain types. What
is stored as JSON must not come back as something else, so such values are refused before they are written.
"""

from __future__ import annotations

import math
from typing import Any

MAX_DEPTH = 200
"""Levels of nesting that every JSON reader manages, however deep its caller is nested."""
MAX_BITS = 14_000
"""Size of the largest int: Python refuses to read one of more than 4,300 digits."""


def json_mismatch(value: Any, name: str = "it") -> str:
    """Return why JSON does not reproduce ``value`` exactly, as a clause; empty if it does.

    Args:
        value: Value to check.
        name: What the value is called in the clause, such as "data".
    """
    return _mismatch(value, name, 0)


def _mismatch(value: Any, name: str, depth: int) -> str:
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return ""
    if kind is int:
        return f"{name} has too many digits" if value.bit_length() > MAX_BITS else ""
    if kind is float:
        return "" if math.isfinite(value) else f"{name} is {value}"
    if depth == MAX_DEPTH:
        return f"{name.split('[')[0]} is nested more than {MAX_DEPTH} levels deep"
    if kind is list:
        for index, item in enumerate(value):
            # Most items are plain, and need no name.
            if type(item) is not str and (found := _mismatch(item, f"{name}[{index}]", depth + 1)):
                return found
        return ""
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                return f"{name} has the key {key!r}, and JSON has only strings as keys"
            if type(item) is not str and (found := _mismatch(item, f"{name}[{key!r}]", depth + 1)):
                return found
        return ""
    return f"{name} is a {kind.__name__}, which JSON does not have"
