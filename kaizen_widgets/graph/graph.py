"""A graph as a value: nodes and edges in order, found by id in O(1), never changed in place.

A change is a batch of operations (`apply`), which gives another graph and shares all it did not touch.
Pure: no I/O, no clock, no traitlets.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sized
from typing import Any, Self, TypeAlias, TypeVar

from rpds import HashTrieMap, HashTrieSet

from kaizen_widgets.errors import (
    DuplicateIdError,
    GraphError,
    InvalidConnectionError,
    UnknownEdgeError,
    UnknownNodeError,
)
from kaizen_widgets.graph.elements import Edge, Element, ElementKind, Node
from kaizen_widgets.graph.frozen_json import FrozenDict, freeze
from kaizen_widgets.graph.ordered import OrderedMap

E = TypeVar("E", bound=Element)

MAX_ELEMENTS = 50_000
"""Nodes in a graph, and edges: five times what is quick; more has no place on a canvas."""
MAX_NESTING = 64
"""Nodes that lie in each other."""

Index: TypeAlias = "HashTrieMap[str, HashTrieSet[str]]"
"""Node id to the ids of its edges, or of the nodes inside it. A node without any is not in it."""


class Graph:
    """Nodes and edges.

    Args:
        nodes: `Node`s or React Flow JSON, in drawing order, parents before children.
        edges: `Edge`s or React Flow JSON.
        envelope: What stood around them in the file they came from (see `files`); kept, not compared.

    Raises:
        GraphError: Something in it is not a graph; the message names the element.
    """

    __slots__ = ("_children", "_edges", "_edges_of", "_nodes", "envelope")

    def __init__(
        self,
        nodes: Iterable[Node | Mapping[str, Any]] = (),
        edges: Iterable[Edge | Mapping[str, Any]] = (),
        *,
        envelope: Mapping[str, Any] | None = None,
    ) -> None:
        made_nodes = _unique(Node, nodes)
        made_edges = _unique(Edge, edges)
        children: dict[str, list[str]] = {}
        depths: dict[str, int] = {}
        for node in made_nodes.values():
            parent = node.parent_id
            if parent is not None:
                _check_parent(node, parent, made_nodes, depths)
                check_depth(node, depths[parent] + 1)
                children.setdefault(parent, []).append(node.id)
            depths[node.id] = 1 if parent is None else depths[parent] + 1
        edges_of: dict[str, list[str]] = {}
        for edge in made_edges.values():
            check_ends(edge, made_nodes)
            for end in {edge.source, edge.target}:
                edges_of.setdefault(end, []).append(edge.id)
        self._nodes: OrderedMap[Node] = OrderedMap.of(made_nodes.items())
        self._edges: OrderedMap[Edge] = OrderedMap.of(made_edges.items())
        self._children: Index = HashTrieMap({k: HashTrieSet(v) for k, v in children.items()})
        self._edges_of: Index = HashTrieMap({k: HashTrieSet(v) for k, v in edges_of.items()})
        self.envelope: FrozenDict[str, Any] | None = freeze(envelope, "The file")

    @classmethod
    def _make(
        cls,
        nodes: OrderedMap[Node],
        edges: OrderedMap[Edge],
        children: Index,
        edges_of: Index,
        envelope: FrozenDict[str, Any] | None,
    ) -> Self:
        """Put checked parts together; for `apply` alone."""
        made = cls.__new__(cls)
        made._nodes, made._edges = nodes, edges
        made._children, made._edges_of = children, edges_of
        made.envelope = envelope
        return made

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in order."""
        return self._nodes.values

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges in order."""
        return self._edges.values

    @property
    def node_count(self) -> int:
        """How many nodes there are; unlike ``len(graph.nodes)`` it lists nothing."""
        return len(self._nodes)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self._edges)

    def node(self, node_id: str) -> Node:
        """Return one node.

        Raises:
            UnknownNodeError: There is none with this id.
        """
        node = self._nodes.get(node_id)
        if node is None:
            raise UnknownNodeError(f"There is no node {node_id!r}.", node_id=node_id)
        return node

    def edge(self, edge_id: str) -> Edge:
        """Return one edge.

        Raises:
            UnknownEdgeError: There is none with this id.
        """
        edge = self._edges.get(edge_id)
        if edge is None:
            raise UnknownEdgeError(f"There is no edge {edge_id!r}.", edge_id=edge_id)
        return edge

    def has_node(self, node_id: str) -> bool:
        """Whether there is a node with this id."""
        return node_id in self._nodes

    def has_edge(self, edge_id: str) -> bool:
        """Whether there is an edge with this id."""
        return edge_id in self._edges

    def edges_of(self, node_id: str) -> tuple[Edge, ...]:
        """Return the edges that touch a node, in no particular order."""
        return tuple(self._edges[edge_id] for edge_id in self._edges_of.get(node_id, ()))

    def children_of(self, node_id: str) -> tuple[Node, ...]:
        """Return the nodes that lie directly in a node, in no particular order."""
        return tuple(self._nodes[child] for child in self._children.get(node_id, ()))

    def to_json(self) -> dict[str, Any]:
        """Return ``{"nodes": [...], "edges": [...]}`` as React Flow knows it."""
        return {"nodes": list(self.nodes), "edges": list(self.edges)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` or another tool gives; see `files.from_document`."""
        from kaizen_widgets.graph.files import from_document

        return from_document(cls, value)

    @classmethod
    def read(cls, path: Any) -> Self:
        """Open a React Flow file; see `files.read`."""
        from kaizen_widgets.graph.files import read

        return read(cls, path)

    def write(self, path: Any) -> None:
        """Write the graph back in the shape it was read from; see `files.write`."""
        from kaizen_widgets.graph.files import write

        write(self, path)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return self is other or (self.nodes == other.nodes and self.edges == other.edges)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (type(self), self.nodes, self.edges, self.envelope))

    def __repr__(self) -> str:
        return f"Graph(nodes={len(self._nodes)}, edges={len(self._edges)})"


def _again(kind: type[Graph], nodes: Any, edges: Any, envelope: Any) -> Graph:
    return kind(nodes, edges, envelope=envelope)


def check_ends(edge: Edge, nodes: Any) -> None:
    """Refuse an edge to a node that is not there."""
    for side in ("source", "target"):
        end = edge[side]
        if end not in nodes:
            raise InvalidConnectionError(
                f"Edge {edge.id!r} has the {side} {end!r}, and there is no such node.",
                hint="Add the node first, or remove the edge.",
                edge_id=edge.id,
            )


def check_count(kind: ElementKind, count: int) -> None:
    """Refuse more elements than a graph may have."""
    if count > MAX_ELEMENTS:
        raise GraphError(
            f"There would be {count:,} {kind}s, and a graph holds at most {MAX_ELEMENTS:,}.",
            hint="Show a part of it, or split it into several graphs.",
        )


def check_depth(node: Node, depth: int) -> None:
    """Refuse nodes in nodes without end: every drawing goes through all that one lies in."""
    if depth > MAX_NESTING:
        raise InvalidConnectionError(
            f"Node {node.id!r} would lie, or hold others, more than {MAX_NESTING} nodes deep.",
            hint="Take some of the groups out.",
            node_id=node.id,
        )


def _unique(kind: type[E], values: Iterable[Any]) -> dict[str, E]:
    made: dict[str, E] = {}
    check_count(kind.kind, len(values) if isinstance(values, Sized) else 0)
    for index, value in enumerate(values):
        check_count(kind.kind, index + 1)
        try:
            element = kind.from_json(value)
        except GraphError as error:
            if error.node_id is not None or error.edge_id is not None:
                raise
            # Without a good id only its place can name it.
            raise type(error)(f"{kind.kind}s[{index}]: {error.sentence}", hint=error.hint) from None
        if element.id in made:
            raise element.error(
                DuplicateIdError,
                f"There are two {element.kind}s with the id {element.id!r}.",
                element.id,
            )
        made[element.id] = element
    return made


def _check_parent(node: Node, parent: str, nodes: Mapping[str, Node], seen: Container[str]) -> None:
    if parent not in nodes:
        raise InvalidConnectionError(
            f"Node {node.id!r} lies in {parent!r}, and there is no such node.", node_id=node.id
        )
    if parent not in seen:
        # Either the list is in the wrong order, or the nodes lie in each other, round and round.
        above: str | None = parent
        passed: set[str] = set()
        while above is not None and above in nodes and above not in passed:
            passed.add(above)
            above = nodes[above].parent_id
        if above is not None and above in passed:
            raise InvalidConnectionError(
                f"Node {above!r} cannot lie in itself, nor in a node that lies in it.",
                hint="Take one of them out.",
                node_id=above,
            )
        raise InvalidConnectionError(
            f"Node {node.id!r} stands before the node it lies in, {parent!r}.",
            hint="List parents before their children.",
            node_id=node.id,
        )
