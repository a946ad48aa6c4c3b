"""The client and the embedded server: samples, cache, tokens; the rest is in tests/contract."""

import asyncio

import pytest

from kaizen_widgets.errors import InvalidInputError

WAIT = 60


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


def test_server_refusal_names_the_field(studio):
    with pytest.raises(InvalidInputError, match="pattern"):
        studio.pipelines.create(name="x", pattern="no such pattern").wait(WAIT)


def test_current_user_permissions_and_organizations(studio):
    user = studio.user.current().wait(WAIT)
    assert user.role == "org_owner"
    assert studio.user.permissions().wait(WAIT)
    assert user.organization_id in {one.id for one in studio.user.organizations().wait(WAIT)}


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
