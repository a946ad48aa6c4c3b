"""Changes that wait for the network when their kernel ends."""

import json
from collections.abc import Callable
from typing import NamedTuple

import httpx
import pytest

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.api.query_defaults import IDEMPOTENT
from kaizen_widgets.query import MutationOptions, QueryClient
from kaizen_widgets.saving import PersistedMutations, persist_queries
from kaizen_widgets.stores import Leases, SqliteStorage
from kaizen_widgets.transport import Tokens, Transport

ME = {"id": "u", "email": "e@x.y", "name": "N", "organization_id": "org", "role": "org_owner"}
OTHER = {**ME, "id": "other"}


async def run_inline(work):
    work()


class Server:
    """A server that can be unreachable; records the changes it receives."""

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
    """One process: a query client with persisted queries and mutations."""

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
        # As in a studio, both persist parts of the same cache.
        self.queries = persist_queries(
            self.client,
            storage,
            address="https://x",
            session=self.api.session,
            offload=run_inline,
        )
        self.persisted = PersistedMutations(
            self.client,
            storage,
            leases,
            address="https://x",
            session=self.api.session,
            ping=self.api.auth.endpoints.me,
            on_found=self.found.append,
            offload=run_inline,
        )

    def cut(self, loop, server):
        """Lose the network, and let the client notice it."""
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
    """Start kernels, and end them without writing anything, which frees the lease."""
    leases = Leases(None)

    def start(user=ME):
        return Kernel(loop, server, storage, leases, user)

    def die(kernel):
        for persister in (kernel.persisted._persister, kernel.queries):
            for end in persister._unsubscribes:
                end()
            persister._cancel_timer()
        for end in kernel.persisted._unsubscribes:
            end()
        kernel.client.clear()
        kernel.client.unmount()
        leases.give_back(kernel.persisted._lease)

    return Starter(start, die)


def waiting(start, loop, server, change=lambda api: api.agents.update("a", name="New")):
    """Request a change in a kernel without a network, and end the kernel."""
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
def test_waiting_mutation_is_made_by_the_next_kernel(start, loop, server, name):
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


def test_restored_mutation_waits_until_the_server_responds(start, loop, server):
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


def test_waiting_mutation_survives_several_kernels(start, loop, server):
    waiting(start, loop, server)
    for _ in range(3):
        kernel = start()
        loop.advance(5)
        start.die(kernel)
    server.is_away = False
    start()
    loop.settle()
    assert len(server.changes) == 1


def test_mutations_of_one_record_keep_their_order(start, loop, server):
    def three(api):
        for name in ("1", "2"):
            api.agents.update("a", name=name)
        return api.agents.update("a", name="3")

    waiting(start, loop, server, three)
    later = start()
    loop.settle()
    server.is_away = False
    later.api.agents.update(
        "a", name="4"
    )  # the server has not responded yet, so this one waits too
    loop.advance(60)
    assert [body["name"] for _, _, body in server.changes] == ["1", "2", "3", "4"]


def test_mutation_interrupted_by_the_kernel_s_end_is_made_by_the_next(start, loop, server):
    kernel = start()
    kernel.cut(loop, server)
    kernel.api.agents.update("a", name="New")
    loop.advance(0.5)  # the first attempt has failed, the second is not made yet
    start.die(kernel)
    server.is_away = False
    start()
    loop.settle()
    assert [body for _, _, body in server.changes] == [{"name": "New"}]


def test_mutations_of_a_running_kernel_are_left_alone(start, loop, server):
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


def test_mutation_that_is_not_idempotent_is_not_persisted(start, loop, server, storage):
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


def test_mutation_with_a_secret_is_not_persisted(start, loop, server, storage):
    waiting(start, loop, server, lambda api: api.gateways.update("g", api_key="canary-c0de"))
    assert "canary" not in json.dumps(storage.names("")) + "".join(
        storage.get(name) or "" for name in storage.names("")
    )
    server.is_away = False
    assert start().found == []


def test_signing_out_deletes_persisted_mutations_of_all_kernels(start, loop, server, storage):
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


def test_mutations_of_another_user_are_not_made(start, loop, server):
    waiting(start, loop, server)
    server.is_away = False
    assert start(OTHER).found == []
    loop.advance(60)
    assert server.changes == []


def test_waiting_mutation_is_dropped_when_another_user_signs_in(start, loop, server):
    kernel = start()
    kernel.cut(loop, server)
    kernel.api.agents.update("a", name="New")
    loop.advance(60)
    server.is_away = False
    kernel.api.session.login(OTHER, "access-2", "refresh-2")
    kernel.client.online.set_online(True)
    loop.advance(60)
    assert server.changes == []


def test_restored_mutation_waits_until_the_user_is_known(start, loop, server):
    waiting(start, loop, server)
    server.is_away = False
    later = start(None)
    loop.advance(1)
    assert server.changes == []
    later.api.session.login(ME, "access", "refresh")
    loop.advance(1)
    assert len(server.changes) == 1


@pytest.mark.parametrize("damage", ["{", '{"buster": "u"}', None])
def test_unreadable_mutations_are_dropped(start, loop, server, storage, damage):
    waiting(start, loop, server)
    (name,) = storage.names("kaizen-changes:")
    text = storage.get(name)
    storage.set(name, damage or text.replace('"New"', '{"$kind": "os"}'))
    server.is_away = False
    assert start().found == []
    assert name not in storage.names("")
    loop.advance(60)
    assert server.changes == []


def test_restored_mutation_with_invalid_variables_fails_without_a_request(
    start, loop, server, storage
):
    waiting(start, loop, server)
    (name,) = storage.names("kaizen-changes:")
    storage.set(name, storage.get(name).replace('"name": "New"', '"nmae": "New"'))
    server.is_away = False
    later = start()
    loop.advance(60)
    (mutation,) = later.client.mutation_cache.get_all()
    assert (mutation.status, server.changes) == ("error", [])
    assert "nmae" in str(mutation.error)


def test_closing_leaves_no_row_behind(start, loop, storage):
    kernel = start()
    kernel.api.agents.update("a", name="New")
    loop.advance(1)
    assert storage.names("kaizen-changes:") != []
    kernel.persisted.close()
    assert storage.names("kaizen-changes:") == []


def test_variables_are_restored_exactly_or_their_mutation_is_left_out(start, loop, server):
    made = []
    kernel = start()
    kernel.cut(loop, server)
    kernel.client.set_mutation_defaults(("own",), MutationOptions(made.append))
    exact = {"pair": (1, 2), "names": {1: "one"}}
    for variables in (exact, {"callback": print}):
        options = MutationOptions(
            made.append, mutation_key=("own",), meta=IDEMPOTENT, network_mode="online"
        )
        kernel.client.mutate(options, variables)
    loop.advance(1)
    start.die(kernel)
    server.is_away = False
    later = start(None)
    later.client.set_mutation_defaults(("own",), MutationOptions(made.append))
    later.api.session.login(ME, "access", "refresh")
    loop.advance(1)
    assert later.found == [1]
    assert made == [exact]
    assert type(made[0]["pair"]) is tuple
