"""The picture of a canvas in a saved notebook: only the parts of the graph that are drawn.

The data of nodes can be large and can contain secrets, so a picture includes only a node's title and the
names of its outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.graph.elements import PARENT_KEYS, TITLE_PATHS, label_text
from kaizen_widgets.sync.canvas.columns import columns_of
from kaizen_widgets.sync.canvas.messages import CanvasState, KindInfo

_NODE_KEYS = (
    "id",
    "type",
    "position",
    *PARENT_KEYS,
    "extent",
    "hidden",
    "width",
    "height",
    "measured",
)
_EDGE_KEYS = (
    "id",
    "type",
    "source",
    "target",
    "sourceHandle",
    "targetHandle",
    "hidden",
    "animated",
)


def picture_of(graph: Graph, kinds: tuple[KindInfo, ...], state: CanvasState) -> dict[str, Any]:
    """Return the picture that a view shows until, or without, a response of the kernel."""
    by_type = {kind.type: kind for kind in kinds}
    drawn = {node.type for node in graph.nodes}
    picture: dict[str, Any] = {
        "kinds": [
            kind.model_dump(mode="json", by_alias=True) | {"defaults": {}}
            for kind in kinds
            if kind.type in drawn
        ],
        "columns": columns_of(
            (_drawn_node(node, by_type.get(node.type)) for node in graph.nodes),
            map(_drawn_edge, graph.edges),
        ),
    }
    if state != CanvasState():  # a view's initial state
        picture["state"] = state.model_dump(mode="json", by_alias=True)
    return picture


def _drawn_node(node: Node, kind: KindInfo | None) -> Mapping[str, Any]:
    drawn: dict[str, Any] = {key: node[key] for key in _NODE_KEYS if key in node}
    style = node.get("style")
    if isinstance(style, Mapping):
        size = {key: style[key] for key in ("width", "height") if key in style}
        drawn |= {"style": size} if size else {}
    data: dict[str, Any] = {}
    if title := title_of(node):
        data["label"] = title
    for path in (kind.outputs_from, kind.inputs_from) if kind is not None else ():
        if path and (names := [{"name": name} for name in _port_names(node, path)]):
            data = _with(data, path, names)
    return drawn | {"data": data} if data else drawn


def _drawn_edge(edge: Edge) -> Mapping[str, Any]:
    drawn: dict[str, Any] = {key: edge[key] for key in _EDGE_KEYS if key in edge}
    label = label_text(edge.get("label"))
    return drawn | {"label": label} if label else drawn


def title_of(node: Node) -> str:
    """Return the title that a node shows; empty when it shows its id."""
    for path in TITLE_PATHS:
        title = label_text(node.get_in(path)[1])
        if title.strip():
            return title
    return ""


def _port_names(node: Node, path: tuple[str, ...]) -> Iterator[str]:
    items = node.get_in(("data", *path))[1]
    for item in items if isinstance(items, list) else ():
        name = item.get("name") if isinstance(item, Mapping) else None
        if isinstance(name, str) and name:
            yield name


def _with(data: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return data with a value at a path."""
    key, *rest = path
    return {**data, key: _with(data.get(key, {}), tuple(rest), value) if rest else value}
