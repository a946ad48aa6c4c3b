"""Versions of a pipeline: stored, listed, renamed, deleted; what they hold never changes."""

from __future__ import annotations

import pytest

from kaizen_widgets.errors import InvalidInputError, NotFoundError
from kaizen_widgets.graph import Edge, Graph, Node
from tests.contract.conftest import WAIT, Client

pytestmark = pytest.mark.skipif("os.environ.get('KAIZEN_URL')", reason="it has no versions")


def graph(*labels: str) -> Graph:
    nodes = [Node(label, type="agent", data={"label": label}) for label in labels]
    return Graph(nodes, [Edge("e", labels[0], labels[1])])


@pytest.fixture
def pipeline(client: Client) -> str:
    made = client.pipelines.create(name="contract versions").wait(WAIT)
    client.pipelines.save_graph(made.id, graph("a", "b")).wait(WAIT)
    return made.id


def test_version_holds_the_graph_of_its_time(client: Client, pipeline: str):
    version = client.pipeline_versions.create(pipeline, "first").wait(WAIT)
    client.pipelines.save_graph(pipeline, graph("x", "y")).wait(WAIT)
    client.fresh()
    detail = client.pipeline_versions.detail(pipeline, version.id).wait(WAIT)
    assert detail.graph == graph("a", "b")
    assert (detail.name, detail.version_number, detail.node_count) == ("first", 1, 2)


def test_versions_are_listed_newest_first_and_renamed_and_deleted(client: Client, pipeline: str):
    first = client.pipeline_versions.create(pipeline, "first").wait(WAIT)
    client.pipeline_versions.create(pipeline, "second").wait(WAIT)
    versions = client.pipeline_versions.list(pipeline)
    assert [one.name for one in versions.wait(WAIT)] == ["second", "first"]
    client.pipeline_versions.rename(pipeline, first.id, "start").wait(WAIT)
    assert [one.name for one in versions.refetch().wait(WAIT)] == ["second", "start"]
    client.pipeline_versions.delete(pipeline, first.id).wait(WAIT)
    assert [one.version_number for one in versions.refetch().wait(WAIT)] == [2]
    with pytest.raises(NotFoundError):
        client.run(client.pipeline_versions.endpoints.get(pipeline, first.id))


def test_version_needs_a_name_and_its_pipeline(client: Client, pipeline: str):
    with pytest.raises(InvalidInputError):
        client.pipeline_versions.create(pipeline, "")
    with pytest.raises(NotFoundError):
        client.pipeline_versions.create("no-such-pipeline", "x").wait(WAIT)
