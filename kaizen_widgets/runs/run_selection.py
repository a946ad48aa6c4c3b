"""Which part of a pipeline runs, and what is taken from an earlier run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines import Plan, Run
from kaizen_widgets.engines.preflight import output_of
from kaizen_widgets.errors import NotRunnableError, RunProblem, UnknownNodeError
from kaizen_widgets.graph import Edge
from kaizen_widgets.nodes import Routed
from kaizen_widgets.runs.kept_result import KeptResults

Names = str | Iterable[str] | None
"""Ids or labels of nodes; None for no choice."""


@dataclass(frozen=True)
class RunSelection:
    """A part of a pipeline.

    Attributes:
        plan: The part, as a plan of its own.
        forced: Ids of nodes that run even if there is a result.
        given: Outputs by node id that are taken as they are.
    """

    plan: Plan
    forced: frozenset[str] = frozenset()
    given: Mapping[str, Any] = field(default_factory=dict)


def select(
    plan: Plan,
    *,
    from_: Names = None,
    to: Names = None,
    only: Names = None,
    base: Run | None = None,
    results: KeptResults | None = None,
) -> RunSelection:
    """Return the part of a pipeline to run.

    Args:
        plan: The pipeline.
        from_: Nodes that run with all that comes after them; the others keep their results.
        to: Nodes up to which it runs.
        only: Nodes that run alone, on what reached them in ``base``.
        base: Run whose results are kept, if there is one.
        results: Its results, and those of nodes that it did not have itself.

    Raises:
        UnknownNodeError: There is no such node.
        NotRunnableError: There is no earlier run, or it has not all that is needed.
    """
    if only is not None and (from_ is not None or to is not None):
        raise NotRunnableError("Give either only, or from_ and to: they exclude each other.")
    if (only is not None or from_ is not None) and base is None:
        raise NotRunnableError(
            "This pipeline has not been run yet, so there are no results to go on from: run it as a whole."
        )
    if only is not None and base is not None:
        return _alone(plan, _ids(plan, only), base, results)
    forced: frozenset[str] = frozenset()
    if from_ is not None:
        forced = _after(plan, _ids(plan, from_))
    if to is not None:
        plan = _part(plan, _before(plan, _ids(plan, to)))
    return RunSelection(plan, forced & plan.steps.keys())


def everything(plan: Plan) -> RunSelection:
    """Return the whole pipeline, without any result of an earlier run."""
    return RunSelection(plan, frozenset(plan.steps))


def find_nodes(plan: Plan, name: str) -> frozenset[str]:
    """Return the ids of the nodes with an id or label; those inside it for a subflow.

    Raises:
        UnknownNodeError: There is none, or more than one.
    """
    labels = {key: step.node.label for key, step in plan.steps.items()}
    labels |= {key: one.label for key, one in plan.subflows.items()}
    found = [name] if name in labels else [key for key, label in labels.items() if label == name]
    if len(found) != 1:
        known = ", ".join(map(repr, list(dict.fromkeys(labels.values()))[:10]))
        many = (
            f"{len(found)} nodes are named {name!r:.80}"
            if found
            else f"There is no node {name!r:.80}"
        )
        ids = ", ".join(repr(key) for key in found)
        raise UnknownNodeError(
            f"{many}.", hint=f"Use an id: {ids}." if found else f"There are: {known}."
        )
    subflow = plan.subflows.get(found[0])
    return frozenset(found if subflow is None else subflow.members)


def _ids(plan: Plan, names: Names) -> frozenset[str]:
    wanted = [names] if isinstance(names, str) else list(names or ())
    if not wanted:
        raise NotRunnableError("Name at least one node to run.")
    return frozenset[str]().union(*(find_nodes(plan, name) for name in wanted))


def _after(plan: Plan, ids: frozenset[str]) -> frozenset[str]:
    """Return nodes and all that comes after them; a loop counts as a whole."""
    following: dict[str, list[str]] = {}
    for edge in plan.graph.edges:
        following.setdefault(edge.source, []).append(edge.target)
    return _reached(ids, following)


def _before(plan: Plan, ids: frozenset[str]) -> frozenset[str]:
    return _reached(
        ids, {key: [edge.source for edge in edges] for key, edges in plan.incoming.items()}
    )


def _reached(ids: frozenset[str], next_: Mapping[str, list[str]]) -> frozenset[str]:
    found, waiting = set(ids), list(ids)
    while waiting:
        for other in next_.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found)


def _alone(plan: Plan, ids: frozenset[str], base: Run, results: KeptResults | None) -> RunSelection:
    """Return nodes alone, with the outputs of those before them."""
    problems: list[RunProblem] = []
    for node_id in sorted(ids):
        if (check := _approval_before(plan, node_id, ids)) is not None:
            problems.append(
                RunProblem(
                    f"{_label(plan, node_id)} comes after the approval {_label(plan, check)}, which would "
                    f"not be asked: run from there with from_={plan.steps[check].node.label!r}.",
                    node_id,
                )
            )
    given: dict[str, Any] = {}
    dropped: set[str] = set()
    for node_id in ids:
        for edge in plan.incoming[node_id]:
            if edge.source in ids:
                continue
            node = base.nodes.get(edge.source)
            kept = None if results is None else results.last(edge.source)
            if node is None and kept is not None:
                given[edge.source] = kept.output
            elif node is not None and node.status == "completed":
                taken = node._outputs
                output = node.output
                if taken is not None:
                    output = Routed(output, taken, node.reason.removeprefix("took ").strip('"'))
                given[edge.source] = output
            elif node is not None and node.status == "skipped" and not _has_failed(base, node.id):
                dropped.add(edge.id)  # A branch that was not taken.
            else:
                problems.append(
                    RunProblem(
                        f"{_label(plan, node_id)} needs the output of {_label(plan, edge.source)}, which "
                        f"has none: run it first, or run up to {_label(plan, node_id)}.",
                        node_id,
                    )
                )
    if problems:
        raise NotRunnableError(
            "\n".join(dict.fromkeys(one.message for one in problems)), problems=tuple(problems)
        )
    part = _part(plan, ids | given.keys(), dropped, cut=frozenset(given))
    return RunSelection(part, ids, given)


def _has_failed(run: Run, node_id: str) -> bool:
    """Return whether a node was skipped because of a failure, and not because of a branch."""
    return run.nodes[node_id].reason.startswith("because ")


def _approval_before(plan: Plan, node_id: str, ids: frozenset[str]) -> str | None:
    for before in sorted(_before(plan, frozenset({node_id})) - {node_id}):
        if plan.steps[before].kind.asks_person and before not in ids:
            return before
    return None


def _label(plan: Plan, node_id: str) -> str:
    return quoted(plan.steps[node_id].node.label)


def _part(
    plan: Plan,
    ids: frozenset[str] | set[str],
    dropped: Iterable[str] = (),
    cut: frozenset[str] = frozenset(),
) -> Plan:
    """Return the plan of some nodes, without edges to others.

    Args:
        plan: The whole plan.
        ids: Ids of the nodes.
        dropped: Ids of more edges to leave out.
        cut: Ids of nodes whose inputs are left out, as their outputs are given.
    """
    left_out = set(dropped)

    def inside(edge: Edge) -> bool:
        known = edge.source in ids and edge.target in ids and edge.target not in cut
        return known and edge.id not in left_out

    steps = {key: step for key, step in plan.steps.items() if key in ids}
    incoming = {key: tuple(filter(inside, plan.incoming[key])) for key in steps}
    outgoing = {key: tuple(filter(inside, plan.outgoing[key])) for key in steps}
    subflows = {
        key: dataclasses.replace(
            one,
            members=tuple(member for member in one.members if member in ids),
            outputs=tuple(port for port in one.outputs if port[1] in ids),
        )
        for key, one in plan.subflows.items()
    }
    ends = [key for key in plan.ends if key in ids and key not in cut]
    return dataclasses.replace(
        plan,
        steps=steps,
        incoming=incoming,
        outgoing=outgoing,
        loops=tuple(loop for loop in plan.loops if set(loop.body) <= set(ids) - cut),
        subflows={key: one for key, one in subflows.items() if one.members},
        ends=tuple(
            ends or [key for key, edges in outgoing.items() if not edges and key not in cut]
        ),
    )


def edges_into(plan: Plan, node_id: str, outputs: Mapping[str, Any]) -> list[Edge]:
    """Return the edges that bring a value to a node, as a run would deliver them.

    Args:
        plan: The pipeline.
        node_id: Id of the node.
        outputs: The outputs of the nodes before it that have one.
    """
    first: dict[tuple[str, str], Edge] = {}
    for edge in plan.incoming[node_id]:
        if edge.source not in outputs:
            continue
        output = outputs[edge.source]
        if issubclass(type(output), Routed) and output_of(edge) not in output.outputs:
            continue
        first.setdefault((edge.source, edge.target_handle or ""), edge)
    return list(first.values())
