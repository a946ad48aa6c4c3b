"""What the public server does differently from its description, shown by a mock; the client copes with all
of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    StatusError,
    TransportError,
)
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.testing import Call, MockServer, Reply

GRAPH = Graph(
    [
        Node("in", type="input", position=(0.1, -3.7), data={"label": "In"}),
        Node("a", type="agent", data={"label": "A", "agentId": "1", "config": {"depth": [1]}}),
        Node("out", type="output"),
    ],
    [
        Edge("1", "in", "a", data={"condition": {"expression": "x > 1"}}),
        Edge("2", "a", "out", source_handle="left"),
    ],
)
ME = {"id": "u", "email": "a@b.c", "name": "A", "organization_id": "mine", "role": "org_owner"}


class SharpServer(MockServer):
    """Keeps one pipeline as the public server does: see edges 5, 6, 7, 8, 11, 13."""

    taken: set[str]

    def save(self, call: Call) -> Any:
        self.rows = call.json
        for kind in ("nodes", "connections"):
            for row in self.rows[kind]:
                assert None not in row.values()
        kept = {
            kind: [self.kept(row) for row in reversed(rows) if row["id"] not in self.taken]
            for kind, rows in call.json.items()
        }
        pipeline = {"id": "p", "name": "P", "found": True, "updated_at": "2026-01-01T00:00:00"}
        self.answer("GET", "/pipelines/p", {"data": pipeline | kept})
        return Reply(200, {"data": pipeline | kept}, delay=1.0)

    @staticmethod
    def kept(row: dict[str, Any]) -> dict[str, Any]:
        for column in ("config", "condition"):
            if column in row:
                assert isinstance(row[column], dict)
                row = row | {column: json.dumps(row[column])}
        if "agent_id" in row and not row["agent_id"]:
            row = row | {"agent_id": "None"}
        return row


@pytest.fixture
def server(loop: Any) -> SharpServer:
    server = SharpServer(loop.clock)
    server.taken = set()
    server.answer("PUT", "/pipelines/p/graph", server.save)
    server.answer("GET", "/auth/me", ME)
    return server


@pytest.fixture
def run(loop: Any) -> Callable[[Any], Any]:
    """Run a query, mutation or coroutine to its end in virtual time."""

    def run(pending: Any) -> Any:
        if asyncio.iscoroutine(pending):
            pending = loop.start(pending)
        loop.advance(60)
        return pending.wait(0)

    return run


@pytest.mark.parametrize(
    ("reply", "kind", "said", "code"),
    [
        (
            Reply(403, {"error": {"code": "FORBIDDEN", "message": "Permission denied: x"}}),
            ForbiddenError,
            "Permission denied: x",
            "FORBIDDEN",
        ),
        (
            Reply(429, {"error": "rate_limit_exceeded", "message": "Slow", "retry_after": 7}),
            RateLimitedError,
            "Slow",
            "rate_limit_exceeded",
        ),
        (
            Reply(403, {"detail": "CSRF validation failed", "code": "CSRF_INVALID_ORIGIN"}),
            ForbiddenError,
            "CSRF validation failed",
            "CSRF_INVALID_ORIGIN",
        ),
        (
            Reply(500, {"error": {"code": "INTERNAL_ERROR", "message": "\x1b[31mTraceback a.py"}}),
            StatusError,
            "The server failed",
            "INTERNAL_ERROR",
        ),
    ],
)
def test_errors_of_every_shape_become_one_sentence(
    api: Api, server: MockServer, run, reply: Reply, kind: type[StatusError], said: str, code: str
):
    server.answer("GET", "/agents/1", reply)
    with pytest.raises(kind, match=f"^{said}") as caught:
        run(api.agents.endpoints.get("1"))
    assert caught.value.code == code
    assert "Traceback" not in str(caught.value)


def test_lists_are_found_in_all_six_envelopes(api: Api, server: MockServer, run):
    row = {"id": "1", "name": "x", "agent_id": "1", "gateway_id": "1", "event_type": "started"}
    row |= {"version_number": 1, "status": "completed"}
    for path, answer, ask in (
        ("/agents", {"records": [row], "total": 1}, api.agents.list),
        ("/pipelines", {"data": [row], "total": 1}, api.pipelines.list),
        ("/deployments", {"deployments": [row]}, api.deployments.list),
        ("/gateways", {"gateways": [row]}, api.gateways.list),
        ("/deployments/1/logs", {"logs": [row]}, lambda: api.deployments.logs("1")),
        ("/metrics/executions", {"executions": [row], "count": 1}, api.metrics.executions),
        ("/agents/1/versions", [row], lambda: api.agents.versions("1")),
    ):
        server.answer("GET", path, answer)
        assert [one.id for one in run(ask())] == ["1"], path


def test_lists_are_fetched_whole_and_searched_and_sorted_by_the_client(
    api: Api, server: MockServer, run
):
    names = [f"{'Ä' if n % 3 else 'b'}{n:03}" for n in range(230)]
    rows = [{"id": str(n), "name": name} for n, name in enumerate(names)]

    def page(call: Call) -> Any:
        at, most = int(call.query["offset"]), int(call.query["limit"])
        return {"records": rows[at : at + most], "total": len(rows[at : at + most])}

    server.answer("GET", "/agents", page)
    assert len(run(api.agents.list())) == 230
    found = run(api.agents.list(search="ä", sort="-name"))
    assert [one.name for one in found] == sorted((n for n in names if n[0] == "Ä"), reverse=True)


def test_lists_cut_after_ten_rows_warn_that_there_may_be_more(
    api: Api, server: MockServer, run, caplog
):
    members = [{"id": str(n), "user_id": str(n)} for n in range(10)]
    server.answer("GET", "/teams/1", {"id": "1", "name": "Team", "members": members})
    assert len(run(api.teams.members("1"))) == 10
    assert "only the first 10 members of team 'Team'" in caplog.text


def test_node_ids_are_sent_as_uuids_and_missing_rows_are_named(api: Api, server: SharpServer, run):
    run(api.pipelines.save_graph("p", GRAPH))
    sent = [row["id"] for row in server.rows["nodes"]]
    assert all(len(id) == 36 for id in sent)
    server.taken = {sent[1]}
    with pytest.raises(TransportError, match=r"stored 2 of 3 nodes \(missing: 'a'\)"):
        run(api.pipelines.save_graph("p", GRAPH))
    server.answer("PUT", "/pipelines/q/graph", server.save)
    run(api.pipelines.save_graph("q", GRAPH))
    assert not set(sent) & {row["id"] for row in server.rows["nodes"]}


def test_graphs_come_back_unchanged(api: Api, server: SharpServer, run, loop):
    run(api.pipelines.save_graph("p", GRAPH))
    assert run(api.pipelines.endpoints.load_graph("p")) == GRAPH
    detail = run(api.pipelines.endpoints.get("p"))
    run(api.pipelines.save_graph("p", detail.graph))
    for row in server.rows["nodes"]:
        assert isinstance(row["label"], str)
    for row in server.rows["connections"]:
        assert isinstance(row["source_handle"], str)
        assert isinstance(row["target_handle"], str)
    assert run(api.pipelines.endpoints.load_graph("p")) == GRAPH


def test_the_text_none_is_read_as_no_value(api: Api, server: MockServer, run):
    absent = {"id": "1", "error_type": "None", "error_message": "None", "agent_id": "None"}
    server.answer("GET", "/metrics/executions", {"executions": [absent], "count": 1})
    (metric,) = run(api.metrics.executions())
    assert (metric.error_type, metric.error_message, metric.agent_id) == ("", "", "")
    log = {"id": "1", "event_type": "started", "metadata": "None"}
    server.answer("GET", "/deployments/1/logs", {"logs": [log]})
    assert run(api.deployments.logs("1"))[0].metadata == {}


def test_null_is_never_sent(api: Api, server: MockServer, run):
    row = ME | {"id": "1", "agent_id": "1", "gateway_id": "1", "user_id": "1"}
    row |= {"policy_id": "1", "principal_type": "role", "principal_id": "viewer"}
    row |= {"status": "active", "allowed": True, "version_number": 1}
    server.answer("GET", "/agents", {"records": []})
    for path in ("/agents", "/pipelines", "/gateways", "/deployments", "/teams", "/users"):
        server.answer("POST", path, row).answer("PUT", f"{path}/1", row)
    server.answer("POST", "/policies", row).answer("PUT", "/policies/1", row)
    server.answer("POST", "/*/*", row).answer("POST", "/*/*/*", row)
    policy = {"resource_type": "agent", "action": "read", "effect": "deny"}
    for change in (
        api.agents.create(name="A", model_id="m"),
        api.agents.update("1", name="B"),
        api.agents.add_tool("1", name="T", description="t"),
        api.agents.add_context("1", name="C", content="c"),
        api.agents.create_version("1"),
        api.pipelines.create(name="P"),
        api.pipelines.update("1", name="Q"),
        api.gateways.create(name="G", api_url="http://x", api_key="key"),
        api.gateways.update("1", name="H"),
        api.deployments.create(agent_id="1", gateway_id="1"),
        api.teams.create(name="T"),
        api.teams.add_member("1", "1"),
        api.users.create(email="a@b.c", name="U", password="long enough"),
        api.policies.create(name="P", **policy),
        api.policies.assign("1", "role", "viewer"),
        api.metrics.record(deployment_id="", agent_id="1", status="success"),
    ):
        run(change)
    run(api.policies.evaluate("1", "agent", "read"))
    bodies = [call.json for call in server.calls if call.json is not None]
    assert len(bodies) == 17
    assert not [body for body in bodies if "null" in json.dumps(body)]


def test_objects_are_read_from_json_text(api: Api, server: MockServer, run):
    tool = {"id": "1", "name": "t", "config": '{"depth": 2}'}
    server.answer("GET", "/agents/1/tools", [tool])
    assert run(api.agents.tools("1"))[0].config == {"depth": 2}
    policy = {"id": "1", "name": "P", "conditions": '{"all": []}'}
    server.answer("GET", "/policies/1", policy, policy | {"conditions": {"all": []}})
    for _ in range(2):
        assert run(api.policies.endpoints.get("1")).conditions == {"all": []}


def test_saves_of_one_pipeline_run_one_after_another(api: Api, server: SharpServer, run, loop):
    saves = [api.pipelines.save_graph("p", graph) for graph in (GRAPH, Graph([Node("z")]), GRAPH)]
    loop.settle()
    for done in (1, 2, 3):
        assert len(server.asked("PUT", "/pipelines/p/graph")) == done
        loop.advance(1)
    assert all(save.status == "success" for save in saves)


def test_timestamps_that_never_change_are_not_relied_on(api: Api, server: SharpServer, run):
    detail = run(api.pipelines.endpoints.save_graph("p", GRAPH))
    assert detail.etag == ""
    run(api.pipelines.save_graph("p", GRAPH, etag=detail.etag))
    assert "if-match" not in server.calls[-1].headers


def test_numbers_and_times_are_read_as_meant(api: Api, server: MockServer, run):
    row = {"id": "1", "name": "A", "temperature": 0.699999988079071, "found": True}
    times = {"created_at": "2026-01-01T10:00:00.38", "updated_at": "2026-01-01T12:00:00+02:00"}
    server.answer("GET", "/agents/1", row | times)
    agent = run(api.agents.endpoints.get("1"))
    assert agent.temperature == 0.7
    assert agent.created_at == datetime(2026, 1, 1, 10, 0, 0, 380_000, UTC)
    assert agent.updated_at == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_only_the_access_token_identifies_a_user(api: Api, server: MockServer, run):
    pair = {"access_token": "access-2", "refresh_token": "refresh-2"}
    server.answer("POST", "/auth/refresh", pair)
    server.answer("GET", "/pipelines", Reply(401), {"data": []})
    run(api.pipelines.list())
    for call in server.calls:
        assert not {"x-api-key", "x-user-id", "x-org-id", "cookie"} & set(call.headers)
        assert "refresh-" not in call.headers.get("authorization", "")
    assert server.asked("GET", "/pipelines")[-1].query["organization_id"] == "mine"


def test_sign_in_limits_say_how_long_to_wait(api: Api, server: MockServer, run):
    wait = {"X-RateLimit-Reset": "40", "Retry-After": "40"}
    limited = {"error": "rate_limit_exceeded", "message": "Too many", "retry_after": 40}
    server.answer("POST", "/auth/login", Reply(429, limited, headers=wait))
    with pytest.raises(RateLimitedError) as caught:
        run(api.auth.login("a@b.c", "hunter2hunter2"))
    assert caught.value.retry_after == 40.0
    assert len(server.asked("POST", "/auth/login")) == 1
    assert "hunter2" not in str(caught.value)


def test_unknown_patterns_are_reported(api: Api, server: MockServer, run):
    refusal = {"error": {"code": "BAD_REQUEST", "message": "Invalid pattern: blackboard"}}
    server.answer("POST", "/pipelines", Reply(400, refusal))
    server.answer("GET", "/pipelines/patterns", {"data": {"sequential": "One by one"}})
    with pytest.raises(InvalidInputError, match="Invalid pattern: blackboard"):
        run(api.pipelines.create(name="P", pattern="blackboard"))
    assert run(api.pipelines.patterns()) == {"sequential": "One by one"}


def test_pipelines_are_deployed_agent_by_agent(api: Api, server: SharpServer, run):
    run(api.pipelines.save_graph("p", GRAPH))
    gateway = {"name": "G", "environment": "production"}
    server.answer(
        "GET",
        "/gateways",
        {
            "gateways": [
                gateway | {"id": "old", "created_at": "2025-01-01T00:00:00"},
                gateway | {"id": "new", "created_at": "2026-01-01T00:00:00"},
                gateway | {"id": "off", "status": "inactive", "created_at": "2027-01-01T00:00:00"},
            ]
        },
    )
    server.answer("POST", "/deployments", lambda call: call.json | {"id": "d", "status": "active"})
    (made,) = run(api.deployments.deploy("p", "production"))
    assert (made.agent_id, made.gateway_id) == ("1", "new")
    with pytest.raises(NotFoundError, match="no active gateway for 'staging'"):
        run(api.deployments.deploy("p", "staging"))


def test_empty_answers_are_reported(api: Api, server: MockServer, run, caplog):
    output = {"response": "", "output": "", "_token_usage": {"total": 17}}
    result = {"id": "1", "status": "completed", "output": output}
    server.answer("POST", "/test/agents/1", result, result | {"output": {"response": "Hello"}})
    with caplog.at_level(logging.WARNING):
        assert run(api.executions.try_agent("1", {"message": "hello"})).is_empty
    assert "is a language model configured" in caplog.text
    assert not run(api.executions.try_agent("1", {"message": "hello"})).is_empty
