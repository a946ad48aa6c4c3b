"""The client against the embedded server, in process."""

import asyncio

import pytest

from kaizen_widgets.errors import InvalidInputError, NotFoundError, UnauthorizedError
from kaizen_widgets.graph import Edge, Graph, Node

WAIT = 10


def sample(studio):
    return studio.pipelines.list().wait(WAIT)[0]


def test_the_samples_are_there(studio):
    names = {agent.name for agent in studio.agents.list().wait(WAIT)}
    assert {"Billing", "Technical"} <= names
    pipeline = sample(studio)
    assert pipeline.name == "Support triage"
    graph = studio.pipelines.load_graph(pipeline.id).wait(WAIT)
    assert {node.type for node in graph.nodes} == {
        "input",
        "router",
        "agent",
        "synthesizer",
        "output",
    }
    assert studio.pipelines.validate(pipeline.id).wait(WAIT).valid


def test_the_sample_saved_unchanged_stays_equal(studio):
    id = sample(studio).id
    graph = studio.pipelines.load_graph(id).wait(WAIT)
    studio.pipelines.save_graph(id, graph).wait(WAIT)
    studio.query_client.clear()
    assert studio.pipelines.load_graph(id).wait(WAIT) == graph


def test_a_graph_with_everything_comes_back_equal(studio):
    graph = Graph(
        [
            Node("group", (0.1, -5), type="group", width=400.5, style={"opacity": None}),
            Node(
                "a/b ?",
                (1e-7, 2),
                type="agent",
                parent_id="group",
                data={"label": "", "config": {"n": None}},
            ),
            Node("bare"),
            {
                "id": "odd",
                "position": {"x": 1, "y": 2, "z": 3},
                "data": {"label": 5, "agentId": None},
            },
        ],
        [
            Edge("plain", "a/b ?", "bare"),
            Edge(
                "rich",
                "bare",
                "odd",
                source_handle="x",
                animated=True,
                data={"condition": "a > 1", "w": [1]},
            ),
        ],
    )
    id = studio.pipelines.create(name="Everything").wait(WAIT).id
    studio.pipelines.save_graph(id, graph).wait(WAIT)
    studio.query_client.clear()
    loaded = studio.pipelines.load_graph(id).wait(WAIT)
    assert loaded == graph
    assert [node.id for node in loaded.nodes] == ["group", "a/b ?", "bare", "odd"]


def test_two_hundred_nodes_survive(studio):
    nodes = [Node(f"n{i}", (i * 1.1, i), type="agent", data={"label": f"{i}"}) for i in range(200)]
    graph = Graph(nodes, [Edge(f"e{i}", f"n{i}", f"n{i + 1}") for i in range(199)])
    id = studio.pipelines.create(name="Large").wait(WAIT).id
    studio.pipelines.save_graph(id, graph).wait(WAIT)
    studio.query_client.clear()
    assert studio.pipelines.load_graph(id).wait(WAIT) == graph


def test_a_list_longer_than_a_page_is_whole(studio):
    async def make():
        for n in range(120):
            await studio.agents.endpoints.create(checked(name=f"n{n}", model_id="m"))

    from kaizen_widgets.api.agent_models import AgentCreate

    def checked(**fields):
        return AgentCreate(**fields)

    before = len(studio.agents.list().wait(WAIT))
    studio.query_client.loop.wait(make(), 60)
    studio.query_client.clear()
    assert len(studio.agents.list().wait(WAIT)) == before + 120


def test_changes_reach_the_lists(studio):
    agents = studio.agents.list()
    before = {agent.id for agent in agents.wait(WAIT)}
    made = studio.agents.create(name="Writer", model_id="m", temperature=0.3).wait(WAIT)
    assert {agent.id for agent in agents.wait(WAIT)} == before | {made.id}
    studio.agents.update(made.id, name="Poet", status="active").wait(WAIT)
    detail = studio.agents.detail(made.id).wait(WAIT)
    assert (detail.name, detail.status, detail.temperature) == ("Poet", "active", 0.3)
    assert made.id in {agent.id for agent in studio.agents.list(status="active").wait(WAIT)}
    studio.agents.delete(made.id).wait(WAIT)
    assert studio.agents.detail(made.id).wait(WAIT).status == "archived"
    assert studio.agents.versions(made.id).wait(WAIT) == []


def test_a_pipeline_can_be_renamed_and_archived(studio):
    id = studio.pipelines.create(name="One", pattern="router").wait(WAIT).id
    studio.pipelines.update(id, name="Two").wait(WAIT)
    detail = studio.pipelines.detail(id).wait(WAIT)
    assert (detail.name, detail.pattern, detail.nodes) == ("Two", "router", [])
    studio.pipelines.delete(id).wait(WAIT)
    assert studio.pipelines.detail(id).wait(WAIT).status == "archived"


def test_a_server_side_refusal_names_the_field(studio):
    with pytest.raises(InvalidInputError, match="pattern"):
        studio.pipelines.create(name="x", pattern="no such pattern").wait(WAIT)


def test_what_is_not_there_is_said(studio):
    with pytest.raises(NotFoundError):
        studio.agents.detail("nobody").wait(WAIT)


def test_the_user_is_known(studio):
    user = studio.user.current().wait(WAIT)
    assert user.role == "org_owner"
    assert studio.user.permissions().wait(WAIT)
    assert user.organization_id in {one.id for one in studio.user.organizations().wait(WAIT)}


def test_a_life_from_registration_to_sign_out(studio):
    user = studio.auth.register("new@example.com", "long enough", "New", "Org").wait(WAIT)
    assert studio.user.current().wait(WAIT).id == user.id
    assert studio.pipelines.list().wait(WAIT) == []
    studio.auth.logout().wait(WAIT)
    with pytest.raises(UnauthorizedError):
        studio.user.current().wait(WAIT)
    with pytest.raises(UnauthorizedError):
        studio.auth.login("new@example.com", "wrong password").wait(WAIT)
    assert studio.auth.login("new@example.com", "long enough").wait(WAIT).id == user.id


def test_an_expired_access_token_is_refreshed(studio):
    tokens = studio.transport.tokens
    tokens.set("expired", tokens.refresh)
    refresh = tokens.refresh

    async def ask():
        return await asyncio.gather(
            *(studio.transport.request("GET", "/agents") for _ in range(10))
        )

    assert len(studio.query_client.loop.wait(ask(), WAIT)) == 10
    assert tokens.access != "expired"
    assert tokens.refresh != refresh


def test_concurrent_saves_leave_the_last(studio):
    id = studio.pipelines.create(name="Busy").wait(WAIT).id
    graphs = [Graph([Node(f"n{i}", data={"label": str(i)})]) for i in range(5)]
    for mutation in [studio.pipelines.save_graph(id, graph) for graph in graphs]:
        mutation.wait(WAIT)
    studio.query_client.clear()
    assert studio.pipelines.load_graph(id).wait(WAIT) == graphs[-1]
