"""Decide which nodes of a run are ready and which are skipped: pure rules without tasks or a clock.

A node is decided when all nodes before it have ended. It runs if at least one of its edges delivered a
value and no node before it failed (a kind may wait for ``any``: then one delivery is enough). Otherwise it
is skipped: because of that failure, or because no branch led to it.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import NamedTuple

from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines.preflight import Plan, output_of
from kaizen_widgets.graph import Edge


class Skip(NamedTuple):
    """A node that will not run, and the reason."""

    node_id: str
    reason: str


class DependencyTracker:
    """The dependencies of one run's nodes, and how far the run has come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._order = {node_id: index for index, node_id in enumerate(plan.steps)}
        self._ids = list(plan.steps)
        self._waiting = {node_id: len(edges) for node_id, edges in plan.incoming.items()}
        self._failure: dict[str, str] = {}
        """Node to the reason that keeps it from running: a node before it that failed or was cancelled."""
        self._branch: dict[str, str] = {}
        self._delivered: dict[str, list[Edge]] = {node_id: [] for node_id in plan.steps}
        self._ready = [self._order[node_id] for node_id, n in self._waiting.items() if n == 0]
        self._open = set(plan.steps)

    def take(self, count: int) -> list[str]:
        """Return up to ``count`` nodes that may start now, in the order of the graph."""
        return [self._ids[heapq.heappop(self._ready)] for _ in range(min(count, len(self._ready)))]

    def delivered(self, node_id: str) -> list[Edge]:
        """Return the edges that delivered a value to a node, in order, one per source."""
        arrived = {edge.id for edge in self._delivered[node_id]}
        first: dict[str, Edge] = {}
        for edge in self._plan.incoming[node_id]:
            if edge.id in arrived:
                first.setdefault(edge.source, edge)
        return list(first.values())

    def completed(
        self, node_id: str, outputs: frozenset[str] | None, route: str = ""
    ) -> list[Skip]:
        """Record that a node passed on a value, at all its outputs (None) or some; return skipped nodes."""
        self._open.discard(node_id)
        label = quoted(self._plan.steps[node_id].node.label)
        skipped: deque[Skip] = deque()
        for edge in self._plan.outgoing[node_id]:
            if outputs is None or output_of(edge) in outputs:
                self._delivered[edge.target].append(edge)
            else:
                self._branch.setdefault(edge.target, f"{label} took {quoted(route)}")
            self._count_down(edge.target, skipped)
        return self._spread(skipped)

    def stopped(self, node_id: str, reason: str) -> list[Skip]:
        """Record that a node passed on nothing, and why; return the nodes that are skipped because of it."""
        self._open.discard(node_id)
        skipped: deque[Skip] = deque()
        for edge in self._plan.outgoing[node_id]:
            self._failure.setdefault(edge.target, reason)
            self._count_down(edge.target, skipped)
        return self._spread(skipped)

    def forget(self, node_id: str) -> None:
        """Record that a node was cancelled; the nodes behind it stay undecided."""
        self._open.discard(node_id)

    def remaining(self) -> list[str]:
        """Return the nodes that have not ended, in the order of the graph."""
        return [node_id for node_id in self._ids if node_id in self._open]

    def _count_down(self, node_id: str, skipped: deque[Skip]) -> None:
        self._waiting[node_id] -= 1
        if self._waiting[node_id] > 0:
            return
        failure = self._failure.get(node_id)
        needs = self._plan.steps[node_id].config.waits_for
        if self._delivered[node_id] and (failure is None or needs == "any"):
            heapq.heappush(self._ready, self._order[node_id])
        else:
            skipped.append(Skip(node_id, failure or self._branch[node_id]))

    def _spread(self, skipped: deque[Skip]) -> list[Skip]:
        """Skip the nodes behind skipped nodes as well, for the same reasons."""
        all_skipped: list[Skip] = []
        while skipped:
            skip = skipped.popleft()
            all_skipped.append(skip)
            self._open.discard(skip.node_id)
            # Behind a branch that was not taken nothing failed, so a join may still run.
            causes = self._failure if skip.node_id in self._failure else self._branch
            for edge in self._plan.outgoing[skip.node_id]:
                causes.setdefault(edge.target, skip.reason)
                self._count_down(edge.target, skipped)
        return all_skipped
