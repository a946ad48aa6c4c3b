"""Read and write along a dotted path, with JavaScript's undefined."""

from __future__ import annotations

from typing import Any


class Absent:
    """What JavaScript calls undefined: its own value, traced as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


def read(state: Any, path: str) -> Any:
    """Return what stands at ``path``, or ABSENT."""
    for key in path.split("."):
        if isinstance(state, dict):
            state = state.get(key, ABSENT)
        elif isinstance(state, list) and key.isdigit() and int(key) < len(state):
            state = state[int(key)]
        else:
            return ABSENT
    return state


def patch(state: Any, path: str, value: Any) -> dict[str, Any]:
    """Return a partial with the one root key that holds ``path``; containers on the path are copied."""
    root, *rest = path.split(".")
    return {root: _write(state.get(root), rest, value)}


def present(value: Any, default: Any) -> Any:
    """Return ``value``, or the default for null and ABSENT (JavaScript's ``??``)."""
    return default if value is None or value is ABSENT else value


def is_truthy(value: Any) -> bool:
    """Whether JavaScript takes a value for true: empty lists and objects are."""
    return value is not ABSENT and (isinstance(value, list | dict) or bool(value))


def _write(container: Any, keys: list[str], value: Any) -> Any:
    if not keys:
        return value
    key, *rest = keys
    if isinstance(container, list):
        items = list(container)
        items[int(key)] = _write(items[int(key)], rest, value)
        return items
    copy = dict(container or {})
    copy[key] = _write(copy.get(key), rest, value)
    return copy
