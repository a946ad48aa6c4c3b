"""React Flow's `getNodesBounds`: the rectangle around nodes, in flow units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Rect(NamedTuple):
    """A rectangle; y goes down."""

    x: float
    y: float
    width: float
    height: float


def get_nodes_bounds(
    nodes: Iterable[Mapping[str, Any]], *, node_origin: tuple[float, float] = (0, 0)
) -> Rect:
    """Return the smallest rectangle around ``nodes``; all zeros when there are none.

    Positions are used as given, also those of child nodes, which are relative to their parent. A node's size
    is its measured size, else the one set, else its initial size, else 0.
    """
    boxes = [_box(node, node_origin) for node in nodes]
    if not boxes:
        return Rect(0, 0, 0, 0)
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max(box.x + box.width for box in boxes)
    bottom = max(box.y + box.height for box in boxes)
    return Rect(left, top, right - left, bottom - top)


def _box(node: Mapping[str, Any], node_origin: tuple[float, float]) -> Rect:
    width, height = _size(node, "width"), _size(node, "height")
    origin = node.get("origin") or node_origin
    return Rect(
        node["position"]["x"] - origin[0] * width,
        node["position"]["y"] - origin[1] * height,
        width,
        height,
    )


def _size(node: Mapping[str, Any], side: str) -> float:
    measured = (node.get("measured") or {}).get(side)
    for size in (measured, node.get(side), node.get(f"initial{side.capitalize()}")):
        if size is not None:
            return size
    return 0
