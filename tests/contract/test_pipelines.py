"""Pipelines and their graphs."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from kaizen_widgets.errors import ConflictError, NotFoundError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.server.pipelines.pipeline_models import PATTERNS
from tests.contract.conftest import WAIT, Client


@pytest.fixture
def pipeline(client: Client, name: str) -> str:
    return client.pipelines.create(name=name).wait(WAIT).id


def load(client: Client, pipeline: str) -> Graph:
    client.fresh()
    return client.pipelines.load_graph(pipeline).wait(WAIT)


def test_a_pipeline_lives_from_draft_to_archive(client: Client, name: str):
    id = client.pipelines.create(name=name, pattern="router", description="d").wait(WAIT).id
    client.pipelines.update(id, name=f"{name} 2", status="active").wait(WAIT)
    client.fresh()
    detail = client.pipelines.detail(id).wait(WAIT)
    assert (detail.name, detail.pattern, detail.status) == (f"{name} 2", "router", "active")
    assert id in {one.id for one in client.pipelines.list(status="active", search=name).wait(WAIT)}
    client.pipelines.delete(id).wait(WAIT)
    assert client.pipelines.detail(id).wait(WAIT).status == "archived"


def test_pipeline_list_is_complete_beyond_a_page(client: Client, name: str):
    async def make():
        for number in range(101):
            await client.pipelines.endpoints.create(
                client.pipelines.create_model(name=f"{name} {number:03}")
            )

    client.run(make())
    client.fresh()
    found = client.pipelines.list(search=name, sort="-name").wait(WAIT)
    assert [one.name for one in found] == [f"{name} {number:03}" for number in range(100, -1, -1)]


def test_two_hundred_nodes_come_back_equal(client: Client, pipeline: str):
    nodes = [
        Node(
            f"agent-{place}",
            (place * 1.1, -place / 3),
            type="agent",
            data={"label": f"Agent {place}", "config": {"temperature": place / 7, "none": None}},
        )
        for place in range(200)
    ]
    edges = [
        Edge(f"e{place}", f"agent-{place}", f"agent-{place + 1}", data={"condition": {"is": place}})
        for place in range(199)
    ]
    graph = Graph(nodes, edges)
    client.pipelines.save_graph(pipeline, graph).wait(WAIT)
    loaded = load(client, pipeline)
    assert loaded == graph
    assert [node.id for node in loaded.nodes] == [node.id for node in nodes]


def test_graph_with_every_field_comes_back_equal(client: Client, pipeline: str):
    graph = Graph(
        [
            Node("group", (0.1, -5), type="group", width=400.5, style={"opacity": None}),
            Node("a/b ?", (1e-7, 2), type="agent", parent_id="group", data={"label": ""}),
            Node("bare"),
            Node("None", data={"label": "None", "config": {"text": "None", "äöü": "😀"}}),
            {
                "id": "odd",
                "position": {"x": 1, "y": 123456.789012, "z": 3},
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
    client.pipelines.save_graph(pipeline, graph).wait(WAIT)
    assert load(client, pipeline) == graph


def test_a_loaded_graph_can_be_saved_as_it_is(client: Client, pipeline: str):
    graph = Graph([Node("a"), Node("b")], [Edge("e", "a", "b", data={"condition": "x"})])
    client.pipelines.save_graph(pipeline, graph).wait(WAIT)
    client.pipelines.save_graph(pipeline, load(client, pipeline)).wait(WAIT)
    assert load(client, pipeline) == graph


@pytest.mark.parametrize("id", ["input-1", str(uuid.uuid4())], ids=["word", "uuid"])
def test_two_pipelines_may_use_one_id(client: Client, name: str, id: str):
    graph = Graph([Node(id, data={"label": "first"})], [Edge("e", id, id)])
    pipelines = [client.pipelines.create(name=name).wait(WAIT).id for _ in range(2)]
    for one in pipelines:
        client.pipelines.save_graph(one, graph).wait(WAIT)
    assert [load(client, one) for one in pipelines] == [graph, graph]
    client.pipelines.save_graph(pipelines[1], graph).wait(WAIT)
    assert [load(client, one) for one in pipelines] == [graph, graph]


def test_simultaneous_saves_leave_the_last_graph_whole(client: Client, pipeline: str):
    graphs = [Graph([Node(f"n{number}-{place}") for place in range(20)]) for number in range(4)]

    async def save():
        await asyncio.gather(
            *(client.pipelines.endpoints.save_graph(pipeline, graph) for graph in graphs)
        )

    client.run(save())
    assert load(client, pipeline) == graphs[-1]


def test_an_empty_graph_can_be_saved_over_a_full_one(client: Client, pipeline: str):
    client.pipelines.save_graph(pipeline, Graph([Node("a")])).wait(WAIT)
    client.pipelines.save_graph(pipeline, Graph()).wait(WAIT)
    assert load(client, pipeline) == Graph()


def test_validate_reports_errors(client: Client, pipeline: str):
    client.pipelines.save_graph(pipeline, Graph([Node("a", type="agent")])).wait(WAIT)
    found = client.pipelines.validate(pipeline).wait(WAIT)
    assert not found.valid
    assert found.errors


def test_patterns_are_listed(client: Client):
    assert "sequential" in client.pipelines.patterns().wait(WAIT)


@pytest.mark.faulty("only five patterns")
def test_all_nine_patterns_can_be_used(client: Client, name: str):
    for pattern in PATTERNS:
        made = client.pipelines.create(name=name, pattern=pattern).wait(WAIT)
        assert made.pattern == pattern


@pytest.mark.faulty("no ETags")
def test_save_with_an_old_etag_is_a_conflict(client: Client, pipeline: str):
    seen = client.pipelines.detail(pipeline).wait(WAIT)
    client.pipelines.save_graph(pipeline, Graph([Node("theirs")])).wait(WAIT)
    with pytest.raises(ConflictError):
        client.pipelines.save_graph(pipeline, Graph([Node("mine")]), etag=seen.etag).wait(WAIT)
    assert load(client, pipeline) == Graph([Node("theirs")])


def test_missing_pipeline_is_not_found(client: Client):
    with pytest.raises(NotFoundError):
        client.pipelines.load_graph("00000000-0000-4000-8000-000000000000").wait(WAIT)
