"""The nine patterns as graphs to start from: ``studio.new("Triage", patterns.ensemble(["A", "B"]))``.

Each function returns an ordinary `Graph`, which one edits further on the canvas. Agents are names, under
which functions or agents are registered, or agents of the API. What a pattern means is what its nodes mean:
nothing runs differently because a graph came from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, Protocol

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.graph.files import Envelope
from kaizen_widgets.graph.frozen_json import freeze

PATTERNS = (
    "sequential",
    "supervisor_worker",
    "router",
    "ensemble",
    "parallel",
    "hierarchical",
    "pipeline",
    "blackboard",
    "reactive",
)
"""Names of the patterns."""
COLUMN, ROW = 320, 160
"""Distances between the nodes in flow units."""


class IdentifiedAgent(Protocol):
    """An agent of the API: what has an id and a name."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...


Agent = str | IdentifiedAgent
"""The name of an agent or function, or an agent of the API."""


def pattern_of(graph: Graph) -> str | None:
    """Return the name of the pattern a graph was made with, or None; edits do not change it."""
    name = None if graph.envelope is None else graph.envelope.document.get("pattern")
    return name if name in PATTERNS else None


def sequential(agents: Sequence[Agent]) -> Graph:
    """Agents work one after another; each gets the result of the one before.

    Raises:
        GraphError: There is no agent.
    """
    build = _Builder("sequential")
    last = build.node("input", "Input")
    for agent in _some(agents):
        last = build.edge(last, build.agent(agent))
    build.edge(last, build.node("output", "Output"))
    return build.graph()


def supervisor_worker(
    agents: Sequence[Agent],
    *,
    dealing: Literal["all", "round_robin", "load_balanced", "priority"] = "round_robin",
    max_workers: int = 3,
    items: str = "",
    priority: str = "priority",
) -> Graph:
    """A supervisor deals out the items of a list to workers, and collects their results in order.

    Args:
        agents: The workers.
        dealing: In turn, to the worker with the least to do, or likewise with the items of the highest
            priority first; ``all`` gives the whole value to every worker.
        max_workers: How many items may be worked on at the same time, 1 to 10.
        items: Field of the value that holds the list; empty for the value itself, or its only field.
        priority: Field of an item that holds its priority.

    Raises:
        GraphError: There is no worker, or ``max_workers`` is not from 1 to 10.
    """
    if not 1 <= max_workers <= 10:
        raise GraphError(f"max_workers is from 1 to 10, not {max_workers}.")
    build = _Builder("supervisor_worker")
    config = {
        "workers": [_reference(agent) for agent in _some(agents)],
        "selection_mode": dealing,
        "max_workers": max_workers,
        "items": items,
        "priority": priority,
    }
    build.chain(
        build.node("input", "Input"),
        build.node("supervisor", "Supervisor", config),
        build.node("output", "Output"),
    )
    return build.graph()


def router(agents: Mapping[str, str], *, default: Agent | None = None) -> Graph:
    """A router sends the input to the first agent whose condition is true.

    Args:
        agents: Conditions by the name of their agent: ``{"Billing": "'invoice' in text"}``.
        default: Agent for everything else; without one the input goes to the output unchanged.

    Raises:
        GraphError: There is no agent.
    """
    build = _Builder("router")
    start = build.node("input", "Input")
    routes = [{"name": name, "when": when} for name, when in agents.items()]
    choice = build.edge(start, build.node("router", "Router", {"routes": routes}))
    ends: list[tuple[str, str | None]]
    ends = [(build.edge(choice, build.agent(name), name), None) for name in _some(list(agents))]
    if default is None:
        ends.append((choice, "default"))
    else:
        ends.append((build.edge(choice, build.agent(default), "default"), None))
    out = build.node("output", "Output")
    for end, handle in ends:
        build.edge(end, out, handle)
    return build.graph()


def parallel(agents: Sequence[Agent]) -> Graph:
    """Agents work on the same input at the same time; the result is a dict of theirs by name.

    Raises:
        GraphError: There is no agent.
    """
    build = _Builder("parallel")
    start = build.node("input", "Input")
    made = [build.edge(start, build.agent(agent)) for agent in _some(agents)]
    out = build.node("output", "Output")
    for agent in made:
        build.edge(agent, out)
    return build.graph()


def ensemble(
    agents: Sequence[Agent],
    *,
    combine: Literal["vote", "average", "concat", "merge", "collect"] = "vote",
) -> Graph:
    """Several agents answer the same question; one answer is made of theirs.

    An agent that fails has no vote: the others decide, and the run says that it failed.

    Args:
        agents: The agents.
        combine: How one answer is made of several: the most frequent one, the mean of numbers, and so on.

    Raises:
        GraphError: There is no agent.
    """
    build = _Builder("ensemble")
    start = build.node("input", "Input")
    made = [build.edge(start, build.agent(agent)) for agent in _some(agents)]
    config = {"aggregation": combine, "needs": "any"}
    join = build.node("synthesizer", combine.capitalize(), config)
    for agent in made:
        build.edge(agent, join)
    build.edge(join, build.node("output", "Output"))
    return build.graph()


def hierarchical(
    tiers: Sequence[Agent | Sequence[Agent]], *, hand_over: str = "'hand over' in text | lower"
) -> Graph:
    """Tiers of agents: each tier answers, or hands its result over to the next one.

    Args:
        tiers: An agent for each tier, or a list of agents that all work on what comes to their tier; the
            tier's result is then the list of theirs.
        hand_over: Condition of a tier's result for handing it over. The last tier always answers.

    Raises:
        GraphError: There is no tier, or one without agents.
    """
    build = _Builder("hierarchical")
    last, handle = build.node("input", "Input"), None
    answers: list[str] = []
    for number, tier in enumerate(_some(tiers), start=1):
        if isinstance(tier, list | tuple):
            workers = [_reference(agent) for agent in _some(tier)]
            config = {"workers": workers, "max_workers": min(len(workers), 100)}
            one = build.node("supervisor", f"Tier {number}", config)
        else:
            one = build.agent(tier)  # pyright: ignore[reportArgumentType]
        last, handle = build.edge(last, one, handle), None
        if number < len(tiers):
            routes = [{"name": "hand over", "when": hand_over}]
            config = {"routes": routes, "default": "answer"}
            last = build.edge(last, build.node("router", f"After tier {number}", config))
            answers.append(last)
            handle = "hand over"
    out = build.node("output", "Output")
    for answer in answers:
        build.edge(answer, out, "answer")
    build.edge(last, out)
    return build.graph()


def pipeline(stages: Sequence[Agent], *, items: str = "", buffer: int = 10) -> Graph:
    """An assembly line: items go through all stages, and each stage works on another item.

    Args:
        stages: The agents, in the order in which an item comes to them.
        items: Field of the value that holds the list of items; empty for the value itself.
        buffer: How many items may wait before a stage.

    Raises:
        GraphError: There is no stage.
    """
    build = _Builder("pipeline")
    names = [_reference(agent) for agent in _some(stages)]
    config = {"stages": names, "items": items, "buffer": buffer}
    build.chain(
        build.node("input", "Input"),
        build.node("stages", "Stages", config),
        build.node("output", "Output"),
    )
    return build.graph()


def blackboard(agents: Sequence[Agent], *, until: str, max_rounds: int = 10) -> Graph:
    """Agents read a shared board and add to it, round by round, until a condition is true of the board.

    The board is a dict, at first the run's inputs. In a round all agents get it at the same time; the
    fields of the dicts they return are written on it in the order of the agents, other values under the
    agent's name. The result is the board, also when the rounds are used up.

    Args:
        agents: The agents.
        until: Condition of the board: ``"'solution' in value"``, ``"confidence > 0.9"``.
        max_rounds: How many rounds there are at most.

    Raises:
        GraphError: There is no agent.
    """
    build = _Builder("blackboard")
    start = build.node("input", "Input")
    board = build.edge(start, build.node("synthesizer", "Board", {"aggregation": "collect"}))
    made = [build.edge(board, build.agent(agent)) for agent in _some(agents)]
    written = build.node("synthesizer", "Written", {"aggregation": "collect"})
    build.edge(board, written)
    for agent in made:
        build.edge(agent, written)
    routes = [{"name": "done", "when": until}]
    config = {"routes": routes, "default": "next round"}
    check = build.edge(written, build.node("router", "Done?", config))
    out = build.node("output", "Output")
    build.edge(check, out, "done")
    # When the rounds are used up: edges out of a loop bring what its last iteration gave.
    build.edge(check, out, "next round")
    build.loop(check, board, "next round", max_rounds)
    return build.graph()


def reactive(
    agents: Mapping[str, str],
    *,
    until: str | None = None,
    max_events: int = 100,
    max_workers: int = 3,
) -> Graph:
    """Agents react to events, and what they return is further events, until all is quiet.

    Args:
        agents: Conditions by the name of their agent: ``{"Shipping": "topic == 'paid'"}``. The run's inputs
            are the first event, with the topic ``start``.
        until: Condition of an event that ends the reactions.
        max_events: Number of events after which the reactions end in any case.
        max_workers: How many agents may react to an event at the same time.

    Raises:
        GraphError: There is no agent.
    """
    _some(list(agents))
    build = _Builder("reactive")
    config = {
        "reactions": [{"agent": name, "when": when} for name, when in agents.items()],
        "max_events": max_events,
        "max_workers": max_workers,
    }
    build.chain(
        build.node("input", "Input"),
        build.node("reactor", "Reactor", config | ({"until": until} if until else {})),
        build.node("output", "Output"),
    )
    return build.graph()


def _some(agents: Sequence[Any]) -> Sequence[Any]:
    if isinstance(agents, str) or not agents:
        raise GraphError('A pattern needs a list of agents: ["Billing", "Legal"].')
    return agents


def _reference(agent: Agent) -> str:
    """Return the name by which a node calls an agent."""
    return agent if isinstance(agent, str) else agent.id


class _Builder:
    """Collects nodes and edges; nodes are placed by how many edges lead to them from the start.

    Args:
        pattern: Name of the pattern, which the graph's file says beside its nodes and edges.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._nodes: dict[str, dict[str, Any]] = {}
        self._edges: list[Edge] = []
        self._columns: dict[str, int] = {}

    def node(
        self, kind: str, label: str, config: Mapping[str, Any] | None = None, **data: Any
    ) -> str:
        """Add a node and return its id."""
        count = sum(one["type"] == kind for one in self._nodes.values())
        node_id = f"{kind}-{count + 1}"
        known = {"label": label, "config": dict(config or {}), **data}
        self._nodes[node_id] = {"type": kind, "data": known}
        self._columns[node_id] = 0
        return node_id

    def agent(self, agent: Agent) -> str:
        """Add the node of an agent and return its id."""
        if isinstance(agent, str):
            return self.node("agent", agent)
        return self.node("agent", agent.name, agentId=agent.id)

    def edge(self, source: str, target: str, handle: str | None = None) -> str:
        """Connect two nodes and return the id of the target."""
        self._connect(source, target, handle, {})
        self._columns[target] = max(self._columns[target], self._columns[source] + 1)
        return target

    def loop(self, source: str, target: str, handle: str, max_iterations: int) -> None:
        """Add an edge that leads back."""
        self._connect(source, target, handle, {"maxIterations": max_iterations})

    def chain(self, *nodes: str) -> None:
        """Connect nodes one after the other."""
        for source, target in pairwise(nodes):
            self.edge(source, target)

    def graph(self) -> Graph:
        """Return the graph, its nodes in columns from left to right."""
        rows: dict[int, list[str]] = {}
        for node_id, column in self._columns.items():
            rows.setdefault(column, []).append(node_id)
        made: list[Node] = []
        for node_id, facts in self._nodes.items():
            column = self._columns[node_id]
            ids = rows[column]
            y = (ids.index(node_id) - (len(ids) - 1) / 2) * ROW
            made.append(Node(node_id, (column * COLUMN, y), **facts))
        document = freeze({"pattern": self._pattern, "nodes": [], "edges": []})
        return Graph(made, self._edges, envelope=Envelope(document, ()))

    def _connect(
        self, source: str, target: str, handle: str | None, data: Mapping[str, Any]
    ) -> None:
        edge_id = f"edge-{len(self._edges) + 1}"
        self._edges.append(
            Edge(
                edge_id,
                source,
                target,
                source_handle=handle or "output",
                target_handle="input",
                **({"data": data} if data else {}),
            )
        )
