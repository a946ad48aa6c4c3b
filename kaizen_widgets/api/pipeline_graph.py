"""Graphs to the server's nodes and connections, and back: the only place that knows both.

========================  ====================================================
React Flow                server
========================  ====================================================
node ``id``               ``id``
node ``type``             ``node_type`` (``default`` for none)
node ``position.x, .y``   ``position_x``, ``position_y``
node ``data.label``       ``label`` (the id for none)
node ``data.agentId``     ``agent_id`` (empty for none)
node ``data.config``      ``config`` (``{}`` for none)
edge ``source, target``   ``source_node_id``, ``target_node_id``
edge ``sourceHandle``     ``source_handle`` (``output`` for none)
edge ``targetHandle``     ``target_handle`` (``input`` for none)
edge ``data.condition``   ``condition`` (``{}`` for none; text as ``{"expression": text}``)
everything else           ``extra``: what differs from what the columns give back
========================  ====================================================

``extra`` is ``{"set": {...}, "unset": [[...]]}``, computed as a difference, so that whatever the columns
cannot say comes back equal from a server that keeps ``extra``. The public one does not, and gives back
what its columns hold. Null is never sent in a column: the public server would answer with ``"None"``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from kaizen_widgets.api.models import ABSENT, read_object, shortest
from kaizen_widgets.errors import DecodeError
from kaizen_widgets.graph import Edge, Graph, Node

log = logging.getLogger(__name__)

INSIDE = ("position", "data")
"""Objects compared key by key; everything else is kept or replaced as a whole."""


def to_server(graph: Graph) -> dict[str, list[dict[str, Any]]]:
    """Return the body of a graph save."""
    return {
        "nodes": [node_to_server(node) for node in graph.nodes],
        "connections": [edge_to_server(edge) for edge in graph.edges],
    }


def from_server(nodes: Sequence[Any], connections: Sequence[Any]) -> Graph:
    """Return the graph of a pipeline's nodes and connections, in their order.

    A connection whose node is gone (the public server leaves such behind) is left out, and logged.

    Raises:
        DecodeError: They are not nodes and connections.
        GraphError: They are, but make no graph.
    """
    try:
        made = [node_from_server(node) for node in nodes]
        ids = {node.id for node in made}
        edges = [edge_from_server(connection) for connection in connections]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DecodeError(
            f"The server's answer holds a node or connection that cannot be read ({error!r})."
        ) from None
    whole = [edge for edge in edges if edge.source in ids and edge.target in ids]
    if len(whole) < len(edges):
        log.warning("%d connections without their nodes were left out", len(edges) - len(whole))
    return Graph(made, whole)


def node_to_server(node: Node) -> dict[str, Any]:
    """Return a node as the server's row."""
    label, agent_id = node.data.get("label"), node.data.get("agentId")
    config = node.data.get("config")
    row: dict[str, Any] = {
        "id": node.id,
        "node_type": node.type,
        "label": label if isinstance(label, str) else node.id,
        "agent_id": agent_id if isinstance(agent_id, str) and agent_id not in ABSENT else "",
        "position_x": node.position.x,
        "position_y": node.position.y,
        "config": config if isinstance(config, Mapping) else {},
    }
    return _with_extra(row, _node_base(row), node)


def node_from_server(row: Mapping[str, Any]) -> Node:
    """Return a server's row as a node."""
    return Node.from_json(_apply(_node_base(row), row.get("extra")))


def edge_to_server(edge: Edge) -> dict[str, Any]:
    """Return an edge as the server's row."""
    condition = edge.data.get("condition")
    if isinstance(condition, str) and condition:
        condition = {"expression": condition}
    row: dict[str, Any] = {
        "id": edge.id,
        "source_node_id": edge.source,
        "target_node_id": edge.target,
        "source_handle": edge.source_handle or "output",
        "target_handle": edge.target_handle or "input",
        "condition": condition if isinstance(condition, Mapping) else {},
    }
    return _with_extra(row, _edge_base(row), edge)


def edge_from_server(row: Mapping[str, Any]) -> Edge:
    """Return a server's row as an edge."""
    return Edge.from_json(_apply(_edge_base(row), row.get("extra")))


def _node_base(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the columns alone say."""
    data: dict[str, Any] = {"label": row["label"], "config": read_object(row.get("config"))}
    if row.get("agent_id") not in ABSENT:
        data["agentId"] = row["agent_id"]
    return {
        "id": row["id"],
        "type": row["node_type"],
        "position": {"x": _number(row["position_x"]), "y": _number(row["position_y"])},
        "data": data,
    }


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"a position of {type(value).__name__}")
    return shortest(value)


def _edge_base(row: Mapping[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": row["id"],
        "source": row["source_node_id"],
        "target": row["target_node_id"],
        "sourceHandle": row.get("source_handle") or "output",
        "targetHandle": row.get("target_handle") or "input",
        "data": {},
    }
    condition = read_object(row.get("condition"))
    if condition:
        base["data"]["condition"] = condition
    else:
        del base["data"]
    return base


def _with_extra(
    row: dict[str, Any], base: Mapping[str, Any], element: Mapping[str, Any]
) -> dict[str, Any]:
    extra = _difference(base, element)
    return row | {"extra": extra} if extra else row


def _difference(base: Mapping[str, Any], element: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to set and unset in ``base`` to have ``element``."""
    changed: dict[str, Any] = {}
    gone: list[list[str]] = [[key] for key in base if key not in element]
    for key, value in element.items():
        old = base.get(key)
        if key in INSIDE and isinstance(value, Mapping) and isinstance(old, Mapping):
            inner = {
                name: item
                for name, item in value.items()
                if name not in old or not _same(old[name], item)
            }
            gone += [[key, name] for name in old if name not in value]
            if inner:
                changed[key] = inner
        elif key not in base or not _same(old, value):
            changed[key] = value
    return ({"set": changed} if changed else {}) | ({"unset": gone} if gone else {})


def _apply(base: dict[str, Any], extra: Any) -> dict[str, Any]:
    """Return ``base`` with a difference applied; what is no difference is ignored."""
    extra = read_object(extra)
    for place in extra.get("unset", ()):
        match place:
            case [key]:
                base.pop(key, None)
            case [key, name] if isinstance(base.get(key), dict):
                base[key].pop(name, None)
    for key, value in dict(extra.get("set", {})).items():
        if key in ("id", "source", "target"):
            continue  # The columns are the truth about what is connected.
        inner = base.get(key)
        if key in INSIDE and isinstance(inner, dict) and isinstance(value, Mapping):
            inner.update(value)
        else:
            base[key] = value
    return base


def _same(one: Any, other: Any) -> bool:
    # True == 1 in Python, not in JSON.
    return one == other and isinstance(one, bool) == isinstance(other, bool)
