"""New data that keeps the objects of the old where nothing changed, so that ``is`` tells what did.

Only lists and dicts are looked into (not subclasses, not other containers), at most 500 deep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kaizen_widgets.query.query_state import UNSET

MAX_DEPTH = 500
_SCALARS = frozenset({str, int, float, bool, bytes})


def same(one: Any, other: Any) -> bool:
    """Return whether two values are one: containers by identity, plain values by value and type."""
    if one is other:
        return True
    kind = type(one)
    return kind is type(other) and kind in _SCALARS and bool(one == other)


def share(old: Any, new: Any, depth: int = 0) -> Any:
    """Return ``old`` if ``new`` equals it, else ``new`` with its equal parts taken from ``old``."""
    if same(old, new):
        return old
    if depth > MAX_DEPTH:
        return new
    if type(old) is list and type(new) is list:
        shared = [
            share(old[index], item, depth + 1) if index < len(old) else item
            for index, item in enumerate(new)
        ]
        unchanged = len(old) == len(new) and all(
            same(before, after) for before, after in zip(old, shared, strict=True)
        )
        return old if unchanged else shared
    if type(old) is dict and type(new) is dict:
        parts = {
            name: share(old[name], item, depth + 1) if name in old else item
            for name, item in new.items()
        }
        unchanged = len(old) == len(new) and all(
            name in old and same(old[name], item) for name, item in parts.items()
        )
        return old if unchanged else parts
    return new


def share_by(sharing: bool | Callable[[Any, Any], Any] | None, old: Any, new: Any) -> Any:
    """Return ``new`` with what it shares with ``old`` (`UNSET` for nothing), as an option says."""
    if callable(sharing):
        return sharing(None if old is UNSET else old, new)
    return new if sharing is False else share(old, new)
