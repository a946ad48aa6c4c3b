"""What the newer routes promise beyond the client's contract: limits, ETags, sorting."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen_widgets.server import Database, local_session
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, graph, new_agent, new_pipeline, register

LOGIN = {"email": "ada@example.com", "password": "correct horse"}


def new(caller: ApiUser, kind: str) -> str:
    """Make one of a kind; return its path."""
    bodies = {
        "teams": {"name": "T"},
        "gateways": {"name": "G", "api_url": "http://x", "api_key": "k"},
        "policies": {"name": "P", "resource_type": "a", "action": "b", "effect": "deny"},
        "users": {"email": "x@y.z", "name": "U", "password": "long enough", "role": "viewer"},
    }
    return f"/{kind}/{caller.got('POST', f'/{kind}', bodies[kind])['id']}"


def test_metrics_are_those_of_the_organization(me: ApiUser, stranger: ApiUser):
    assert me.got("GET", "/metrics/summary")["total_executions"] > 100
    assert stranger.got("GET", "/metrics/summary")["total_executions"] == 0


def test_percentiles_are_those_of_the_nearest_rank(me: ApiUser, clock: FakeClock):
    def record(agent: str, *times: int) -> None:
        for time in times:
            metric = {"deployment_id": "d", "agent_id": agent, "status": "success"}
            me.got("POST", "/metrics/record", {**metric, "latency_ms": time})

    record("a", *range(100, 0, -1))
    summary = me.got("GET", "/metrics/summary?agent_id=a")
    assert (summary["median_latency_ms"], summary["p95_latency_ms"]) == (50, 95)
    record("b", 7)
    summary = me.got("GET", "/metrics/summary?agent_id=b")
    assert (summary["median_latency_ms"], summary["p95_latency_ms"]) == (7, 7)
    assert me.got("GET", "/metrics/summary?agent_id=none")["median_latency_ms"] is None
    start = clock.now().replace(minute=0).isoformat()
    query = {"metric": "latency", "interval": "hour", "start_date": start, "end_date": start}
    (point,) = me.got("GET", "/metrics/timeseries", params={**query, "agent_id": "a"})["data"]
    assert {"median_latency_ms", "p95_latency_ms"} <= set(point)


def test_list_of_agents_says_what_each_did_in_the_last_day_if_asked(
    me: ApiUser, stranger: ApiUser, clock: FakeClock, database: Database
):
    agent = new_agent(me)["id"]

    def listed(caller: ApiUser, include: str = "?include=activity") -> dict[str, Any]:
        found = caller.got("GET", f"/agents{include}")["records"]
        return next((row for row in found if row["id"] == agent), {})

    assert "activity" not in listed(me, "")
    assert listed(me)["activity"]["execution_count"] == 0
    assert listed(me)["activity"]["last_executed_at"] is None
    metric = {"deployment_id": "d", "agent_id": agent, "status": "success", "cost_usd": 0.5}
    me.got("POST", "/metrics/record", {**metric, "latency_ms": 300})
    stranger.got("POST", "/metrics/record", {**metric, "latency_ms": 900})
    activity = listed(me)["activity"]
    assert (activity["execution_count"], activity["median_latency_ms"]) == (1, 300)
    assert activity["total_cost_usd"] == 0.5
    clock.advance(25 * 3600)
    later = listed(me.as_(local_session(database, clock)["access_token"]))["activity"]
    assert (later["execution_count"], later["median_latency_ms"]) == (0, None)
    assert later["last_executed_at"] == activity["last_executed_at"]


def test_oldest_automatic_versions_make_room_and_named_ones_stay(me: ApiUser):
    path = f"/pipelines/{new_pipeline(me)['id']}/versions"
    me.got("POST", path, {"name": "mine"})
    for number in range(22):
        me.got("POST", path, {"name": f"auto {number}", "is_automatic": True})
    found = me.got("GET", path)["data"]
    assert [row["name"] for row in found] == [*(f"auto {n}" for n in range(21, 1, -1)), "mine"]
    assert [row["is_automatic"] for row in found] == [True] * 20 + [False]
    assert me.got("GET", f"{path}/{found[0]['id']}")["data"]["is_automatic"] is True


def test_assignments_of_a_policy_are_listed(me: ApiUser, stranger: ApiUser):
    path = new(me, "policies")
    assert me.got("GET", f"{path}/assignments") == {"records": [], "total": 0}
    given = {"principal_type": "role", "principal_id": "viewer"}
    made = me.got("POST", f"{path}/assign", given)
    assert me.got("GET", f"{path}/assignments")["records"] == [made]
    stranger.refused(403, "GET", f"{path}/assignments")
    me.call("DELETE", f"/policies/assignments/{made['id']}")
    assert me.got("GET", f"{path}/assignments")["total"] == 0


def test_list_of_pipelines_has_their_size_and_last_execution_if_asked(me: ApiUser):
    def activity() -> dict[str, Any]:
        found = me.got("GET", "/pipelines?include=activity")["data"]
        return next(row for row in found if row["id"] == made["id"])["activity"]

    made = new_pipeline(me)
    assert activity()["last_status"] is None
    me.got("PUT", f"/pipelines/{made['id']}/graph", sent := graph("a"))
    sent["nodes"][0]["agent_id"] = new_agent(me)["id"]
    me.got("PUT", f"/pipelines/{made['id']}/graph", sent)
    me.got("POST", "/executions/start", {"pipelineId": made["id"], "inputs": {"text": "hi"}})
    found = activity()
    assert (found["node_count"], found["execution_count"]) == (1, 1)
    assert found["last_status"] == "completed"
    assert found["last_executed_at"]


def test_executions_are_visible_in_their_organization_only(me: ApiUser, stranger: ApiUser):
    agent = new_agent(me)["id"]
    made = me.got("POST", f"/test/agents/{agent}", {"input": {"text": "hi"}})
    assert made["output"] == {"content": "Helper (offline) was asked: hi"}
    stranger.refused(403, "GET", f"/test/executions/{made['id']}")


@pytest.mark.parametrize("kind", ["teams", "gateways", "policies", "users"])
def test_if_match_changes_only_an_unchanged_row(me: ApiUser, kind: str):
    path = new(me, kind)
    seen = me.call("GET", path).headers["etag"]
    assert me.call("GET", path, headers={"If-None-Match": seen}).status_code == 304
    changed = me.call("PUT", path, {"name": "Mine"}, headers={"If-Match": seen})
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen
    assert me.call("PUT", path, {"name": "Yours"}, headers={"If-Match": seen}).status_code == 412
    assert me.got("GET", path)["name"] == "Mine"
    assert me.call("GET", path, headers={"If-None-Match": seen}).json()["name"] == "Mine"


def test_if_none_match_answers_304_without_a_body(me: ApiUser):
    path = f"/pipelines/{new_pipeline(me)['id']}"
    etag = me.call("GET", path).headers["etag"]
    again = me.call("GET", path, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    me.got("PUT", f"{path}/graph", graph("a"))
    assert me.call("GET", path, headers={"If-None-Match": etag}).status_code == 200


def test_lists_are_searched_and_sorted_ignoring_case(me: ApiUser):
    for name in ("ärger 50%", "Zebra", "ÄRGER 501"):
        new_agent(me, name)

    def names(query: str) -> list[str]:
        return [row["name"] for row in me.got("GET", f"/agents?{query}")["records"]]

    assert names("search=ärger") == ["ÄRGER 501", "ärger 50%"]
    assert names("search=50%25") == ["ärger 50%"]
    oldest_first = names("limit=100")[::-1]
    assert names("sort=name&limit=100") == sorted(oldest_first, key=str.casefold)
    assert names("sort=-name&limit=2&offset=1") == names("sort=-name")[1:3]
    assert me.refused(422, "GET", "/agents?sort=size")["code"] == "VALIDATION_ERROR"


def test_reused_refresh_token_ends_its_session(nobody: ApiUser, clock: FakeClock):
    spent = {"refresh_token": register(nobody)["tokens"]["refresh_token"]}
    thief = nobody.got("POST", "/auth/refresh", spent)
    nobody.refused(401, "POST", "/auth/refresh", spent)
    assert nobody.as_(thief["access_token"]).call("GET", "/auth/me").status_code == 200
    clock.advance(11)
    nobody.refused(401, "POST", "/auth/refresh", spent)
    nobody.as_(thief["access_token"]).refused(401, "GET", "/auth/me")
    nobody.refused(401, "POST", "/auth/refresh", {"refresh_token": thief["refresh_token"]})


def test_policy_denies_an_action(me: ApiUser, nobody: ApiUser):
    policy = me.got(
        "POST",
        "/policies",
        {"name": "P", "resource_type": "deployment", "action": "read", "effect": "deny"},
    )["id"]
    me.got("GET", "/deployments")
    assigned = {"principal_type": "role", "principal_id": "org_owner"}
    made = me.got("POST", f"/policies/{policy}/assign", assigned)
    assert "deployment:read" in me.refused(403, "GET", "/deployments")["message"]
    me.refused(409, "POST", f"/policies/{policy}/assign", assigned)
    assert me.call("DELETE", f"/policies/assignments/{made['id']}").status_code == 204
    me.got("GET", "/deployments")


def test_last_owner_cannot_be_removed(me: ApiUser):
    own = f"/users/{me.got('GET', '/auth/me')['id']}"
    me.refused(409, "DELETE", own)
    me.refused(409, "PUT", own, {"role": "viewer"})
    me.refused(409, "PUT", own, {"status": "suspended"})


def test_viewer_reads_and_changes_only_their_own_name(me: ApiUser, nobody: ApiUser):
    body = {"email": "v@example.com", "name": "V", "password": "long enough", "role": "viewer"}
    user = me.got("POST", "/users", body)["id"]
    login = nobody.got("POST", "/auth/login", {"email": body["email"], "password": "long enough"})
    viewer = nobody.as_(login["access_token"])
    viewer.got("GET", "/agents")
    viewer.refused(403, "POST", "/teams", {"name": "T"})
    viewer.refused(403, "POST", "/users", body)
    viewer.refused(403, "PUT", f"/users/{user}", {"role": "org_owner"})
    assert viewer.got("PUT", f"/users/{user}", {"name": "W"})["name"] == "W"
    me.call("DELETE", f"/users/{user}")
    viewer.refused(401, "GET", "/agents")


def test_execution_runs_nodes_in_order_and_is_listed(me: ApiUser):
    agent, pipeline = new_agent(me)["id"], new_pipeline(me)["id"]
    nodes = [
        {"id": "out", "node_type": "output", "label": "Out"},
        {"id": "a", "node_type": "agent", "label": "A", "agent_id": agent},
        {"id": "in", "node_type": "input", "label": "In"},
    ]
    links = [("in", "a"), ("a", "out")]
    connections = [{"source_node_id": a, "target_node_id": b} for a, b in links]
    me.got("PUT", f"/pipelines/{pipeline}/graph", {"nodes": nodes, "connections": connections})
    started = {"pipelineId": pipeline, "inputs": {"text": "hi"}}
    id = me.got("POST", "/executions/start", started)["executionId"]
    execution = me.got("GET", f"/executions/{id}")
    assert [node["nodeId"] for node in execution["nodeExecutions"]] == ["in", "a", "out"]
    assert execution["outputs"] == {"Out": "Helper (offline) was asked: hi"}
    history = me.got("GET", f"/executions/history/{pipeline}")
    assert (history["total"], history["executions"][0]["id"]) == (1, id)


def test_stream_sends_start_content_and_done(me: ApiUser):
    agent = new_agent(me)["id"]
    answer = me.call("POST", f"/agents/{agent}/execute/stream", {"message": "hi"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    kinds = [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("start", "done", {"content"})
    assert me.got("GET", f"/test/agents/{agent}/history")["total"] == 1
    me.call("DELETE", f"/agents/{agent}")
    me.refused(400, "POST", f"/agents/{agent}/execute/stream", {"message": "hi"})


def relay(*links: tuple[str, str]) -> dict[str, Any]:
    """A graph of nodes that hand on what they get, connected as given."""
    names = dict.fromkeys(name for link in links for name in link)
    return {
        "nodes": [{"id": name, "node_type": "supervisor", "label": name} for name in names],
        "connections": [{"source_node_id": a, "target_node_id": b} for a, b in links],
    }


def doubled(levels: int) -> list[tuple[str, str]]:
    """Two nodes a level, each connected to both of the next level: what they hand on doubles."""
    return [
        (f"{source}{level}", f"{target}{level + 1}")
        for level in range(levels)
        for source in "ab"
        for target in "ab"
    ]


def nested(levels: int) -> list[tuple[str, str]]:
    """A chain whose nodes also get the first one's value: dicts in dicts in dicts."""
    chain = [(str(level), str(level + 1)) for level in range(levels)]
    return chain + [("0", str(level)) for level in range(2, levels + 1)]


@pytest.mark.parametrize("links", [doubled(18), nested(80)], ids=["doubled", "nested"])
def test_results_that_are_too_large_to_record_fail_with_a_sentence(
    me: ApiUser, links: list[tuple[str, str]]
):
    pipeline = new_pipeline(me)["id"]
    me.got("PUT", f"/pipelines/{pipeline}/graph", relay(*links))
    tried = me.got("POST", f"/test/pipelines/{pipeline}", {"input": {"text": "hi"}})
    assert tried["status"] == "failed"
    assert "hold more than 4,000,000 characters" in tried["error_message"]
