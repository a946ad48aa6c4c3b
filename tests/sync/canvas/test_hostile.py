"""Hostile input: refused quickly, with a reason, and without any effect (S10, D4)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync.canvas import KernelEnd

AT_MOST = 5
"""Times the processor time of opening a harmless graph of 5,000 nodes, in the same run."""
LONG = "x" * 50_000_000
MARKUP = "<img src=x onerror=alert(1)><script>alert(1)</script>"


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"k": value}
    return value


def add(**keys: Any):
    item = {"id": "new", "position": {"x": 0, "y": 0}, "data": {}} | keys
    return {"op": "add", "kind": "node", "item": item}


def put(*path: str, value: Any = 1, **keys: Any):
    return {"op": "set", "kind": "node", "id": "a", "path": list(path), "value": value} | keys


HOSTILE = {
    "100,000 nodes": [add(id=f"n{number}") for number in range(100_000)],
    "nested 10,000 deep": [put("data", value=nested(10_000))],
    "nested 10,000 deep in an item": [add(data=nested(10_000))],
    "a path of 10,000 parts": [put(*["data"] * 10_000)],
    "a text of 50 MB": [put("data", "label", value=LONG)],
    "an id of 50 MB": [add(id=LONG)],
    "a key of 50 MB": [put("data", value={LONG: 1})],
    "a path part of 50 MB": [put("data", LONG)],
    "a type of 50 MB": [add(type=LONG)],
    "many texts of 1 MB": [put("data", value=["y" * 1_000_000] * 50)],
    "a million numbers": [put("data", value=[7] * 1_000_000)],
    "__proto__ as id": [add(id="__proto__")],
    "constructor as key": [put("data", value={"constructor": {"prototype": {"x": 1}}})],
    "__proto__ in a path": [put("data", "__proto__", "polluted")],
    "NaN": [put("position", value={"x": float("nan"), "y": 0})],
    "infinity in data": [put("data", "n", value=float("inf"))],
    "a number beyond 2**53": [put("data", "n", value=2**60)],
    "an unknown operation": [{"op": "exec", "code": "1"}],
    "markup as the name of an operation": [{"op": MARKUP, "kind": "node", "id": "a"}],
    "an unknown key": [put("data", eval="1")],
}


def node(number: int, **keys: Any):
    return {"id": f"n{number}", "position": {"x": 0, "y": 0}, "data": {}} | keys


DOCUMENTS = {
    "100,000 nodes": ([node(i) for i in range(100_000)], "100,000 nodes.*at most 50,000"),
    "nodes in nodes, 10,000 deep": (
        [node(0), *(node(i, parentId=f"n{i - 1}") for i in range(1, 10_000))],
        "'n64' or its children would be nested.*64 nodes deep",
    ),
    "nested 10,000 deep": ([node(0, data=nested(10_000))], "nested more than 64 deep"),
    "a text of 50 MB": ([node(0, data={"label": LONG})], "more than 4.2 MB"),
    "__proto__ in data": ([node(0, data={"__proto__": {}})], "'__proto__'"),
    "NaN": ([node(0, position={"x": float("nan"), "y": 0})], "not a finite number"),
}


@pytest.fixture(scope="module")
def limit():
    """Return the most seconds of processor time that a refusal may take."""
    harmless = {"nodes": [node(number) for number in range(5_000)], "edges": []}
    began = time.process_time()
    Graph.from_json(harmless)
    return AT_MOST * (time.process_time() - began)


@pytest.mark.parametrize(("nodes", "reason"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_d4_hostile_document_is_refused_quickly(limit, nodes, reason):
    began = time.process_time()
    with pytest.raises(GraphError, match=reason):
        Graph.from_json({"nodes": nodes, "edges": []})
    assert time.process_time() - began < limit


def test_d4_document_cannot_grow_beyond_the_largest_that_opens(monkeypatch):
    monkeypatch.setattr("kaizen_widgets.graph.graph.MAX_ELEMENTS", 2)
    store = CanvasStore(Graph([Node("a"), Node("b")]))
    with pytest.raises(GraphError, match="3 nodes, but a graph holds at most 2"):
        store.add_node(Node("c"))
    assert (store.rev, store.graph.node_count) == (0, 2)
    with pytest.raises(GraphError, match="at most 2"):
        Graph(Node(name) for name in "abc")


def test_d4_nodes_cannot_be_nested_deeper_than_what_opens(monkeypatch):
    monkeypatch.setattr("kaizen_widgets.graph.graph.MAX_NESTING", 3)
    inner = [Node("c"), Node("d", parent_id="c")]
    store = CanvasStore(Graph([Node("a"), Node("b", parent_id="a"), *inner]))
    store.commit((SetProperty(kind="node", id="c", path=("parentId",), value="a"),))
    with pytest.raises(GraphError, match="3 nodes deep"):
        store.commit((SetProperty(kind="node", id="c", path=("parentId",), value="b"),))
    assert Graph.from_json(store.graph.to_json()) == store.graph


@pytest.fixture
def kernel():
    sent = []
    store = CanvasStore(Graph([Node("a", (0, 0))]))
    end = KernelEnd(store, sent.append)
    return store, end, sent


@pytest.mark.parametrize("batch", HOSTILE.values(), ids=HOSTILE.keys())
def test_s10_hostile_batch_is_refused_quickly(limit, kernel, batch):
    store, end, sent = kernel
    before = store.graph
    push = {"kind": "push", "client": "v", "epoch": store.epoch, "n": 1, "baseRev": 0}
    began = time.process_time()
    end.receive(push | {"batch": batch})
    assert time.process_time() - began < limit
    (refused,) = sent
    assert (refused.kind, refused.n) == ("refused", 1)
    assert 10 < len(refused.problem.message) < 1_000
    assert store.graph is before


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "hello", "client": LONG},
        {"kind": "hello", "client": "v", "kindsHash": LONG},
        {"kind": "select", "client": "v", "nodes": ["a"] * 100_000},
        {"kind": "select", "client": "v", "nodes": [LONG]},
        {"kind": "command", "client": "v", "id": 1, "name": MARKUP},
        {"kind": LONG},
        {"kind": "push", "client": "v", "epoch": LONG, "n": "1"},
        {"messages": [nested(10_000)]},
        [LONG],
        LONG,
        None,
    ],
    ids=lambda content: type(content).__name__,
)
def test_s10_hostile_message_is_ignored_quickly(limit, kernel, content):
    store, end, sent = kernel
    began = time.process_time()
    end.receive(content)
    assert time.process_time() - began < limit
    assert (sent, store.rev) == ([], 0)


def test_s10_markup_is_kept_as_text(kernel):
    store, end, _sent = kernel
    push = {"kind": "push", "client": "v", "epoch": store.epoch, "n": 1, "baseRev": 0}
    end.receive(push | {"batch": [add(id=MARKUP, type=MARKUP, data={"label": MARKUP})]})
    assert store.graph.node(MARKUP).label == MARKUP
