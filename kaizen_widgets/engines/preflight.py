"""Check that a pipeline can run, and list every reason why it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines.loops import Loop, find_loops, is_loop
from kaizen_widgets.errors import GraphError, NotRunnableError, RunProblem
from kaizen_widgets.graph import Edge, Graph, Node, expand
from kaizen_widgets.graph.subflows import Expanded
from kaizen_widgets.nodes import Functions, Kind, Registry
from kaizen_widgets.nodes.connection_types import input_type, output_type
from kaizen_widgets.nodes.node_policy import NO_POLICY, NodePolicy, read_policy
from kaizen_widgets.nodes.port_types import PortType, type_problem


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

    @property
    def counts_waiting(self) -> bool:
        """Whether its time limit is the time that a person has to answer, as an approval's config says."""
        return self.kind.asks_person and self.config.time_limit is not None


@dataclass(frozen=True)
class Subflow:
    """A subflow of a plan.

    Attributes:
        label: Its label.
        members: Ids of the nodes inside it, also in subflows inside it.
        outputs: Name, node and output of that node of each of its output ports.
    """

    label: str
    members: tuple[str, ...]
    outputs: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Plan:
    """A pipeline that can run, with its configs read.

    Attributes:
        source: The graph, as it was given.
        graph: The graph without its subflows: with their nodes in their place.
        steps: Nodes by id, in the order of the graph.
        incoming: Edges into each node, in the order of the graph, without those of loops.
        outgoing: Edges out of each node, likewise.
        loops: The loops, the inner ones first.
        subflows: The subflows by id, the outer ones first.
        ends: Ids of the nodes whose output is the run's: output nodes, or else those that no edge leaves.
    """

    source: Graph
    graph: Graph
    steps: Mapping[str, PlannedNode]
    incoming: Mapping[str, tuple[Edge, ...]]
    outgoing: Mapping[str, tuple[Edge, ...]]
    loops: tuple[Loop, ...] = ()
    subflows: Mapping[str, Subflow] = field(default_factory=dict)
    ends: tuple[str, ...] = ()

    @cached_property
    def divided(self) -> frozenset[str]:
        """Ids of the nodes that give another value at each of their outputs."""
        return frozenset(
            key
            for key, step in self.steps.items()
            if type(step.kind).value_at is not Kind.value_at
            and not step.policy.muted
            and step.kind.outputs(step.config)
        )


def check(graph: Graph, registry: Registry, functions: Functions) -> Plan:
    """Return the plan for running a graph.

    Raises:
        NotRunnableError: It cannot run; the message, ``reasons`` and ``problems`` give every reason.
    """
    steps: dict[str, PlannedNode] = {}
    try:
        expanded = expand(graph, lambda node: read_policy(node)[0].muted)
    except GraphError as error:
        raise _not_runnable([RunProblem(str(error), error.node_id)]) from None
    outer, graph = graph, expanded.graph
    problems: list[RunProblem] = []
    for node in expanded.subflows.values():
        wrong = _read(node, registry, functions)[1]
        problems += [RunProblem(f"{_named(node)} {problem}.", node.id) for problem in wrong]
    if not outer.nodes:
        problems.append(RunProblem("It has no nodes: add an input, an agent and an output."))
    for node in graph.nodes:
        step, wrong = _read(node, registry, functions)
        if step is not None:
            steps[node.id] = step
        problems += [RunProblem(f"{_named(node)} {problem}.", node.id) for problem in wrong]
    incoming, outgoing = _edges(graph)
    problems += _wrong_edges(graph, steps, expanded)
    problems += _wrong_inputs(steps, incoming)
    loops, wrong_loops = find_loops(graph)
    problems += wrong_loops
    if problems:
        raise _not_runnable([_outside(problem, expanded) for problem in problems])
    subflows = {
        key: Subflow(node.label, expanded.members[key], expanded.outputs[key])
        for key, node in expanded.subflows.items()
    }
    ends = [key for key, step in steps.items() if step.kind.name == "output"]
    ends = [key for key in ends if key not in expanded.exits]
    ends = ends or [key for key, edges in outgoing.items() if not edges]
    return Plan(outer, graph, steps, incoming, outgoing, loops, subflows, tuple(ends))


def _not_runnable(problems: list[RunProblem]) -> NotRunnableError:
    return NotRunnableError(
        _message([problem.message for problem in problems]),
        node_id=problems[0].node_id if len(problems) == 1 else None,
        problems=tuple(problems),
    )


def _outside(problem: RunProblem, expanded: Expanded) -> RunProblem:
    """Return a problem of a node inside a subflow as one of the subflow, which is what one sees."""
    for outermost, members in expanded.members.items():
        if problem.node_id in members:
            return RunProblem(problem.message, outermost, None)
    return problem


def problems_of(graph: Graph, registry: Registry, functions: Functions) -> tuple[RunProblem, ...]:
    """Return every problem that keeps a graph from running; empty when it can run."""
    try:
        check(graph, registry, functions)
    except NotRunnableError as error:
        return error.problems
    return ()


def reasons_against(graph: Graph, registry: Registry, functions: Functions) -> tuple[str, ...]:
    """Return every reason why a graph cannot run, one sentence each; empty when it can."""
    return tuple(problem.message for problem in problems_of(graph, registry, functions))


def _message(reasons: list[str]) -> str:
    if len(reasons) == 1:
        return f"The pipeline cannot run. {reasons[0]}"
    listed = "\n".join(f"- {reason}" for reason in reasons)
    return f"The pipeline cannot run, for {len(reasons)} reasons:\n{listed}"


def _named(node: Node) -> str:
    title = node.type.capitalize() if node.type.isascii() and len(node.type) <= 20 else "Node"
    return f"{title} {quoted(_short(node.label))}"


def _shortly(node: Node) -> str:
    return quoted(_short(node.label))


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


def _wrong_edges(
    graph: Graph, steps: Mapping[str, PlannedNode], expanded: Expanded
) -> Iterator[RunProblem]:
    for edge in graph.edges:
        source, target = steps.get(edge.source), steps.get(edge.target)
        # Input and output nodes of a subflow get and give what the subflow does.
        if edge.source in expanded.exits:
            source = None
        if edge.target in expanded.entries:
            target = None
        if source is not None and (problem := _source_problem(graph, edge, source)):
            yield RunProblem(problem, edge.source, edge.id)
        if target is not None and (problem := _target_problem(graph, edge, target)):
            yield RunProblem(problem, edge.target, edge.id)
        if source is not None and target is not None:
            problem = type_problem(
                _output_type(edge, source),
                "any" if target.policy.muted else input_type(target.kind.look, input_of(edge)),
            )
            if problem:
                yield RunProblem(
                    f"The edge from {_shortly(source.node)} to {_shortly(target.node)} does not fit. "
                    f"{problem}",
                    edge.target,
                    edge.id,
                )


def _output_type(edge: Edge, source: PlannedNode | None) -> PortType:
    if source is None or source.policy.muted:
        return "any"  # A muted node passes on whatever arrives.
    return source.kind.output_type(source.config, edge.source_handle or "") or output_type(
        source.kind.look, edge.source_handle or ""
    )


def _source_problem(graph: Graph, edge: Edge, source: PlannedNode) -> str:
    if source.policy.muted:
        return ""
    look, known = source.kind.look, source.kind.outputs(source.config)
    if not look.outputs and not look.outputs_from:
        to = _shortly(graph.node(edge.target))
        return f"{_named(source.node)} has an edge to {to}, and its kind has no outputs."
    if known is not None and output_of(edge) not in known:
        to = _shortly(graph.node(edge.target))
        return (
            f"{_named(source.node)} has an edge to {to} from the output "
            f"{_short(output_of(edge))!r}, which it does not have: reconnect or remove the edge."
        )
    return ""


def _target_problem(graph: Graph, edge: Edge, target: PlannedNode) -> str:
    if not target.kind.look.inputs:
        start = _shortly(graph.node(edge.source))
        return f"{_named(target.node)} has an edge from {start}, and its kind has no inputs."
    known = None if target.policy.muted else target.kind.inputs(target.config)
    if known is not None and input_of(edge) and input_of(edge) not in known:
        start = _shortly(graph.node(edge.source))
        return (
            f"{_named(target.node)} has an edge from {start} into the input "
            f"{_short(input_of(edge))!r}, which it does not have: reconnect or remove the edge."
        )
    return ""


def _wrong_inputs(
    steps: Mapping[str, PlannedNode], incoming: Mapping[str, tuple[Edge, ...]]
) -> Iterator[RunProblem]:
    """Yield the problems of nodes whose inputs get too many edges, or too few."""
    for node_id, step in steps.items():
        if step.policy.muted or type(step.kind).check_inputs is Kind.check_inputs:
            continue
        arriving: dict[str, list[PortType]] = {}
        for edge in incoming[node_id]:
            found = _output_type(edge, steps.get(edge.source))
            arriving.setdefault(input_of(edge), []).append(found)
        for problem in step.kind.check_inputs(arriving):
            yield RunProblem(f"{_named(step.node)} {problem}.", node_id)


def output_of(edge: Edge) -> str:
    """Return the id of the output an edge leaves by."""
    return edge.source_handle or "default"


def input_of(edge: Edge) -> str:
    """Return the id of the input an edge enters by; empty if it names none."""
    return edge.target_handle or ""
