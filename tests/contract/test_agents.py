"""Agents, their parts, and what they say."""

from __future__ import annotations

import pytest

from kaizen_widgets.errors import InvalidInputError, NotFoundError
from tests.contract.conftest import WAIT, Client

MODEL = "gpt-4o-mini"


@pytest.fixture
def agent(client: Client, name: str) -> str:
    return (
        client.agents.create(name=name, model_id=MODEL, temperature=0.3, allow_duplicate=True)
        .wait(WAIT)
        .id
    )


def test_an_agent_lives_from_draft_to_archive(client: Client, name: str):
    made = client.agents.create(
        name=name, provider="openai", model=MODEL, description="d", temperature=0.7
    ).wait(WAIT)
    assert (made.status, made.model_id, made.temperature) == ("draft", MODEL, 0.7)
    assert (made.provider, made.model, made.is_active) == ("openai", MODEL, False)
    client.agents.set_active(made.id).wait(WAIT)
    client.agents.update(made.id, description="", max_tokens=7).wait(WAIT)
    client.fresh()
    detail = client.agents.detail(made.id).wait(WAIT)
    assert (detail.description, detail.max_tokens, detail.status) == ("", 7, "active")
    assert detail.created_at.tzinfo is not None
    client.agents.delete(made.id).wait(WAIT)
    assert client.agents.detail(made.id).wait(WAIT).status == "archived"


def test_agent_is_created_active_with_tools(client: Client, name: str):
    tools = [{"name": "search", "description": "Searches.", "config": {"depth": 2}}]
    made = client.agents.create(name=name, model_id=MODEL, is_active=True, tools=tools).wait(WAIT)
    client.fresh()
    detail = client.agents.detail(made.id).wait(WAIT)
    assert detail.is_active
    assert [(tool.name, tool.config) for tool in detail.tools] == [("search", {"depth": 2})]


def test_agent_list_is_complete_beyond_a_page(client: Client, name: str):
    async def make():
        for number in range(105):
            await client.agents.endpoints.create(
                client.agents.create_model(name=f"{name} {number:03}", model_id=MODEL)
            )

    client.run(make())
    client.fresh()
    found = client.agents.list(search=name, sort="name").wait(WAIT)
    assert [agent.name for agent in found] == [f"{name} {number:03}" for number in range(105)]
    assert len({agent.id for agent in client.agents.list().wait(WAIT)}) >= 105
    assert len(client.agents.list(search=f"{name} 04", sort="-name").wait(WAIT)) == 10


def test_agent_list_filters(client: Client, agent: str):
    drafts = client.agents.list(status="draft").wait(WAIT)
    assert agent in {one.id for one in drafts}
    assert {one.status for one in drafts} == {"draft"}
    active = client.agents.list(is_active=True).wait(WAIT)
    assert agent not in {one.id for one in active}


def test_contexts_and_tools_can_be_changed(client: Client, agent: str):
    context = client.agents.add_context(agent, name="house", content="Be brief.").wait(WAIT)
    tool = client.agents.add_tool(agent, name="search", description="Searches.").wait(WAIT)
    client.agents.update_context(agent, context.id, content="Be long.").wait(WAIT)
    client.agents.update_tool(agent, tool.id, config={"a": {"b": [1]}}, is_enabled=False).wait(WAIT)
    client.fresh()
    (context,) = client.agents.contexts(agent).wait(WAIT)
    (tool,) = client.agents.tools(agent).wait(WAIT)
    assert (context.content, context.content_type) == ("Be long.", "text")
    assert (tool.config, tool.is_enabled) == ({"a": {"b": [1]}}, False)
    assert client.agents.connectors(agent).wait(WAIT) == []
    client.agents.remove_context(agent, context.id).wait(WAIT)
    client.agents.remove_tool(agent, tool.id).wait(WAIT)
    client.fresh()
    assert client.agents.contexts(agent).wait(WAIT) == client.agents.tools(agent).wait(WAIT) == []


def test_rollback_restores_an_agent(client: Client, agent: str):
    client.agents.create_version(agent, "before").wait(WAIT)
    client.agents.update(agent, system_prompt="Something else.").wait(WAIT)
    client.agents.create_version(agent, "after").wait(WAIT)
    newest, first = client.agents.versions(agent).wait(WAIT)
    assert (newest.version_number, first.version_number) == (2, 1)
    assert newest.config_snapshot["system_prompt"] == "Something else."
    client.agents.roll_back(agent, first.id).wait(WAIT)
    client.fresh()
    assert client.agents.detail(agent).wait(WAIT).system_prompt == ""


def test_readiness_of_an_agent(client: Client, agent: str):
    client.agents.set_active(agent).wait(WAIT)
    readiness = client.agents.readiness(agent).wait(WAIT)
    assert isinstance(readiness.can_execute, bool)
    assert readiness.provider


@pytest.mark.faulty("no model")
def test_agent_answers(client: Client, agent: str):
    client.agents.set_active(agent).wait(WAIT)
    answer = client.agents.execute(agent, "Say something.").wait(WAIT)
    assert answer.content
    assert answer.usage


@pytest.mark.faulty("no model")
def test_agent_answer_is_streamed(client: Client, agent: str):
    client.agents.set_active(agent).wait(WAIT)
    stream = client.agents.stream(agent, "One two three.")
    pieces = list(stream)
    assert len(pieces) > 1
    assert "".join(pieces) == stream.text == stream.wait(WAIT)


def test_invalid_field_has_the_same_name_on_server_and_client(client: Client, agent: str):
    with pytest.raises(InvalidInputError) as here:
        client.agents.update(agent, temperature=3)
    with pytest.raises(InvalidInputError) as there:
        client.ask("PUT", f"/agents/{agent}", json={"temperature": 3})
    assert list(here.value.details) == list(there.value.details) == ["temperature"]


def test_missing_agent_is_not_found(client: Client):
    with pytest.raises(NotFoundError):
        client.agents.detail("00000000-0000-4000-8000-000000000000").wait(WAIT)


@pytest.mark.faulty("updated_at stands still")
def test_updated_at_moves(client: Client, agent: str):
    before = client.agents.detail(agent).wait(WAIT).updated_at
    assert client.agents.update(agent, description="moved").wait(WAIT).updated_at > before


@pytest.mark.faulty("total counts the page")
def test_list_total_counts_all_rows(client: Client, name: str):
    for _ in range(2):
        client.agents.create(name=name, model_id=MODEL, allow_duplicate=True).wait(WAIT)
    assert client.ask("GET", "/agents", params={"limit": 1})["total"] >= 2
