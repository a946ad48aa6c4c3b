"""A change that waits for the network, over the end of the kernel that was asked for it."""

import json
from collections.abc import Callable
from typing import NamedTuple

import httpx
import pytest

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.query import QueryClient
from kaizen_widgets.saving import PersistedMutations, persist_queries
from kaizen_widgets.stores import Leases, SqliteStorage
from kaizen_widgets.transport import Tokens, Transport

ME = {"id": "u", "email": "e@x.y", "name": "N", "organization_id": "org", "role": "org_owner"}
OTHER = {**ME, "id": "other"}


async def at_once(work):
    work()


class Server:
    """Answers, or is away; remembers what changed it."""

    def __init__(self):
        self.is_away = False
        self.changes = []

    def __call__(self, request):
        if self.is_away:
            raise httpx.ConnectError("no network", request=request)
        if request.method != "GET":
            body = json.loads(request.content) if request.content else None
            self.changes.append((request.method, request.url.path.removeprefix("/api/v1"), body))
        if request.url.path.endswith("/me"):
            return httpx.Response(200, json=ME)
        return httpx.Response(200, json={"id": "a", "name": "A", "user_id": "u"})


class Kernel:
    """One process: a client, a lease, what it found."""

    def __init__(self, loop, server, storage, leases, user):
        self.client = QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
        self.client.mount()
        transport = Transport(
            "https://kaizen.example.com",
            transport=httpx.MockTransport(server),
            tokens=Tokens(),
            clock=loop.clock,
            jitter=lambda: 0.0,
        )
        self.api = Api(transport, self.client)
        self.found = []
        if user is not None:
            self.api.session.login(user, "access", "refresh")
        # As a studio does: both keep something of the same cache.
        self.queries = persist_queries(
            self.client,
            storage,
            address="https://x",
            session=self.api.session,
            offload=at_once,
        )
        self.kept = PersistedMutations(
            self.client,
            storage,
            leases,
            address="https://x",
            session=self.api.session,
            ask=self.api.auth.endpoints.me,
            on_found=self.found.append,
            offload=at_once,
        )

    def cut(self, loop, server):
        """Lose the network, and let somebody notice."""
        server.is_away = True
        self.client.online.set_online(False)
        loop.settle()


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def storage(tmp_path):
    storage = SqliteStorage(tmp_path / "stores.db")
    yield storage
    storage.close()


class Starter(NamedTuple):
    """Starts a kernel when called; `die` ends one as kill -9 does."""

    start: Callable[..., Kernel]
    die: Callable[[Kernel], None]

    def __call__(self, user=ME):
        return self.start(user)


@pytest.fixture
def start(loop, server, storage):
    """Start kernels, and end them: nothing is written then, and the lease is free."""
    leases = Leases(None)

    def start(user=ME):
        return Kernel(loop, server, storage, leases, user)

    def die(kernel):
        for persister in (kernel.kept._persister, kernel.queries):
            for end in persister._unsubscribes:
                end()
            persister._cancel_timer()
        for end in kernel.kept._ends:
            end()
        kernel.client.clear()
        kernel.client.unmount()
        leases.give_back(kernel.kept._lease)

    return Starter(start, die)


def waiting(start, loop, server, change=lambda api: api.agents.update("a", name="New")):
    """Return what a kernel is asked for without a network, and end it."""
    kernel = start()
    kernel.cut(loop, server)
    mutation = change(kernel.api)
    loop.advance(60)
    assert mutation.state.is_paused
    start.die(kernel)
    return mutation


CHANGES = {
    "update": (
        lambda api: api.agents.update("a", name="New"),
        ("PUT", "/agents/a", {"name": "New"}),
    ),
    "delete": (lambda api: api.pipelines.delete("a"), ("DELETE", "/pipelines/a", None)),
    "set_active": (
        lambda api: api.pipelines.set_active("a"),
        ("PUT", "/pipelines/a", {"status": "active"}),
    ),
    "change_member": (
        lambda api: api.teams.change_member("t", "u", "team_lead"),
        ("PATCH", "/teams/t/members/u", {"role": "team_lead"}),
    ),
    "policy": (
        lambda api: api.policies.update("p", conditions={"all": [{"field": "x", "op": "eq"}]}),
        ("PUT", "/policies/p", {"conditions": {"all": [{"field": "x", "op": "eq"}]}}),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_waited_when_the_kernel_died_is_made_by_the_next_one(start, loop, server, name):
    change, sent = CHANGES[name]
    waiting(start, loop, server, change)
    server.is_away = False
    later = start()
    loop.advance(1)
    assert server.changes == [sent]
    assert later.found == [1]
    assert [one.status for one in later.client.mutation_cache.get_all()] == ["success"]
    start.die(later)
    start()
    loop.advance(60)
    assert server.changes == [sent]


def test_it_waits_for_the_server_to_be_heard_and_is_not_spent_on_a_dead_network(
    start, loop, server
):
    waiting(start, loop, server)
    later = start()
    loop.advance(3600)
    assert [one.status for one in later.client.mutation_cache.get_all()] == ["pending"]
    server.is_away = False
    loop.advance(3600)
    assert server.changes == []
    later.api.agents.detail("a")
    loop.settle()
    assert [path for _, path, _ in server.changes] == ["/agents/a"]


def test_it_survives_as_many_kernels_as_it_takes(start, loop, server):
    waiting(start, loop, server)
    for _ in range(3):
        kernel = start()
        loop.advance(5)
        start.die(kernel)
    server.is_away = False
    start()
    loop.settle()
    assert len(server.changes) == 1


def test_changes_of_one_thing_are_made_in_the_order_they_were_asked_for(start, loop, server):
    def three(api):
        for name in ("1", "2"):
            api.agents.update("a", name=name)
        return api.agents.update("a", name="3")

    waiting(start, loop, server, three)
    later = start()
    loop.settle()
    server.is_away = False
    later.api.agents.update("a", name="4")  # no word of the server before: this is one to wait for
    loop.advance(60)
    assert [body["name"] for _, _, body in server.changes] == ["1", "2", "3", "4"]


def test_a_kernel_that_dies_amid_a_change_leaves_it_to_the_next(start, loop, server):
    kernel = start()
    kernel.cut(loop, server)
    kernel.api.agents.update("a", name="New")
    loop.advance(0.5)  # the first attempt has failed, the second is not made yet
    start.die(kernel)
    server.is_away = False
    start()
    loop.settle()
    assert [body for _, _, body in server.changes] == [{"name": "New"}]


def test_those_of_a_living_kernel_are_its_own(start, loop, server):
    first = start()
    first.cut(loop, server)
    first.api.agents.update("a", name="New")
    loop.advance(60)
    server.is_away = False
    second = start()
    loop.advance(60)
    assert (second.found, server.changes) == ([], [])
    first.client.online.set_online(True)
    loop.advance(60)
    assert len(server.changes) == 1


def test_what_may_have_arrived_and_must_not_be_made_twice_is_not_kept(start, loop, server, storage):
    kernel = start()
    kernel.cut(loop, server)
    mutation = kernel.api.agents.create(name="N", model_id="m")
    loop.advance(0.2)
    assert mutation.status == "error"
    start.die(kernel)
    server.is_away = False
    assert start().found == []
    loop.advance(60)
    assert server.changes == []


def test_a_key_in_a_change_never_reaches_the_disk(start, loop, server, storage):
    waiting(start, loop, server, lambda api: api.gateways.update("g", api_key="canary-c0de"))
    assert "canary" not in json.dumps(storage.names("")) + "".join(
        storage.get(name) or "" for name in storage.names("")
    )
    server.is_away = False
    assert start().found == []


def test_signing_out_takes_them_away_also_those_of_dead_kernels(start, loop, server, storage):
    waiting(start, loop, server)
    dead = storage.names("kaizen-changes:")
    later = start(OTHER)
    loop.advance(1)
    assert set(dead) <= set(storage.names("kaizen-changes:"))
    server.is_away = False
    later.api.auth.logout()
    loop.advance(1)
    assert storage.names("kaizen-changes:") == []
    assert server.changes[1:] == []


def test_nobody_makes_the_changes_of_somebody_else(start, loop, server):
    waiting(start, loop, server)
    server.is_away = False
    assert start(OTHER).found == []
    loop.advance(60)
    assert server.changes == []


def test_a_change_that_waits_does_not_go_over_to_who_signs_in_next(start, loop, server):
    kernel = start()
    kernel.cut(loop, server)
    kernel.api.agents.update("a", name="New")
    loop.advance(60)
    server.is_away = False
    kernel.api.session.login(OTHER, "access-2", "refresh-2")
    kernel.client.online.set_online(True)
    loop.advance(60)
    assert server.changes == []


def test_it_goes_on_once_it_is_known_who_is_signed_in(start, loop, server):
    waiting(start, loop, server)
    server.is_away = False
    later = start(None)
    loop.advance(1)
    assert server.changes == []
    later.api.session.login(ME, "access", "refresh")
    loop.advance(1)
    assert len(server.changes) == 1


@pytest.mark.parametrize("damage", ["{", '{"buster": "u"}', None])
def test_what_cannot_be_read_is_thrown_away_and_harms_nobody(start, loop, server, storage, damage):
    waiting(start, loop, server)
    (name,) = storage.names("kaizen-changes:")
    text = storage.get(name)
    storage.set(name, damage or text.replace('"New"', '{"$kind": "os"}'))
    server.is_away = False
    assert start().found == []
    assert name not in storage.names("")
    loop.advance(60)
    assert server.changes == []


def test_a_change_that_no_longer_fits_fails_here_and_is_not_sent(start, loop, server, storage):
    waiting(start, loop, server)
    (name,) = storage.names("kaizen-changes:")
    storage.set(name, storage.get(name).replace('"name": "New"', '"nmae": "New"'))
    server.is_away = False
    later = start()
    loop.advance(60)
    (mutation,) = later.client.mutation_cache.get_all()
    assert (mutation.status, server.changes) == ("error", [])
    assert "nmae" in str(mutation.error)


def test_a_kernel_that_ends_in_peace_leaves_no_row_behind(start, loop, storage):
    kernel = start()
    kernel.api.agents.update("a", name="New")
    loop.advance(1)
    assert storage.names("kaizen-changes:") != []
    kernel.kept.close()
    assert storage.names("kaizen-changes:") == []
