"""Small pipelines in a line: ``pipeline("start > a > end", "start > b > end")``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from kaizen_widgets.graph import Edge, Graph, Node

KINDS = {"start": "input", "end": "output", "route": "router", "join": "synthesizer"}


def pipeline(
    *chains: str,
    kinds: dict[str, str] | None = None,
    policies: dict[str, dict[str, Any]] | None = None,
    loops: dict[str, int] | None = None,
    **configs: Any,
) -> Graph:
    """Nodes are labelled with their id; ``route.billing > a`` leaves by an output.

    An id's kind is its own name's (start, end, route, join), else agent. ``policies`` are by id, and
    ``loops`` are edges back: ``{"b > a": 3}``.
    """
    known = KINDS | (kinds or {})
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for chain in chains:
        steps = [step.strip() for step in chain.split(">")]
        for step in steps:
            node_id = step.partition(".")[0]
            data = {"label": node_id, "config": configs.get(node_id, {})}
            if policies and node_id in policies:
                data["policy"] = policies[node_id]
            nodes.setdefault(node_id, Node(node_id, type=known.get(node_id, "agent"), data=data))
        for one, other in pairwise(steps):
            source, _, handle = one.partition(".")
            target = other.partition(".")[0]
            facts = {"source_handle": handle} if handle else {}
            edges.append(Edge(f"e{len(edges)}", source, target, **facts))
    for link, count in (loops or {}).items():
        one, _, target = link.partition(" > ")
        source, _, handle = one.partition(".")
        facts = {"source_handle": handle} if handle else {}
        edges.append(Edge(link, source, target, data={"maxIterations": count}, **facts))
    return Graph(nodes.values(), edges)
