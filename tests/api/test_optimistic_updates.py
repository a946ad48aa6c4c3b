import json

import httpx
import pytest

from kaizen_widgets.api.key_factories import query_keys


def server(answers):
    def handler(request):
        if request.method == "PUT":
            return answers.pop(0)(json.loads(request.content))
        rows = [{"id": "a", "name": "A", "status": "draft"}, {"id": "b", "name": "B"}]
        return httpx.Response(200, json=rows if request.url.path.endswith("/agents") else rows[0])

    return handler


def accepted(body):
    return httpx.Response(200, json={"id": "a", "name": "A", **body})


def refused(body):
    return httpx.Response(403, json={})


@pytest.mark.parametrize("answer", [accepted, refused])
def test_new_statuses_are_shown_immediately_and_undone_when_refused(fake, loop, answer):
    api = fake(server([answer]))
    agents, detail = api.agents.list(), api.agents.detail("a")
    loop.settle()
    shown = []
    agents.subscribe(lambda result: shown.append(result.data[0].status))
    mutation = api.agents.set_active("a")
    loop.settle()
    assert list(dict.fromkeys(shown)) == ["draft", "active"]
    # This server forgets what it accepted, so both ends show what it says.
    assert (shown[-1], detail.data.status) == ("draft", "draft" if answer is refused else "active")
    assert mutation.status == ("error" if answer is refused else "success")


def test_it_leaves_alone_what_does_not_show_it(fake, loop):
    api = fake(server([refused]))
    other = api.agents.detail("a")
    api.query_client.set_query_data(query_keys.agents.versions("a"), [])
    loop.settle()
    before = api.query_client.get_query_state(query_keys.agents.versions("a")).data_update_count
    api.agents.set_active("a")
    loop.settle()
    after = api.query_client.get_query_state(query_keys.agents.versions("a")).data_update_count
    assert (before, after, other.data.status) == (1, 1, "draft")


def test_every_factory_gives_keys_that_begin_with_their_parents():
    keys = query_keys
    assert keys.metrics.timeseries("cost", "7d")[:1] == keys.metrics.all == keys.metrics.summary[:1]
    assert keys.teams.members("t")[:3] == keys.teams.detail("t")
    assert keys.policies.list({"x": None})[:2] == keys.policies.lists
    assert keys.deployments.detail("d")[:2] == keys.deployments.details
