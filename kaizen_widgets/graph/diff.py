"""Compute the batch that turns one graph into another, for example after a list of nodes was assigned.

Differences in view-only keys are ignored (rule D5). Elements that are equal appear in no operation, so
concurrent edits of them are kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kaizen_widgets.graph.elements import (
    PARENT_KEYS,
    VIEW_ONLY_KEYS,
    Edge,
    Element,
    ElementKind,
    Node,
)
from kaizen_widgets.graph.frozen_json import same_json
from kaizen_widgets.graph.graph import Graph
from kaizen_widgets.graph.operations import (
    AddElement,
    Batch,
    MoveElement,
    Operation,
    RemoveElement,
    SetProperty,
    UnsetProperty,
)


def diff(old: Graph, new: Graph) -> Batch:
    """Return a batch with ``apply(old, batch)[0] == new``, except for view-only keys.

    The order of its parts keeps every step valid: nodes that stay are reordered before new ones are added,
    they leave a parent before it is removed, and edges are added when both their nodes exist.
    """
    node_moves = _moves("node", old.nodes, new.nodes)
    detached = _detached(old, new, {move.id for move in node_moves})
    batch: list[Operation] = [
        *(
            UnsetProperty(kind="node", id=node_id, path=(key,))
            for node_id in sorted(detached)
            for key in PARENT_KEYS
            if key in old.node(node_id)
        ),
        *node_moves,
        *_moves("edge", old.edges, new.edges),
        *_additions("node", old.nodes, new.nodes),
    ]
    for node in new.nodes:
        if old.has_node(node.id):
            before = old.node(node.id)
            if node.id in detached:
                for key in PARENT_KEYS:
                    before = before.unset_in((key,))
            batch += properties(before, node)
    for edge in new.edges:
        if old.has_edge(edge.id):
            batch += properties(old.edge(edge.id), edge)
    for edge in old.edges:
        if not new.has_edge(edge.id):
            batch.append(RemoveElement(kind="edge", id=edge.id))
    # Removing a node removes its children too, so children, which come last in the list, go first.
    for node in reversed(old.nodes):
        if not new.has_node(node.id):
            batch.append(RemoveElement(kind="node", id=node.id))
    batch += _additions("edge", old.edges, new.edges)
    return tuple(batch)


def _detached(old: Graph, new: Graph, moved: set[str]) -> set[str]:
    """Return the nodes that have to leave their parent, temporarily or for good.

    Otherwise they would come before it, be removed with it, or form a circle of parents on the way.
    """
    return {
        node.id
        for node in old.nodes
        if node.parent_id is not None
        and (
            node.id in moved
            or node.parent_id in moved
            or (new.has_node(node.id) and new.node(node.id).parent_id != node.parent_id)
        )
    }


def _additions(
    kind: ElementKind, old: Sequence[Node | Edge], new: Sequence[Node | Edge]
) -> list[AddElement]:
    """Return the operations that add new elements, each before the next one that exists already."""
    known = {element.id for element in old}
    additions: list[AddElement] = []
    following: str | None = None
    for element in reversed(new):
        if element.id in known:
            following = element.id
        else:
            item = element.without_view_only_keys()
            additions.append(AddElement(kind=kind, item=item, before=following))
    return additions[::-1]


def properties(old: Element, new: Element) -> list[Operation]:
    """Return the operations that turn one element into another one of the same id.

    ``data`` is compared field by field.
    """
    if old is new:
        return []
    return list(_mapping(old.kind, old.id, (), old, new))


def _mapping(
    kind: ElementKind,
    element_id: str,
    path: tuple[str, ...],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> Iterable[Operation]:
    for key in old:
        if key not in new and (path or key not in VIEW_ONLY_KEYS):
            yield UnsetProperty(kind=kind, id=element_id, path=(*path, key))
    for key, value in new.items():
        if not path and key in VIEW_ONLY_KEYS:
            continue
        before = old.get(key)
        if key in old and same_json(before, value):
            continue
        if (
            not path
            and key == "data"
            and isinstance(before, Mapping)
            and isinstance(value, Mapping)
        ):
            yield from _mapping(kind, element_id, ("data",), before, value)
        else:
            yield SetProperty(kind=kind, id=element_id, path=(*path, key), value=value)


def _moves(
    kind: ElementKind, old: Sequence[Node | Edge], new: Sequence[Node | Edge]
) -> list[MoveElement]:
    """Return the fewest moves that bring the elements that stay into the new order."""
    known = {element.id for element in old}
    wanted = [element.id for element in new if element.id in known]
    place = {element_id: index for index, element_id in enumerate(wanted)}
    order = [place[element.id] for element in old if element.id in place]
    unmoved = set(_longest_increase(order))
    moves: list[MoveElement] = []
    following: str | None = None
    for index, element_id in reversed(list(enumerate(wanted))):
        if index not in unmoved:
            moves.append(MoveElement(kind=kind, id=element_id, before=following))
        following = element_id
    return moves


def _longest_increase(values: list[int]) -> list[int]:
    """Return a longest strictly increasing subsequence (patience sorting)."""
    tails: list[int] = []
    tops: list[int] = []
    back: list[int] = []
    for index, value in enumerate(values):
        pile = bisect_left(tails, value)
        back.append(tops[pile - 1] if pile else -1)
        if pile == len(tails):
            tails.append(value)
            tops.append(index)
        else:
            tails[pile] = value
            tops[pile] = index
    rise: list[int] = []
    index = tops[-1] if tops else -1
    while index >= 0:
        rise.append(values[index])
        index = back[index]
    return rise[::-1]
