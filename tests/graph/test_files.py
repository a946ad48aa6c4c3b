from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from kaizen_widgets.errors import FileFormatError
from kaizen_widgets.graph import Graph, apply
from tests.graph.builders import add, exact, graph, node_ids, remove, set_

if TYPE_CHECKING:
    from pathlib import Path

HANDLE = "{œdataTypeœ:œChatInputœ,œidœ:œChatInput-1œ,œnameœ:œmessageœ}"

LANGFLOW: dict[str, Any] = {
    "id": "3f1a",
    "name": "Basic Prompting",
    "is_component": False,
    "last_tested_version": "1.4",
    "data": {
        "nodes": [
            {
                "id": "ChatInput-1",
                "type": "genericNode",
                "position": {"x": 689.5, "y": -12},
                "positionAbsolute": {"x": 689.5, "y": -12},
                "measured": {"width": 320, "height": 204},
                "selected": False,
                "dragging": False,
                "data": {"node": {"template": {"code": {"value": "a = 1\n", "show": True}}}},
            },
            {"id": "note-1", "type": "noteNode", "position": {"x": 0, "y": 0}, "data": {}},
        ],
        "edges": [
            {
                "id": f"reactflow__edge-ChatInput-1{HANDLE}-note-1",
                "source": "ChatInput-1",
                "sourceHandle": HANDLE,
                "target": "note-1",
                "targetHandle": HANDLE,
                "data": {"sourceHandle": {"output_types": ["Message"]}},
                "animated": False,
                "className": "",
            }
        ],
        "viewport": {"x": 1.5, "y": 0, "zoom": 0.5},
    },
}
FLOWISE: dict[str, Any] = {
    "description": "An agent in an iteration",
    "usecases": ["Reflection"],
    "nodes": [
        {"id": "iteration_0", "type": "iteration", "position": {"x": 1, "y": 2}, "width": 300},
        {
            "id": "agent_0",
            "type": "agentFlow",
            "position": {"x": 1, "y": 2},
            "parentNode": "iteration_0",
            "extent": "parent",
            "data": {"inputs": {"k": None}, "outputAnchors": [{"id": "agent_0-output"}]},
        },
    ],
    "edges": [
        {
            "id": "iteration_0-agent_0",
            "source": "iteration_0",
            "target": "agent_0",
            "sourceHandle": "",
            "targetHandle": None,
            "type": "agentFlow",
            "zIndex": 9999,
        }
    ],
}
BARE: dict[str, Any] = {"nodes": [{"id": "a", "position": {"x": 0, "y": 0}}], "edges": []}
WITHOUT_EDGES: dict[str, Any] = {"nodes": [], "version": 3}
DOCUMENTS = {
    "langflow": LANGFLOW,
    "flowise": FLOWISE,
    "bare": BARE,
    "without edges": WITHOUT_EDGES,
    "nodes only": {"nodes": []},
}


def written(value: Graph, folder: Path) -> Any:
    value.write(folder / "out.json")
    return json.loads((folder / "out.json").read_text("utf-8"))


def saved(document: Any, folder: Path) -> Path:
    path = folder / "flow.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_another_tools_file_goes_back_equal(document: dict[str, Any], tmp_path: Path) -> None:
    read = Graph.read(saved(document, tmp_path))
    assert exact(written(read, tmp_path)) == exact(document)
    assert exact(written(Graph.read(tmp_path / "out.json"), tmp_path)) == exact(document)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_an_edited_file_goes_back_with_the_edit_and_all_else(
    document: dict[str, Any], tmp_path: Path
) -> None:
    read = Graph.read(saved(document, tmp_path))
    around = document.get("data", document)
    new = graph("new").node("new")
    edited, inverse = apply(read, (add(new), *(remove(node.id) for node in read.nodes)))
    expected = copy.deepcopy(around) | {"nodes": [new]}
    if "edges" in around:
        expected["edges"] = []
    expected = document | {"data": expected} if "data" in document else expected
    assert exact(written(edited, tmp_path)) == exact(expected)
    assert exact(written(apply(edited, inverse)[0], tmp_path)) == exact(document)


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(BARE, tmp_path)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="disk full"):
        graph("a->b").write(path)
    assert [item.name for item in tmp_path.iterdir()] == ["flow.json"]
    assert json.loads(path.read_text("utf-8")) == BARE


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(BARE).encode())
    assert node_ids(Graph.read(path)) == ["a"]


BROKEN: dict[str, tuple[str, str]] = {
    "empty": ("", "is not JSON"),
    "truncated": ('{"nodes": [', "is not JSON"),
    "deep": ("[" * 100_000, "is not JSON|no nodes in it"),
    "list": ("[]", "no nodes in it"),
    "text": ('"nodes"', "no nodes in it"),
    "tool": ('{"name": "web_search", "schema": "[]"}', "no nodes in it"),
    "nodes are no list": ('{"nodes": {}, "edges": []}', "no nodes in it"),
    "edges are no list": ('{"nodes": [], "edges": {}}', '"edges" is not a list'),
    "NaN": (
        '{"nodes": [{"id": "a", "position": {"x": NaN, "y": 0}}]}',
        "Node 'a'.position.x is nan, not a finite number",
    ),
    "overflow": (
        '{"nodes": [{"id": "a", "position": {"x": 1e999, "y": 0}}]}',
        "Node 'a'.position.x is inf, not a finite number",
    ),
    "no id": ('{"data": {"nodes": [{"position": {"x": 0, "y": 0}}]}}', r"nodes\[0\]: The id"),
    "dangling": (
        '{"nodes": [], "edges": [{"id": "e", "source": "a", "target": "b"}]}',
        "Edge 'e' has the source 'a', and there is no such node",
    ),
    "forbidden key around": ('{"nodes": [], "__proto__": {}}', "'__proto__'"),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_by_name_with_the_reason(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, "utf-8")
    with pytest.raises(FileFormatError, match=words) as caught:
        Graph.read(path)
    assert str(caught.value).startswith("broken.json")
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.json"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(FileFormatError, match=r"picture\.json is not JSON"):
        Graph.read(path)


def test_a_missing_file_is_pythons_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Graph.read(tmp_path / "nowhere.json")


def test_what_stood_around_a_graph_is_not_compared_and_survives_edits() -> None:
    read = Graph.from_json(LANGFLOW)
    edited, _ = apply(read, (set_("note-1", "data.label", "x"),))
    assert edited.envelope is read.envelope
    assert Graph(read.nodes, read.edges) == read
