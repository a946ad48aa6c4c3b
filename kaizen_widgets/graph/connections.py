"""React Flow's edge and neighbor functions, under their names in snake case.

Like React Flow's, they work on lists and check neither that nodes exist nor that ids are unique;
`CanvasStore` does. Checked against @xyflow/react 12 (tests/conformance).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from kaizen_widgets.errors import InvalidConnectionError, UnknownEdgeError
from kaizen_widgets.graph.elements import Edge

E = TypeVar("E", bound=Mapping[str, Any])
N = TypeVar("N", bound=Mapping[str, Any])
Connection = Mapping[str, Any]
"""``{"source", "target", "sourceHandle"?, "targetHandle"?}``"""


def edge_id_of(connection: Connection) -> str:
    """Return React Flow's default id for the edge of a connection."""
    ends = f"{connection['source']}{connection.get('sourceHandle') or ''}"
    return f"xy-edge__{ends}-{connection['target']}{connection.get('targetHandle') or ''}"


def is_edge(value: Mapping[str, Any]) -> bool:
    """Whether ``value`` is an edge, not only a connection."""
    return "id" in value and "source" in value and "target" in value


def same_connection(one: Connection, other: Connection) -> bool:
    """Whether both connect the same handles; missing, null and empty handles count as the same."""
    return (
        one["source"] == other["source"]
        and one["target"] == other["target"]
        and (one.get("sourceHandle") or None) == (other.get("sourceHandle") or None)
        and (one.get("targetHandle") or None) == (other.get("targetHandle") or None)
    )


def add_edge(edge: Mapping[str, Any], edges: Sequence[E]) -> Sequence[E]:
    """Return ``edges`` with one more; ``edges`` itself when it has the same connection.

    Args:
        edge: An edge, or a connection, which gets React Flow's default id.
        edges: The existing edges.

    Raises:
        InvalidConnectionError: It has no source or no target.
    """
    _check_ends(edge)
    if any(same_connection(other, edge) for other in edges):
        return edges
    keys = dict(edge) if is_edge(edge) else {**edge, "id": edge_id_of(edge)}
    for handle in ("sourceHandle", "targetHandle"):
        if handle in keys and keys[handle] is None:
            del keys[handle]
    return [*edges, _like_edges(keys, edges)]


def reconnect_edge(
    old_edge: Mapping[str, Any],
    connection: Connection,
    edges: Sequence[E],
    *,
    should_replace_id: bool = True,
) -> Sequence[E]:
    """Return ``edges`` with one edge connected elsewhere; it moves to the end.

    Args:
        old_edge: The edge before; its other keys are kept.
        connection: Its new ends.
        edges: The existing edges.
        should_replace_id: Whether it gets the default id of its new connection.

    Raises:
        InvalidConnectionError: The connection has no source or no target.
        UnknownEdgeError: ``edges`` has no such edge.
    """
    _check_ends(connection)
    old_id = old_edge["id"]
    if not any(edge["id"] == old_id for edge in edges):
        raise UnknownEdgeError(f"There is no edge {old_id!r} to reconnect.", edge_id=old_id)
    keys = dict(old_edge)
    keys["id"] = edge_id_of(connection) if should_replace_id else old_id
    for end in ("source", "target", "sourceHandle", "targetHandle"):
        keys.pop(end, None)
        if end in connection:
            keys[end] = connection[end]
    return [*(edge for edge in edges if edge["id"] != old_id), _like_edges(keys, edges)]


def get_incomers(node: Mapping[str, Any], nodes: Iterable[N], edges: Iterable[E]) -> list[N]:
    """Return the nodes with an edge into ``node``, in the order of ``nodes``."""
    return _neighbors(node, nodes, edges, end="target", opposite="source")


def get_outgoers(node: Mapping[str, Any], nodes: Iterable[N], edges: Iterable[E]) -> list[N]:
    """Return the nodes with an edge from ``node``, in the order of ``nodes``."""
    return _neighbors(node, nodes, edges, end="source", opposite="target")


def get_connected_edges(nodes: Iterable[Mapping[str, Any]], edges: Iterable[E]) -> list[E]:
    """Return the edges that start or end at any of ``nodes``, in the order of ``edges``."""
    ids = {node["id"] for node in nodes}
    return [edge for edge in edges if edge["source"] in ids or edge["target"] in ids]


def _neighbors(
    node: Mapping[str, Any], nodes: Iterable[N], edges: Iterable[E], *, end: str, opposite: str
) -> list[N]:
    node_id = node.get("id")
    if not node_id:
        return []
    ids = {edge[opposite] for edge in edges if edge[end] == node_id}
    return [other for other in nodes if other["id"] in ids]


def _check_ends(connection: Connection) -> None:
    if not connection.get("source") or not connection.get("target"):
        raise InvalidConnectionError("An edge needs a source and a target.")


def _like_edges(keys: dict[str, Any], edges: Sequence[Any]) -> Any:
    """Return ``keys`` as an `Edge` when ``edges`` holds `Edge`s, else as a dict."""
    return Edge.from_json(keys) if edges and isinstance(edges[0], Edge) else keys
