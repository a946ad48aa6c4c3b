"""Put nodes of a graph into one node, a *subflow*, and take them out again.

A subflow is a node of type ``subflow`` whose config holds a graph of its own, and its *ports*: names, under
which edges of the outer graph reach nodes inside. It runs as if its nodes were still in the outer graph
(`expand`), so grouping changes what one sees and never a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph.elements import PARENT_KEYS, Edge, Node
from kaizen_widgets.graph.frozen_json import thaw
from kaizen_widgets.graph.graph import Graph

SUBFLOW = "subflow"

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SubflowInput(_Part):
    """Where an edge into a subflow leads to."""

    name: Name
    """Name of the port: the edge's target handle. Ports of one name all get what arrives."""
    node: Name
    """Id of the node inside."""
    handle: str | None = None
    """Target handle at that node."""
    before: Annotated[int, Field(ge=0)] = 0
    """How many of the inner edges into that node come before those by this port."""


class SubflowOutput(_Part):
    """Where an edge out of a subflow comes from."""

    name: Name
    """Name of the port: the edge's source handle."""
    node: Name
    """Id of the node inside."""
    handle: str | None = None
    """Source handle at that node."""


class SubflowContent(_Part):
    """The config of a subflow."""

    nodes: list[dict[str, Any]] = Field(default_factory=list)
    """The nodes inside; their positions are relative to the subflow's."""
    edges: list[dict[str, Any]] = Field(default_factory=list)
    """The edges between them."""
    inputs: list[SubflowInput] = Field(default_factory=list)
    """Where edges into the subflow lead to."""
    outputs: list[SubflowOutput] = Field(default_factory=list)
    """Where edges out of the subflow come from."""


@dataclass(frozen=True)
class Expanded:
    """A graph without subflows.

    Attributes:
        graph: The graph; a node that was in the subflow ``s`` has the id ``s/<its id>``.
        subflows: The subflows by id, the outer ones first.
        members: Ids of the nodes that were in each subflow, and in subflows inside it.
        outputs: Name, node and source handle of the output ports of each subflow.
        entries: Ids of input nodes that get what arrives at their subflow.
        exits: Ids of output nodes that pass on what their subflow gives.
    """

    graph: Graph
    subflows: Mapping[str, Node] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: Mapping[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    entries: frozenset[str] = frozenset()
    exits: frozenset[str] = frozenset()


def group(graph: Graph, node_ids: Iterable[str], *, id: str, label: str = "Subflow") -> Graph:
    """Return a graph in which some nodes are inside one new node; the edges between them go with them.

    Args:
        graph: The graph.
        node_ids: Nodes to put inside; nodes inside a frame go with it.
        id: Id of the new node.
        label: Label of the new node.

    Raises:
        GraphError: There is no such node, or they are not in the same frame.
    """
    inside = _with_children(graph, node_ids)
    if not inside:
        raise GraphError("A subflow needs nodes.", hint="Select some.")
    if graph.has_node(id):
        raise GraphError(f"There is a node {quoted(id)} already.", node_id=id)
    roots = [node for node in graph.nodes if node.id in inside and node.parent_id not in inside]
    parents = {node.parent_id for node in roots}
    if len(parents) > 1:
        raise GraphError("Nodes of different frames cannot be put into one subflow.")
    x, y = (min(node.position[axis] for node in roots) for axis in (0, 1))
    ports = _Ports(graph, inside)
    edges: list[Edge] = []
    inner_edges: list[Any] = []
    for edge in graph.edges:
        if edge.source in inside and edge.target in inside:
            ports.count(edge)
            inner_edges.append(thaw(edge))
        else:
            edges.append(ports.reconnected(edge, id))
    content = {
        "nodes": [
            _moved(node, -x, -y, parent=None) if node in roots else thaw(node)
            for node in graph.nodes
            if node.id in inside
        ],
        "edges": inner_edges,
        "inputs": ports.inputs,
        "outputs": ports.outputs,
    }
    [parent] = parents
    made = Node(id, (x, y), type=SUBFLOW, data={"label": label, "config": content})
    if parent is not None:
        made = made.evolve(parent_id=parent)
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.id == roots[0].id:
            nodes.append(made)
        if node.id not in inside:
            nodes.append(node)
    return Graph(nodes, edges, envelope=graph.envelope)


def ungroup(graph: Graph, subflow_id: str) -> Graph:
    """Return a graph in which the nodes of a subflow are beside the others; their ids stay if they are free.

    Raises:
        GraphError: There is no such subflow, or it cannot be read.
    """
    node = graph.node(subflow_id)
    if node.type != SUBFLOW:
        raise GraphError(f"{quoted(node.label)} is not a subflow.", node_id=subflow_id)
    taken = {one.id for one in graph.nodes if one.id != subflow_id}
    taken |= {one.id for one in graph.edges}
    opened = _opened(node, lambda name: f"{subflow_id}/{name}" if name in taken else name)
    nodes = [one for old in graph.nodes for one in (opened.nodes if old is node else [old])]
    return Graph(nodes, opened.merged(graph.edges), envelope=graph.envelope)


def as_subflow(
    graph: Graph, *, id: str, label: str, position: tuple[float, float] = (0, 0)
) -> Node:
    """Return a node whose work is a whole pipeline.

    What arrives becomes the inputs of its input nodes (text as ``text``); without any, the nodes that no edge
    leads to get it. Its output is what its output nodes give, or else the nodes that no edge leaves; a port
    named ``output`` if that is one, or one for each, named like the node.
    """
    targets = {edge.target for edge in graph.edges if edge.data.get("maxIterations") is None}
    sources = {edge.source for edge in graph.edges if edge.data.get("maxIterations") is None}
    starts = [node for node in graph.nodes if node.type == "input"]
    starts = starts or [node for node in graph.nodes if node.id not in targets]
    ends = [node for node in graph.nodes if node.type == "output"]
    ends = ends or [node for node in graph.nodes if node.id not in sources]
    names = _Names()
    config = {
        "nodes": [thaw(node) for node in graph.nodes],
        "edges": [thaw(edge) for edge in graph.edges],
        "inputs": [{"name": "input", "node": node.id, "handle": "input"} for node in starts],
        "outputs": [
            {
                "name": "output" if len(ends) == 1 else names.new(node.label),
                "node": node.id,
                "handle": "output",
            }
            for node in ends
        ],
    }
    return Node(id, position, type=SUBFLOW, data={"label": label, "config": config})


def expand(graph: Graph, keep: Callable[[Node], bool] = lambda node: False) -> Expanded:
    """Return a graph without subflows, which means the same.

    Args:
        graph: The graph.
        keep: Returns whether a subflow stays as it is.

    Raises:
        GraphError: A subflow cannot be read, or an edge leads to a port it does not have.
    """
    if not any(node.type == SUBFLOW and not keep(node) for node in graph.nodes):
        return Expanded(graph)
    nodes, edges = list(graph.nodes), list(graph.edges)
    members: dict[str, list[str]] = {}
    subflows: dict[str, Node] = {}
    outputs: dict[str, list[tuple[str, str, str]]] = {}
    around: dict[str, list[str]] = {}
    entries: set[str] = set()
    exits: set[str] = set()
    done: list[Node] = []
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if node.type != SUBFLOW or keep(node):
            done.append(_without_parent(node))
            for outer in around.get(node.id, ()):
                members[outer].append(node.id)
            continue
        opened = _opened(node, lambda name, prefix=node.id: f"{prefix}/{name}")
        edges = opened.merged(edges)
        entries |= {port.node for port in opened.inputs if opened.types[port.node] == "input"}
        exits |= {port.node for port in opened.outputs if opened.types[port.node] == "output"}
        members[node.id], subflows[node.id] = [], node
        outputs[node.id] = [
            (port.name, port.node, port.handle or "default") for port in opened.outputs
        ]
        for inner in opened.nodes:
            around[inner.id] = [*around.get(node.id, ()), node.id]
        waiting += reversed(opened.nodes)
    return Expanded(
        Graph(done, edges),
        subflows,
        {key: tuple(ids) for key, ids in members.items()},
        {key: tuple(ports) for key, ports in outputs.items()},
        frozenset(entries),
        frozenset(exits),
    )


def read_content(node: Node) -> SubflowContent:
    """Return what is inside a subflow.

    Raises:
        GraphError: It cannot be read.
    """
    try:
        return SubflowContent.model_validate(thaw(node.data.get("config") or {}))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise GraphError(
            f"The subflow {quoted(node.label)} cannot be read: {where} is not valid.",
            node_id=node.id,
        ) from None


@dataclass
class _Opened:
    """A subflow that was opened: its parts, with the ids they have outside."""

    id: str
    label: str
    nodes: list[Node]
    types: dict[str, str]
    edges: list[Edge]
    inputs: list[SubflowInput]
    outputs: list[SubflowOutput]

    def merged(self, outer: Iterable[Edge]) -> list[Edge]:
        """Return the outer edges, led to the nodes inside, and the inner ones, in the order they had."""
        queues: dict[str, list[Edge]] = {}
        for edge in reversed(self.edges):
            queues.setdefault(edge.target, []).append(edge)
        left = {key: len(edges) for key, edges in queues.items()}
        made: list[Edge] = []
        for edge in outer:
            if self.id not in (edge.source, edge.target):
                made.append(edge)
                continue
            for one, before in self._led_inside(edge):
                queue = queues.get(one.target, []) if edge.target == self.id else []
                while queue and left[one.target] - len(queue) < before:
                    made.append(queue.pop())
                made.append(one)
        remaining = {edge.id for queue in queues.values() for edge in queue}
        return made + [edge for edge in self.edges if edge.id in remaining]

    def _led_inside(self, edge: Edge) -> Iterable[tuple[Edge, int]]:
        """Yield an edge as it is without the subflow: one for each port, with what comes before it."""
        if edge.source == self.id:
            [port] = self._named(self.outputs, edge.source_handle, edge)[:1]
            edge = _evolved(edge, "source", port.node, "sourceHandle", port.handle)
        if edge.target != self.id:
            yield edge, 0
            return
        for number, port in enumerate(self._named(self.inputs, edge.target_handle, edge)):
            one = _evolved(edge, "target", port.node, "targetHandle", port.handle)
            yield (
                (one.from_json({**one, "id": f"{edge.id}/{number}"}) if number else one),
                port.before,
            )

    def _named(self, ports: list[Any], name: str | None, edge: Edge) -> list[Any]:
        wanted = name or (ports[0].name if ports else "")
        found = [port for port in ports if port.name == wanted]
        if not found:
            raise GraphError(
                f"The edge {quoted(edge.id)} leads to {wanted!r} of the subflow {quoted(self.label)}, "
                f"which has no such port.",
                hint="Reconnect or remove the edge.",
                node_id=self.id,
            )
        return found


def _opened(subflow: Node, outer_id: Any) -> _Opened:
    content = read_content(subflow)
    try:
        inner = Graph(content.nodes, content.edges)
    except GraphError as error:
        raise GraphError(
            f"The subflow {quoted(subflow.label)} cannot be read. {error.sentence}",
            node_id=subflow.id,
        ) from None
    ids = {node.id: outer_id(node.id) for node in inner.nodes}
    for port in [*content.inputs, *content.outputs]:
        if port.node not in ids:
            raise GraphError(
                f"The port {port.name!r} of the subflow {quoted(subflow.label)} leads to a node that is "
                f"not inside.",
                node_id=subflow.id,
            )
    x, y = subflow.position
    nodes: list[Node] = []
    for node in inner.nodes:
        named = {"id": ids[node.id]}
        for key in PARENT_KEYS:
            if node.get(key) in ids:
                named[key] = ids[node[key]]
        made = Node.from_json({**node, **named})
        is_root = node.parent_id not in ids
        nodes.append(
            Node.from_json(_moved(made, x, y, parent=subflow.parent_id)) if is_root else made
        )
    edges = [
        edge.from_json(
            {
                **edge,
                "id": outer_id(edge.id),
                "source": ids[edge.source],
                "target": ids[edge.target],
            }
        )
        for edge in inner.edges
    ]
    return _Opened(
        subflow.id,
        subflow.label,
        nodes,
        {node.id: node.type for node in nodes},
        edges,
        [port.model_copy(update={"node": ids[port.node]}) for port in content.inputs],
        [port.model_copy(update={"node": ids[port.node]}) for port in content.outputs],
    )


class _Names:
    """Gives names that differ."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def new(self, wish: str) -> str:
        """Return a name not given before, as close to the wish as possible."""
        wish = wish[:180] or "port"
        name, number = wish, 2
        while name in self._used:
            name, number = f"{wish} {number}", number + 1
        self._used.add(name)
        return name


class _Ports:
    """The ports that edges across the border of a new subflow need."""

    def __init__(self, graph: Graph, inside: set[str]) -> None:
        self._graph = graph
        self._inside = inside
        self._before: dict[str, int] = {}
        self._input_names, self._output_names = _Names(), _Names()
        self._known: dict[tuple[Any, ...], str] = {}
        self.inputs: list[dict[str, Any]] = []
        self.outputs: list[dict[str, Any]] = []

    def count(self, edge: Edge) -> None:
        """Count an edge inside, in the order of the edges."""
        self._before[edge.target] = self._before.get(edge.target, 0) + 1

    def reconnected(self, edge: Edge, subflow_id: str) -> Edge:
        """Return an edge of the outer graph, led to a port where it crosses the border."""
        if edge.target in self._inside:
            before = self._before.get(edge.target, 0)
            facts = {"node": edge.target, "handle": edge.target_handle, "before": before}
            name = self._name("in", facts, self._input_names, self.inputs)
            edge = _evolved(edge, "target", subflow_id, "targetHandle", name)
        elif edge.source in self._inside:
            facts = {"node": edge.source, "handle": edge.source_handle}
            name = self._name("out", facts, self._output_names, self.outputs)
            edge = _evolved(edge, "source", subflow_id, "sourceHandle", name)
        return edge

    def _name(
        self, side: str, facts: dict[str, Any], names: _Names, ports: list[dict[str, Any]]
    ) -> str:
        key = (side, *facts.values())
        if key not in self._known:
            handle = facts["handle"]
            label = self._graph.node(facts["node"]).label
            name = names.new(label if handle in (None, "", "input", "output") else handle)
            self._known[key] = name
            ports.append({"name": name, **facts})
        return self._known[key]


def _with_children(graph: Graph, node_ids: Iterable[str]) -> set[str]:
    inside = {graph.node(node_id).id for node_id in node_ids}
    for node in graph.nodes:  # Parents come before their children.
        if node.parent_id in inside:
            inside.add(node.id)
    return inside


def _moved(node: Node, x: float, y: float, *, parent: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        key: value for key, value in thaw(node).items() if key not in PARENT_KEYS
    }
    if parent is not None:
        made["parentId"] = parent
    return made | {"position": {"x": node.position.x + x, "y": node.position.y + y}}


def _without_parent(node: Node) -> Node:
    if node.parent_id is None:
        return node
    return Node.from_json({key: value for key, value in node.items() if key not in PARENT_KEYS})


def _evolved(edge: Edge, end: str, node: str, handle_key: str, handle: str | None) -> Edge:
    made = {**edge, end: node, handle_key: handle}
    if handle is None:
        del made[handle_key]
    return Edge.from_json(made)
