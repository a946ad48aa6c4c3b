"""Find the loops of a pipeline: edges that lead back and say how often.

A loop is an edge with ``data["maxIterations"]``. Its *body* is every node on a way from the edge's target to
its source; the body runs at most that many times. Two loops are apart, or one is inside the other. Edges
that lead back without a number of iterations are circles, which cannot run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, pairwise
from typing import Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunProblem
from kaizen_widgets.graph import Edge, Graph

MAX_ITERATIONS = 10_000
"""The most iterations a loop may have."""
MAX_CYCLES = 5
"""Maximum number of circles that are reported; many overlapping ones are too long to read."""


@dataclass(frozen=True)
class Loop:
    """One loop.

    Attributes:
        edge: The edge that leads back.
        max_iterations: How often its body runs at most, the first time included.
        body: Ids of the nodes that run again.
    """

    edge: Edge
    max_iterations: int
    body: frozenset[str]


def is_loop(edge: Edge) -> bool:
    """Return whether an edge says that it leads back."""
    return edge.data.get("maxIterations") is not None


def find_loops(graph: Graph) -> tuple[tuple[Loop, ...], list[RunProblem]]:
    """Return the loops of a graph, the inner ones first, and why it cannot run."""
    backward = [edge for edge in graph.edges if is_loop(edge)]
    forward = [edge for edge in graph.edges if not is_loop(edge)]
    before: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    after: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in forward:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    problems = list(_circles(graph, forward, before))
    if problems:
        return (), problems
    loops: list[Loop] = []
    for edge in backward:
        source, target = _label(graph, edge.source), _label(graph, edge.target)
        named = f"The edge {quoted(edge.id)} from {source} to {target}"
        count = edge.data["maxIterations"]
        if not _is_count(count):
            problems.append(
                RunProblem(
                    f"{named} has a wrong maxIterations: it is a whole number from 1 to "
                    f"{MAX_ITERATIONS:,}.",
                    edge.target,
                    edge.id,
                )
            )
            continue
        body = _reached(after, edge.target) & _reached(before, edge.source)
        if not body:
            problems.append(
                RunProblem(
                    f"{named} has maxIterations and leads nowhere back: there is no way from "
                    f"{target} to {source}.",
                    edge.target,
                    edge.id,
                )
            )
            continue
        loops.append(Loop(edge, count, frozenset(body)))
    for one, other in combinations(loops, 2):
        if one.body & other.body and not (one.body <= other.body or other.body <= one.body):
            problems.append(
                RunProblem(
                    f"The loops of the edges {quoted(one.edge.id)} and {quoted(other.edge.id)} cross: "
                    f"put one inside the other, or keep them apart.",
                    other.edge.target,
                    other.edge.id,
                )
            )
    loops.sort(key=lambda loop: len(loop.body))
    return tuple(loops), problems


def _is_count(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and 1 <= value <= MAX_ITERATIONS


def _label(graph: Graph, node_id: str) -> str:
    text = graph.node(node_id).label
    return quoted(text if len(text) <= 80 else f"{text[:77]}...")


def _reached(nexts: Mapping[str, list[str]], start: str) -> set[str]:
    found, open_ = {start}, [start]
    while open_:
        for node_id in nexts[open_.pop()]:
            if node_id not in found:
                found.add(node_id)
                open_.append(node_id)
    return found


def _circular(before: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the nodes that cannot be put in an order, with those before them that cannot either."""
    left = {node_id: len(ids) for node_id, ids in before.items()}
    after: dict[str, list[str]] = {}
    for node_id, ids in before.items():
        for one in ids:
            after.setdefault(one, []).append(node_id)
    ready = [node_id for node_id, count in left.items() if not count]
    while ready:
        node_id = ready.pop()
        del left[node_id]
        for one in after.get(node_id, ()):
            left[one] -= 1
            if not left[one]:
                ready.append(one)
    return {node_id: [one for one in before[node_id] if one in left] for node_id in left}


def _circles(
    graph: Graph, edges: list[Edge], before: Mapping[str, list[str]]
) -> Iterator[RunProblem]:
    remaining = _circular(before)
    if not remaining:
        return
    order = {node.id: place for place, node in enumerate(graph.nodes)}
    for _ in range(MAX_CYCLES):
        try:
            TopologicalSorter(remaining).prepare()
            return
        except CycleError as error:
            circle: list[str] = error.args[1]
        steps = list(pairwise(circle))
        # The edge that leads back: the one that ends before its start in the order of the nodes.
        source, target = next((s for s in steps if order[s[1]] <= order[s[0]]), steps[-1])
        edge = next(edge for edge in edges if (edge.source, edge.target) == (source, target))
        names = [_label(graph, node_id) for node_id in circle]
        if len(names) > 8:
            names[4:-3] = ["..."]
        message = (
            f"Its edges go in a circle: {' -> '.join(names)}. To make it a loop, give the edge "
            f"{quoted(edge.id)} from {_label(graph, source)} to {_label(graph, target)} a number of "
            f"iterations (max_iterations); or remove it."
        )
        yield RunProblem(message, target, edge.id)
        # Break this circle, and look for others.
        remaining[target] = [node_id for node_id in remaining[target] if node_id != source]
