"""React Flow's own change functions, under their names: `apply_node_changes`, `apply_edge_changes`.

Like React Flow's, they take lists of elements (plain dicts or `Node`s and `Edge`s, ids unchecked) and return
new lists; the input is not changed. Checked against @xyflow/react 12 (tests/conformance).

Within one list of changes, removals, replacements and edits are applied first, in place; then all additions,
in order. So no change affects an element that is added by the same list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from kaizen_widgets.graph.elements import Element

E = TypeVar("E", bound=Mapping[str, Any])
Change = Mapping[str, Any]
"""``{"type": "add" | "remove" | "replace" | "select" | "position" | "dimensions", ...}``"""


def apply_node_changes(changes: Iterable[Change], nodes: Sequence[E]) -> list[E]:
    """Return ``nodes`` after React Flow node changes."""
    return _apply_changes(changes, nodes)


def apply_edge_changes(changes: Iterable[Change], edges: Sequence[E]) -> list[E]:
    """Return ``edges`` after React Flow edge changes."""
    return _apply_changes(changes, edges)


def _apply_changes(changes: Iterable[Change], elements: Sequence[E]) -> list[E]:
    additions: list[Change] = []
    queued: dict[Any, list[Change]] = {}
    for change in changes:
        match change["type"]:
            case "add":
                additions.append(change)
            case "remove" | "replace":
                # It discards the changes queued before it; the last one wins.
                queued[change["id"]] = [change]
            case _:
                queued.setdefault(change["id"], []).append(change)
    result: list[E] = []
    for element in elements:
        mine = queued.get(element["id"])
        if not mine:
            result.append(element)
        elif mine[0]["type"] == "replace":
            result.append(_like(element, mine[0]["item"]))
        elif mine[0]["type"] != "remove":
            result.append(_edited(element, mine))
    for change in additions:
        index = change.get("index")
        item = change["item"]
        if elements and isinstance(elements[0], Element):
            item = _like(elements[0], item)
        result.insert(len(result) if index is None else index, item)
    return result


def _edited(element: E, changes: Iterable[Change]) -> E:
    keys = dict(element)
    for change in changes:
        match change["type"]:
            case "select":
                _copy("selected", change, keys)
            case "position":
                keys |= {key: change[key] for key in ("position", "dragging") if key in change}
            case "dimensions":
                _resize(keys, change)
    return _like(element, keys)


def _resize(keys: dict[str, Any], change: Change) -> None:
    if "dimensions" in change:
        size = change["dimensions"] or {}
        keys["measured"] = dict(size)
        copied = change.get("setAttributes")
        for side in ("width", "height"):
            if copied is True or copied == side:
                _copy(side, size, keys)
    if isinstance(change.get("resizing"), bool):
        keys["resizing"] = change["resizing"]


def _copy(key: str, source: Mapping[str, Any], keys: dict[str, Any]) -> None:
    """Copy ``key`` from ``source`` to ``keys``, or delete it there when ``source`` does not have it."""
    keys.pop(key, None)
    if key in source:
        keys[key] = source[key]


def _like(element: Any, keys: Mapping[str, Any]) -> Any:
    """Return ``keys`` as the type of ``element``: an `Element` or a plain dict."""
    return type(element).from_json(keys) if isinstance(element, Element) else dict(keys)
