"""Check that a pipeline can run, and list every reason why it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines.loops import Loop, find_loops, is_loop
from kaizen_widgets.errors import NotRunnableError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions, Kind, Registry
from kaizen_widgets.nodes.node_policy import NO_POLICY, NodePolicy, read_policy


@dataclass(frozen=True)
class PlannedNode:
    """A node that can run, with its kind, its config (None for a muted node) and its policy."""

    node: Node
    kind: Kind
    config: Any
    policy: NodePolicy = NO_POLICY

    @property
    def needs(self) -> Literal["all", "any"]:
        """Whether all nodes before it must complete, or one that passes on a value is enough."""
        return self.policy.needs or (self.config.waits_for if self.config is not None else "all")

    @property
    def time_limit(self) -> float | None:
        """Time limit of one attempt in seconds, or None."""
        return self.policy.timeout or self.config.time_limit


@dataclass(frozen=True)
class Plan:
    """A pipeline that can run, with its configs read.

    Attributes:
        steps: Nodes by id, in the order of the graph.
        incoming: Edges into each node, in the order of the graph, without those of loops.
        outgoing: Edges out of each node, likewise.
        loops: The loops, the inner ones first.
    """

    graph: Graph
    steps: Mapping[str, PlannedNode]
    incoming: Mapping[str, tuple[Edge, ...]]
    outgoing: Mapping[str, tuple[Edge, ...]]
    loops: tuple[Loop, ...] = ()


def check(graph: Graph, registry: Registry, functions: Functions) -> Plan:
    """Return the plan for running a graph.

    Raises:
        NotRunnableError: It cannot run; the message and ``reasons`` give every reason.
    """
    steps: dict[str, PlannedNode] = {}
    reasons: list[str] = []
    bad_nodes: list[str] = []
    if not graph.nodes:
        reasons.append("It has no nodes: add an input, an agent and an output.")
    for node in graph.nodes:
        step, wrong = _read(node, registry, functions)
        if step is not None:
            steps[node.id] = step
        reasons += [f"{_named(node)} {problem}." for problem in wrong]
        bad_nodes += [node.id] * len(wrong)
    incoming, outgoing = _edges(graph)
    reasons += _wrong_edges(graph, steps)
    loops, problems = find_loops(graph)
    reasons += problems
    if reasons:
        raise NotRunnableError(
            _message(reasons),
            node_id=bad_nodes[0] if len(reasons) == len(bad_nodes) == 1 else None,
            reasons=tuple(reasons),
        )
    return Plan(graph, steps, incoming, outgoing, loops)


def reasons_against(graph: Graph, registry: Registry, functions: Functions) -> tuple[str, ...]:
    """Return every reason why a graph cannot run, one sentence each; empty when it can."""
    try:
        check(graph, registry, functions)
    except NotRunnableError as error:
        return error.reasons
    return ()


def _message(reasons: list[str]) -> str:
    if len(reasons) == 1:
        return f"The pipeline cannot run. {reasons[0]}"
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return f"The pipeline cannot run, for {len(reasons)} reasons:\n{listed}"


def _named(node: Node) -> str:
    title = node.type.capitalize() if node.type.isascii() and len(node.type) <= 20 else "Node"
    return f"{title} {quoted(_short(node.label))}"


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _read(
    node: Node, registry: Registry, functions: Functions
) -> tuple[PlannedNode | None, list[str]]:
    kind = registry.get(node.type)
    if kind is None:
        return None, [f"has the kind {_short(node.type)!r}, which is not registered"]
    policy, wrong = read_policy(node)
    if policy.muted:
        # It passes on what arrives, so what it would need to work may be missing.
        return PlannedNode(node, kind, None, policy), wrong
    config, problems = kind.read_config(node)
    if problems or wrong:
        return None, problems + wrong
    return PlannedNode(node, kind, config, policy), list(kind.check(node, config, functions))


def _edges(graph: Graph) -> tuple[dict[str, tuple[Edge, ...]], dict[str, tuple[Edge, ...]]]:
    incoming: dict[str, list[Edge]] = {node.id: [] for node in graph.nodes}
    outgoing: dict[str, list[Edge]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        if not is_loop(edge):
            incoming[edge.target].append(edge)
            outgoing[edge.source].append(edge)
    return (
        {key: tuple(edges) for key, edges in incoming.items()},
        {key: tuple(edges) for key, edges in outgoing.items()},
    )


def _wrong_edges(graph: Graph, steps: Mapping[str, PlannedNode]) -> Iterator[str]:
    for edge in graph.edges:
        source, target = steps.get(edge.source), steps.get(edge.target)
        if source is not None and not source.policy.muted:
            to = quoted(_short(graph.node(edge.target).label))
            look, known = source.kind.look, source.kind.outputs(source.config)
            if not look.outputs and not look.outputs_from:
                yield f"{_named(source.node)} has an edge to {to}, and its kind has no outputs."
            elif known is not None and output_of(edge) not in known:
                yield (
                    f"{_named(source.node)} has an edge to {to} from the output "
                    f"{_short(output_of(edge))!r}, which it does not have: "
                    f"reconnect or remove the edge."
                )
        if target is not None and not target.kind.look.inputs:
            start = quoted(_short(graph.node(edge.source).label))
            yield f"{_named(target.node)} has an edge from {start}, and its kind has no inputs."


def output_of(edge: Edge) -> str:
    """Return the id of the output an edge leaves by."""
    return edge.source_handle or "default"
