from __future__ import annotations

import copy
import enum
import json
import pickle
import time
from typing import Any

import pytest

from kaizen_widgets.errors import GraphError, InvalidValueError
from kaizen_widgets.graph import Edge, Graph, Node, SetProperty, apply
from kaizen_widgets.graph.frozen_json import (
    FrozenDict,
    FrozenList,
    freeze,
    thaw,
)
from tests.graph.builders import graph

NAN, INF = float("nan"), float("inf")


def nested(depth: int, make: Any) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = make(value)
    return value


BAD_VALUES = {
    "nan": (NAN, "nan, not a finite number"),
    "infinity": (-INF, "-inf, not a finite number"),
    "large whole number": (2**53, "beyond 2**53"),
    "huge whole number": (-(10**5000), "beyond 2**53"),
    "half a surrogate pair": ("\ud800", "half a Unicode surrogate pair"),
    "half a surrogate pair in a key": ({"\udfff": 1}, "half a Unicode surrogate pair"),
    "proto at depth": ({"a": [{"__proto__": {}}]}, "'__proto__'"),
    "constructor": ({"constructor": 1}, "'constructor'"),
    "key that is no text": ({1: 2}, "int as a key"),
    "set": ({"x"}, "set, which is not JSON"),
    "bytes": (b"x", "bytes, which is not JSON"),
    "object": (object(), "object, which is not JSON"),
    "lists in lists": (nested(10_000, lambda inner: [inner]), "more than 64 deep"),
    "dicts in dicts": (nested(10_000, lambda inner: {"k": inner}), "more than 64 deep"),
    "50 MB of text": ("x" * 50_000_000, "more than 4.2 MB"),
    "50 MB of unusual text": ("é" * 50_000_000, "more than 4.2 MB"),
    "50 MB of numbers": ([1.5] * 6_000_000, "more than 4.2 MB"),
    "50 MB as a key": ({"x" * 50_000_000: 1}, "more than 4.2 MB"),
}


@pytest.mark.parametrize(("value", "words"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_invalid_value_is_refused_with_the_node_and_property(value: Any, words: str) -> None:
    ways = (
        lambda: Node("n1", data={"label": value}),
        lambda: Node.from_json({"id": "n1", "position": {"x": 0, "y": 0}, "data": {"l": value}}),
        lambda: Graph([{"id": "n1", "position": {"x": 0, "y": 0}, "data": {"l": value}}]),
        lambda: SetProperty(kind="node", id="n1", path=("data", "label"), value=value),
        lambda: Node("n1").set_in(("data", "label"), value),
        lambda: Node("n1").evolve(data={"label": value}),
    )
    for way in ways:
        with pytest.raises(InvalidValueError) as caught:
            way()
        assert words in str(caught.value)
        assert str(caught.value).startswith("Node 'n1'.data")
        assert caught.value.node_id == "n1"
        assert len(str(caught.value)) < 300


def test_label_of_50_mb_is_refused_without_reading_it() -> None:
    label = "x" * 50_000_000
    started = time.process_time()
    label.encode()
    reading = time.process_time() - started
    started = time.process_time()
    with pytest.raises(InvalidValueError, match=r"Node 'n1'\.data\.label holds more than 4\.2 MB"):
        Node("n1", data={"label": label})
    assert time.process_time() - started < reading


@pytest.mark.parametrize(
    "position",
    [(NAN, 0), (0, INF), {"x": 0}, (1,), (1, 2, 3), None, 7, "ab", ("1", "2"), (True, False)],
    ids=str,
)
def test_invalid_position_is_refused_with_the_node(position: Any) -> None:
    with pytest.raises(InvalidValueError, match="Node 'n1'") as caught:
        Node("n1", position)
    assert caught.value.node_id == "n1"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x" * 1025,
        "a\nb",
        "\x00",
        "\x7f",
        "\x85",
        "__proto__",
        "prototype",
        "\ud800",
        7,
        None,
        {},
    ],
    ids=repr,
)
def test_invalid_id_is_refused_for_nodes_edges_and_ends(bad: Any) -> None:
    with pytest.raises(InvalidValueError, match="id of a node"):
        Node(bad)
    with pytest.raises(InvalidValueError, match=r"nodes\[1\]: The id of a node"):
        Graph([Node("a"), {"id": bad, "position": {"x": 0, "y": 0}}])
    with pytest.raises(InvalidValueError, match=r"edges\[0\]: The id of an edge"):
        Graph([Node("a")], [{"id": bad, "source": "a", "target": "a"}])
    with pytest.raises(InvalidValueError, match=r"Edge 'e'[:.] ?target") as caught:
        Edge("e", "a", bad)
    assert caught.value.edge_id == "e"


@pytest.mark.parametrize(
    "good", ["x" * 1024, '{"node":"a","handle":"œ"}', "reactflow__edge-a b", "0"]
)
def test_id_may_be_any_other_text(good: str) -> None:
    assert Graph([Node(good)]).node(good).id == good


WRONG_GRAPHS: dict[str, tuple[list[Any], list[Any], str]] = {
    "duplicate node": ([Node("a"), Node("a")], [], "two nodes with the id 'a'"),
    "duplicate edge": ([Node("a")], [Edge("e", "a", "a")] * 2, "two edges with the id 'e'"),
    "dangling source": ([Node("a")], [Edge("e", "z", "a")], "Edge 'e' has the source 'z'"),
    "dangling target": ([Node("a")], [Edge("e", "a", "z")], "Edge 'e' has the target 'z'"),
    "unknown parent": ([Node("a", parent_id="z")], [], "Node 'a' has the parent 'z'"),
    "own parent": ([Node("a", parent_id="a")], [], "Node 'a' cannot be inside itself"),
    "parent circle": (
        [Node("a", parent_id="b"), Node("b", parent_id="a")],
        [],
        "Node 'b' cannot be inside itself",
    ),
    "child of a parent circle": (
        [Node("c", parent_id="a"), Node("a", parent_id="b"), Node("b", parent_id="a")],
        [],
        "Node 'a' cannot be inside itself",
    ),
    "child first": (
        [Node("a", parent_id="b"), Node("b")],
        [],
        "Node 'a' is listed before its parent",
    ),
    "no object": ([Node("a"), 3], [], "nodes[1]: A node must be an object, not int"),
    "no position": ([{"id": "a"}], [], "Node 'a' needs a position"),
    "no source": ([Node("a")], [{"id": "e", "target": "a"}], "Edge 'e': source must be text"),
}


@pytest.mark.parametrize(("nodes", "edges", "words"), WRONG_GRAPHS.values(), ids=WRONG_GRAPHS)
def test_invalid_graph_is_refused_with_the_element(nodes: Any, edges: Any, words: str) -> None:
    with pytest.raises(GraphError) as caught:
        Graph(nodes, edges)
    assert words in str(caught.value)
    named = caught.value.node_id or caught.value.edge_id
    assert "[1]" in words or repr(named) in str(caught.value)


def test_element_equals_its_json() -> None:
    node = Node("a", (1, 2.5), type="agent", data={"tools": ["x"]}, parent_id="g")
    plain = {
        "id": "a",
        "position": {"x": 1, "y": 2.5},
        "type": "agent",
        "data": {"tools": ["x"]},
        "parentId": "g",
    }
    assert node == plain
    assert json.loads(json.dumps(node)) == plain
    assert (node.position.x, node.label, node.parent_id) == (1, "a", "g")
    assert repr(node) == (
        "Node({'id': 'a', 'position': {'x': 1, 'y': 2.5}, 'data': {'tools': ['x']}, "
        "'type': 'agent', 'parentId': 'g'})"
    )
    edge = Edge("e", "a", "b", source_handle="out")
    assert edge == {"id": "e", "source": "a", "target": "b", "sourceHandle": "out"}
    assert repr(graph("a->b")) == "Graph(nodes=2, edges=1)"


MUTATIONS: dict[str, Any] = {
    "set a key": lambda node: node.__setitem__("data", {}),
    "delete a key": lambda node: node.__delitem__("data"),
    "update": lambda node: node.update(data={}),
    "pop": lambda node: node.pop("data"),
    "popitem": lambda node: node.popitem(),
    "setdefault": lambda node: node.setdefault("x", 1),
    "clear": lambda node: node.clear(),
    "or": lambda node: node.__ior__({"x": 1}),
    "set inside": lambda node: node["data"].__setitem__("label", "B"),
    "append": lambda node: node["data"]["tools"].append("y"),
    "extend": lambda node: node["data"]["tools"].extend(["y"]),
    "set an item": lambda node: node["data"]["tools"].__setitem__(0, "y"),
    "delete an item": lambda node: node["data"]["tools"].__delitem__(0),
    "add": lambda node: node["data"]["tools"].__iadd__(["y"]),
    "multiply": lambda node: node["data"]["tools"].__imul__(2),
    "insert": lambda node: node["data"]["tools"].insert(0, "y"),
    "remove": lambda node: node["data"]["tools"].remove("x"),
    "sort": lambda node: node["data"]["tools"].sort(),
    "reverse": lambda node: node["data"]["tools"].reverse(),
}


@pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS)
def test_element_cannot_change_in_place(mutate: Any) -> None:
    node = Node("a", data={"label": "A", "tools": ["x"]})
    with pytest.raises(TypeError, match="cannot change in place; use the store's actions"):
        mutate(node)
    assert node == {"id": "a", "position": {"x": 0, "y": 0}, "data": {"label": "A", "tools": ["x"]}}


def test_evolve_shares_unchanged_values() -> None:
    node = Node("a", data={"tools": ["x"]})
    moved = node.evolve(position={"x": 5, "y": 5}, parent_id="g")
    assert moved.position == (5, 5)
    assert moved.data is node.data
    assert type(node | {"x": 1}) is type(node.copy()) is dict


@pytest.mark.parametrize("value", [Node("a", data={"l": [1, {"k": None}]}), Edge("e", "a", "b")])
def test_element_copy_and_pickle_keep_its_type(value: Any) -> None:
    assert copy.copy(value) is value
    for again in (pickle.loads(pickle.dumps(value)), type(value).from_json(thaw(value))):
        assert again == value
        assert type(again) is type(value)
        with pytest.raises(TypeError):
            again["data"] = 1


@pytest.mark.parametrize("value", [Node("a", data={"l": [1, {"k": None}]}), Edge("e", "a", "b")])
def test_element_deepcopy_is_plain_json_that_can_change(value: Any) -> None:
    made = copy.deepcopy([value])
    assert made == [value]
    assert type(made[0]) is dict
    made[0]["data"] = {"l": [1]}
    made[0]["data"]["l"].append(2)
    assert "data" not in value or value["data"] == {"l": [1, {"k": None}]}
    inner = copy.deepcopy(value).get("data", {}).get("l", [])
    inner.append(3)
    assert type(inner) is list


def test_graph_copy_and_pickle_keep_everything() -> None:
    value = Graph.from_json({**graph("a->b, c in a").to_json(), "name": "kept"})
    assert copy.deepcopy(value) is value
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert again.envelope == value.envelope
    assert apply(again, ())[0] is again
    assert [edge.id for edge in again.edges_of("a")] == ["a-b"]


def test_freeze_converts_enums_and_tuples_to_plain_json() -> None:
    class Colour(str, enum.Enum):  # noqa: UP042 - what a StrEnum is not
        RED = "red"

    class Size(enum.IntEnum):
        LARGE = 3

    frozen = freeze({"colour": Colour.RED, "size": Size.LARGE, "pair": (1, 2.0)})
    assert type(frozen["colour"]) is str
    assert type(frozen["size"]) is int
    assert frozen == {"colour": "red", "size": 3, "pair": [1, 2.0]}
    assert (type(frozen), type(frozen["pair"])) == (FrozenDict, FrozenList)
    assert freeze(frozen) is frozen
    assert freeze({"inner": frozen})["inner"] is frozen


class Scalar:
    """Stands for a number of numpy, which this package does not need."""

    dtype = "some number type"
    shape = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


def test_freeze_takes_scalars_of_numeric_libraries_as_python_numbers() -> None:
    position: Any = (Scalar(3), Scalar(1.5))
    node = Node(
        "a",
        position,
        width=Scalar(120),
        data={"n": Scalar(2), "flags": [Scalar(True)]},
    )
    assert node.position == (3, 1.5)
    assert node["width"] == 120
    assert [type(value) for value in (node.data["n"], node.data["flags"][0])] == [int, bool]
    with pytest.raises(InvalidValueError, match=r"Node 'a'\.data\.n is nan"):
        Node("a", data={"n": Scalar(NAN)})
    with pytest.raises(InvalidValueError, match="Scalar, which is not JSON"):
        Node("a", data={"n": Scalar(b"bytes")})


def test_freeze_takes_numpy_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    node = Node(
        "a",
        numpy.array([3.5, 4.0]),
        data={
            "i": numpy.int64(3),
            "f": numpy.float32(1.5),
            "b": numpy.bool_(True),
            "z": numpy.array(7),
        },
    )
    assert node.data == {"i": 3, "f": 1.5, "b": True, "z": 7}
    assert {type(value) for value in node.data.values()} == {int, float, bool}
    assert node.position == (3.5, 4)
    with pytest.raises(InvalidValueError, match=r"ndarray, which is not JSON.*\.tolist\(\)"):
        Node("a", data={"many": numpy.zeros(3)})


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (7, "7"),
        (0, "0"),
        (0.7, "0.7"),
        (7.0, "7"),
        ("x", "x"),
        ("", "id"),
        (True, "id"),
        (None, "id"),
    ],
)
def test_label_may_be_a_number(label: Any, shown: str) -> None:
    assert Node("id", data={"label": label}).label == shown


def test_thaw_returns_a_copy_that_can_change() -> None:
    node = Node("a", data={"tools": ["x"]})
    plain = thaw(node)
    plain["data"]["tools"].append("y")
    assert node.data["tools"] == ["x"]


def test_unknown_ids_are_refused_with_the_id() -> None:
    value = graph("a->b")
    with pytest.raises(GraphError, match="no node 'z'"):
        value.node("z")
    with pytest.raises(GraphError, match="no edge 'z'"):
        value.edge("z")
    assert value.edges_of("z") == value.children_of("z") == ()


def test_unknown_id_suggests_a_similar_id_or_label() -> None:
    value = Graph(
        [Node("billing", data={"label": "Invoices"}), Node("agent-17", data={"label": "Writer"})]
    )
    with pytest.raises(GraphError, match=r"no node 'biling'\. Did you mean 'billing'\?") as caught:
        value.node("biling")
    assert caught.value.node_id == "biling"
    with pytest.raises(GraphError, match=r"Did you mean 'agent-17' \(its label is 'Writer'\)\?"):
        value.node("writer")
    with pytest.raises(GraphError, match=r"Did you mean 'billing'\?"):
        apply(value, (SetProperty(kind="node", id="billling", path=("data", "x"), value=1),))
    with pytest.raises(GraphError) as caught:
        value.node("something else")
    assert caught.value.hint == ""
