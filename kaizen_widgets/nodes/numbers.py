"""Treat the numbers and arrays of other libraries like Python's own, without importing these libraries."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any


def is_number(value: Any) -> bool:
    """Return whether a value is one real number: Python's, Decimal, Fraction, a numpy scalar or 0-d array.

    Booleans are not numbers, neither Python's nor numpy's.
    """
    kind = type(value)
    if issubclass(kind, bool) or kind.__name__ in ("bool_", "bool"):
        return False
    if issubclass(kind, Real | Decimal):
        return True
    # float32 and int64 of numpy and 0-d arrays and tensors: numbers by what they can do.
    return (
        hasattr(kind, "__float__") and getattr(value, "shape", None) == () and not _is_bool(value)
    )


def is_same_value(one: Any, other: Any) -> bool:
    """Return whether two values are equal, also arrays, whose ``==`` gives an array.

    Values that cannot be compared are not equal.
    """
    if one is other:
        return True
    try:
        if getattr(one, "shape", None) != getattr(other, "shape", None):
            return False
        result = one == other
        for _ in range(3):  # A table's `all` gives a row, and a row's gives one truth value.
            if isinstance(result, bool) or not hasattr(result, "all"):
                break
            result = result.all()
        return bool(result)
    except Exception:  # The == of users' values can raise anything.
        return False


def _is_bool(value: Any) -> bool:
    return str(getattr(value, "dtype", "")) in ("bool", "torch.bool")
