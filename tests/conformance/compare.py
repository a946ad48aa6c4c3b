"""Compare JSON as the vectors' README says: strictly, and tell the first difference.

Key order never matters, list order does; numbers compare by value, but true is not 1; null is not the
same as an absent key.
"""

from __future__ import annotations

import json
from typing import Any


def first_difference(expected: Any, actual: Any, where: str = "it") -> str | None:
    """Return where and how two JSON values first differ, or None."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in expected:
            if key not in actual:
                return f"{where}.{key} is missing; expected {_brief(expected[key])}"
        for key in actual:
            if key not in expected:
                return f"{where}.{key} is {_brief(actual[key])}; expected no such key"
        pairs = [(f"{where}.{key}", expected[key], actual[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{where} has {len(actual)} items; expected {len(expected)}"
        pairs = [
            (f"{where}[{index}]", *items)
            for index, items in enumerate(zip(expected, actual, strict=True))
        ]
    elif _kind(expected) is _kind(actual) and expected == actual:
        return None
    else:
        return f"{where} is {_brief(actual)}; expected {_brief(expected)}"
    return next(
        (found for place, *two in pairs if (found := first_difference(two[0], two[1], place))), None
    )


def _kind(value: Any) -> type:
    """Return what a value is to JSON, where whole and other numbers are one kind."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value)


def _brief(value: Any) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 120 else f"{text[:117]}..."
