"""Saving graphs: whole or not at all, and back as they were sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kaizen_widgets.server import Database
from tests.server.conftest import ApiUser, graph, ids, new_pipeline


@pytest.fixture
def path(me: ApiUser) -> str:
    return f"/pipelines/{new_pipeline(me)['id']}"


def test_a_graph_comes_back_in_the_order_it_was_sent(me: ApiUser, path: str):
    saved = me.got("PUT", f"{path}/graph", graph("c", "a", "b"))["data"]
    assert ids(saved["nodes"]) == ["c", "a", "b"]
    assert ids(saved["connections"]) == ["c-a", "a-b"]
    assert me.got("GET", path)["data"] == saved
    assert me.got("GET", f"{path}/nodes")["data"] == saved["nodes"]
    assert me.got("GET", f"{path}/connections")["data"] == saved["connections"]


def test_graph_with_every_field_comes_back_as_it_was_sent(me: ApiUser, path: str):
    node = {
        "id": '{"other": "tool"}/ü',
        "node_type": "genericNode",
        "agent_id": "someone",
        "label": "Läßt",
        "position_x": 0.1 + 0.2,
        "position_y": -1e-9,
        "config": {"temperature": 0.7, "nothing": None, "list": [1, {"a": "ü"}]},
        "extra": {"width": 320, "parentId": "g", "style": {"color": "red"}},
    }
    connection = {
        "id": "e/1",
        "source_node_id": node["id"],
        "target_node_id": node["id"],
        "source_handle": "billing",
        "target_handle": "in",
        "condition": {"expression": "x > 1"},
        "extra": {"animated": True},
    }
    me.got("PUT", f"{path}/graph", {"nodes": [node], "connections": [connection]})
    got = me.got("GET", path)["data"]
    assert {key: got["nodes"][0][key] for key in node} == node
    assert {key: got["connections"][0][key] for key in connection} == connection


def test_null_stays_null_and_absent_is_empty(me: ApiUser, path: str):
    nulls = {"node_type": "agent", "label": "", "agent_id": None, "config": None, "extra": None}
    absent = {"node_type": "agent", "label": ""}
    saved = me.got("PUT", f"{path}/graph", {"nodes": [nulls, absent], "connections": []})
    first, second = saved["data"]["nodes"]
    assert (first["agent_id"], first["config"]) == (None, None)
    assert (second["agent_id"], second["config"]) == ("", {})
    assert "extra" not in first
    assert "extra" not in second
    assert "None" not in json.dumps(saved)


def test_a_loaded_graph_can_be_saved_as_it_is(me: ApiUser, path: str):
    once = me.got("PUT", f"{path}/graph", graph("a", "b"))["data"]
    again = me.got("PUT", f"{path}/graph", once)["data"]
    stamps = {"updated_at"}
    for name in ("nodes", "connections"):
        for one, other in zip(once[name], again[name], strict=True):
            assert {k: v for k, v in one.items() if k not in stamps} == {
                k: v for k, v in other.items() if k not in stamps
            }


def test_two_pipelines_may_use_the_same_ids(me: ApiUser, path: str):
    other = f"/pipelines/{new_pipeline(me)['id']}"
    for each in (path, other):
        me.got("PUT", f"{each}/graph", graph("input-1", "agent-1"))
    for each in (path, other):
        assert ids(me.got("GET", each)["data"]["nodes"]) == ["input-1", "agent-1"]


def test_nodes_without_ids_get_different_ones(me: ApiUser, path: str):
    nodes = [{"node_type": "agent", "label": "x"}] * 3
    saved = me.got("PUT", f"{path}/graph", {"nodes": nodes, "connections": []})["data"]
    assert len(set(ids(saved["nodes"]))) == 3


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "duplicate node": (graph("a", "a"), "body.nodes.1.id", "'a'"),
    "duplicate connection": (
        graph("a", "b", connections=graph("a", "b")["connections"] * 2),
        "body.connections.1.id",
        "'a-b'",
    ),
    "dangling edge": (
        graph("a", connections=[{"source_node_id": "a", "target_node_id": "gone"}]),
        "body.connections.0.target_node_id",
        "'gone'",
    ),
    "empty id": (graph(""), "body.nodes.0.id", "1 to 1,024"),
    "forbidden id": (graph("__proto__"), "body.nodes.0.id", "'__proto__'"),
    "no label": ({"nodes": [{"node_type": "a"}], "connections": []}, "body.nodes.0.label", ""),
    "huge label": (
        {"nodes": [{"id": "a", "node_type": "a", "label": "x" * 5_000_000}], "connections": []},
        "body.nodes.0.label",
        "'a'",
    ),
    "half a character": (
        {"nodes": [{"id": "a", "node_type": "\ud800", "label": ""}], "connections": []},
        "body.nodes.0.node_type",
        "'a'",
    ),
    "config as text": (
        {"nodes": [{"node_type": "a", "label": "", "config": "{}"}], "connections": []},
        "body.nodes.0.config",
        "",
    ),
    "forbidden key": (
        {
            "nodes": [{"node_type": "a", "label": "", "extra": {"constructor": 1}}],
            "connections": [],
        },
        "body.nodes.0.extra",
        "'constructor'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_invalid_graph_is_refused_with_its_fields_and_changes_nothing(
    me: ApiUser, path: str, case: str
):
    bad, field, named = BAD[case]
    before = me.got("PUT", f"{path}/graph", graph("old", "graph"))
    # Not httpx's own JSON: it would not send half a character.
    error = me.refused(
        422,
        "PUT",
        f"{path}/graph",
        content=json.dumps(bad),
        headers={"Content-Type": "application/json"},
    )
    assert error["code"] == "VALIDATION_ERROR"
    (only,) = error["details"]["errors"]
    assert only["field"] == field
    assert named in only["message"]
    assert me.got("GET", path) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1" + "0" * 400])
@pytest.mark.parametrize("where", ["position_x", "config"])
def test_numbers_that_are_not_finite_are_refused(me: ApiUser, path: str, number: str, where: str):
    value = number if where == "position_x" else f'{{"a": {number}}}'
    body = (
        f'{{"nodes": [{{"node_type": "a", "label": "", "{where}": {value}}}], "connections": []}}'
    )
    headers = {"Content-Type": "application/json"}
    error = me.refused(422, "PUT", f"{path}/graph", content=body, headers=headers)
    assert error["details"]["errors"][0]["field"] == f"body.nodes.0.{where}"


def test_save_that_fails_halfway_keeps_the_old_graph(me: ApiUser, path: str, database: Database):
    before = me.got("PUT", f"{path}/graph", graph("old", "graph"))
    with database.write() as db:
        db.execute(
            "CREATE TRIGGER break_it BEFORE INSERT ON pipeline_nodes WHEN NEW.id = 'c'"
            " BEGIN SELECT RAISE(ABORT, 'out of luck'); END"
        )
    assert me.call("PUT", f"{path}/graph", graph("a", "b", "c")).status_code == 500
    assert me.got("GET", path) == before


def test_simultaneous_saves_end_as_exactly_one_of_them(me: ApiUser, path: str):
    graphs = [graph(*(f"{name}{n}" for n in range(20))) for name in "ab"]
    answers = me.together(*[("PUT", f"{path}/graph", each) for each in graphs * 3])
    assert {answer.status_code for answer in answers} == {200}
    left = me.got("GET", path)["data"]
    assert ids(left["nodes"]) in [ids(each["nodes"]) for each in graphs]
    assert ids(left["connections"]) == ids(graphs[left["nodes"][0]["id"] == "b0"]["connections"])


def test_saving_moves_updated_at_and_keeps_created_at(me: ApiUser, path: str, clock: Any):
    me.got("PUT", f"{path}/graph", graph("a"))
    before = me.got("GET", path)["data"]
    clock.advance(5)
    after = me.got("PUT", f"{path}/graph", graph("a", "b"))["data"]
    assert after["updated_at"] > before["updated_at"]
    assert after["nodes"][0]["created_at"] == before["nodes"][0]["created_at"]
    assert after["nodes"][1]["created_at"] > before["nodes"][0]["created_at"]


def test_nodes_are_added_changed_and_removed_one_by_one(me: ApiUser, path: str):
    me.got("PUT", f"{path}/graph", graph("a", "b"))
    body = {"id": "x/y", "node_type": "router", "label": "X", "config": {"routes": []}}
    added = me.got("POST", f"{path}/nodes", body)["data"]
    assert added["config"] == {"routes": []}
    changed = me.got("PUT", f"{path}/nodes/x/y", {"label": "Y", "config": {"a": 1}})["data"]
    assert (changed["label"], changed["config"]) == ("Y", {"a": 1})
    assert (changed["node_type"], changed["id"]) == ("router", "x/y")
    assert ids(me.got("GET", f"{path}/nodes")["data"]) == ["a", "b", "x/y"]
    me.got("DELETE", f"{path}/nodes/x%2Fy")
    assert ids(me.got("GET", f"{path}/nodes")["data"]) == ["a", "b"]
    me.refused(404, "DELETE", f"{path}/nodes/x/y")
    me.refused(404, "PUT", f"{path}/nodes/x/y", {"label": "Y"})


def test_duplicate_node_id_is_a_conflict(me: ApiUser, path: str):
    me.got("PUT", f"{path}/graph", graph("a", "b"))
    node = {"id": "a", "node_type": "agent", "label": "again"}
    assert me.refused(409, "POST", f"{path}/nodes", node)["code"] == "CONFLICT"
    connection = {"id": "a-b", "source_node_id": "b", "target_node_id": "a"}
    me.refused(409, "POST", f"{path}/connections", connection)
    assert me.got("GET", f"{path}/nodes")["data"][0]["label"] == "a"


def test_removing_a_node_removes_its_connections(me: ApiUser, path: str):
    me.got("PUT", f"{path}/graph", graph("a", "b", "c", "d"))
    me.got("DELETE", f"{path}/nodes/b")
    assert ids(me.got("GET", f"{path}/connections")["data"]) == ["c-d"]


def test_connections_are_added_and_removed_one_by_one(me: ApiUser, path: str):
    me.got("PUT", f"{path}/graph", graph("a", "b"))
    body = {"source_node_id": "b", "target_node_id": "a"}
    added = me.got("POST", f"{path}/connections", body)["data"]
    assert (added["source_handle"], added["target_handle"]) == ("output", "input")
    assert added["condition"] is None
    me.got("DELETE", f"{path}/connections/a-b")
    assert ids(me.got("GET", f"{path}/connections")["data"]) == [added["id"]]
    me.refused(404, "DELETE", f"{path}/connections/a-b")


def test_connection_to_a_missing_node_is_refused(me: ApiUser, path: str):
    me.got("PUT", f"{path}/graph", graph("a"))
    body = {"source_node_id": "a", "target_node_id": "gone"}
    error = me.refused(422, "POST", f"{path}/connections", body)
    assert [e["field"] for e in error["details"]["errors"]] == ["body.target_node_id"]


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("POST", "/nodes", {"node_type": "agent", "label": "x"}),
        ("PUT", "/nodes/a", {"label": "x"}),
        ("DELETE", "/nodes/a", None),
        ("POST", "/connections", {"source_node_id": "a", "target_node_id": "b"}),
        ("DELETE", "/connections/a-b", None),
    ],
)
def test_every_change_of_the_graph_moves_the_pipelines_updated_at(
    me: ApiUser, path: str, method: str, rest: str, body: dict | None
):
    before = me.got("PUT", f"{path}/graph", graph("a", "b"))["data"]["updated_at"]
    me.got(method, f"{path}{rest}", body)
    assert me.got("GET", path)["data"]["updated_at"] > before
