from datetime import UTC, datetime

import pytest

from kaizen_widgets.api.agent_models import Agent, AgentCreate, AgentFilters, AgentTool
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import parse, parse_list, shortest_decimal, url_path, validate
from kaizen_widgets.errors import DecodeError, InvalidInputError, TransportError
from kaizen_widgets.query.query_key import partial_match_key


def test_a_row_of_the_public_server_is_read():
    agent = parse(
        Agent,
        {
            "id": "a",
            "name": "None",
            "description": "None",
            "system_prompt": None,
            "temperature": 0.699999988079071,
            "created_at": "2026-01-02T17:49:03.38",
            "updated_at": "",
            "found": True,
        },
        "agent",
    )
    assert (agent.name, agent.description, agent.system_prompt) == ("None", "", "")
    assert agent.temperature == 0.7
    assert agent.created_at == datetime(2026, 1, 2, 17, 49, 3, 380000, UTC)
    assert agent.updated_at is None


def test_an_offset_is_understood():
    agent = parse(
        Agent, {"id": "a", "name": "n", "created_at": "2026-01-02T01:00:00+01:00"}, "agent"
    )
    assert agent.created_at == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("config", "value"),
    [('{"a": 1}', {"a": 1}), ({"a": 1}, {"a": 1}), ("None", {}), ("", {}), (None, {})],
)
def test_an_object_may_come_as_text(config, value):
    assert parse(AgentTool, {"id": "t", "name": "n", "config": config}, "tool").config == value


@pytest.mark.parametrize(
    "value",
    [None, [], "x", {}, {"id": 5, "name": "n"}, {"id": "a", "name": "n", "max_tokens": "many"}],
)
def test_what_is_no_record_is_one_typed_error(value):
    with pytest.raises(DecodeError, match="is not a valid agent"):
        parse(Agent, value, "agent")


@pytest.mark.parametrize(
    "answer", [[1], {"records": [1], "total": 9}, {"data": [1]}, {"executions": [1], "count": 1}]
)
def test_every_envelope_opens(answer):
    assert parse_list(answer, "things") == [1]


@pytest.mark.parametrize("answer", [None, {}, "x", {"a": [], "b": []}, {"total": 1}])
def test_what_is_no_list_is_one_typed_error(answer):
    with pytest.raises(DecodeError, match="not a list of things"):
        parse_list(answer, "things")


def test_invalid_fields_are_named_without_their_values():
    with pytest.raises(InvalidInputError) as caught:
        validate(AgentCreate, {"name": "", "model_id": "m", "temperature": 3, "secret": "hunter2"})
    assert set(caught.value.details) == {"name", "temperature", "secret"}
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "read_as"),
    [(0.699999988079071, 0.7), (0.7, 0.7), (1.0, 1.0), (100.25, 100.25), (1e300, 1e300), (-3, -3)],
)
def test_a_single_float_reads_as_what_it_was(given, read_as):
    assert shortest_decimal(given) == read_as


def test_a_path_quotes_its_ids():
    assert url_path("agents", "a/b?c d") == "/agents/a%2Fb%3Fc%20d"


@pytest.mark.parametrize("id", ["", ".", "..", None, 5])
def test_an_id_that_would_change_the_path_is_refused(id):
    with pytest.raises(TransportError, match="is not an id"):
        url_path("agents", id)


def test_each_key_is_a_prefix_of_its_children():
    agents, pipelines, user = query_keys.agents, query_keys.pipelines, query_keys.user
    for parent, child in (
        (agents.all, agents.lists),
        (agents.lists, agents.list({"status": "active", "agent_type": None})),
        (agents.all, agents.details),
        (agents.details, agents.detail("1")),
        (agents.detail("1"), agents.versions("1")),
        (pipelines.detail("1"), pipelines.graph("1")),
        (user.all, user.permissions),
    ):
        assert partial_match_key(child, parent)
        assert not partial_match_key(parent, child)
    assert agents.list({"status": "active", "agent_type": None}) == (
        "agents",
        "list",
        {"status": "active"},
    )


def test_unknown_fields_are_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError) as caught:
        validate(AgentFilters, {"colour": "red"})
    assert caught.value.details["colour"][0].startswith("there is no such field, but search, sort,")
