from __future__ import annotations

import copy
import json
import os
import stat
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.core import file_writing
from kaizen_widgets.errors import FileFormatError, GraphError, GraphWarning
from kaizen_widgets.graph import Graph, apply, diff, files, renamed
from tests.graph.builders import add, exact, graph, node_ids, remove, set_

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
def test_unedited_file_of_another_tool_is_written_back(
    document: dict[str, Any], tmp_path: Path
) -> None:
    read = Graph.read(saved(document, tmp_path))
    assert exact(written(read, tmp_path)) == exact(document)
    assert exact(written(Graph.read(tmp_path / "out.json"), tmp_path)) == exact(document)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_edited_file_is_written_with_the_edit_and_everything_else(
    document: dict[str, Any], tmp_path: Path
) -> None:
    read = Graph.read(saved(document, tmp_path))
    around = document.get("data", document)
    new = graph("new").node("new")
    top = [node.id for node in read.nodes if node.parent_id is None]
    edited, inverse = apply(read, (add(new), *map(remove, top)))
    expected = copy.deepcopy(around) | {"nodes": [new]}
    if "edges" in around:
        expected["edges"] = []
    expected = document | {"data": expected} if "data" in document else expected
    assert exact(written(edited, tmp_path)) == exact(expected)
    assert exact(written(apply(edited, inverse)[0], tmp_path)) == exact(document)


def test_failed_write_keeps_the_old_file_and_leaves_no_other(
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


def test_read_accepts_a_byte_order_mark(tmp_path: Path) -> None:
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
    "edge without a source": (
        '{"nodes": [], "edges": [{"id": "e", "target": "b"}]}',
        "Edge 'e': source must be text",
    ),
    "several graphs": (
        '{"a": {"nodes": [{"id": "x", "position": {}}]}, "b": {"nodes": [{"id": "y", "position": {}}]}}',
        "there are 2 graphs in it, under 'a', 'b'",
    ),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_file_is_refused_with_its_name_and_the_reason(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, "utf-8")
    with pytest.raises(FileFormatError, match=words) as caught:
        Graph.read(path)
    assert str(caught.value).startswith("broken.json")
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binary_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.json"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(FileFormatError, match=r"picture\.json is not JSON"):
        Graph.read(path)


def test_missing_file_raises_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Graph.read(tmp_path / "nowhere.json")


def test_envelope_survives_edits_and_is_not_compared() -> None:
    read = Graph.from_json(LANGFLOW)
    edited, _ = apply(read, (set_("note-1", "data.label", "x"),))
    assert edited.envelope is read.envelope
    assert Graph(read.nodes, read.edges) == read


# ------------------------------------------------------------------- documents

NODE: dict[str, Any] = {"id": "a", "position": {"x": 0, "y": 0}, "data": {}}


@pytest.mark.parametrize(
    "document",
    [
        {"flow": {"nodes": [NODE], "edges": []}, "cache": {}},
        {"workflow": {"graph": {"nodes": [NODE], "edges": []}, "features": {}}, "kind": "app"},
        {"graph": {"nodes": [NODE], "edges": []}},
        {"template": {"body": {"nodes": [NODE]}}, "version": 2},
    ],
    ids=lambda document: next(iter(document)),
)
def test_graph_inside_a_document_is_opened_and_written_back(document: dict[str, Any]) -> None:
    read = Graph.from_json(document)
    assert node_ids(read) == ["a"]
    assert exact(read.to_json()) == exact(document)
    assert node_ids(Graph.from_json(read.to_json())) == ["a"]


def test_rest_of_a_file_may_hold_what_a_browser_could_not(tmp_path: Path) -> None:
    rest = {
        "updated_at_ns": 1733029200123456789,
        "__proto__": {"constructor": 1},
        "text": "\ud83d",
        "ratio": float("inf"),
        "viewport": [[[{"deep": [[1]]}]]] * 3,
    }
    document = {"nodes": [NODE], "edges": [], **rest}
    read = Graph.from_json(document)
    assert read.to_json() == document
    read.write(tmp_path / "out.json")
    assert Graph.read(tmp_path / "out.json").to_json() == document


def test_rest_of_a_file_must_be_json() -> None:
    with pytest.raises(GraphError, match="The file is a set, which is not JSON"):
        Graph.from_json({"nodes": [], "edges": [], "tags": {1, 2}})
    with pytest.raises(GraphError, match="The file has a int as a key"):
        Graph.from_json({"nodes": [], "edges": [], "by_number": {1: 2}})


def test_elements_are_still_checked_for_what_a_browser_could_not_hold() -> None:
    with pytest.raises(GraphError, match=r"Node 'a'.*beyond 2\*\*53"):
        Graph.from_json({"nodes": [{**NODE, "data": {"n": 2**60}}], "edges": []})


def edge(edge_id: str, source: str, target: str) -> dict[str, Any]:
    return {"id": edge_id, "source": source, "target": target}


WITH_GONE = {
    "nodes": [NODE, {**NODE, "id": "b", "parentId": "group that was deleted"}],
    "edges": [edge("e1", "gone", "a"), edge("e2", "a", "b"), edge("e3", "b", "gone")],
}


def test_edges_to_deleted_nodes_are_left_out_with_one_warning(tmp_path: Path) -> None:
    path = saved(WITH_GONE, tmp_path)
    with pytest.warns(GraphWarning) as caught:
        read = Graph.read(path)
    assert [each.id for each in read.edges] == ["e2"]
    (warning,) = caught
    assert str(warning.message) == (
        "flow.json: 2 edges to nodes that do not exist are left out: 'e1', 'e3'. 1 node whose parent does "
        "not exist is shown at the top level: 'b'. The file keeps them."
    )
    assert warning.filename == __file__


def test_edges_to_deleted_nodes_are_written_back_in_their_place(tmp_path: Path) -> None:
    with pytest.warns(GraphWarning):
        read = Graph.from_json(WITH_GONE)
    assert exact(read.to_json()) == exact(WITH_GONE)
    edited, _ = apply(read, (set_("b", "data.label", "B"), remove("e2", "edge")))
    written_edges = [each["id"] for each in written(edited, tmp_path)["edges"]]
    assert written_edges == ["e1", "e3"]
    assert written(edited, tmp_path)["nodes"][1]["parentId"] == "group that was deleted"


def test_node_of_a_deleted_group_keeps_a_parent_it_gets_later() -> None:
    with pytest.warns(GraphWarning):
        read = Graph.from_json(WITH_GONE)
    edited, _ = apply(read, (set_("b", "parentId", "a"),))
    assert edited.to_json()["nodes"][1]["parentId"] == "a"


def test_graph_constructor_still_refuses_edges_to_unknown_nodes() -> None:
    with pytest.raises(GraphError, match="Edge 'e1' has the source 'gone'"):
        Graph(WITH_GONE["nodes"][:1], WITH_GONE["edges"])


def test_file_without_problems_opens_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for document in DOCUMENTS.values():
            Graph.from_json(document)


FLOW_11 = {
    "nodes": [
        {**NODE, "id": "loop", "type": "iteration", "width": 500, "height": 300},
        {**NODE, "id": "step", "parentNode": "loop", "extent": "parent"},
    ],
    "edges": [edge("e", "loop", "step")],
}


def test_parent_node_of_react_flow_11_is_the_parent() -> None:
    read = Graph.from_json(FLOW_11)
    assert read.node("step").parent_id == "loop"
    assert [node.id for node in read.children_of("loop")] == ["step"]
    assert node_ids(apply(read, (remove("loop"),))[0]) == []
    with pytest.raises(GraphError, match="cannot be inside itself"):
        apply(read, (set_("loop", "parentNode", "step"),))
    assert exact(read.to_json()) == exact(FLOW_11)


def test_parent_node_of_react_flow_11_survives_edits_under_its_own_key() -> None:
    read = Graph.from_json(FLOW_11)
    moved, inverse = apply(read, (set_("step", "position.x", 9),))
    assert moved.to_json()["nodes"][1]["parentNode"] == "loop"
    removed, back = apply(moved, (remove("loop"),))
    assert exact(apply(removed, back)[0]) == exact(moved)
    assert exact(apply(moved, inverse)[0]) == exact(read)
    flat = Graph([{**read.nodes[0]}, {**NODE, "id": "step"}], read.edges)
    assert exact(apply(read, diff(read, flat))[0]) == exact(flat)
    assert exact(apply(flat, diff(flat, read))[0]) == exact(read)


def test_parent_node_of_react_flow_11_is_renamed_in_a_copy_with_new_ids() -> None:
    numbers = iter("123")
    copied = renamed(Graph.from_json(FLOW_11), lambda: next(numbers))
    outer, inner = copied.nodes
    assert inner["parentNode"] == outer.id != "loop"
    assert inner.parent_id == outer.id


# ------------------------------------------------------------------ on the disk


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask() -> Any:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
@pytest.mark.usefixtures("umask")
class TestWriteOnPosix:
    @pytest.mark.parametrize("mode", [0o664, 0o600, 0o755, 0o640])
    def test_write_keeps_the_mode_of_a_file(self, tmp_path: Path, mode: int) -> None:
        path = saved(BARE, tmp_path)
        path.chmod(mode)
        graph("a->b").write(path)
        assert mode_of(path) == mode
        assert node_ids(Graph.read(path)) == ["a", "b"]

    def test_write_of_a_new_file_obeys_the_umask(self, tmp_path: Path) -> None:
        graph("a").write(tmp_path / "new.json")
        assert mode_of(tmp_path / "new.json") == 0o644
        os.umask(0o077)
        graph("a").write(tmp_path / "private.json")
        assert mode_of(tmp_path / "private.json") == 0o600

    def test_write_follows_a_link_and_keeps_it(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        target = tmp_path / "folder" / "real.json"
        target.write_text("{}")
        link = tmp_path / "link.json"
        link.symlink_to("folder/real.json")
        graph("a->b").write(link)
        assert link.is_symlink()
        assert node_ids(Graph.read(target)) == ["a", "b"]
        dangling = tmp_path / "dangling.json"
        dangling.symlink_to("folder/new.json")
        graph("c").write(dangling)
        assert dangling.is_symlink()
        assert node_ids(Graph.read(tmp_path / "folder" / "new.json")) == ["c"]

    def test_write_reaches_all_names_of_a_hard_linked_file(self, tmp_path: Path) -> None:
        path = saved(BARE, tmp_path)
        other = tmp_path / "other.json"
        os.link(path, other)
        graph("a->b").write(path)
        assert node_ids(Graph.read(other)) == ["a", "b"]

    def test_write_to_a_pipe_sends_the_text(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        received: list[str] = []
        reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
        reader.start()
        graph("a").write(pipe)
        reader.join(30)
        assert node_ids(Graph.from_json(json.loads(received[0]))) == ["a"]
        assert stat.S_ISFIFO(pipe.stat().st_mode)

    def test_write_falls_back_to_the_file_itself_in_a_folder_that_is_read_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = saved(BARE, tmp_path)
        monkeypatch.setattr(os, "open", refuse_to_create(os.open))
        graph("a->b").write(path)
        assert node_ids(Graph.read(path)) == ["a", "b"]
        with pytest.raises(PermissionError):
            graph("a").write(tmp_path / "new.json")

    def test_write_falls_back_to_the_file_itself_when_its_owner_cannot_be_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = saved(BARE, tmp_path)
        inode = path.stat().st_ino
        facts = path.stat()
        other_owner = os.stat_result((*facts[:4], facts.st_uid + 1, facts.st_gid + 1, *facts[6:]))

        def refused(*_: object) -> None:
            raise PermissionError("not the owner")

        monkeypatch.setattr(os, "chown", refused)
        assert not file_writing._replace(path, b"{}", other_owner)
        assert [item.name for item in tmp_path.iterdir()] == ["flow.json"]
        file_writing._overwrite(path, b"[]")
        assert (path.stat().st_ino, path.read_text()) == (inode, "[]")

    @pytest.mark.skipif(os.name == "posix" and os.getuid() == 0, reason="root may write everything")
    def test_write_refuses_a_file_that_is_read_only(self, tmp_path: Path) -> None:
        path = saved(BARE, tmp_path)
        path.chmod(0o444)
        with pytest.raises(PermissionError):
            graph("a").write(path)

    def test_failed_overwrite_restores_the_old_content(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = saved(BARE, tmp_path)
        before = path.read_bytes()
        calls: list[int] = []

        def fsync(handle: int) -> None:
            calls.append(handle)
            if len(calls) == 1:
                raise OSError("disk full")

        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match="disk full"):
            file_writing._overwrite(path, b"x" * 10_000)
        assert path.read_bytes() == before

    def test_read_of_a_pipe_is_refused_without_waiting(self, tmp_path: Path) -> None:
        pipe = tmp_path / "flow.json"
        os.mkfifo(pipe)
        with pytest.raises(FileFormatError, match=r"flow\.json is a pipe or a device, not a file"):
            Graph.read(pipe)

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless device")
    def test_read_of_an_endless_device_is_refused(self) -> None:
        with pytest.raises(FileFormatError, match="zero is a pipe or a device"):
            Graph.read("/dev/zero")

    def test_read_of_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(IsADirectoryError):
            Graph.read(tmp_path)


def test_read_of_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    with pytest.raises(FileFormatError, match=r"flow\.json is larger than"):
        Graph.read(saved(BARE, tmp_path))


def refuse_to_create(really: Any) -> Any:
    def opened(path: Any, flags: int, *rest: Any, **keys: Any) -> int:
        if flags & os.O_CREAT:
            raise PermissionError("the folder is read-only")
        return really(path, flags, *rest, **keys)

    return opened
