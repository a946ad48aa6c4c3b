from __future__ import annotations

import itertools
from typing import Any

import pytest

from kaizen_widgets.errors import (
    DuplicateIdError,
    GraphError,
    InvalidConnectionError,
    InvalidValueError,
    UnknownEdgeError,
    UnknownNodeError,
)
from kaizen_widgets.graph import Edge, Graph, Node, Operation, apply, describe
from kaizen_widgets.graph.graph import MAX_NESTING
from kaizen_widgets.graph.ordered import GAP, OrderedMap
from tests.graph.builders import (
    add,
    edge_ids,
    exact,
    graph,
    move,
    node_ids,
    remove,
    set_,
    unset,
)


def test_remove_node_also_removes_its_edges_and_descendants() -> None:
    before = graph("a, b in a, c in b, b->d, d->e, c->c")
    after, inverse = apply(before, (remove("a"),))
    assert node_ids(after) == ["d", "e"]
    assert edge_ids(after) == ["d-e"]
    assert apply(after, inverse)[0].to_json() == before.to_json()


def test_remove_node_handles_the_deepest_nesting() -> None:
    nodes = [Node("0")] + [Node(str(n), parent_id=str(n - 1)) for n in range(1, MAX_NESTING)]
    deep = Graph(nodes, [])
    after, inverse = apply(deep, (remove("0"),))
    assert after.nodes == ()
    assert apply(after, inverse)[0] == deep


def test_add_and_move_put_an_element_at_the_end_when_before_is_unknown() -> None:
    after, _ = apply(
        graph("a, b"), (add(Node("c"), "b"), add(Node("d"), "gone"), move("a", "gone"))
    )
    assert node_ids(after) == ["c", "b", "d", "a"]


def test_set_property_shares_all_other_values_with_the_old_node() -> None:
    before = Graph([Node("a", data={"label": "A", "tools": ["x"]})])
    after, inverse = apply(before, (set_("a", "data.label", "B"),))
    assert after.node("a").label == "B"
    assert after.node("a").data["tools"] is before.node("a").data["tools"]
    assert after.node("a")["position"] is before.node("a")["position"]
    assert inverse == (set_("a", "data.label", "A"),)


def test_set_property_tells_true_from_one() -> None:
    before = Graph([Node("a", data={"on": 1})])
    after, inverse = apply(before, (set_("a", "data.on", True),))
    assert after.node("a").data["on"] is True
    assert exact(apply(after, inverse)[0]) == exact(before)


def test_set_edge_target_updates_edges_of() -> None:
    after, inverse = apply(graph("a->b, c"), (set_("a-b", "target", "c", "edge"),))
    assert [edge.id for edge in after.edges_of("c")] == ["a-b"]
    assert after.edges_of("b") == ()
    assert [edge.id for edge in apply(after, inverse)[0].edges_of("b")] == ["a-b"]


@pytest.mark.parametrize(
    "batch",
    [
        (),
        (set_("a", "data.label", "A"),),
        (unset("a", "data.nothing"),),
        (move("b"),),
        (move("a", "b"),),
        (add(Node("c")), remove("c")),
        (set_("a", "position.x", 5), set_("a", "position.x", 0)),
        (move("a"), move("a", "b")),
        (unset("a", "data.label"), set_("a", "data.label", "A")),
    ],
    ids=str,
)
def test_apply_returns_the_same_graph_when_nothing_changes(batch: tuple[Operation, ...]) -> None:
    before = graph("a->b")
    after, inverse = apply(before, batch)
    assert after is before
    assert inverse == ()


REFUSED: list[tuple[Operation, type[GraphError], str]] = [
    (remove("z"), UnknownNodeError, "z"),
    (remove("z", "edge"), UnknownEdgeError, "z"),
    (set_("z", "data.label", "Z"), UnknownNodeError, "z"),
    (unset("z", "data.label", "edge"), UnknownEdgeError, "z"),
    (move("z"), UnknownNodeError, "z"),
    (add(Node("a")), DuplicateIdError, "a"),
    (add(Edge("a-b", "b", "a")), DuplicateIdError, "a-b"),
    (add(Edge("e", "a", "z")), InvalidConnectionError, "e"),
    (add(Node("n", parent_id="z")), InvalidConnectionError, "n"),
    (add(Node("n", parent_id="a"), before="a"), InvalidConnectionError, "n"),
    (set_("a-b", "source", "z", "edge"), InvalidConnectionError, "a-b"),
    (set_("a-b", "source", None, "edge"), InvalidValueError, "a-b"),
    (unset("a-b", "target", "edge"), InvalidValueError, "a-b"),
    (set_("a", "parentId", "z"), InvalidConnectionError, "a"),
    (set_("a", "parentId", "a"), InvalidConnectionError, "a"),
    (set_("a", "parentId", "c"), InvalidConnectionError, "a"),
    (set_("a", "parentId", "b"), InvalidConnectionError, "a"),
    (set_("a", "parentId", 3), InvalidValueError, "a"),
    (move("c", "a"), InvalidConnectionError, "c"),
    (move("a"), InvalidConnectionError, "c"),
    (unset("a", "position"), InvalidValueError, "a"),
    (set_("a", "position.x", "left"), InvalidValueError, "a"),
    (set_("a", "position.x", True), InvalidValueError, "a"),
    (set_("a", "width", -1), InvalidValueError, "a"),
    (set_("a", "id", "b"), InvalidValueError, "a"),
    (set_("a", "selected", True), InvalidValueError, "a"),
    (set_("a", "data.__proto__", {}), InvalidValueError, "a"),
    (unset("a", "data.constructor"), InvalidValueError, "a"),
    (set_("a", "data.label.size", 3), InvalidValueError, "a"),
    (set_("a", "data.no.where", 3), InvalidValueError, "a"),
]


@pytest.mark.parametrize(("operation", "error", "name"), REFUSED, ids=str)
def test_refused_batch_names_the_element_and_applies_nothing(
    operation: Operation, error: type[GraphError], name: str
) -> None:
    before = graph("a->b, c in a")
    document = exact(before)
    with pytest.raises(error) as caught:
        apply(before, (set_("b", "data.label", "changed"), operation))
    assert type(caught.value) is error
    assert (caught.value.node_id or caught.value.edge_id) == name
    assert (caught.value.node_id is None) == (operation.kind == "edge")
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert exact(before) == document


def test_set_property_refuses_an_element_that_becomes_too_large() -> None:
    half = "x" * 3_000_000
    before, _ = apply(graph("a"), (set_("a", "data.one", half),))
    with pytest.raises(InvalidValueError, match="Node 'a' holds more than"):
        apply(before, (set_("a", "data.two", half),))


def test_set_property_refuses_an_element_that_becomes_too_deep() -> None:
    nest: dict[str, Any] = {}
    for _ in range(60):
        nest = {"n": nest}
    before, _ = apply(graph("a"), (set_("a", "data.deep", nest),))
    with pytest.raises(InvalidValueError, match="Node 'a' is nested more than 64 deep"):
        apply(before, (set_("a", "data.deep." + "n." * 50 + "n", nest),))


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ((), "nothing"),
        ((set_("a", "position", {"x": 1, "y": 1}), set_("b", "position.x", 2)), "move 2 nodes"),
        ((set_("a", "data.label", "B"),), "rename node"),
        ((set_("a", "data.title", "B"),), "rename node"),
        ((set_("a", "data.node.display_name", "B"),), "rename node"),
        ((remove("a"), remove("a-b", "edge")), "delete node"),
        ((remove("a-b", "edge"), remove("b-c", "edge")), "delete 2 edges"),
        ((add(Edge("e", "a", "b")),), "add edge"),
        ((add(Node("n")), add(Edge("e", "a", "n"))), "add node"),
        ((move("a"),), "reorder node"),
        ((set_("a", "data.x", 1), remove("b")), "edit 2 nodes"),
        ((unset("a", "type"),), "edit node"),
    ],
)
def test_describe_names_what_a_batch_does(batch: tuple[Operation, ...], words: str) -> None:
    assert describe(batch) == words


def test_apply_cost_does_not_grow_with_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Graph(
        [Node("group")] + [Node(str(n), parent_id="group") for n in range(50)],
        [Edge(f"e{n}", str(n), str(n + 1)) for n in range(49)],
    )

    def listed(_: object) -> None:
        raise AssertionError("the whole map was listed")

    monkeypatch.setattr(OrderedMap, "__iter__", listed)
    monkeypatch.setattr(OrderedMap, "values", property(listed))
    for batch in (
        (set_("7", "position", {"x": 1, "y": 2}),),
        (set_("7", "data.label", "new"),),
        (set_("7", "parentId", None), set_("7", "parentId", "group")),
        (add(Node("new", parent_id="group"), "9"),),
        (move("7", "3"),),
        (remove("7"),),
        (set_("e3", "target", "30", "edge"),),
    ):
        after, inverse = apply(before, batch)
        apply(after, inverse)


def test_ordered_map_keeps_its_order_when_a_gap_runs_out_of_ranks() -> None:
    rounds = GAP.bit_length() * 2
    ids = OrderedMap.of([("first", 0), ("last", 0)])
    for n in range(rounds):
        ids = ids.insert(f"n{n}", n, before="last")
    assert list(ids) == ["first", *(f"n{n}" for n in range(rounds)), "last"]
    listed = list(ids)
    assert all(ids.comes_before(one, other) for one, other in itertools.pairwise(listed))
    assert not ids.comes_before("last", "first")
