"""Copy a graph with new ids, so that it can be stored beside the original."""

from __future__ import annotations

from kaizen_widgets.core.clock import NewId
from kaizen_widgets.graph.elements import PARENT_KEYS, Edge, Node
from kaizen_widgets.graph.graph import Graph


def renamed(graph: Graph, new_id: NewId) -> Graph:
    """Return a copy of a graph with new ids.

    Args:
        graph: Graph that is copied.
        new_id: Returns a new random id.
    """
    ids = {node.id: f"{node.type or 'node'}-{new_id()}" for node in graph.nodes}
    nodes: list[Node] = []
    for node in graph.nodes:
        parent = {key: ids[node[key]] for key in PARENT_KEYS if node.get(key) in ids}
        nodes.append(Node.from_json({**node, "id": ids[node.id], **parent}))
    edges = [
        Edge.from_json(
            {**edge, "id": new_id(), "source": ids[edge.source], "target": ids[edge.target]}
        )
        for edge in graph.edges
    ]
    return Graph(nodes, edges)
