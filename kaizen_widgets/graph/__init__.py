"""Pipelines as immutable graphs: operations on them, React Flow's graph functions, and files."""

from kaizen_widgets.graph.apply import apply
from kaizen_widgets.graph.bounds import Rect, get_nodes_bounds
from kaizen_widgets.graph.changes import apply_edge_changes, apply_node_changes
from kaizen_widgets.graph.compare import Comparison, Difference, compare, same_content
from kaizen_widgets.graph.connections import (
    add_edge,
    get_connected_edges,
    get_incomers,
    get_outgoers,
    is_edge,
    reconnect_edge,
)
from kaizen_widgets.graph.diff import diff
from kaizen_widgets.graph.digest import digest
from kaizen_widgets.graph.elements import XY, Edge, Node
from kaizen_widgets.graph.graph import Graph
from kaizen_widgets.graph.operations import (
    AddElement,
    Batch,
    MoveElement,
    Operation,
    RemoveElement,
    SetProperty,
    UnsetProperty,
    describe,
)
from kaizen_widgets.graph.subflows import as_subflow, expand, group, ungroup
from kaizen_widgets.graph.with_new_ids import renamed

__all__ = [
    "XY",
    "AddElement",
    "Batch",
    "Comparison",
    "Difference",
    "Edge",
    "Graph",
    "MoveElement",
    "Node",
    "Operation",
    "Rect",
    "RemoveElement",
    "SetProperty",
    "UnsetProperty",
    "add_edge",
    "apply",
    "apply_edge_changes",
    "apply_node_changes",
    "as_subflow",
    "compare",
    "describe",
    "diff",
    "digest",
    "expand",
    "get_connected_edges",
    "get_incomers",
    "get_nodes_bounds",
    "get_outgoers",
    "group",
    "is_edge",
    "reconnect_edge",
    "renamed",
    "same_content",
    "ungroup",
]
