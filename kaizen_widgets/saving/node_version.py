"""One node as the versions of its pipeline have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kaizen_widgets.api.pipeline_versions import PipelineVersion
from kaizen_widgets.graph import Graph, Node


@dataclass(frozen=True)
class NodeVersion:
    """A node as it was from one version on.

    Attributes:
        version: The oldest version that has the node like this.
        node: The node; None if it was not in the pipeline.
    """

    version: PipelineVersion
    node: Node | None


def node_versions(
    node_id: str, versions: Iterable[tuple[PipelineVersion, Graph]]
) -> Sequence[NodeVersion]:
    """Return how a node was, the newest first; versions between which it stayed the same are one.

    Args:
        node_id: Id of the node.
        versions: Versions with their graphs, the newest first.
    """
    found: list[NodeVersion] = []
    for version, graph in versions:
        node = graph.node(node_id) if graph.has_node(node_id) else None
        if found and _is_same(found[-1].node, node):
            found.pop()
        found.append(NodeVersion(version, node))
    # That it did not exist at first is no version of it.
    return found[:-1] if found and found[-1].node is None else found


def is_same_config(one: Node, other: Node) -> bool:
    """Return whether two nodes are of one kind and have the same config, wherever they are."""
    return one.type == other.type and one.data == other.data


def _is_same(one: Node | None, other: Node | None) -> bool:
    if one is None or other is None:
        return one is other
    return is_same_config(one, other)
