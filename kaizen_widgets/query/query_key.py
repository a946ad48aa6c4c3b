"""Query keys: tuples of JSON values, compared by hash or by how they begin.

``("agents", "list", {"status": "active"})`` is matched by ``("agents",)``, by ``("agents", "list")`` and
by ``("agents", "list", {})``: a list matches by its first items, an object by the names it contains, at any
depth.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kaizen_widgets.errors import QueryError

QueryKey: TypeAlias = "tuple[Any, ...]"


def as_key(value: Any, option: str = "query_key") -> QueryKey:
    """Return ``value`` as a checked key that shares no mutable part with it.

    Args:
        value: List or tuple of JSON values.
        option: Name used in error messages.

    Raises:
        QueryError: It is not a list or tuple, or something in it is not JSON.
    """
    if not isinstance(value, list | tuple):
        raise QueryError(
            f"{option} must be a list or tuple, such as ('agents', 'list'), not {type(value).__name__}."
        )
    try:
        return tuple(_json_value(item, option) for item in value)
    except RecursionError:
        raise QueryError(f"{option} is nested too deeply, or contains itself.") from None


def hash_key(key: QueryKey) -> str:
    """Return the key's JSON text with sorted object names; equal keys have equal hashes."""
    return _encode(key)


def hash_unchecked_key(key: Any) -> str:
    """Return the hash of a key that has not been checked yet.

    Raises:
        QueryError: It is not a key.
    """
    # Most keys that are read consist of strings only, and those need no conversion.
    if type(key) is tuple and all(type(part) is str for part in key):
        return _hash_of_strings(key)
    return _encode(as_key(key))


def partial_match_key(value: Any, pattern: Any) -> bool:
    """Return whether ``value`` begins with ``pattern`` (lists) or contains it (objects)."""
    if not pattern and isinstance(pattern, list | dict) and isinstance(value, list | dict):
        return True  # As in query-core, an empty list or object matches any of them.
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and partial_match_key(value[name], item) for name, item in pattern.items()
        )
    if isinstance(pattern, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(pattern) <= len(value)
            and all(
                partial_match_key(item, part) for item, part in zip(value, pattern, strict=False)
            )
        )
    # True == 1 in Python; they are different keys.
    return isinstance(value, bool) == isinstance(pattern, bool) and value == pattern


_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_hash_of_strings: Final = lru_cache(maxsize=4096)(_encode)


def _json_value(value: Any, option: str) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            # 1.0 and 1 are one number in JSON, so they are one key.
            return int(value) if value.is_integer() else float(value)
        case list() | tuple():
            return [_json_value(item, option) for item in value]
        case Mapping():
            for name in value:
                if not isinstance(name, str):
                    raise QueryError(
                        f"{option} holds an object with the name {name!r}; use a string."
                    )
            return {str.__str__(name): _json_value(item, option) for name, item in value.items()}
        case _:
            raise QueryError(
                f"{option} holds a {type(value).__name__}; "
                "use finite numbers, strings, booleans, None, lists and dicts."
            )
