"""Snapshots as they are sent: columns, with positions as doubles in a buffer (rule S13).

Columns take half the bytes of rows, and the browser parses a third of the text. Keys without a column of
their own stay JSON, row by row. `js/src/canvas/columns.ts` turns columns into rows again.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from sys import byteorder
from typing import Any

from kaizen_widgets.sync.canvas.messages import KernelMail, Snapshot


def pack(mail: KernelMail) -> tuple[dict[str, Any], list[bytes]]:
    """Return a mail as JSON, and the buffers with the positions of its snapshots, in order."""
    contents: list[dict[str, Any]] = []
    buffers: list[bytes] = []
    for message in mail.messages:
        if not isinstance(message, Snapshot) or message.nodes is None or message.edges is None:
            contents.append(message.model_dump(mode="json", by_alias=True))
            continue
        content = message.model_dump(mode="json", by_alias=True, exclude={"nodes", "edges"})
        columns = columns_of(message.nodes, message.edges)
        buffers.append(columns.pop("positions"))
        contents.append(content | {"columns": columns})
    return {"messages": contents}, buffers


def columns_of(
    nodes: Iterable[Mapping[str, Any]], edges: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return elements as columns.

    Returns:
        ``ids``, ``types``, ``nodes`` (the other keys of each node, or null), ``positions`` (bytes: x and y as
        little-endian doubles, NaN where a position has more than two keys and is among the others),
        ``edgeIds``, ``sources`` and ``targets`` (indices in ``ids``), ``edges`` (the other keys of each
        edge, or null).
    """
    ids: list[str] = []
    types: list[str | None] = []
    rest: list[Mapping[str, Any] | None] = []
    positions = array("d")
    for node in nodes:
        row = {key: value for key, value in node.items() if key not in _NODE_COLUMNS}
        position = node["position"]
        if len(position) == 2:
            positions.append(position["x"])
            positions.append(position["y"])
        else:
            positions.extend((_NO_NUMBER, _NO_NUMBER))
            row["position"] = position
        kind = node.get("type")
        if kind is None and "type" in node:
            row["type"] = None
        ids.append(node["id"])
        types.append(kind)
        rest.append(row or None)
    places = {node_id: place for place, node_id in enumerate(ids)}
    if byteorder == "big":
        positions.byteswap()
    edges = tuple(edges)
    return {
        "ids": ids,
        "types": types,
        "nodes": rest,
        "positions": positions.tobytes(),
        "edgeIds": [edge["id"] for edge in edges],
        "sources": [places[edge["source"]] for edge in edges],
        "targets": [places[edge["target"]] for edge in edges],
        "edges": [
            {key: value for key, value in edge.items() if key not in _EDGE_COLUMNS} or None
            for edge in edges
        ],
    }


_NODE_COLUMNS = frozenset({"id", "type", "position"})
_EDGE_COLUMNS = frozenset({"id", "source", "target"})
_NO_NUMBER = float("nan")
