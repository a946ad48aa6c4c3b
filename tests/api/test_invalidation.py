"""What each change makes stale, removes, and leaves alone; for agents and pipelines alike."""

import json

import httpx
import pytest

from kaizen_widgets.api import query_keys

ME = {"id": "u", "email": "e@x.y", "name": "N", "organization_id": "o", "role": "r"}


class World:
    """A server with one thing, and a cache that holds lists and details of it and of another."""

    def __init__(self, fake, loop, kind):
        self.loop = loop
        self.asked = []
        self.refuses = False
        self.api = fake(self.handle)
        self.things = getattr(self.api, kind)
        self.keys = getattr(query_keys, kind)
        self.new = {"name": "N"} | ({"model_id": "m"} if kind == "agents" else {})
        client = self.client = self.api.query_client
        for key in (self.keys.list({}), self.keys.list({"status": "active"})):
            client.set_query_data(key, [])
        for id in ("a", "b"):
            client.set_query_data(self.keys.detail(id), {"id": id})
        other = query_keys.pipelines if kind == "agents" else query_keys.agents
        client.set_query_data(other.list({}), [])
        self.other = other.list({})

    def handle(self, request):
        if request.url.path.endswith("/auth/me"):
            return ME
        self.asked.append((request.method, request.url.path))
        if self.refuses:
            return httpx.Response(403, json={})
        return {"id": "a", "name": "A", "status": "draft", "nodes": [], "connections": []}

    def stale(self):
        found = self.client.query_cache.get_all()
        return [query.key for query in found if query.state.is_invalidated]

    @property
    def lists(self):
        return [self.keys.list({}), self.keys.list({"status": "active"})]


def hashable(key):
    return tuple(tuple(sorted(part.items())) if isinstance(part, dict) else part for part in key)


def same(found, wanted):
    return {hashable(key) for key in found} == {hashable(key) for key in wanted}


@pytest.fixture(params=["agents", "pipelines"])
def world(request, fake, loop):
    return World(fake, loop, request.param)


def test_creating_makes_the_lists_stale(world, loop):
    world.things.create(**world.new)
    loop.settle()
    assert same(world.stale(), world.lists)


def test_updating_makes_that_one_and_the_lists_stale(world, loop):
    world.things.update("a", name="New")
    loop.settle()
    assert same(world.stale(), [world.keys.detail("a"), *world.lists])


def test_deleting_removes_that_one_and_makes_the_lists_stale(world, loop):
    world.things.delete("a")
    loop.settle()
    assert same(world.stale(), world.lists)
    assert world.client.query_cache.get(world.keys.detail("a")) is None
    assert world.client.get_query_data(world.keys.detail("b")) == {"id": "b"}


def test_a_refused_deletion_removes_nothing(world, loop):
    world.refuses = True
    world.things.delete("a")
    loop.settle()
    assert world.client.get_query_data(world.keys.detail("a")) == {"id": "a"}


def test_activating_makes_that_one_and_the_lists_stale_at_the_end(world, loop):
    world.things.set_active("a")
    loop.settle()
    assert same(world.stale(), [world.keys.detail("a"), *world.lists])


def test_a_list_that_is_watched_is_fetched_again_and_no_other(world, loop):
    query = world.things.list()
    query.subscribe(lambda _: None)
    loop.settle()
    world.asked.clear()
    world.things.update("a", name="New")
    loop.settle()
    methods = [method for method, _ in world.asked]
    assert methods.count("PUT") == 1
    assert methods.count("GET") == 1


def test_a_mutation_can_be_waited_for_awaited_and_subscribed_to(world, loop):
    mutation = world.things.update("a", name="New")
    heard = []
    mutation.subscribe(lambda state: heard.append(state.status))

    async def read():
        return (await mutation).name

    assert loop.run(read()) == mutation.wait(0).name == "A"
    assert heard[-1] == "success"


def test_changes_of_one_thing_are_made_in_order_also_after_the_network_was_away(fake, loop):
    sent, away = [], [True]

    def handler(request):
        if away[0]:
            return httpx.Response(503, json={})
        sent.append(json.loads(request.content)["name"])
        return {"id": "a", "name": "A"}

    api = fake(handler)
    api.query_client.mount()
    api.query_client.online.set_online(False)
    changes = [api.agents.update("a", name=name) for name in ("one", "two", "three")]
    loop.advance(60)
    assert [one.status for one in changes] == ["pending"] * 3
    away[0] = False
    api.query_client.online.set_online(True)
    loop.advance(60)
    assert sent == ["one", "two", "three"]
