"""The actions, selectors, migrations and merges of a scenario as functions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance.stores.paths import ABSENT, is_truthy, patch, present, read

State = Mapping[str, Any]
Spec = dict[str, Any]


class ScriptedError(Exception):
    """What a scenario says is raised."""


def updater(spec: Spec, args: Spec) -> Callable[[Any], Any]:
    """Return the function of the state that an action sets with."""
    asked = {**spec, **{key: value for key, value in args.items() if value is not None}}
    path = spec.get("path", "")

    def items(state: Any) -> list[Any]:
        return list(present(read(state, path), []))

    def bounded(state: Any) -> Any:
        count = present(read(state, path), 0)
        return patch(state, path, count + 1) if count < asked["limit"] else state

    def fail(_state: Any) -> Any:
        raise ScriptedError(asked["message"])

    def fresh(key: str) -> Any:
        return copy.deepcopy(asked.get(key))

    def changed(item: Any) -> Any:
        return {**item, **fresh("changes")} if item.get("id") == asked.get("id") else item

    match spec["kind"]:
        case "set":
            return lambda _state: fresh("partial")
        case "increment":
            by = asked.get("by", 1)
            return lambda state: patch(state, path, present(read(state, path), 0) + by)
        case "toggle":
            return lambda state: patch(state, path, not is_truthy(read(state, path)))
        case "assign":
            return lambda state: patch(state, path, fresh("value"))
        case "append":
            return lambda state: patch(state, path, [*items(state), fresh("item")])
        case "removeById":
            return lambda state: patch(
                state, path, [item for item in items(state) if item.get("id") != asked.get("id")]
            )
        case "updateById":
            return lambda state: patch(state, path, [changed(item) for item in items(state)])
        case "noop":
            return lambda state: state
        case "copy":
            return lambda state: dict(state)
        case "incrementIfBelow":
            return bounded
        case "fail":
            return fail
        case kind:
            raise ValueError(f"unknown action {kind}")


def selector(spec: Spec) -> Callable[[Any], Any]:
    """Return the function that takes a slice out of the state."""
    path = spec.get("path", "")

    def items(state: Any) -> list[Any]:
        return present(read(state, path), [])

    match spec["kind"]:
        case "state":
            return lambda state: state
        case "path":
            return lambda state: read(state, path)
        case "pick":
            return lambda state: {key: state[key] for key in spec["keys"] if key in state}
        case "list":
            return lambda state: [present(read(state, p), None) for p in spec["paths"]]
        case "length":
            return lambda state: len(items(state))
        case "ids":
            return lambda state: [item.get("id") for item in items(state)]
        case "filter":
            return lambda state: [
                item for item in items(state) if _is_just(item.get(spec["key"]), spec["equals"])
            ]
        case "atLeast":
            return lambda state: present(read(state, path), 0) >= spec["value"]
        case kind:
            raise ValueError(f"unknown selector {kind}")


def migration(spec: Spec) -> Callable[[Any, Any], Any]:
    """Return the function that makes a stored state of another version this one's."""

    def run(state: Any, version: Any) -> Any:
        if "byVersion" in spec:
            versions = range(version, spec["to"])
            operations = [op for v in versions for op in spec["byVersion"].get(str(v), [])]
        else:
            operations = spec["ops"]
        for operation in operations:
            state = _migrated(dict(state or {}), operation)
        return state

    return run


def merger(kind: str) -> Callable[[Any, State], Any] | None:
    """Return how stored and current state come together; None for the default."""
    match kind:
        case "shallow":
            return None
        case "deep":
            return lambda stored, current: _deep(current, stored)
        case "keepCurrent":
            return lambda stored, current: {**(stored or {}), **current}
        case "ignore":
            return lambda _stored, current: current
        case _:
            raise ValueError(f"unknown merge {kind}")


def _migrated(state: Spec, operation: Spec) -> Spec:
    match operation:
        case {"kind": "rename", "from": old, "to": new}:
            if old in state:
                state[new] = state[old]
                del state[old]
        case {"kind": "default", "key": key, "value": value}:
            state.setdefault(key, copy.deepcopy(value))
        case {"kind": "drop", "key": key}:
            state.pop(key, None)
        case {"kind": "wrap", "key": key}:
            state[key] = {"value": state.get(key)}
        case {"kind": "scale", "key": key, "by": by}:
            state[key] = state[key] * by
        case {"kind": "throw", "message": message}:
            raise ScriptedError(message)
        case _:
            raise ValueError(f"unknown migration {operation['kind']}")
    return state


def _deep(base: Any, over: Any) -> Any:
    if over is None and isinstance(base, dict):
        return base  # nothing was stored
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    merged = {key: _deep(base[key], over[key]) if key in base else over[key] for key in over}
    return {**base, **merged}


def _is_just(one: Any, other: Any) -> bool:
    """Whether two JSON scalars are the same to JavaScript's ``===``."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


__all__ = ["ABSENT", "ScriptedError", "merger", "migration", "selector", "updater"]
