"""The first start: the local user, the agents, the sample."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.server import Database, create_app, local_session, seed
from kaizen_widgets.testing import FakeClock
from tests.clients import running_loop
from tests.server.conftest import ApiUser

WIDTH, HEIGHT = 176, 98
"""A card's size in flow units; one with named outputs is higher."""


def sample(caller: ApiUser) -> dict[str, Any]:
    (only,) = caller.got("GET", "/pipelines")["data"]
    return caller.got("GET", f"/pipelines/{only['id']}")["data"]


def test_seeding_happens_once(tmp_path: Path, clock: FakeClock):
    with Database.open(tmp_path / "s.db") as database:
        assert seed(database, clock) is True
        assert seed(database, clock) is False
    with Database.open(tmp_path / "s.db") as database:
        assert seed(database, clock) is False
        with database.read() as db:
            assert db.execute("SELECT count(*) FROM agents").fetchone()[0] == 4
            assert db.execute("SELECT count(*) FROM users").fetchone()[0] == 1


def test_seeding_does_not_restore_deleted_samples(database: Database, clock: FakeClock):
    seed(database, clock)
    with database.write() as db:
        db.execute("DELETE FROM pipelines")
    assert seed(database, clock) is False
    with database.read() as db:
        assert db.execute("SELECT count(*) FROM pipelines").fetchone()[0] == 0


def test_the_local_user_owns_the_local_organization(me: ApiUser, session: dict):
    assert session["user"]["email"] == "local@kaizen.localhost"
    assert me.got("GET", "/auth/me") == session["user"]
    assert session["user"]["role"] == "org_owner"


def test_there_are_four_agents_ready_to_use(me: ApiUser):
    agents = me.got("GET", "/agents", params={"status": "active"})["records"]
    assert [agent["name"] for agent in agents] == [
        "Billing",
        "Technical",
        "Summarizer",
        "Translator",
    ]


def test_the_sample_is_valid_and_its_agents_are_the_seeded_ones(me: ApiUser):
    pipeline = sample(me)
    assert (pipeline["name"], pipeline["pattern"]) == ("Support triage", "router")
    found = me.got("POST", f"/pipelines/{pipeline['id']}/validate")["data"]
    assert found == {"valid": True, "errors": [], "warnings": []}
    names = {agent["id"]: agent["name"] for agent in me.got("GET", "/agents")["records"]}
    assert {
        node["label"]: names[node["agent_id"]]
        for node in pipeline["nodes"]
        if node["node_type"] == "agent"
    } == {"Billing": "Billing", "Technical": "Technical"}


def test_the_samples_nodes_do_not_overlap_and_go_left_to_right(me: ApiUser):
    pipeline = sample(me)
    at = {n["id"]: (n["position_x"], n["position_y"]) for n in pipeline["nodes"]}
    for edge in pipeline["connections"]:
        assert at[edge["target_node_id"]][0] >= at[edge["source_node_id"]][0] + WIDTH + 24
    for one in at.values():
        for other in at.values():
            apart = abs(one[0] - other[0]) >= WIDTH or abs(one[1] - other[1]) >= HEIGHT
            assert one is other or apart


def test_the_samples_router_leads_to_its_routes(me: ApiUser):
    pipeline = sample(me)
    (router,) = [n for n in pipeline["nodes"] if n["node_type"] == "router"]
    outputs = {route["name"] for route in router["config"]["routes"]} | {"default"}
    used = {
        c["source_handle"] for c in pipeline["connections"] if c["source_node_id"] == router["id"]
    }
    assert used == outputs


def test_the_sample_is_a_graph(me: ApiUser):
    pipeline = sample(me)
    graph = Graph(
        [Node(n["id"], (n["position_x"], n["position_y"])) for n in pipeline["nodes"]],
        [Edge(c["id"], c["source_node_id"], c["target_node_id"]) for c in pipeline["connections"]],
    )
    assert len(graph.nodes) == 6


def test_a_password_is_never_a_route(nobody: ApiUser, session: dict):
    for path in ("/auth/local", "/auth/local-session", "/auth/seed"):
        assert nobody.call("POST", path, {}).status_code == 404


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    with running_loop("test-loop") as background:
        yield background


def test_app_serves_on_the_background_loop(
    loop: BackgroundLoop, database: Database, runner: asyncio.Runner
):
    token = local_session(database, loop)["access_token"]
    caller = ApiUser(create_app(database, loop), runner, token)
    response = loop.wait(caller.send("GET", "/agents"), timeout=30)
    assert response.json()["total"] == 4
