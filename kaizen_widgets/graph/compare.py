"""The differences between two versions of a graph, described for a person who must choose one.

Nodes and edges are matched by id; a different order alone is no difference. Descriptions are plain text:
escape them before putting them into HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from kaizen_widgets.graph.diff import diff
from kaizen_widgets.graph.elements import Edge, ElementKind, Node
from kaizen_widgets.graph.frozen_json import same_json
from kaizen_widgets.graph.graph import Graph
from kaizen_widgets.graph.operations import MoveElement, Operation, id_of

_PLACE_KEYS = frozenset({"position", "width", "height"})
LONGEST_VALUE = 60
"""How many characters of a value a description shows."""


@dataclass(frozen=True)
class Difference:
    """One node or edge that differs between two versions.

    Attributes:
        kind: ``node`` or ``edge``.
        id: Its id.
        name: The label of a node; for an edge the labels of both its nodes.
        what: ``added``, ``removed`` or ``changed``, from the old version to the new one.
        fields: For a change: dotted path, old value, new value (None when there is none).
    """

    kind: ElementKind
    id: str
    name: str
    what: Literal["added", "removed", "changed"]
    fields: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def is_move(self) -> bool:
        """Whether only the place or the size of a node differs."""
        return self.what == "changed" and all(
            path.split(".")[0] in _PLACE_KEYS for path, _old, _new in self.fields
        )

    def __str__(self) -> str:
        if self.what != "changed":
            return f"{self.kind} {self.name!r} {self.what}"
        shown = ", ".join(
            f"{path}: {_short(old)} → {_short(new)}" for path, old, new in self.fields[:4]
        )
        more = f" and {len(self.fields) - 4} more" if len(self.fields) > 4 else ""
        return f"{self.kind} {self.name!r} changed ({shown}{more})"


@dataclass(frozen=True)
class Comparison:
    """All differences from ``old`` to ``new``, nodes first; truthy when there are any."""

    old_name: str
    new_name: str
    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    def __repr__(self) -> str:
        if not self.differences:
            return f"{self.old_name} and {self.new_name} are the same."
        lines = "\n".join(f"  {difference}" for difference in self.differences)
        return f"From {self.old_name} to {self.new_name}:\n{lines}"


def compare(old: Graph, new: Graph, old_name: str = "old", new_name: str = "new") -> Comparison:
    """Return what differs from ``old`` to ``new``."""
    touched: dict[tuple[ElementKind, str], list[Operation]] = {}
    for operation in diff(old, new):
        if not isinstance(operation, MoveElement):
            touched.setdefault((operation.kind, id_of(operation)), []).append(operation)
    found = [
        difference
        for kind, element_id in touched
        if (difference := _difference(kind, element_id, old, new)) is not None
    ]
    return Comparison(
        old_name, new_name, tuple(sorted(found, key=lambda one: (one.kind == "edge", one.name)))
    )


def same_content(one: Graph, other: Graph) -> bool:
    """Whether two graphs have the same nodes and edges, in any order."""
    return all(isinstance(operation, MoveElement) for operation in diff(one, other))


def _difference(kind: ElementKind, element_id: str, old: Graph, new: Graph) -> Difference | None:
    before, after = old.find(kind, element_id), new.find(kind, element_id)
    if after is None:
        if before is None:
            return None
        return Difference(kind, element_id, _name(before, old), "removed")
    if before is None:
        return Difference(kind, element_id, _name(after, new), "added")
    fields = tuple(_fields("", before, after))
    return Difference(kind, element_id, _name(after, new), "changed", fields) if fields else None


def _fields(prefix: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if same_json(before, after):
            continue
        path = f"{prefix}{key}"
        if hasattr(before, "items") and hasattr(after, "items"):
            yield from _fields(f"{path}.", before, after)
        else:
            yield path, before, after


def _name(element: Node | Edge, graph: Graph) -> str:
    if isinstance(element, Node):
        return element.label
    return f"{_label(graph, element.source)} → {_label(graph, element.target)}"


def _label(graph: Graph, node_id: str) -> str:
    return graph.node(node_id).label if graph.has_node(node_id) else node_id


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
