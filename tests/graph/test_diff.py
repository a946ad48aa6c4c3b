from __future__ import annotations

import pytest

from kaizen_widgets.graph import Graph, Node, SetProperty, apply, diff
from tests.graph.builders import exact, graph, move, node_ids

CASES = {
    "a parent moves past a child that goes": ("p, g in p, x", "x, p"),
    "a parent and its child come before what is there": ("x, y, z", "p, c in p, x, y, z"),
    "parent and child change places": ("a, b in a", "b, a in b"),
    "a child outlives its parent": ("p, c in p, c->d", "c->d"),
    "an edge leaves a node that goes": ("a->b, c", "a->c"),
    "a child moves into a new parent before it": ("a, c in a", "n, c in n, a"),
    "a whole sub-flow goes": ("a, b in a, c in b, b->c, d", "d"),
    "everything goes": ("a->b, c in a", ""),
    "everything comes": ("", "a->b, c in a"),
}


@pytest.mark.parametrize(("old", "new"), CASES.values(), ids=CASES)
def test_diff_applies_in_both_directions(old: str, new: str) -> None:
    before, wanted = graph(old), graph(new)
    assert exact(apply(before, diff(before, wanted))[0]) == exact(wanted)
    assert exact(apply(wanted, diff(wanted, before))[0]) == exact(before)


def test_diff_sets_only_the_field_that_changed() -> None:
    old = Graph([Node("a", data={"label": "A", "config": {"n": 1}}), Node("b")])
    new = Graph([Node("a", data={"label": "B", "config": {"n": 1}}), Node("b")])
    assert diff(old, new) == (SetProperty(kind="node", id="a", path=("data", "label"), value="B"),)


def test_diff_of_one_reordered_node_is_one_move() -> None:
    old = graph("a, b, c, d, e")
    *rest, last = old.nodes
    batch = diff(old, Graph([last, *rest]))
    assert batch == (move("e", "a"),)
    assert node_ids(apply(old, batch)[0]) == ["e", "a", "b", "c", "d"]
