"""Checks of option values; each error names the option and says which values it takes."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from kaizen_widgets.errors import QueryError


def check_known(names: Mapping[str, Any], known: Collection[str], what: str) -> None:
    """Refuse names that do not exist, and suggest the nearest one.

    Args:
        names: Given names.
        known: Names that exist.
        what: What they name, for the message: "option" or "filter".
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
            raise QueryError(f"There is no {what} {name!r}; {hint}")


def check_seconds(name: str, value: Any) -> None:
    """Refuse a value that is not a duration; None means not given."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
        raise QueryError(f"{name} must be seconds or a timedelta, not {value!r}.")
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if math.isnan(number) or number < 0:
        raise QueryError(f"{name} cannot be {value!r} seconds.")


def check_callable(name: str, value: Any) -> None:
    """Refuse a value that is not a function; None means not given."""
    if value is not None and not callable(value):
        raise QueryError(f"{name} must be a function, not {type(value).__name__}.")


def check_one_of(name: str, value: Any, allowed: tuple[Any, ...], *, or_function: bool) -> None:
    """Refuse a value that is not one of ``allowed``; None means not given.

    Args:
        name: Name of the option.
        value: Given value.
        allowed: Allowed values, compared by identity, strings by value.
        or_function: Whether a function is allowed too.
    """
    if value is None or (or_function and callable(value)):
        return
    if any(value is choice or (isinstance(choice, str) and value == choice) for choice in allowed):
        return
    spelled = [f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in allowed]
    if or_function:
        spelled.append("a function of the query")
    raise QueryError(f"{name} must be {', '.join(spelled[:-1])} or {spelled[-1]}, not {value!r}.")


def check_positive_int(name: str, value: Any) -> None:
    """Refuse a value that is not a whole number from 1; None means not given."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise QueryError(f"{name} must be a whole number from 1, not {value!r}.")


def check_retry(retry: Any, retry_delay: Any) -> None:
    """Refuse values that cannot say whether and when to retry."""
    if not callable(retry_delay):
        check_seconds("retry_delay", retry_delay)
    if retry is not None and not callable(retry) and not (isinstance(retry, int) and retry >= 0):
        raise QueryError(f"retry must be a bool, a number of times or a function, not {retry!r}.")
