"""Tiny builders: `graph("a->b, b->c")`, and hypothesis strategies for graphs and batches."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from kaizen_widgets.graph import (
    AddElement,
    Batch,
    Edge,
    Graph,
    MoveElement,
    Node,
    Operation,
    RemoveElement,
    SetProperty,
    UnsetProperty,
)


def graph(text: str = "") -> Graph:
    """Return a graph from text: ``a->b`` is two nodes and the edge ``a-b``, ``c in a`` a child, ``d`` a node.

    Nodes are in the order in which they are first named, 100 flow units apart.
    """
    nodes: dict[str, dict[str, Any]] = {}
    edges: list[Edge] = []

    def node(name: str) -> str:
        place = {"x": 100 * len(nodes), "y": 0}
        nodes.setdefault(name, {"id": name, "position": place, "data": {"label": name.upper()}})
        return name

    for word in filter(None, (part.strip() for part in text.split(","))):
        if "->" in word:
            source, target = (node(name.strip()) for name in word.split("->"))
            edges.append(Edge(f"{source}-{target}", source, target))
        elif " in " in word:
            child, parent = (name.strip() for name in word.split(" in "))
            node(parent)
            nodes[node(child)]["parentId"] = parent
        else:
            node(word)
    return Graph(nodes.values(), edges)


def node_ids(value: Graph) -> list[str]:
    return [node.id for node in value.nodes]


def edge_ids(value: Graph) -> list[str]:
    return [edge.id for edge in value.edges]


def set_(node_id: str, path: str, value: Any, kind: Any = "node") -> SetProperty:
    return SetProperty(kind=kind, id=node_id, path=tuple(path.split(".")), value=value)


def unset(node_id: str, path: str, kind: Any = "node") -> UnsetProperty:
    return UnsetProperty(kind=kind, id=node_id, path=tuple(path.split(".")))


def add(item: Node | Edge, before: str | None = None) -> AddElement:
    return AddElement(kind=item.kind, item=item, before=before)


def remove(element_id: str, kind: Any = "node") -> RemoveElement:
    return RemoveElement(kind=kind, id=element_id)


def move(element_id: str, before: str | None = None, kind: Any = "node") -> MoveElement:
    return MoveElement(kind=kind, id=element_id, before=before)


def exact(value: Any) -> Any:
    """Return a value that compares as JSON does: True is not 1, and the order of keys does not matter."""
    if isinstance(value, Graph):
        return exact({"nodes": list(value.nodes), "edges": list(value.edges)})
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    return ("bool", value) if isinstance(value, bool) else value


# ------------------------------------------------------------- strategies

NODE_NAMES = tuple("abcdefgh")
EDGE_NAMES = tuple("rstuvw")

numbers = st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False).map(
    lambda value: 0.0 if math.copysign(1, value) < 0 and value == 0 else value
)
positions = st.fixed_dictionaries({"x": numbers, "y": numbers})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "é", "1"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=2)
    ),
    max_leaves=4,
)
data = st.dictionaries(st.sampled_from(["label", "p", "q"]), json_values, max_size=3)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of few ids, so that two of them share some: nested nodes, any order, loops, parallel edges."""
    names = draw(st.lists(st.sampled_from(NODE_NAMES), unique=True, max_size=len(NODE_NAMES)))
    nodes: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        node: dict[str, Any] = {"id": name, "position": draw(positions), "data": draw(data)}
        parent = draw(st.none() | st.sampled_from(names[:index])) if index else None
        if parent is not None:
            node[draw(st.sampled_from(["parentId", "parentId", "parentNode"]))] = parent
        if draw(st.booleans()):
            node["type"] = draw(st.sampled_from(["agent", "input"]))
        nodes.append(node)
    edges: list[dict[str, Any]] = []
    for name in draw(st.lists(st.sampled_from(EDGE_NAMES), unique=True)) if names else ():
        ends = draw(st.tuples(st.sampled_from(names), st.sampled_from(names)))
        edges.append({"id": name, "source": ends[0], "target": ends[1]})
    return Graph(nodes, edges)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Operations on the ids of `graphs`; many are valid, many are not."""
    kind = draw(st.sampled_from(["node", "node", "edge"]))
    names = st.sampled_from(NODE_NAMES if kind == "node" else EDGE_NAMES)
    node = st.sampled_from(NODE_NAMES)
    before = st.none() | names
    name = draw(names)
    match draw(st.sampled_from(["add", "remove", "set", "set", "unset", "move"])):
        case "add" if kind == "node":
            keys = {"parent_id": draw(node)} if draw(st.booleans()) else {}
            item = Node(name, draw(positions), data=draw(data), **keys)
            return add(item, draw(before))
        case "add":
            return add(Edge(name, draw(node), draw(node)), draw(before))
        case "remove":
            return remove(name, kind)
        case "move":
            return move(name, draw(before), kind)
        case "unset":
            return unset(
                name,
                draw(st.sampled_from(["data.p", "data", "parentId", "parentNode", "type"])),
                kind,
            )
        case _ if kind == "node":
            path, value = draw(
                st.tuples(st.just("position"), positions)
                | st.tuples(st.just("position.x"), numbers)
                | st.tuples(st.just("data"), data)
                | st.tuples(st.sampled_from(["data.p", "data.label", "data.p.q"]), json_values)
                | st.tuples(st.sampled_from(["parentId", "parentNode"]), st.none() | node)
            )
            return set_(name, path, value)
        case _:
            path, value = draw(
                st.tuples(st.sampled_from(["source", "target"]), node)
                | st.tuples(st.sampled_from(["label", "data"]), json_values)
            )
            return set_(name, path, value, "edge")


batches: st.SearchStrategy[Batch] = st.lists(operations(), max_size=6).map(tuple)
