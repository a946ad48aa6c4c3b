"""What the client makes of a server with sharp edges."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.api.mapping import model_id, parse_range, provider_and_model
from kaizen_widgets.errors import DecodeError, InvalidInputError, KaizenError, TransportError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.testing import Call, MockServer, Reply

ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def given(loop) -> Callable[[Any], Any]:
    """Run a query or mutation to its end in virtual time; return its data or raise its error."""

    def run(pending: Any) -> Any:
        loop.advance(0)
        return pending.wait(0)

    return run


def ten_at_most(rows: list[dict[str, str]], name: str) -> Callable[[Call], Any]:
    """A list that filters, knows no pages and shows ten rows."""

    def answer(call: Call) -> Any:
        wanted = {k: v for k, v in call.query.items() if k not in ("limit", "offset")}
        fits = [row for row in rows if all(row.get(k) == v for k, v in wanted.items())]
        return {name: fits[:10]}

    return answer


def deployments(agents: int, each: int) -> list[dict[str, str]]:
    return [
        {"id": f"{a}-{n}", "agent_id": f"a{a}", "gateway_id": f"g{n % 2}", "status": "active"}
        for a in range(agents)
        for n in range(each)
    ]


@pytest.mark.parametrize(("agents", "each"), [(1, 3), (2, 5), (4, 9), (2, 15)])
def test_deployments_are_whole_where_filters_can_divide_them(
    api: Api, server: MockServer, given, agents: int, each: int
):
    rows = deployments(agents, each)
    server.answer("GET", "/deployments", ten_at_most(rows, "deployments"))
    known = [{"id": f"a{a}", "name": "A"} for a in range(agents)]
    server.answer("GET", "/agents", {"records": known})
    server.answer("GET", "/gateways", {"gateways": [{"id": f"g{n}", "name": "G"} for n in (0, 1)]})
    found = given(api.deployments.list())
    assert sorted(one.id for one in found) == sorted(row["id"] for row in rows)


def test_capped_lists_warn(api: Api, server: MockServer, given, caplog):
    rows = [
        {"id": str(n), "agent_id": "a", "gateway_id": "g", "status": "active"} for n in range(12)
    ]
    server.answer("GET", "/deployments", ten_at_most(rows, "deployments"))
    server.answer("GET", "/agents", {"records": [{"id": "a", "name": "A"}]})
    server.answer("GET", "/gateways", {"gateways": [{"id": "g", "name": "G"}]})
    assert len(given(api.deployments.list())) == 10
    assert "only the first 10 deployments of agent_id a" in caplog.text


def test_a_server_that_counts_is_believed(api: Api, server: MockServer, given, caplog):
    rows = [{"id": str(n), "name": "G"} for n in range(10)]
    server.answer("GET", "/gateways", {"gateways": rows, "total": 10})
    assert len(given(api.gateways.list())) == 10
    assert len(server.calls) == 1
    assert not caplog.text


def test_ids_another_pipeline_has_are_sent_as_others(api: Api, server: MockServer, given):
    def save(call: Call) -> Any:
        kept = [row for row in call.json["nodes"] if row["id"] != ID]
        return {"data": {"id": "p", "name": "P", "nodes": kept, "connections": []}}

    server.answer("PUT", "/pipelines/p/graph", save)
    graph = Graph([Node(ID), Node("mine")])
    assert given(api.pipelines.save_graph("p", graph)).graph == graph
    given(api.pipelines.save_graph("p", graph))
    assert len(server.asked("PUT", "/pipelines/p/graph")) == 3  # learned once


@pytest.mark.parametrize(
    ("provider", "model", "id"),
    [
        ("openai", "gpt-4o", "gpt-4o"),
        ("anthropic", "claude-3-opus", "claude-3-opus"),
        ("azure", "gpt-4o", "azure/gpt-4o"),
        ("ollama", "llama3", "ollama/llama3"),
    ],
)
def test_a_provider_and_a_model_are_one_word_and_two_again(provider: str, model: str, id: str):
    assert model_id(provider, model) == id
    assert provider_and_model(id) == (provider, model)


def test_unknown_models_have_no_provider():
    assert provider_and_model("mystery") == ("", "mystery")


@pytest.mark.parametrize(
    "fields",
    [
        {"provider": "openai"},
        {"model": "m", "model_id": "m"},
        {"model_id": "m", "type": "chat", "agent_type": "task"},
        {"model_id": "m", "is_active": True, "status": "draft"},
        {"model_id": "m", "tools": [{"name": "no description"}]},
    ],
)
def test_contradictory_fields_are_refused_before_sending(
    api: Api, server: MockServer, fields: dict
):
    with pytest.raises(InvalidInputError):
        api.agents.create(name="A", **fields)
    assert server.calls == []


def test_agents_created_without_all_tools_raise_with_the_count(api: Api, server: MockServer, given):
    made = {"id": "1", "name": "A", "status": "draft"}
    server.answer("GET", "/agents", {"records": []})
    server.answer("POST", "/agents", made).answer("POST", "/agents/1/tools", Reply(500))
    tool = {"name": "t", "description": "d"}
    with pytest.raises(TransportError, match="'1' was created, but has 0 of 1 tools"):
        given(api.agents.create(name="A", model_id="m", tools=[tool]))


@pytest.mark.parametrize("text", ["", "24", "0h", "-1d", "1.5d", "24h ", "9999999w", "h"])
def test_a_stretch_that_is_none_is_refused_at_the_call(api: Api, text: str):
    with pytest.raises(InvalidInputError, match="24h"):
        api.metrics.timeseries("d", text)


def test_points_are_minutes_hours_days_or_weeks():
    assert [parse_range(text)[1] for text in ("1h", "24h", "3d", "7d", "12w", "52w")] == [
        "five minutes",
        "hour",
        "hour",
        "day",
        "day",
        "week",
    ]


def test_previous_summary_needs_a_range_and_ends_where_the_range_begins(
    api: Api, server: MockServer, loop, given
):
    with pytest.raises(InvalidInputError, match="range"):
        api.metrics.summary(previous=True)
    server.answer("GET", "/metrics/summary", {"total_executions": 2})
    assert given(api.metrics.summary(range="24h", previous=True)).total_executions == 2
    given(api.metrics.summary(range="24h"))
    before, now = (call.query for call in server.asked("GET", "/metrics/summary"))
    assert before["end_date"] == now["start_date"]
    assert "previous" not in before


def said(*events: Any, end: str = "\n\n") -> Reply:
    text = "\n\n".join(f"event: {e['type']}\ndata: {json.dumps(e)}" for e in events) + end
    return Reply(text=text, headers={"content-type": "text/event-stream"})


def stream(api: Api, server: MockServer, loop, reply: Reply) -> Any:
    server.answer("POST", "/agents/1/execute/stream", reply)
    stream = api.agents.stream("1", "hello")
    loop.settle()
    return stream


def piece(text: str) -> dict[str, str]:
    return {"type": "content", "content": text}


def test_pieces_of_an_answer_may_be_anything(api: Api, server: MockServer, loop):
    events = [{"type": "start", "model": "m"}, piece("None"), piece(""), piece("\n"), piece("ü")]
    answer = stream(api, server, loop, said(*events, {"type": "news"}, {"type": "done"}))
    assert answer.wait(0) == "None\nü"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (said(piece("a")), "broke off"),
        (said(piece("a"), {"type": "done"}, end=""), "broke off"),
        (said(piece("a"), {"type": "error", "error": "no credit"}), "no credit"),
        (said(piece("a"), {"type": "content", "content": 7}), "not text"),
        (
            Reply(text="data: {", headers={"content-type": "text/event-stream"}, cut_after=7),
            "broke off",
        ),
        (
            Reply(text="data: [1]\n\n", headers={"content-type": "text/event-stream"}),
            "not JSON",
        ),
        (Reply(json={"content": "all at once"}), "not a stream"),
        (Reply(503, {"error": {"code": "X", "message": "No key"}}), "No key"),
    ],
)
def test_broken_answers_raise_and_keep_the_received_text(
    api: Api, server: MockServer, loop, reply: Reply, message: str
):
    answer = stream(api, server, loop, reply)
    with pytest.raises(KaizenError, match=message) as caught:
        answer.wait(0)
    assert isinstance(caught.value, TransportError | DecodeError)
    assert answer.text in ("a", "")
    assert len(server.calls) == 1


def test_a_stream_renews_its_token_once(api: Api, server: MockServer, loop):
    pair = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 900}
    server.answer("POST", "/auth/refresh", pair)
    server.answer(
        "POST", "/agents/1/execute/stream", Reply(401), said(piece("x"), {"type": "done"})
    )
    answer = api.agents.stream("1", "hello")
    loop.settle()
    assert answer.wait(0) == "x"
    assert [call.token for call in server.asked("POST", "/agents/1/execute/stream")] == [
        "access-1",
        "access-2",
    ]
