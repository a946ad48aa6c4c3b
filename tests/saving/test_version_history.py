"""The versions of the open pipeline, on an embedded API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets import Studio
from kaizen_widgets.api.deployments import Deployment, DeploymentCreate
from kaizen_widgets.errors import NotFoundError, StoreError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.graph.without_secrets import without_secrets
from kaizen_widgets.saving.version_history import combined
from kaizen_widgets.testing import fake_comms

WAIT = 60


@pytest.fixture(scope="module")
def opened() -> Iterator[Studio]:
    with fake_comms():
        studio = Studio(data=":memory:")
        yield studio
        studio.close()


@pytest.fixture
def studio(opened: Studio, request: Any) -> Studio:
    opened.open(request.node.name[:60], create=True)
    opened.add_node(id="a", position=(0, 0), type="agent", data={"label": "A"})
    opened.add_node(id="b", position=(200, 0), type="output", data={"label": "B"})
    opened.connect("a", "b")
    return opened


def test_version_is_made_of_the_edits_that_are_saved_first(studio: Studio):
    assert studio.store.is_dirty
    version = studio.versions.create("first").wait(WAIT)
    assert not studio.store.is_dirty
    assert (version.version_number, version.name, version.node_count) == (1, "first", 2)
    assert studio.versions.graph("first").wait(WAIT) == studio.graph
    assert [one.name for one in studio.versions.list().wait(WAIT)] == ["first"]


def test_restore_is_one_step_that_undo_takes_back(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    before = studio.graph
    studio.store.delete_node("a")
    studio.store.update_node_data("b", {"label": "Bee"})
    after, steps = studio.graph, len(studio.store.history.past)
    studio.versions.restore(1).wait(WAIT)
    assert studio.graph == before
    assert len(studio.store.history.past) == steps + 1
    assert studio.store.history.undo_label == "restore first"
    studio.undo()
    assert studio.graph == after


def names(studio: Studio) -> list[str]:
    return [one.name for one in studio.versions.list().refetch().wait(WAIT)]


def opened_again(studio: Studio) -> None:
    """Open the pipeline as the next session does."""
    name = studio.store.pipeline_name
    studio.save()
    studio.store.clear_canvas()
    studio.open(name)


def test_first_edits_of_a_session_leave_a_version_of_what_was_before(studio: Studio):
    opened_again(studio)
    before = studio.graph
    for label in ("Ay", "Eh"):
        studio.store.update_node_data("a", {"label": label})
        studio.save()
    (version,) = studio.versions.list().refetch().wait(WAIT)
    assert version.name.startswith("Before the edits of ")
    assert version.is_automatic
    assert studio.versions.graph(version).wait(WAIT) == before


def test_no_version_is_stored_twice(studio: Studio):
    studio.versions.create("by name").wait(WAIT)
    opened_again(studio)
    studio.store.update_node_data("a", {"label": "Ay"})
    studio.save()
    assert names(studio) == ["by name"]


def test_restore_leaves_a_version_of_what_it_replaces(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    studio.store.update_node_data("a", {"label": "Ay"})
    replaced = studio.graph
    studio.versions.restore("first").wait(WAIT)
    assert names(studio) == ["Before going back to first", "first"]
    assert studio.versions.graph("Before going back to first").wait(WAIT) == replaced


def test_deploy_leaves_a_version_of_what_is_deployed(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    place = studio.store.pipeline_name
    agent = studio.agents.create(name=place, model="openai:gpt-4o").wait(WAIT)
    studio.gateways.create(
        name=place, api_url="http://127.0.0.1:9", api_key="key", environment=place
    ).wait(WAIT)
    studio.store.update_node_data("a", {"agentId": agent.id})
    studio.save()
    seen: list[list[str]] = []

    async def create(deployment: DeploymentCreate) -> Deployment:
        versions = await studio.pipeline_versions.endpoints.list(str(studio.store.pipeline_id))
        seen.append([one.name for one in versions])
        return Deployment(id="d", status="active", **deployment.model_dump())

    monkeypatch.setattr(studio.deployments.endpoints, "create", create)
    with pytest.raises(NotFoundError):
        studio.deployments.deploy(str(studio.store.pipeline_id), "nowhere").wait(WAIT)
    assert names(studio) == []
    studio.deployments.deploy(str(studio.store.pipeline_id), place).wait(WAIT)
    [[name]] = seen
    assert name.startswith(f"Before the deploy to {place[:60]}, ")
    studio.deployments.deploy(str(studio.store.pipeline_id), place).wait(WAIT)
    assert names(studio) == [name]  # Nothing has changed since.


def test_server_without_versions_is_asked_once_and_edits_are_saved(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    async def unknown(pipeline_id: str) -> Any:
        asked.append(pipeline_id)
        raise NotFoundError("Not Found", status=404)

    monkeypatch.setattr(studio.pipeline_versions.endpoints, "list", unknown)
    monkeypatch.setattr(studio.versions.save_points, "_has_versions", True)
    for label in ("Ay", "Eh"):
        opened_again(studio)
        studio.store.update_node_data("a", {"label": label})
        studio.save()
    assert len(asked) == 1
    assert not studio.store.is_dirty
    monkeypatch.setattr(studio.versions.save_points, "_has_versions", True)


def test_versions_of_a_node_are_those_in_which_it_differs(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    studio.store.update_node_data("b", {"label": "Bee"})
    studio.versions.create("another node").wait(WAIT)
    studio.store.update_node_data("a", {"label": "Ay"})
    studio.versions.create("third").wait(WAIT)
    found = studio.versions.of_node("a").wait(WAIT)
    assert [each.version.name for each in found] == ["third", "first"]
    assert [each.node and each.node.label for each in found] == ["Ay", "A"]
    assert studio.versions.of_node("nobody").wait(WAIT) == []


def test_node_goes_back_alone_and_stays_where_it_is(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    studio.store.update_node_data("a", {"label": "Ay"})
    studio.store.update_node_data("b", {"label": "Bee"})
    move = {"type": "position", "id": "a", "position": {"x": 50, "y": 60}}
    studio.store.on_nodes_change([move])
    (earlier,) = studio.versions.of_node("a").wait(WAIT)
    studio.versions.restore_node(earlier).wait(WAIT)
    node = studio.graph.node("a")
    assert (node.label, node.position, studio.graph.node("b").label) == ("A", (50, 60), "Bee")
    studio.undo()
    assert studio.graph.node("a").label == "Ay"
    studio.store.delete_node("a")
    with pytest.raises(StoreError, match="no such node"):
        studio.versions.restore_node(earlier).wait(WAIT)


def test_comparison_names_what_changed_since(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    studio.store.update_node_data("b", {"label": "Bee"})
    found = studio.versions.compare("first").wait(WAIT)
    assert [(one.id, one.what) for one in found] == [("b", "changed")]


def test_looking_at_a_version_changes_nothing(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    rev = studio.store.rev
    studio.versions.graph("first").wait(WAIT)
    studio.versions.compare("first").wait(WAIT)
    assert (studio.store.rev, studio.store.is_dirty) == (rev, False)


def test_unknown_version_and_a_canvas_without_a_pipeline_are_refused(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    with pytest.raises(NotFoundError, match="there are: 'first'"):
        studio.versions.graph("second").wait(WAIT)
    studio.save()
    studio.store.clear_canvas()
    with pytest.raises(StoreError, match="No pipeline is open"):
        studio.versions.create("x")


def test_version_is_renamed_and_deleted(studio: Studio):
    studio.versions.create("first").wait(WAIT)
    studio.versions.rename("first", "start").wait(WAIT)
    studio.versions.delete("start").wait(WAIT)
    assert studio.versions.list().refetch().wait(WAIT) == []


def test_export_has_no_secrets(studio: Studio, tmp_path: Path):
    config = {"api_key": "k-1", "url": "postgres://me:pass@host/db", "max_tokens": 5}
    studio.store.update_node_data("a", {"config": config})
    studio.versions.create("first").wait(WAIT)
    path = tmp_path / "first.json"
    exported = studio.versions.export("first", path).wait(WAIT)
    assert json.loads(path.read_text()) == exported
    assert exported["nodes"][0]["data"]["config"] == {
        "url": "postgres://me@host/db",
        "max_tokens": 5,
    }
    assert studio.graph.node("a").data["config"] == config


def test_secrets_are_found_at_any_depth_and_named():
    data = {"label": "N", "headers": [{"Authorization": "Bearer x"}], "password": ""}
    graph, found = without_secrets(Graph([Node("n", data=data)]))
    assert found == ("N: headers.0.Authorization",)
    assert graph.node("n").data == {"label": "N", "headers": [{}], "password": ""}


def test_combined_graph_has_both_versions_and_tells_moves_apart():
    old = Graph([Node("kept"), Node("gone"), Node("moved", (0, 0)), Node("changed")])
    new = Graph(
        [Node("kept"), Node("moved", (5, 0)), Node("changed", data={"label": "C"}), Node("new")]
    )
    both, nodes, edges = combined(old, new)
    assert [node.id for node in both.nodes] == ["kept", "gone", "moved", "changed", "new"]
    assert nodes == {"gone": "removed", "moved": "moved", "changed": "changed", "new": "added"}
    assert edges == {}
