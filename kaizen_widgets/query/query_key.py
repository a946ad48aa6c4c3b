"""Query keys: tuples of JSON values; a key is found by its hash, or by a key that begins it.

``("agents", "list", {"status": "active"})`` is matched by ``("agents",)``, by ``("agents", "list")`` and
by ``("agents", "list", {})``: a list by what it begins with, an object by what it contains, at any depth.
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
    """Return ``value`` as a key of its own, checked.

    Raises:
        QueryError: It is no list or tuple, or something in it is not JSON.
    """
    if not isinstance(value, list | tuple):
        raise QueryError(
            f"{option} must be a list or tuple, such as ('agents', 'list'), not {type(value).__name__}."
        )
    try:
        return tuple(_plain(item, option) for item in value)
    except RecursionError:
        raise QueryError(f"{option} is nested without end.") from None


def hash_key(key: QueryKey) -> str:
    """Return the key's JSON text with object keys sorted; equal keys have equal hashes."""
    return _encode(key)


def hash_of(key: Any) -> str:
    """Return the hash of a key that was not checked yet.

    Raises:
        QueryError: It is no key.
    """
    # Keys of plain texts are nearly all that are read, and texts are what they look like.
    if type(key) is tuple and all(type(part) is str for part in key):
        return _hash_of_texts(key)
    return _encode(as_key(key))


def matches(value: Any, pattern: Any) -> bool:
    """Return whether ``pattern`` begins (lists) and is contained in (objects) ``value``."""
    if not pattern and isinstance(pattern, list | dict) and isinstance(value, list | dict):
        return True  # As in the original, nothing is contained in anything.
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and matches(value[name], item) for name, item in pattern.items()
        )
    if isinstance(pattern, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(pattern) <= len(value)
            and all(matches(item, part) for item, part in zip(value, pattern, strict=False))
        )
    # True == 1 in Python; they are different keys.
    return isinstance(value, bool) == isinstance(pattern, bool) and value == pattern


_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_hash_of_texts: Final = lru_cache(maxsize=4096)(_encode)


def _plain(value: Any, option: str) -> Any:
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
            return [_plain(item, option) for item in value]
        case Mapping():
            for name in value:
                if not isinstance(name, str):
                    raise QueryError(f"{option} holds an object with the name {name!r}; use text.")
            return {str.__str__(name): _plain(item, option) for name, item in value.items()}
        case _:
            raise QueryError(
                f"{option} holds a {type(value).__name__}; "
                "use finite numbers, text, booleans, None, lists and dicts."
            )
