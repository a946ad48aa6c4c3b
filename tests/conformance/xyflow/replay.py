"""Replay one case of React Flow's functions, on plain dicts and on `Node`s and `Edge`s.

Elements are the second pass, and only for cases whose every element is one (the originals take empty
ids, and nodes without a position; a `Node` does not). Both passes must give the same trace.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from kaizen_widgets.errors import InvalidConnectionError, InvalidValueError, UnknownEdgeError
from kaizen_widgets.graph import (
    Edge,
    Node,
    add_edge,
    apply_edge_changes,
    apply_node_changes,
    get_connected_edges,
    get_incomers,
    get_nodes_bounds,
    get_outgoers,
    reconnect_edge,
)
from tests.conformance.compare import first_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[Any], Any]


def replay(case: dict[str, Any]) -> str | None:
    """Return the first difference, or None."""
    difference = replay_with(case, copy.deepcopy, copy.deepcopy)
    if difference is None:
        try:
            difference = replay_with(case, Node.from_json, Edge.from_json)
        except InvalidValueError:
            return None  # the case holds what no element may hold
        if difference is not None:
            difference = f"on elements, {difference}"
    return difference


def replay_with(case: dict[str, Any], make_node: Make, make_edge: Make) -> str | None:
    """Return the first difference on elements made that way, or None."""
    return _Run(case["scenario"], make_node, make_edge).compare(case["expected"]["trace"])


class _Run:
    """The lists of one pass, and its steps with their elements made."""

    def __init__(self, scenario: dict[str, Any], make_node: Make, make_edge: Make) -> None:
        self.lists: dict[str, Any] = {
            "nodes": [make_node(node) for node in scenario.get("nodes", ())],
            "edges": [make_edge(edge) for edge in scenario.get("edges", ())],
        }
        self.steps = [_made(step, make_node, make_edge) for step in scenario["steps"]]

    def compare(self, expected: list[dict[str, Any]]) -> str | None:
        if len(expected) != len(self.steps):
            return f"{len(expected)} trace entries for {len(self.steps)} steps"
        for index, (step, entry) in enumerate(zip(self.steps, expected, strict=True)):
            inputs = copy.deepcopy((step, self.lists))
            before = dict(self.lists)
            actual = self.do(step)
            # What the trace does not tell is not compared.
            told = {key: actual[key] for key in entry if key in actual}
            difference = first_difference(entry, told, f"step {index} ({step['op']})")
            if difference is None and inputs != (step, before):
                difference = f"step {index} ({step['op']}) changed what it was given"
            if difference:
                return difference
        return None

    def do(self, step: dict[str, Any]) -> dict[str, Any]:
        nodes, edges = self.lists["nodes"], self.lists["edges"]
        match step["op"]:
            case "applyNodeChanges":
                return self.replace("nodes", lambda: apply_node_changes(step["changes"], nodes))
            case "applyEdgeChanges":
                return self.replace("edges", lambda: apply_edge_changes(step["changes"], edges))
            case "addEdge":
                return self.replace("edges", lambda: add_edge(step["edge"], edges))
            case "reconnectEdge":
                replace_id = step.get("shouldReplaceId", True)
                return self.replace(
                    "edges",
                    lambda: reconnect_edge(
                        step["oldEdge"], step["connection"], edges, should_replace_id=replace_id
                    ),
                )
            case "getIncomers":
                return {"ids": _ids(get_incomers({"id": step["id"]}, nodes, edges))}
            case "getOutgoers":
                return {"ids": _ids(get_outgoers({"id": step["id"]}, nodes, edges))}
            case "getConnectedEdges":
                asked = [{"id": node_id} for node_id in step["ids"]]
                return {"ids": _ids(get_connected_edges(asked, edges))}
            case "getNodesBounds":
                return {"rect": self.bounds(step)}
            case other:
                raise ValueError(f"The replay does not know the step {other!r}.")

    def replace(self, which: str, function: Callable[[], Any]) -> dict[str, Any]:
        """Call a function that gives a new list; return its trace entry."""
        old, errors = self.lists[which], []
        try:
            new = function()
        except InvalidConnectionError:
            new, errors = old, ["006"]
        except UnknownEdgeError:
            new, errors = old, ["007"]
        self.lists[which] = new
        known = {id(element) for element in old}
        fresh = [index for index, element in enumerate(new) if id(element) not in known]
        return {which: list(new), "sameList": new is old, "fresh": fresh, "errors": errors}

    def bounds(self, step: dict[str, Any]) -> dict[str, float]:
        nodes = self.lists["nodes"]
        if "ids" in step:
            nodes = [node for wanted in step["ids"] for node in nodes if node["id"] == wanted]
        origin = step.get("nodeOrigin", (0, 0))
        return get_nodes_bounds(nodes, node_origin=(origin[0], origin[1]))._asdict()


def _made(step: dict[str, Any], make_node: Make, make_edge: Make) -> dict[str, Any]:
    """Return a step in which the elements are made; connections stay what they are."""
    made = copy.deepcopy(step)
    make = make_edge if step["op"] == "applyEdgeChanges" else make_node
    for change in made.get("changes", ()):
        if "item" in change:
            change["item"] = make(change["item"])
    if "oldEdge" in made:
        made["oldEdge"] = make_edge(made["oldEdge"])
    edge = made.get("edge", {})
    # Without an end it is refused anyway; without an id it is a connection, not yet an edge.
    if "id" in edge and edge.get("source") and edge.get("target"):
        made["edge"] = make_edge(edge)
    return made


def _ids(elements: list[Any]) -> list[str]:
    return [element["id"] for element in elements]
