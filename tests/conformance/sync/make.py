"""Writes the cases that kernel and view both replay: ``python -m tests.conformance.sync.make``.

Each line of `cases.jsonl` is a document and a batch with the expected result: the document after it, the
inverse batch and the digest, or the code of the refusal (rules D1 to D5, S4); or, for rule S5, a view's
unanswered batches, a batch that arrives from the kernel meanwhile, and what the view shows then. The
expectations come from Python, which decides; `js/tests/canvas/cases.test.ts` checks that JavaScript agrees
on every line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Batch, Graph, apply, digest

CASES = Path(__file__).parent / "cases.jsonl"
_batch: TypeAdapter[Batch] = TypeAdapter(Batch)
Json = dict[str, Any]


def node(node_id: str, x: float = 0, **keys: Any) -> Json:
    return {"id": node_id, "position": {"x": x, "y": 0}, "data": {"label": node_id}, **keys}


def edge(edge_id: str, source: str, target: str, **keys: Any) -> Json:
    return {"id": edge_id, "source": source, "target": target, **keys}


def put(kind: str, element_id: str, path: list[str], value: Any) -> Json:
    return {"op": "set", "kind": kind, "id": element_id, "path": path, "value": value}


def add(kind: str, item: Any, before: str | None = None) -> Json:
    return {"op": "add", "kind": kind, "item": item, "before": before}


def remove(kind: str, element_id: str) -> Json:
    return {"op": "remove", "kind": kind, "id": element_id}


def unset(kind: str, element_id: str, *path: str) -> Json:
    return {"op": "unset", "kind": kind, "id": element_id, "path": list(path)}


def move(kind: str, element_id: str, before: str | None) -> Json:
    return {"op": "move", "kind": kind, "id": element_id, "before": before}


BASE: Json = {
    "nodes": [node("a"), node("b", 1), node("in", 2, parentId="a"), node("deep", 3, parentId="in")],
    "edges": [edge("ab", "a", "b"), edge("loop", "b", "b"), edge("di", "deep", "in")],
}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


BY_HAND: list[tuple[str, list[Json]]] = [
    ("D2 set a position", [put("node", "a", ["position"], {"x": 5, "y": -1.5})]),
    ("D2 set one coordinate", [put("node", "a", ["position", "x"], 9)]),
    ("D2 set a new field", [put("node", "a", ["data", "new"], {"k": [1, None, True]})]),
    ("D2 set inside a text", [put("node", "a", ["data", "label", "x"], 1)]),
    ("D2 unset a field", [unset("node", "a", "data", "label")]),
    ("D2 unset a missing field", [unset("node", "a", "data", "none", "deeper")]),
    ("D2 unset a position", [unset("node", "a", "position")]),
    ("D2 unset an end", [unset("edge", "ab", "source")]),
    ("D2 add at the end", [add("node", node("new"))]),
    ("D2 add before another", [add("node", node("new"), "a")]),
    ("D2 add before an unknown id", [add("node", node("new"), "ghost")]),
    ("D2 remove a node with its edges and children", [remove("node", "a")]),
    ("D2 remove an edge", [remove("edge", "loop")]),
    ("D2 remove an unknown node", [remove("node", "ghost")]),
    ("D2 move to the front", [move("edge", "di", "ab")]),
    ("D2 move to the end", [move("edge", "ab", None)]),
    ("D2 move before itself", [move("edge", "ab", "ab")]),
    ("D2 move before an unknown id", [move("edge", "ab", "ghost")]),
    (
        "D2 a batch is applied whole or not at all",
        [put("node", "a", ["position", "x"], 7), remove("node", "ghost")],
    ),
    ("D2 change an end of an edge", [put("edge", "ab", ["target"], "deep")]),
    ("D3 an empty batch", []),
    ("D3 set an equal value", [put("node", "a", ["position", "x"], 0)]),
    ("D3 set an equal number of another type", [put("node", "b", ["position", "x"], 1.0)]),
    ("D3 true is not one", [put("node", "b", ["data", "label"], True)]),
    ("D3 add and remove", [add("node", node("new")), remove("node", "new")]),
    ("D1 a child before its parent", [move("node", "in", "a")]),
    ("D1 a parent after its child", [move("node", "a", None)]),
    ("D1 add a child before its parent", [add("node", node("new", parentId="b"), "a")]),
    ("D1 set a parent that comes later", [put("node", "a", ["parentId"], "b")]),
    ("D4 a node inside itself", [put("node", "a", ["parentId"], "a")]),
    ("D4 a node inside its own child", [put("node", "a", ["parentId"], "deep")]),
    ("D4 unknown parent", [put("node", "b", ["parentId"], "ghost")]),
    ("D4 unset the parent", [unset("node", "in", "parentId")]),
    ("D4 a dangling edge", [add("edge", edge("new", "a", "ghost"))]),
    ("D4 an unknown end", [put("edge", "ab", ["source"], "ghost")]),
    ("D4 a second node of the same id", [add("node", node("a"))]),
    ("D4 a second edge of the same id", [add("edge", edge("ab", "a", "b"))]),
    ("D4 __proto__ as id", [add("node", node("__proto__"))]),
    ("D4 constructor as key", [put("node", "a", ["data"], {"constructor": 1})]),
    ("D4 prototype in a path", [put("node", "a", ["data", "prototype"], 1)]),
    ("D4 __proto__ at depth", [put("node", "a", ["data", "x"], [{"y": {"__proto__": {}}}])]),
    ("D4 an empty id", [add("node", node(""))]),
    ("D4 the longest id", [add("node", node("n" * 1024))]),
    ("D4 too long an id", [add("node", node("n" * 1025))]),
    ("D4 a control character in an id", [add("node", node("a\u0007"))]),
    ("D4 an id like JSON", [add("node", node('{"id": "x", "y": [1]}'))]),
    ("D4 an id that is a number", [add("node", {**node("x"), "id": 5})]),
    ("D4 half a surrogate pair", [put("node", "a", ["data", "label"], "\ud800")]),
    ("D4 Unicode", [put("node", "a", ["data"], {"😀": 1, "\uffff": 2, "é": "ü\u2028", "a": -0.0})]),
    ("D4 numbers", [put("node", "a", ["data", "n"], [1e21, 1e-7, 0.1, 2**53 - 1, -5, 1.5e300])]),
    ("D4 the deepest nesting", [put("node", "a", ["data", "d"], deep(62))]),
    ("D4 too deep", [put("node", "a", ["data", "d"], deep(65))]),
    ("D4 no position", [add("node", {"id": "new"})]),
    ("D4 a position of texts", [put("node", "a", ["position"], {"x": "1", "y": 2})]),
    ("D4 an item that is a list", [add("node", [1, 2])]),
    ("D4 a negative width", [put("node", "a", ["width"], -1)]),
    ("D4 a type that is not text", [put("node", "a", ["type"], 5)]),
    ("D4 a handle that is null", [put("edge", "ab", ["sourceHandle"], None)]),
    ("D4 parentNode of React Flow 11 is a parent", [put("node", "b", ["parentNode"], "a")]),
    ("D4 a parentNode that does not exist", [put("node", "b", ["parentNode"], "ghost")]),
    ("D4 a circle of parentId and parentNode", [put("node", "a", ["parentNode"], "deep")]),
    ("D4 parentId counts before parentNode", [put("node", "deep", ["parentNode"], "ghost")]),
    ("D4 a parentNode that is not text", [put("node", "b", ["parentNode"], 5)]),
    (
        "D2 remove a parent named by parentNode",
        [put("node", "b", ["parentNode"], "a"), remove("node", "a")],
    ),
    ("D5 change an id", [put("node", "a", ["id"], "z")]),
    ("D5 a view-only key", [put("node", "a", ["selected"], True)]),
    ("D5 inside a view-only key", [put("node", "a", ["measured", "width"], 5)]),
    ("unknown keys are kept", [put("node", "a", ["style"], {"color": "red"})]),
]


def cases() -> Iterator[Json]:
    """Yield every case, the same each time."""
    for name, batch in BY_HAND:
        yield _applied(name, BASE, batch)
    chance = random.Random(6)
    for number in range(240):
        document = _document(chance)
        batch = [_operation(chance, document) for _ in range(chance.randint(1, 5))]
        yield _applied(f"random {number}", document, batch)
    for number in range(120):
        document = _document(chance)
        pending = [
            [_operation(chance, document) for _ in range(chance.randint(1, 2))]
            for _ in range(chance.randint(1, 4))
        ]
        arrives = [_operation(chance, document) for _ in range(chance.randint(1, 3))]
        if "after" in _applied("", document, arrives):
            yield _rebased(f"S5 rebase {number}", document, pending, arrives)


def _applied(name: str, document: Json, batch: list[Json]) -> Json:
    """Return the case with the result of its batch."""
    case = {"name": name, "document": document, "batch": batch}
    try:
        read = _batch.validate_python(batch)
        before = Graph(document["nodes"], document["edges"])
        after, inverse = apply(before, read)
    except GraphError as error:
        return case | {"refused": error.code}
    except ValidationError:
        return case | {"refused": "invalid_value"}
    return case | {
        "changes": bool(inverse),
        "after": rows(after),
        "inverse": _batch.dump_python(inverse, mode="json", by_alias=True),
        "digest": digest(7, read, after),
    }


def _rebased(name: str, document: Json, pending: list[list[Json]], arrives: list[Json]) -> Json:
    """Return the case with what a view shows when a batch arrives before its own are answered (rule S5)."""
    confirmed, _ = apply(
        Graph(document["nodes"], document["edges"]), _batch.validate_python(arrives)
    )
    shown = confirmed
    for batch in pending:
        try:
            shown, _ = apply(shown, _batch.validate_python(batch))
        except (GraphError, ValidationError):
            continue  # It no longer applies; the kernel will refuse it.
    return {
        "name": name,
        "document": document,
        "pending": pending,
        "arrives": arrives,
        "shown": rows(shown),
    }


def rows(graph: Graph) -> Json:
    """Return a graph as plain JSON."""
    return {"nodes": list(graph.nodes), "edges": list(graph.edges)}


def _document(chance: random.Random) -> Json:
    ids = [f"n{number}" for number in range(chance.randint(1, 6))]
    nodes = [
        node(one, chance.randint(0, 9), **_maybe_parent(chance, ids[:place]))
        for place, one in enumerate(ids)
    ]
    edges = [
        edge(f"e{number}", chance.choice(ids), chance.choice(ids))
        for number in range(chance.randint(0, 5))
    ]
    return {"nodes": nodes, "edges": edges}


def _maybe_parent(chance: random.Random, before: list[str]) -> Json:
    return {"parentId": chance.choice(before)} if before and chance.random() < 0.3 else {}


def _operation(chance: random.Random, document: Json) -> Json:
    """Return an operation that is mostly valid."""
    nodes = [item["id"] for item in document["nodes"]] * 5 + ["ghost"]
    edges = [item["id"] for item in document["edges"]] * 5 + ["e9"]
    one, other = chance.choice(nodes), chance.choice(nodes)
    match chance.randrange(11):
        case 0:
            item = node(chance.choice([one, "new", "fresh"]), 4, **_maybe_parent(chance, nodes))
            return add("node", item, chance.choice([None, other]))
        case 1:
            item = edge(chance.choice(["fresh", "other", edges[0]]), one, other)
            return add("edge", item, chance.choice([None, *edges]))
        case 2:
            return remove("node", one)
        case 3:
            return remove("edge", chance.choice(edges))
        case 4:
            return move("node", one, chance.choice([None, other]))
        case 5:
            return move("edge", chance.choice(edges), chance.choice([None, *edges]))
        case 6:
            return put("edge", chance.choice(edges), [chance.choice(["source", "target"])], other)
        case 7:
            return put("node", one, ["parentId"], chance.choice([other, None]))
        case 8:
            return unset("node", one, "data", chance.choice(["label", "b"]))
        case 9:
            return put("node", one, ["data", chance.choice("ab")], chance.choice([1, "x", [2.5]]))
        case _:
            at = {"x": chance.randint(-9, 9), "y": chance.choice([0, 0.5])}
            return put("node", one, ["position"], at)


def main() -> None:
    """Write the file."""
    lines = (json.dumps(case, ensure_ascii=True, sort_keys=False) for case in cases())
    CASES.write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    main()
