"""Pipelines without their graphs: rows, patterns, tenants, validation."""

from __future__ import annotations

import pytest

from kaizen_widgets.engines import reasons_against
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.server.pipelines.pipeline_models import PATTERNS
from tests.server.conftest import ApiUser, graph, ids, new_agent, new_pipeline


def test_all_nine_patterns_are_public_and_usable(nobody: ApiUser, stranger: ApiUser):
    told = nobody.got("GET", "/pipelines/patterns")["data"]
    assert sorted(told) == sorted(PATTERNS)
    assert len(told) == 9
    for name in told:
        assert new_pipeline(stranger, pattern=name)["pattern"] == name


def test_pattern_spelling_of_the_palette_is_understood(me: ApiUser):
    assert new_pipeline(me, pattern="supervisor-worker")["pattern"] == "supervisor"


def test_an_unknown_pattern_is_refused_with_those_there_are(me: ApiUser):
    body = {"organization_id": "", "workspace_id": "", "name": "F", "pattern": "zigzag"}
    error = me.refused(400, "POST", "/pipelines", body)
    assert error["code"] == "BAD_REQUEST"
    assert error["message"].startswith("Invalid pattern: it must be one of sequential")
    pipeline = new_pipeline(me)
    me.refused(400, "PUT", f"/pipelines/{pipeline['id']}", {"pattern": "zigzag"})
    assert me.got("GET", f"/pipelines/{pipeline['id']}")["data"]["pattern"] == "sequential"


def test_list_totals_count_all_matching_rows(stranger: ApiUser):
    made = [new_pipeline(stranger, str(n))["id"] for n in range(3)]
    organization = stranger.got("GET", "/auth/me")["organization_id"]
    page = stranger.got("GET", "/pipelines", params={"organization_id": organization, "limit": 2})
    assert (ids(page["data"]), page["total"]) == (made[:0:-1], 3)


def test_a_pipeline_is_renamed_and_archived(me: ApiUser):
    pipeline = new_pipeline(me)
    path = f"/pipelines/{pipeline['id']}"
    renamed = me.got("PUT", path, {"name": "New", "description": ""})["data"]
    assert renamed["name"] == "New"
    assert renamed["updated_at"] > pipeline["updated_at"]
    me.got("DELETE", path)
    assert me.got("GET", path)["data"]["status"] == "archived"
    assert me.refused(400, "PUT", path, {})["message"] == "No fields to update"


def test_a_nameless_pipeline_is_refused(me: ApiUser):
    error = me.refused(422, "PUT", f"/pipelines/{new_pipeline(me)['id']}", {"name": ""})
    assert error["details"]["errors"][0]["field"] == "body.name"


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"name": "Mine now"}),
        ("DELETE", "", None),
        ("PUT", "/graph", {"nodes": [], "connections": []}),
        ("POST", "/validate", None),
        ("GET", "/nodes", None),
        ("POST", "/nodes", {"node_type": "agent", "label": "x"}),
        ("PUT", "/nodes/a", {"label": "x"}),
        ("DELETE", "/nodes/a", None),
        ("GET", "/connections", None),
        ("POST", "/connections", {"source_node_id": "a", "target_node_id": "b"}),
        ("DELETE", "/connections/a-b", None),
    ],
)
def test_another_organizations_pipeline_is_forbidden(
    me: ApiUser, stranger: ApiUser, method: str, rest: str, body: dict | None
):
    path = f"/pipelines/{new_pipeline(me)['id']}"
    before = me.got("PUT", f"{path}/graph", graph("a", "b"))
    assert stranger.refused(403, method, f"{path}{rest}", body)["code"] == "FORBIDDEN"
    assert me.got("GET", path) == before


def test_another_organizations_pipeline_list_is_forbidden(me: ApiUser, stranger: ApiUser):
    theirs = me.got("GET", "/auth/me")["organization_id"]
    stranger.refused(403, "GET", "/pipelines", params={"organization_id": theirs})
    body = {"organization_id": theirs, "workspace_id": "", "name": "F", "pattern": "router"}
    stranger.refused(403, "POST", "/pipelines", body)
    assert stranger.got("GET", "/pipelines") == {"data": [], "total": 0}


def test_an_unknown_pipeline_is_not_found(me: ApiUser):
    assert me.refused(404, "GET", "/pipelines/nope")["code"] == "NOT_FOUND"
    me.refused(404, "PUT", "/pipelines/nope/graph", graph("a"))


def validated(caller: ApiUser, saved: dict) -> dict:
    path = f"/pipelines/{new_pipeline(caller)['id']}"
    caller.got("PUT", f"{path}/graph", saved)
    return caller.got("POST", f"{path}/validate")["data"]


def test_a_pipeline_without_nodes_cannot_run(me: ApiUser):
    found = validated(me, graph())
    assert found["valid"] is False
    assert found["errors"] == list(reasons_against(Graph(), default_registry(), Functions()))
    assert found["warnings"] == ["Pipeline has no input node", "Pipeline has no output node"]


@pytest.mark.parametrize(
    ("agent_id", "said"),
    [(None, "no agent assigned"), ("", "no agent assigned"), ("x", "that does not exist")],
)
def test_an_agent_node_needs_an_agent(me: ApiUser, agent_id: str | None, said: str):
    node = {"node_type": "agent", "label": "Writer", "agent_id": agent_id}
    (error,) = validated(me, {"nodes": [node], "connections": []})["errors"]
    assert error.startswith("Agent node 'Writer' has")
    assert error.endswith(said)


def test_an_archived_agent_is_a_warning(me: ApiUser):
    agent = new_agent(me)
    me.got("DELETE", f"/agents/{agent['id']}")
    node = {"node_type": "agent", "label": "Writer", "agent_id": agent["id"]}
    found = validated(me, {"nodes": [node], "connections": []})
    assert found["valid"] is True
    assert "Agent node 'Writer' has an agent that is archived" in found["warnings"]


def test_a_supervisor_needs_workers_that_exist(me: ApiUser):
    new_agent(me, "Known")
    gone = new_agent(me, "Gone")
    me.got("DELETE", f"/agents/{gone['id']}")
    config = {"workers": ["Known", "Gone", "Unknown"]}
    node = {"id": "s", "node_type": "supervisor", "label": "Lead", "config": config}
    found = validated(me, {"nodes": [node], "connections": []})
    assert found["errors"] == ["Supervisor node 'Lead' has a worker 'Unknown' that does not exist"]
    assert "Supervisor node 'Lead' has a worker 'Gone' that is archived" in found["warnings"]


@pytest.mark.parametrize(
    "node",
    [
        {"node_type": "router", "config": {"routes": [{"name": "x", "when": "text in ("}]}},
        {"node_type": "output", "config": {"template": "{{ text"}},
        {"node_type": "synthesizer", "config": {"aggregation": "guess"}},
        {"node_type": "unknown kind"},
    ],
)
def test_a_pipeline_that_the_engine_refuses_is_invalid(me: ApiUser, node: dict):
    node = {"id": "n", "label": "N", **node}
    found = validated(me, {"nodes": [node], "connections": []})
    reasons = reasons_against(
        Graph([Node("n", type=node["node_type"], data={"label": "N", **node})]),
        default_registry(),
        Functions(),
    )
    assert found["errors"] == list(reasons) != []


def test_a_cycle_is_named_by_its_nodes_alone(me: ApiUser):
    names = ["in", "a", "b", "c", "out"]
    nodes = [{"id": n, "node_type": "supervisor", "label": n.upper()} for n in names]
    pairs = ["in a", "a b", "b c", "c a", "c out"]
    connections = [
        dict(zip(("source_node_id", "target_node_id"), p.split(), strict=True)) for p in pairs
    ]
    (error,) = validated(me, {"nodes": nodes, "connections": connections})["errors"]
    assert [name for name in ('"IN"', '"A"', '"B"', '"C"', '"OUT"') if name in error] == [
        '"A"',
        '"B"',
        '"C"',
    ]


def test_a_node_connected_to_itself_is_a_cycle(me: ApiUser):
    loop = {"source_node_id": "a", "target_node_id": "a"}
    nodes = [{"id": "a", "node_type": "supervisor", "label": "A"}]
    (error,) = validated(me, {"nodes": nodes, "connections": [loop]})["errors"]
    assert '"A" -> "A"' in error
