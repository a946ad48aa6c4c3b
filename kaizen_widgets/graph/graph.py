"""A graph as an immutable value: nodes and edges in order, found by id in O(1).

A change is a batch of operations (`apply`); it returns another graph, which shares everything that did not
change. No clock, no traitlets; the file system only in `Graph.read` and `Graph.write`.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Container, Iterable, Mapping, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, overload

from pydantic.alias_generators import to_camel
from rpds import HashTrieMap, HashTrieSet

from kaizen_widgets.errors import (
    DuplicateIdError,
    GraphError,
    GraphWarning,
    InvalidConnectionError,
    UnknownEdgeError,
    UnknownNodeError,
)
from kaizen_widgets.graph import files
from kaizen_widgets.graph.connections import add_edge
from kaizen_widgets.graph.elements import Edge, Element, ElementKind, Node
from kaizen_widgets.graph.ordered import OrderedMap
from kaizen_widgets.graph.python_code import render_python, with_place

if TYPE_CHECKING:
    import os
    from typing import Literal

E = TypeVar("E", bound=Element)

MAX_ELEMENTS = 50_000
"""Maximum number of nodes, and of edges, of a graph: five times what is quick to draw and edit."""
MAX_NESTING = 64
"""How deep nodes may be nested in groups."""
SUGGEST_UP_TO = 2_000
"""Up to this many ids, an error about an unknown id suggests a similar one (a few milliseconds)."""

Index: TypeAlias = "HashTrieMap[str, HashTrieSet[str]]"
"""Node id to the ids of its edges, or of its children; nodes without any are left out."""


class Graph:
    """Nodes and edges.

    Args:
        nodes: `Node`s or React Flow JSON, in drawing order, parents before children.
        edges: `Edge`s or React Flow JSON.
        envelope: The rest of the file they were read from; it is written back and never compared.

    Raises:
        GraphError: The nodes and edges do not make a graph; the message names the element.
    """

    __slots__ = ("_children", "_edges", "_edges_of", "_nodes", "envelope")

    def __init__(
        self,
        nodes: Iterable[Node | Mapping[str, Any]] = (),
        edges: Iterable[Edge | Mapping[str, Any]] = (),
        *,
        envelope: files.Envelope | None = None,
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
        self.envelope = envelope

    @classmethod
    def _make(
        cls,
        nodes: OrderedMap[Node],
        edges: OrderedMap[Edge],
        children: Index,
        edges_of: Index,
        envelope: files.Envelope | None,
    ) -> Self:
        """Build a graph from parts that are checked already; only for `apply`."""
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
        """The number of nodes, in O(1)."""
        return len(self._nodes)

    @property
    def edge_count(self) -> int:
        """The number of edges, in O(1)."""
        return len(self._edges)

    def node(self, node_id: str) -> Node:
        """Return one node.

        Raises:
            UnknownNodeError: The graph has no such node; the message suggests a similar id.
        """
        node = self._nodes.get(node_id)
        if node is None:
            raise unknown_element("node", node_id, self._nodes)
        return node

    def edge(self, edge_id: str) -> Edge:
        """Return one edge.

        Raises:
            UnknownEdgeError: The graph has no such edge; the message suggests a similar id.
        """
        edge = self._edges.get(edge_id)
        if edge is None:
            raise unknown_element("edge", edge_id, self._edges)
        return edge

    @overload
    def find(self, kind: Literal["node"], element_id: str) -> Node | None: ...
    @overload
    def find(self, kind: Literal["edge"], element_id: str) -> Edge | None: ...
    def find(self, kind: ElementKind, element_id: str) -> Node | Edge | None:
        """Return one node or edge, or None."""
        return (self._nodes if kind == "node" else self._edges).get(element_id)

    def following(self, kind: ElementKind, element_id: str) -> str | None:
        """Return the id of the element after another one of the graph; None at the end."""
        return (self._nodes if kind == "node" else self._edges).following(element_id)

    def has_node(self, node_id: str) -> bool:
        """Whether the graph has a node with this id."""
        return node_id in self._nodes

    def has_edge(self, edge_id: str) -> bool:
        """Whether the graph has an edge with this id."""
        return edge_id in self._edges

    def edges_of(self, node_id: str) -> tuple[Edge, ...]:
        """Return the edges that start or end at a node, in no particular order."""
        return tuple(self._edges[edge_id] for edge_id in self._edges_of.get(node_id, ()))

    def children_of(self, node_id: str) -> tuple[Node, ...]:
        """Return the direct children of a node, in no particular order."""
        return tuple(self._nodes[child] for child in self._children.get(node_id, ()))

    def connect(
        self, source: str | Node, target: str | Node, *, label: Any = None, **keys: Any
    ) -> Self:
        """Return a graph with one more edge; the graph itself when it has the same connection.

        Args:
            source: The node where the edge starts, or its id.
            target: The node where it ends, or its id.
            label: Text on the edge.
            **keys: Other keys of the edge, such as ``source_handle="yes"``.

        Raises:
            UnknownNodeError: The graph has no such node.
        """
        ends = [node.id if isinstance(node, Node) else node for node in (source, target)]
        for node_id in ends:
            self.node(node_id)
        made = {to_camel(key): value for key, value in keys.items()}
        if label is not None:
            made["label"] = label
        edges = add_edge({**made, "source": ends[0], "target": ends[1]}, self.edges)
        return (
            self if edges is self.edges else type(self)(self.nodes, edges, envelope=self.envelope)
        )

    def with_layout(self, layout: Mapping[str, Any]) -> Self:
        """Return the graph with nodes at other places; nodes that ``layout`` does not name stay.

        Args:
            layout: ``(x, y)`` or ``(x, y, width, height)`` in flow units by node id; ids of other nodes
                are ignored, so that a node can be removed without editing its layout.

        Raises:
            InvalidValueError: A place is none of these.
        """
        nodes = [
            with_place(node, layout[node.id]) if node.id in layout else node for node in self.nodes
        ]
        return type(self)(nodes, self.edges, envelope=self.envelope)

    def to_python(self) -> str:
        """Return Python code, as a person would write it, that makes an equal graph when it is run.

        It imports the classes it uses and assigns to ``graph``; functions and agents are in it by name.
        Places and sizes are a dict of their own, below. It passes ruff with its defaults. Like ``==`` it
        leaves out what a file holds besides nodes and edges; secrets that the nodes hold are in it.
        """
        return render_python(self.nodes, self.edges)

    def to_json(self) -> dict[str, Any]:
        """Return React Flow JSON: ``{"nodes": [...], "edges": [...]}``.

        A graph that was read from another tool's JSON returns it in that tool's shape, as `write` does.
        """
        return files.render(self.nodes, self.edges, self.envelope)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` or another tool wrote.

        Edges to nodes that do not exist are left out, with a `GraphWarning`.

        Raises:
            FileFormatError: It contains no graph.
            GraphError: It contains one, but its elements do not form a valid graph.
        """
        return cls._from_document(value, "")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Open a React Flow file.

        Edges to nodes that do not exist are left out, with a `GraphWarning`.

        Raises:
            FileFormatError: It contains no graph; the message names the file and the reason.
            OSError: It cannot be read.
        """
        with files.errors_named(path):
            return cls._from_document(files.read_json(path), f"{Path(path).name}: ")

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to a file, in the shape it was read from.

        Raises:
            OSError: It cannot be written; the old content is still there.
        """
        files.write_json(self.to_json(), path)

    @classmethod
    def _from_document(cls, document: Any, prefix: str) -> Self:
        parsed = files.parse(document)
        graph = cls(parsed.nodes, parsed.edges, envelope=parsed.envelope)
        if parsed.omissions:
            warnings.warn(prefix + parsed.omissions, GraphWarning, stacklevel=3)
        return graph

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
        return (_rebuild, (type(self), self.nodes, self.edges, self.envelope))

    def __repr__(self) -> str:
        return f"Graph(nodes={len(self._nodes)}, edges={len(self._edges)})"


def _rebuild(kind: type[Graph], nodes: Any, edges: Any, envelope: Any) -> Graph:
    return kind(nodes, edges, envelope=envelope)


def check_ends(edge: Edge, nodes: Any) -> None:
    """Refuse an edge to a node that does not exist."""
    for side in ("source", "target"):
        end = edge[side]
        if end not in nodes:
            raise InvalidConnectionError(
                f"Edge {edge.id!r} has the {side} {end!r}, but there is no such node.",
                hint="Add the node first, or remove the edge.",
                edge_id=edge.id,
            )


def check_element_count(kind: ElementKind, count: int) -> None:
    """Refuse more nodes or edges than a graph may have."""
    if count > MAX_ELEMENTS:
        raise GraphError(
            f"There would be {count:,} {kind}s, but a graph holds at most {MAX_ELEMENTS:,}.",
            hint="Show a part of it, or split it into several graphs.",
        )


def check_depth(node: Node, depth: int) -> None:
    """Refuse nodes that are nested too deeply: drawing one visits all its ancestors."""
    if depth > MAX_NESTING:
        raise InvalidConnectionError(
            f"Node {node.id!r} or its children would be nested more than {MAX_NESTING} nodes deep.",
            hint="Remove some of the groups.",
            node_id=node.id,
        )


def _unique(kind: type[E], values: Iterable[Any]) -> dict[str, E]:
    made: dict[str, E] = {}
    check_element_count(kind.kind, len(values) if isinstance(values, Sized) else 0)
    for index, value in enumerate(values):
        check_element_count(kind.kind, index + 1)
        try:
            element = kind.from_json(value)
        except GraphError as error:
            if error.node_id is not None or error.edge_id is not None:
                raise
            # Without a valid id only its index can name it.
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
            f"Node {node.id!r} has the parent {parent!r}, but there is no such node.",
            node_id=node.id,
        )
    if parent not in seen:
        # Either the list is in the wrong order, or the parents form a cycle.
        above: str | None = parent
        passed: set[str] = set()
        while above is not None and above in nodes and above not in passed:
            passed.add(above)
            above = nodes[above].parent_id
        if above is not None and above in passed:
            raise InvalidConnectionError(
                f"Node {above!r} cannot be inside itself or inside one of its children.",
                hint="Remove one of the parents.",
                node_id=above,
            )
        raise InvalidConnectionError(
            f"Node {node.id!r} is listed before its parent {parent!r}.",
            hint="List parents before their children.",
            node_id=node.id,
        )


def unknown_element(kind: ElementKind, element_id: str, known: OrderedMap[Any]) -> GraphError:
    """Return the error about an id that a graph does not have, with a similar one if there is any."""
    suggestion = _suggest(element_id, known)
    hint = f"Did you mean {suggestion}?" if suggestion else ""
    message = f"There is no {kind} {element_id!r}."
    if kind == "node":
        return UnknownNodeError(message, hint=hint, node_id=element_id)
    return UnknownEdgeError(message, hint=hint, edge_id=element_id)


def _suggest(wanted: Any, known: OrderedMap[Any]) -> str:
    """Return a similar id, or the id of the node with that name, as an error shows it."""
    if not isinstance(wanted, str) or len(wanted) > 100 or len(known) > SUGGEST_UP_TO:
        return ""
    labels = {element.label: element.id for element in known.values if isinstance(element, Node)}
    if similar := difflib.get_close_matches(wanted, list(known), n=1, cutoff=0.75):
        return repr(similar[0])
    if similar := difflib.get_close_matches(wanted, list(labels), n=1, cutoff=0.75):
        return f"{labels[similar[0]]!r} (its label is {similar[0]!r})"
    return ""
