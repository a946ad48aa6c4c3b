"""Translates graphs to the server's nodes and connections, and back; the only module that knows both.

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
everything else           ``$extra`` in ``config`` or ``condition``: see below
========================  ====================================================

The public server stores each id once for all pipelines and drops later rows with the same one, returns rows
in another order, stores numbers in 32 bits, and drops what it has no column for. So an id that is not a UUID
is sent as a UUID derived from the pipeline's id and its own (`ServerIds`), and ``$extra`` holds what the
columns cannot hold: ``{"id", "place", "set": {...}, "unset": [[...]]}``, the last two computed as a
difference. A server that stores objects stores all of it. A row without ``$extra``, created by another
client, is read from its columns alone. Null is never sent in a column, because the public server would return
``"None"``.
"""

from __future__ import annotations

import json
import logging
import math
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from kaizen_widgets.api.models import (
    ABSENT,
    is_same_single,
    parse_object,
    shortest_decimal,
    to_single,
)
from kaizen_widgets.errors import DecodeError, GraphError
from kaizen_widgets.graph import Edge, Graph, Node

EXTRA = "$extra"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAMESPACE = uuid.UUID("8c7a0d5e-6f0b-5e5e-9d0e-6b1f1f6f4b5a")
RankedElement: TypeAlias = tuple[float, Any]
"""An element's place in the graph, and the element."""
COMPARED_BY_KEY = ("position", "data")
"""Objects compared key by key; everything else is stored as a whole."""


class ServerIds:
    """The server's ids for the nodes and edges of one pipeline.

    In a graph, ids are unique within one pipeline; on the public server, across all pipelines. A UUID is
    assumed to be unique and sent unchanged; any other id, and a UUID that turned out to be taken, is sent as
    a UUID derived from the pipeline's id and its own, the same each time.

    Args:
        pipeline_id: Id of the pipeline.
    """

    def __init__(self, pipeline_id: str) -> None:
        self._pipeline_id = pipeline_id
        self._taken = set[str]()
        self._made: dict[str, str] = {}

    def row_id(self, id: str) -> str:
        """Return the server's id for a node or edge."""
        if UUID.fullmatch(id) and id not in self._taken:
            return id
        made = self._made.get(id)
        if made is None:
            made = self._made[id] = str(uuid.uuid5(NAMESPACE, f"{self._pipeline_id}/{id}"))
        return made

    def replace_taken(self, ids: Iterable[str]) -> bool:
        """Record that some ids are used by other pipelines; return whether any of them can be replaced."""
        new = {id for id in ids if UUID.fullmatch(id)} - self._taken
        self._taken |= new
        return bool(new)


def to_server(graph: Graph, ids: ServerIds) -> dict[str, list[dict[str, Any]]]:
    """Return the body of a graph save."""
    return {
        "nodes": [node_to_server(node, place, ids) for place, node in enumerate(graph.nodes)],
        "connections": [edge_to_server(edge, place, ids) for place, edge in enumerate(graph.edges)],
    }


def from_server(nodes: Sequence[Any], connections: Sequence[Any]) -> Graph:
    """Return the graph of a pipeline's nodes and connections, in the order they were saved in.

    A connection whose node no longer exists (the public server keeps such rows) is left out, with a warning.

    Raises:
        DecodeError: They are not nodes and connections.
        GraphError: They do not form a graph.
    """
    names, made, edges = dict[str, str](), list[RankedElement](), list[RankedElement]()
    for row in nodes:
        with _naming("node", row):
            extra = _extra(row, "config")
            node = Node.from_json(_apply(_node_base(row), extra))
            names[row["id"]] = node.id
        made.append((_place(extra), node))
    for row in connections:
        with _naming("connection", row):
            base = _edge_base(row)
            if base["source"] not in names or base["target"] not in names:
                continue
            extra = _extra(row, "condition")
            base |= {end: names[base[end]] for end in ("source", "target")}
            edge = Edge.from_json(_apply(base, extra))
        edges.append((_place(extra), edge))
    if len(edges) < len(connections):
        lost = len(connections) - len(edges)
        _log.warning("%d connection(s) without their nodes were left out.", lost)
    for elements in (made, edges):
        elements.sort(key=lambda ranked: ranked[0])
    return Graph([node for _, node in made], [edge for _, edge in edges])


def node_to_server(node: Node, place: int, ids: ServerIds) -> dict[str, Any]:
    """Return a node as the server's row."""
    label, agent_id = node.data.get("label"), node.data.get("agentId")
    config = node.data.get("config")
    row: dict[str, Any] = {
        "id": ids.row_id(node.id),
        "node_type": node.type,
        "label": label if isinstance(label, str) else node.id,
        "agent_id": agent_id if isinstance(agent_id, str) and agent_id not in ABSENT else "",
        "position_x": node.position.x,
        "position_y": node.position.y,
        "config": config if isinstance(config, Mapping) and EXTRA not in config else {},
    }
    # As a server that stores 32 bits would return it; the exact position goes into ``$extra``.
    seen = {
        **row,
        "position_x": to_single(row["position_x"]),
        "position_y": to_single(row["position_y"]),
    }
    return _with_extra(row, "config", {**_node_base(seen), "id": node.id}, node, place)


def edge_to_server(edge: Edge, place: int, ids: ServerIds) -> dict[str, Any]:
    """Return an edge as the server's row."""
    condition = edge.data.get("condition")
    if isinstance(condition, str) and condition:
        condition = {"expression": condition}
    row: dict[str, Any] = {
        "id": ids.row_id(edge.id),
        "source_node_id": ids.row_id(edge.source),
        "target_node_id": ids.row_id(edge.target),
        "source_handle": edge.source_handle or "output",
        "target_handle": edge.target_handle or "input",
        "condition": condition if isinstance(condition, Mapping) and EXTRA not in condition else {},
    }
    ends = {"id": edge.id, "source": edge.source, "target": edge.target}
    return _with_extra(row, "condition", {**_edge_base(row), **ends}, edge, place)


@contextmanager
def _naming(kind: str, row: Any) -> Iterator[None]:
    """Raise a `DecodeError` that names the row that cannot be read, and the reason."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, GraphError) as error:
        named = f" {row['id']!r:.80}" if isinstance(row, Mapping) and "id" in row else ""
        match error:
            case KeyError(args=[name]) if isinstance(row, Mapping):
                why = f"has no {name}"
            case json.JSONDecodeError():
                why = "holds text that is not JSON where an object is expected"
            case ValueError() | GraphError():
                why = f"cannot be read ({str(error).rstrip('.')})"
            case _:
                why = (
                    "has a value of the wrong type"
                    if isinstance(row, Mapping)
                    else "is not an object"
                )
        raise DecodeError(
            f"A {kind}{named} of the server's answer {why}; the pipeline was not loaded."
        ) from None


def _extra(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    """Return what the columns cannot hold; empty if there is none."""
    stored = parse_object(row.get(column)).get(EXTRA)
    if stored is None:
        stored = row.get("extra")  # A column of its own, in files of the first version.
    try:
        return parse_object(stored)
    except ValueError:
        return {}


def _place(extra: Mapping[str, Any]) -> float:
    place = extra.get("place")
    # Elements created by other clients come last, in the server's order.
    return place if isinstance(place, int) and not isinstance(place, bool) else math.inf


def _object(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    return {key: value for key, value in parse_object(row.get(column)).items() if key != EXTRA}


def _node_base(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node as its columns alone describe it."""
    data: dict[str, Any] = {"label": row["label"], "config": _object(row, "config")}
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
    return shortest_decimal(value)


def _edge_base(row: Mapping[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": row["id"],
        "source": row["source_node_id"],
        "target": row["target_node_id"],
        "sourceHandle": row.get("source_handle") or "output",
        "targetHandle": row.get("target_handle") or "input",
        "data": {},
    }
    condition = _object(row, "condition")
    if condition:
        base["data"]["condition"] = condition
    else:
        del base["data"]
    return base


def _with_extra(
    row: dict[str, Any],
    column: str,
    base: Mapping[str, Any],
    element: Mapping[str, Any],
    place: int,
) -> dict[str, Any]:
    extra: dict[str, Any] = {"place": place, **_difference(base, element)}
    if row["id"] != element["id"]:
        extra["id"] = element["id"]
    return row | {column: {**row[column], EXTRA: extra}}


def _difference(base: Mapping[str, Any], element: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to set and unset in ``base`` to get ``element``."""
    changed: dict[str, Any] = {}
    removed: list[list[str]] = [[key] for key in base if key not in element]
    for key, value in element.items():
        old = base.get(key)
        if key in COMPARED_BY_KEY and isinstance(value, Mapping) and isinstance(old, Mapping):
            inner = {
                name: item
                for name, item in value.items()
                if name not in old or not _same(old[name], item)
            }
            removed += [[key, name] for name in old if name not in value]
            if inner:
                changed[key] = inner
        elif key not in base or not _same(old, value):
            changed[key] = value
    return ({"set": changed} if changed else {}) | ({"unset": removed} if removed else {})


def _apply(base: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with a difference applied; anything that is not a difference is ignored."""
    for place in _items_of_type(extra.get("unset"), list):
        match place:
            case [str(key)]:
                base.pop(key, None)
            case [str(key), str(name)] if isinstance(base.get(key), dict):
                base[key].pop(name, None)
    given = extra.get("set")
    for key, value in given.items() if isinstance(given, Mapping) else ():
        if key in ("id", "source", "target"):
            continue  # The columns determine the connections.
        inner = base.get(key)
        if key in COMPARED_BY_KEY and isinstance(inner, dict) and isinstance(value, Mapping):
            inner.update({n: v for n, v in value.items() if not _is_moved(key, inner.get(n), v)})
        else:
            base[key] = value
    if isinstance(extra.get("id"), str):
        base["id"] = extra["id"]
    return base


def _items_of_type(value: Any, kind: type) -> list[Any]:
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list) else []


def _is_moved(key: str, column: Any, exact: Any) -> bool:
    """Return whether another client moved a node since its exact position was stored: use the column."""
    numbers = isinstance(column, int | float) and isinstance(exact, int | float)
    return key == "position" and numbers and not is_same_single(column, exact)


def _same(one: Any, other: Any) -> bool:
    # True == 1 in Python, not in JSON.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


_log = logging.getLogger(__name__)
