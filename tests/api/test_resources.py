"""What a client does with servers that misbehave."""

import asyncio
import json

import httpx
import pytest

from kaizen_widgets.errors import DecodeError, InvalidInputError, NotFoundError, TransportError
from kaizen_widgets.graph import Edge, Graph, Node

ME = {"id": "u", "email": "e@x.y", "name": "N", "organization_id": "org", "role": "org_owner"}


def agent(n):
    return {"id": f"a{n}", "name": f"Agent {n}"}


def test_a_list_is_asked_for_until_a_page_is_short(fake, loop):
    asked = []

    def handler(request):
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        asked.append(offset)
        page = [agent(n) for n in range(offset, min(offset + limit, 250))]
        return {"records": page, "total": len(page)}

    agents = fake(handler).agents.list()
    loop.settle()
    assert [one.id for one in agents.data] == [f"a{n}" for n in range(250)]
    assert asked == [0, 100, 200]


def test_a_server_that_ignores_offset_ends_all_the_same(fake, loop):
    agents = fake(lambda _: {"records": [agent(n) for n in range(100)], "total": 100}).agents.list()
    loop.settle()
    assert len(agents.data) == 100


def test_filters_are_in_the_request_and_the_key(fake, loop):
    seen = []

    def handler(request):
        seen.append(dict(request.url.params))
        return []

    agents = fake(handler).agents.list(status="active")
    loop.settle()
    assert seen == [{"status": "active", "limit": "100", "offset": "0"}]
    assert repr(agents) == "LiveQuery(['agents', 'list', {'status': 'active'}], success/idle)"


@pytest.mark.parametrize("filters", [{"colour": "x"}, {"status": "alive"}, {"sort": "size"}])
def test_a_wrong_filter_is_refused_at_the_call(fake, filters):
    with pytest.raises(InvalidInputError, match=next(iter(filters))):
        fake(lambda _: pytest.fail("sent")).agents.list(**filters)


def test_an_outage_is_waited_out_and_a_refusal_is_not(fake, loop):
    answers = [httpx.Response(500), httpx.Response(500), httpx.Response(200, json=[agent(1)])]
    api = fake(lambda _: answers.pop(0))
    agents = api.agents.list()
    loop.advance(1 + 2)
    assert [one.id for one in agents.data] == ["a1"]

    refused = []
    api = fake(lambda request: refused.append(request) or httpx.Response(404, json={}))
    detail = api.agents.detail("x")
    loop.advance(60)
    assert isinstance(detail.error, NotFoundError)
    assert len(refused) == 1


def test_a_broken_answer_keeps_the_data_there_was(fake, loop):
    answers = [httpx.Response(200, json=[agent(1)])] + [httpx.Response(200, html="<p>proxy")] * 9
    agents = fake(lambda _: answers.pop(0)).agents.list()
    loop.settle()
    agents.refetch()
    loop.advance(10)
    assert isinstance(agents.error, DecodeError)
    assert [one.id for one in agents.data] == ["a1"]


def test_a_create_is_never_sent_twice(fake, loop):
    sent = []
    api = fake(lambda request: sent.append(request) or httpx.Response(503, json={}))
    mutation = api.agents.create(name="N", model_id="m", allow_duplicate=True)
    loop.advance(120)
    assert (mutation.status, len(sent)) == ("error", 1)


def test_an_update_is_tried_once_more(fake, loop):
    sent = []
    api = fake(lambda request: sent.append(request) or httpx.Response(503, json={}))
    api.agents.update("a", name="N")
    loop.advance(120)
    assert len(sent) == 2


def pipeline_server(save, saving=lambda request: None):
    def handler(request):
        if request.url.path.endswith("/auth/me"):
            return ME
        if request.url.path.endswith("/graph"):
            saving(request)
            body = json.loads(request.content)
            return {"data": {"id": "p", "name": "P", **save(body)}}
        return httpx.Response(404, json={})

    return handler


GRAPH = Graph([Node("a"), Node("b")], [Edge("e", "a", "b")])


@pytest.mark.parametrize(
    ("save", "said"),
    [
        (
            lambda body: {"nodes": body["nodes"][:1], "connections": body["connections"]},
            "1 of 2 nodes .missing: 'b'",
        ),
        (
            lambda body: {"nodes": body["nodes"], "connections": []},
            "0 of 1 connections .missing: 'e'",
        ),
        (
            lambda body: {
                "nodes": [*body["nodes"], {"id": "c"}],
                "connections": body["connections"],
            },
            "3 of 2 nodes",
        ),
    ],
)
def test_saves_that_lost_nodes_raise_with_their_names(fake, loop, save, said):
    saved = fake(pipeline_server(save)).pipelines.save_graph("p", GRAPH)
    loop.settle()
    with pytest.raises(TransportError, match=said):
        saved.wait(0)


def test_a_save_fills_the_cache_with_what_was_sent(fake, loop):
    api = fake(pipeline_server(lambda body: body))
    api.pipelines.save_graph("p", GRAPH)
    loop.settle()
    assert api.pipelines.load_graph("p").data is GRAPH
    assert api.pipelines.detail("p").data.graph == GRAPH


def test_two_saves_of_one_pipeline_follow_each_other(loop):
    from kaizen_widgets.api import Api
    from kaizen_widgets.core.clock import sleep
    from kaizen_widgets.query import QueryClient
    from kaizen_widgets.transport import Transport

    running, most = 0, {"p": 0, "q": 0}
    both = 0

    async def handler(request):
        nonlocal running, both
        pipeline = request.url.path.split("/")[-2]
        most[pipeline] += 1
        running += 1
        both = max(both, running)
        await sleep(loop.clock, 1)
        running -= 1
        most[pipeline] -= 1
        assert most[pipeline] == 0
        return httpx.Response(
            200, json={"data": {"id": "p", "name": "P", **json.loads(request.content)}}
        )

    transport = Transport("https://a.b", clock=loop.clock, transport=httpx.MockTransport(handler))
    api = Api(transport, QueryClient(loop=loop, clock=loop.clock))
    save = api.pipelines.endpoints.save_graph

    async def saves():
        await asyncio.gather(save("p", GRAPH), save("p", GRAPH), save("q", GRAPH))

    loop.run(saves())
    assert (both, loop.clock.monotonic()) == (2, 2.0)


def test_passwords_are_stored_nowhere(fake, loop, caplog):
    caplog.set_level("DEBUG")
    session = {
        "user": ME,
        "access_token": "access-9",
        "refresh_token": "refresh-9",
        "expires_in": 900,
    }
    api = fake(lambda _: session)
    api.query_client.set_query_data(("agents",), "somebody else's")
    user = api.auth.login("e@x.y", "hunter2")
    loop.settle()
    assert user.wait(0).email == "e@x.y"
    assert api.transport.tokens.access == "access-9"
    assert api.query_client.query_cache.get_all() == ()
    assert api.query_client.mutation_cache.get_all() == ()
    assert "hunter2" not in f"{api!r} {caplog.text}"


def test_signing_out_forgets_even_if_the_server_is_away(fake, loop):
    api = fake(lambda _: httpx.Response(500))
    api.query_client.set_query_data(("agents",), "mine")
    api.auth.logout()
    loop.settle()
    assert not api.transport.tokens.signed_in
    assert api.query_client.get_query_data(("agents",)) is None


def test_what_is_watched_shows_nothing_of_the_user_before(fake, loop):
    def handler(request):
        if request.url.path.endswith("/auth/login"):
            return {"user": ME, "access_token": "access-9", "refresh_token": "r"}
        return [agent(1 if request.headers["Authorization"] == "Bearer access" else 9)]

    api = fake(handler)
    agents = api.agents.list()
    agents.subscribe(lambda _: None)
    loop.settle()
    api.auth.login("e@x.y", "password")
    loop.settle()
    assert [one.id for one in agents.data] == ["a9"]


def test_the_shape_of_register_is_understood(fake, loop):
    api = fake(lambda _: {"user": ME, "tokens": {"access_token": "t-9", "refresh_token": "r-9"}})
    api.auth.register("e@x.y", "password", "N", "Org")
    loop.settle()
    assert (api.transport.tokens.access, api.transport.tokens.refresh) == ("t-9", "r-9")
