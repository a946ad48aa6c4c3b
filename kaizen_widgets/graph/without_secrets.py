"""Remove the secrets of a graph, so that it can be given to others, and put them back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kaizen_widgets.core.secret_names import is_secret_field
from kaizen_widgets.graph.elements import Edge, Node
from kaizen_widgets.graph.graph import Graph

_PASSWORD_IN_URL = re.compile(r"(?P<start>[a-z][a-z0-9+.-]*://[^/\s:@]*):[^/\s@]+@", re.IGNORECASE)


def without_secrets(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """Return a graph without its secrets, and where they were, as ``label: path.to.field``.

    Fields of ``data`` with names such as ``api_key`` or ``password`` are left out, at any depth; passwords
    in addresses (``postgres://user:password@host``) too.
    """
    found: list[str] = []

    def cleaned(label: str, data: Mapping[str, Any]) -> dict[str, Any]:
        return _object(data, f"{label}: ", found)

    nodes = [
        Node.from_json({**node, "data": cleaned(node.label, node.data)}) for node in graph.nodes
    ]
    edges = [
        Edge.from_json({**edge, "data": cleaned(edge.id, edge.data)} if "data" in edge else edge)
        for edge in graph.edges
    ]
    return Graph(nodes, edges), tuple(found)


def with_secrets_of(data: Mapping[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node's data with the secrets of its original that `without_secrets` had left out.

    A secret comes back where the data has nothing at its place; what else differs is kept as it is.
    """
    made = dict(data)
    for name, item in original.items():
        if name in made:
            made[name] = _restored(made[name], item)
        elif is_secret_field(name, item):
            made[name] = item
    return made


def _restored(value: Any, original: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(original, Mapping):
        return with_secrets_of(value, original)
    if isinstance(value, list) and isinstance(original, list) and len(value) == len(original):
        return [_restored(one, other) for one, other in zip(value, original, strict=True)]
    if isinstance(value, str) and isinstance(original, str):
        return original if _value(original, "", []) == value else value
    return value


def _object(value: Mapping[str, Any], prefix: str, found: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, item in value.items():
        if is_secret_field(name, item) and item not in ("", None):
            found.append(f"{prefix}{name}")
        else:
            kept[name] = _value(item, f"{prefix}{name}", found)
    return kept


def _value(value: Any, path: str, found: list[str]) -> Any:
    if isinstance(value, str):
        text = _PASSWORD_IN_URL.sub(lambda match: f"{match['start']}@", value)
        if text != value:
            found.append(path)
        return text
    if isinstance(value, Mapping):
        return _object(value, f"{path}.", found)
    if isinstance(value, list | tuple):
        return [_value(item, f"{path}.{index}", found) for index, item in enumerate(value)]
    return value
