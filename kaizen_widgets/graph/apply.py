"""Apply a batch to a graph and return the batch that undoes it (rules D2 to D4).

``apply(graph, batch) -> (graph, inverse)``, and ``apply(*apply(graph, batch))[0] == graph`` always holds. A
batch is atomic: either all of it is applied, or nothing. Its cost grows with the batch, not with the graph.
"""

from __future__ import annotations

from typing import Any, assert_never

from rpds import HashTrieSet

from kaizen_widgets.errors import DuplicateIdError, InvalidConnectionError
from kaizen_widgets.graph.elements import ELEMENTS, Edge, Element, ElementKind, Node
from kaizen_widgets.graph.frozen_json import same_json
from kaizen_widgets.graph.graph import (
    Graph,
    Index,
    check_depth,
    check_element_count,
    check_ends,
    unknown_element,
)
from kaizen_widgets.graph.operations import (
    AddElement,
    Batch,
    MoveElement,
    Operation,
    RemoveElement,
    SetProperty,
    UnsetProperty,
    id_of,
)
from kaizen_widgets.graph.ordered import OrderedMap


def apply(graph: Graph, batch: Batch) -> tuple[Graph, Batch]:
    """Return the graph after ``batch``, and the batch that undoes it.

    A batch that changes nothing returns ``graph`` itself and an empty inverse (rule D3).

    Raises:
        GraphError: An operation cannot be applied; the message names its element. Nothing is applied.
    """
    draft = _Draft(graph)
    for operation in batch:
        draft.do(operation)
    if draft.is_unchanged(graph):
        return graph, ()
    return draft.graph(), tuple(reversed(draft.undo))


class _Draft:
    """A graph in the middle of a batch, with the operations that would undo it."""

    def __init__(self, graph: Graph) -> None:
        self.envelope = graph.envelope
        self.maps: dict[ElementKind, OrderedMap[Any]] = {"node": graph._nodes, "edge": graph._edges}
        self.children: Index = graph._children
        self.edges_of: Index = graph._edges_of
        self.undo: list[Operation] = []

    def graph(self) -> Graph:
        return Graph._make(
            self.maps["node"], self.maps["edge"], self.children, self.edges_of, self.envelope
        )

    def is_unchanged(self, graph: Graph) -> bool:
        """Return whether the operations cancel out, such as a property set and set back.

        Only the elements they name are compared: each must be unchanged and have its old neighbors.
        """
        before: dict[ElementKind, OrderedMap[Any]] = {"node": graph._nodes, "edge": graph._edges}
        for operation in self.undo:
            kind, element_id = operation.kind, id_of(operation)
            old, new = before[kind], self.maps[kind]
            if (element_id in old) != (element_id in new):
                return False
            if element_id in old and not (
                same_json(old[element_id], new[element_id])
                and old.neighbors(element_id) == new.neighbors(element_id)
            ):
                return False
        return True

    def do(self, operation: Operation) -> None:
        match operation:
            case AddElement():
                self.add(operation)
            case RemoveElement(kind="node"):
                self.remove_node(operation.id)
            case RemoveElement():
                self.remove(self.find("edge", operation.id))
            case SetProperty():
                self.set(operation)
            case UnsetProperty():
                self.unset(operation)
            case MoveElement():
                self.move(operation)
            case _:
                assert_never(operation)

    def find(self, kind: ElementKind, element_id: str) -> Any:
        element = self.maps[kind].get(element_id)
        if element is None:
            raise unknown_element(kind, element_id, self.maps[kind])
        return element

    # ------------------------------------------------------- the operations

    def add(self, operation: AddElement) -> None:
        kind = operation.kind
        element = ELEMENTS[kind].from_json(operation.item)
        if element.id in self.maps[kind]:
            raise element.error(
                DuplicateIdError,
                f"There is already a {kind} with the id {element.id!r}.",
                element.id,
            )
        check_element_count(kind, len(self.maps[kind]) + 1)
        self.link(element)
        self.maps[kind] = self.maps[kind].insert(element.id, element, operation.before)
        self.check_order(element)
        self.undo.append(RemoveElement(kind=kind, id=element.id))

    def remove_node(self, node_id: str) -> None:
        """Remove a node with its edges and descendants, innermost first."""
        self.find("node", node_id)
        inside = [node_id]
        # Sorted: the order of a trie differs from process to process, and the inverse must not.
        for outer in inside:
            inside += sorted(self.children.get(outer, ()))
        for gone in reversed(inside):
            for edge in sorted(self.edges_of.get(gone, ())):
                self.remove(self.maps["edge"][edge])
            self.remove(self.maps["node"][gone])

    def remove(self, element: Element) -> None:
        kind = element.kind
        before = self.maps[kind].following(element.id)
        self.maps[kind] = self.maps[kind].remove(element.id)
        self.unlink(element)
        self.undo.append(AddElement(kind=kind, item=element, before=before))

    def set(self, operation: SetProperty) -> None:
        element = self.find(operation.kind, operation.id)
        there, old = element.get_in(operation.path)
        changed = element.set_in(operation.path, operation.value)
        if there and same_json(old, operation.value):
            return
        self.replace(element, changed)
        facts = {"kind": operation.kind, "id": operation.id, "path": operation.path}
        self.undo.append(SetProperty(**facts, value=old) if there else UnsetProperty(**facts))

    def unset(self, operation: UnsetProperty) -> None:
        element = self.find(operation.kind, operation.id)
        there, old = element.get_in(operation.path)
        changed = element.unset_in(operation.path)
        if not there:
            return
        self.replace(element, changed)
        facts = {"kind": operation.kind, "id": operation.id, "path": operation.path}
        self.undo.append(SetProperty(**facts, value=old))

    def move(self, operation: MoveElement) -> None:
        kind, element_id = operation.kind, operation.id
        element = self.find(kind, element_id)
        old_before = self.maps[kind].following(element_id)
        if operation.before in (element_id, old_before):
            return
        moved = self.maps[kind].remove(element_id).insert(element_id, element, operation.before)
        if moved.following(element_id) == old_before:
            return
        self.maps[kind] = moved
        self.check_order(element)
        self.undo.append(MoveElement(kind=kind, id=element_id, before=old_before))

    # ----------------------------------------------------- indexes and checks

    def replace(self, old: Element, new: Element) -> None:
        """Put a changed element in place of the old one, and update the indexes."""
        if isinstance(old, Edge) and isinstance(new, Edge):
            moved = (new.source, new.target) != (old.source, old.target)
        else:
            moved = (
                isinstance(old, Node) and isinstance(new, Node) and new.parent_id != old.parent_id
            )
        if moved:
            self.unlink(old)
            self.link(new)
        self.maps[new.kind] = self.maps[new.kind].set(new.id, new)
        if moved:
            self.check_order(new)

    def link(self, element: Element) -> None:
        if isinstance(element, Edge):
            check_ends(element, self.maps["node"])
            for end in {element.source, element.target}:
                self.edges_of = _with(self.edges_of, end, element.id)
        elif isinstance(element, Node) and element.parent_id is not None:
            self.check_parent(element, element.parent_id)
            self.children = _with(self.children, element.parent_id, element.id)

    def unlink(self, element: Element) -> None:
        if isinstance(element, Edge):
            for end in {element.source, element.target}:
                self.edges_of = _without(self.edges_of, end, element.id)
        elif isinstance(element, Node) and element.parent_id is not None:
            self.children = _without(self.children, element.parent_id, element.id)

    def check_parent(self, node: Node, parent: str) -> None:
        if parent not in self.maps["node"]:
            raise InvalidConnectionError(
                f"Node {node.id!r} cannot be inside {parent!r}: there is no such node.",
                node_id=node.id,
            )
        above: str | None = parent
        depth = self.height(node.id)
        while above is not None:
            if above == node.id:
                raise InvalidConnectionError(
                    f"Node {node.id!r} cannot be inside itself.", node_id=node.id
                )
            above = self.maps["node"][above].parent_id
            depth += 1
        check_depth(node, depth)

    def height(self, node_id: str) -> int:
        """Return how deep the nodes inside this one are nested, itself included."""
        height, level = 0, [node_id]
        while level:
            height += 1
            level = [inner for outer in level for inner in self.children.get(outer, ())]
        return height

    def check_order(self, node: Element) -> None:
        """Refuse an order in which a node comes before its parent (rule D1)."""
        if not isinstance(node, Node):
            return
        comes_before = self.maps["node"].comes_before
        pairs = [(child, node.id) for child in sorted(self.children.get(node.id, ()))]
        if node.parent_id is not None:
            pairs.append((node.id, node.parent_id))
        for inner, outer in pairs:
            if comes_before(inner, outer):
                raise InvalidConnectionError(
                    f"Node {inner!r} would come before its parent {outer!r}.",
                    hint="Parents come before their children.",
                    node_id=inner,
                )


def _with(index: Index, key: str, member: str) -> Index:
    return index.insert(key, index.get(key, HashTrieSet()).insert(member))


def _without(index: Index, key: str, member: str) -> Index:
    rest = index[key].discard(member)
    return index.insert(key, rest) if rest else index.remove(key)
