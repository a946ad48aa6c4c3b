"""Decide which nodes of a run are ready, which are skipped and which run again: pure rules without a clock.

A node is decided when all nodes before it have ended. It runs if at least one of its edges delivered a
value and no node before it failed (one that needs ``any`` runs with one delivery). Otherwise it is
skipped: because of that failure, or because no branch led to it.

A loop's source decides it: if the source passes on a value by the loop's edge and iterations are left, the
body runs again, and the loop's target gets what that edge brings in place of its other inputs. Edges out of
the body wait until the loop is over, and bring what the last iteration gave. A loop inside another one starts
to count again with each iteration of the outer one. A muted source ends its loops.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines.loops import Loop
from kaizen_widgets.engines.preflight import Plan, output_of
from kaizen_widgets.graph import Edge


class Skip(NamedTuple):
    """A node that will not run, and the reason."""

    node_id: str
    reason: str


@dataclass
class Progress:
    """What follows from the end of one node.

    Attributes:
        skipped: Nodes that are skipped now, with their reasons.
        ended: Nodes whose state is final now, in order, skipped ones included; a node of a loop is when the
            outermost loop around it is over.
        waiting: Nodes that have run, and wait until it is known whether their loop runs again.
        repeated: Loops whose body runs again.
    """

    skipped: list[Skip] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    repeated: list[Loop] = field(default_factory=list)


@dataclass(frozen=True)
class _Outcome:
    """How a node ended: with a value, after a failure, or behind a branch that was not taken."""

    state: Literal["completed", "failed", "bypassed"]
    outputs: frozenset[str] | None = None
    reason: str = ""

    def delivers(self, edge: Edge) -> bool:
        return self.state == "completed" and (
            self.outputs is None or output_of(edge) in self.outputs
        )


_COMPLETED = _Outcome("completed")
"""That of all nodes that passed on a value at all their outputs."""


class DependencyTracker:
    """The dependencies of one run's nodes, and how far the run has come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._order = {node_id: index for index, node_id in enumerate(plan.steps)}
        self._ids = list(plan.steps)
        self._waiting = {node_id: len(edges) for node_id, edges in plan.incoming.items()}
        self._causes: dict[str, tuple[bool, str]] = {}
        """Edge id to why it brought nothing: whether something failed, and the reason."""
        self._delivered: set[str] = set()
        self._outcomes: dict[str, _Outcome] = {}
        self._repeated_by: dict[str, Edge] = {}
        """Target of a loop to the edge that started its present iteration."""
        self._ready = [self._order[node_id] for node_id, n in self._waiting.items() if n == 0]
        self._open = set(plan.steps)
        self._loops = _Loops(plan)

    def take(self, count: int) -> list[str]:
        """Return up to ``count`` nodes that may start now, in the order of the graph."""
        return [self._ids[heapq.heappop(self._ready)] for _ in range(min(count, len(self._ready)))]

    def retry(self, node_id: str) -> None:
        """Let a node that failed start again."""
        heapq.heappush(self._ready, self._order[node_id])

    def delivered(self, node_id: str) -> list[Edge]:
        """Return the edges that delivered a value to a node, in order, one per source and target handle."""
        if node_id in self._repeated_by:
            return [self._repeated_by[node_id]]
        first: dict[tuple[str, str, str], Edge] = {}
        for edge in self._plan.incoming[node_id]:
            if edge.id in self._delivered:
                # Several outputs of one node give different values; routes of a router the same one.
                part = output_of(edge) if edge.source in self._plan.divided else ""
                first.setdefault((edge.source, part, edge.target_handle or ""), edge)
        return list(first.values())

    def iteration(self, node_id: str) -> int:
        """Return which iteration of the innermost loop around a node this is, from 1; 0 outside of loops."""
        return self._loops.iteration(node_id)

    def completed(self, node_id: str, outputs: frozenset[str] | None, route: str = "") -> Progress:
        """Record that a node passed on a value, at all its outputs (None) or some."""
        if outputs is None:
            return self._decided(node_id, _COMPLETED)
        label = quoted(self._plan.steps[node_id].node.label)
        reason = f"{label} took {quoted(route)}"
        return self._decided(node_id, _Outcome("completed", outputs, reason))

    def stopped(self, node_id: str, reason: str) -> Progress:
        """Record that a node passed on nothing because it failed, and the reason for those behind it."""
        return self._decided(node_id, _Outcome("failed", reason=reason))

    def forget(self, node_id: str) -> None:
        """Record that a node was cancelled; the nodes behind it stay undecided."""
        self._open.discard(node_id)

    def remaining(self) -> list[str]:
        """Return the nodes that have not ended, in the order of the graph."""
        return [node_id for node_id in self._ids if node_id in self._open]

    def _decided(self, node_id: str, outcome: _Outcome) -> Progress:
        progress = Progress()
        decided: deque[tuple[str, _Outcome]] = deque([(node_id, outcome)])
        while decided:
            one, how = decided.popleft()
            self._outcomes[one] = how
            around = self._loops.around(one)
            (progress.waiting if around else progress.ended).append(one)
            if not around:
                self._open.discard(one)
            for edge in self._plan.outgoing[one]:
                if edge.id not in self._loops.held:
                    self._pass_on(edge, how, progress, decided)
            for loop in self._loops.decided_by(one):
                if self._repeats(loop, how):
                    self._repeat(loop, progress)
                    break
                self._end(loop, progress, decided)
        progress.waiting = [one for one in progress.waiting if one in self._open]
        return progress

    def _pass_on(
        self,
        edge: Edge,
        how: _Outcome,
        progress: Progress,
        decided: deque[tuple[str, _Outcome]],
    ) -> None:
        """Record what an edge brings; decide its target if it was the last."""
        if how.delivers(edge):
            self._delivered.add(edge.id)
        else:
            self._causes[edge.id] = (how.state == "failed", how.reason)
        target = edge.target
        self._waiting[target] -= 1
        if self._waiting[target] > 0:
            return
        edges = self._plan.incoming[target]
        causes = [self._causes[one.id] for one in edges if one.id in self._causes]
        failure = next((reason for has_failed, reason in causes if has_failed), None)
        arrived = any(one.id in self._delivered for one in edges)
        if arrived and (failure is None or self._plan.steps[target].needs == "any"):
            heapq.heappush(self._ready, self._order[target])
            return
        # Behind a branch that was not taken nothing failed, so a join may still run.
        reason = failure if failure is not None else causes[0][1]
        progress.skipped.append(Skip(target, reason))
        state = "bypassed" if failure is None else "failed"
        decided.append((target, _Outcome(state, reason=reason)))

    def _repeats(self, loop: Loop, how: _Outcome) -> bool:
        muted = self._plan.steps[loop.edge.source].policy.muted
        left = self._loops.count(loop) < loop.max_iterations
        return left and how.delivers(loop.edge) and not muted

    def _repeat(self, loop: Loop, progress: Progress) -> None:
        self._loops.repeat(loop)
        progress.repeated.append(loop)
        for node_id in loop.body:
            self._outcomes.pop(node_id, None)
            self._repeated_by.pop(node_id, None)
            inside = [edge for edge in self._plan.incoming[node_id] if edge.source in loop.body]
            for edge in inside:
                self._delivered.discard(edge.id)
                self._causes.pop(edge.id, None)
            self._waiting[node_id] = len(inside)
        self._repeated_by[loop.edge.target] = loop.edge
        heapq.heappush(self._ready, self._order[loop.edge.target])

    def _end(self, loop: Loop, progress: Progress, decided: deque[tuple[str, _Outcome]]) -> None:
        self._loops.end(loop)
        for node_id in sorted(loop.body, key=self._order.__getitem__):
            if node_id in self._open and not self._loops.around(node_id):
                self._open.discard(node_id)
                progress.ended.append(node_id)
        for edge in self._loops.exits(loop):
            self._pass_on(edge, self._outcomes[edge.source], progress, decided)


class _Loops:
    """How far the loops of a run have come."""

    def __init__(self, plan: Plan) -> None:
        self._loops = plan.loops
        self._count = {loop.edge.id: 1 for loop in plan.loops}
        self._over: set[str] = set()
        self._around: dict[str, list[Loop]] = {}
        self._exits: dict[str, list[Edge]] = {loop.edge.id: [] for loop in plan.loops}
        for loop in plan.loops:
            for node_id in loop.body:
                self._around.setdefault(node_id, []).append(loop)
        self.held: set[str] = set()
        """Ids of edges out of loops."""
        for edge in plan.graph.edges if plan.loops else ():
            left = [one for one in self._around.get(edge.source, ()) if edge.target not in one.body]
            if left and edge.id not in self._count:
                self.held.add(edge.id)
                # The outermost; of several with one body the last that is decided.
                self._exits[left[-1].edge.id].append(edge)

    def around(self, node_id: str) -> bool:
        """Return whether a node is in a loop that is not over."""
        return any(loop.edge.id not in self._over for loop in self._around.get(node_id, ()))

    def iteration(self, node_id: str) -> int:
        loops = self._around.get(node_id)
        if not loops:
            return 0
        alike = [loop for loop in loops if loop.body == loops[0].body]
        return 1 + sum(self._count[loop.edge.id] - 1 for loop in alike)

    def count(self, loop: Loop) -> int:
        return self._count[loop.edge.id]

    def decided_by(self, node_id: str) -> list[Loop]:
        """Return the loops whose source a node is, the inner ones first."""
        return [loop for loop in self._around.get(node_id, ()) if loop.edge.source == node_id]

    def repeat(self, loop: Loop) -> None:
        self._count[loop.edge.id] += 1
        for inner in self._loops:
            if inner.body <= loop.body and inner is not loop:
                self._over.discard(inner.edge.id)
                if inner.body < loop.body:
                    self._count[inner.edge.id] = 1

    def end(self, loop: Loop) -> None:
        self._over.add(loop.edge.id)

    def exits(self, loop: Loop) -> list[Edge]:
        return self._exits[loop.edge.id]
