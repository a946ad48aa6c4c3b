"""The same pipeline under other ids, for a copy that lives beside it."""

from __future__ import annotations

from kaizen_widgets.core.clock import NewId
from kaizen_widgets.graph.elements import Edge, Node
from kaizen_widgets.graph.graph import Graph


def renamed(graph: Graph, new_id: NewId) -> Graph:
    """Return the same pipeline with other ids."""
    ids = {node.id: f"{node.type or 'node'}-{new_id()}" for node in graph.nodes}
    nodes: list[Node] = []
    for node in graph.nodes:
        parent = {} if node.parent_id is None else {"parentId": ids[node.parent_id]}
        nodes.append(Node.from_json({**node, "id": ids[node.id], **parent}))
    edges = [
        Edge.from_json(
            {**edge, "id": new_id(), "source": ids[edge.source], "target": ids[edge.target]}
        )
        for edge in graph.edges
    ]
    return Graph(nodes, edges)
