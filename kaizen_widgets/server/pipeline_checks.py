"""Whether a saved pipeline could run: what is wrong with it, in sentences that name the node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any


def check_pipeline(
    nodes: Iterable[Mapping[str, Any]],
    connections: Iterable[Mapping[str, Any]],
    agents: Mapping[str, str],
) -> dict[str, Any]:
    """Return the API's ``{valid, errors, warnings}``.

    Args:
        nodes: As the API gives them.
        connections: As the API gives them; both ends are nodes.
        agents: The status of each agent of the organization, by id.
    """
    by_id = {node["id"]: node for node in nodes}
    errors, warnings = [], []
    if not by_id:
        errors.append("Pipeline has no nodes")
    for node in by_id.values():
        if node["node_type"] != "agent":
            continue
        if not node["agent_id"]:
            errors.append(f"Agent node {_name(node)} has no agent assigned")
        elif node["agent_id"] not in agents:
            errors.append(f"Agent node {_name(node)} has an agent that does not exist")
        elif agents[node["agent_id"]] == "archived":
            warnings.append(f"Agent node {_name(node)} has an agent that is archived")
    targets = defaultdict[str, list[str]](list)
    for connection in connections:
        targets[connection["source_node_id"]].append(connection["target_node_id"])
    circle = _nodes_in_cycles(by_id, targets)
    if circle:
        names = ", ".join(_name(by_id[node_id]) for node_id in circle)
        errors.append(f"Pipeline contains a cycle: {names}")
    kinds = {node["node_type"] for node in by_id.values()}
    warnings += [
        f"Pipeline has no {kind} node" for kind in ("input", "output") if kind not in kinds
    ]
    return {"valid": not errors, "errors": errors, "warnings": warnings}


def _nodes_in_cycles(nodes: Mapping[str, Any], targets: Mapping[str, list[str]]) -> list[str]:
    """Take away nodes without a predecessor, then those without a successor, until none is left to take."""
    left = set(nodes)
    sources = defaultdict[str, list[str]](list)
    for source, ends in targets.items():
        for end in ends:
            sources[end].append(source)
    for onward, backward in ((targets, sources), (sources, targets)):
        waits = {node: sum(n in left for n in backward.get(node, ())) for node in left}
        free = [node for node, count in waits.items() if count == 0]
        while free:
            node = free.pop()
            left.discard(node)
            for end in onward.get(node, ()):
                if end in left:
                    waits[end] -= 1
                    if waits[end] == 0:
                        free.append(end)
    return [node for node in nodes if node in left]


def _name(node: Mapping[str, Any]) -> str:
    return repr(node["label"] or node["id"])
