"""Faults of messages and timing, in many orders, on a virtual clock."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

import httpx
import pytest

from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.query import QueryClient
from kaizen_widgets.saving import AutoSave
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop
from kaizen_widgets.transport import Transport
from tests.faults.simulation import Desk, label, move
from tests.simulate.wire import Faults

Rounds = Callable[[int, int], int]


def test_lost_last_messages_are_detected():
    """However many last messages are lost, every view equals the kernel within 5 s (S4)."""
    for lost in range(1, 9):
        desk = Desk(views=2)
        desk.settle()
        desk.lost_from = desk.mails + 1 + (8 - lost)
        for number in range(8):
            desk.store.commit(label("a", f"A{number}"))
            desk.clock.advance(0.1)
        assert desk.differing() == ["view0", "view1"]
        desk.lost_from = float("inf")
        desk.settle()
        assert desk.differing() == [], f"the last {lost} of 8 lost"


def test_reordered_and_duplicated_messages_change_nothing(rounds: Rounds):
    """Each edit counts once, in one order everywhere, however messages arrive (S1 to S3)."""
    for seed in range(rounds(40, 2000)):
        desk = Desk(views=3, faults=Faults(double=0.5, delay=0.8), seed=seed)
        desk.clock.advance(3)
        made = 0
        for _ in range(12):
            view = desk.chance.choice(desk.views)
            if view.epoch:
                made += 1
                view.edit(move(desk.chance.choice("ab"), desk.chance.randint(1, 10**6)))
            desk.clock.advance(desk.chance.random() / 2)
        desk.settle()
        assert desk.differing() == [], f"seed {seed}"
        assert [view.pending for view in desk.views] == [[], [], []], f"seed {seed}"
        assert desk.store.rev <= made, f"seed {seed}: an edit was made twice"


def test_two_views_converge_on_the_same_and_on_different_nodes(rounds: Rounds):
    """Two views that edit at the same moment end equal: of one property the last in the kernel wins (S6)."""
    for seed in range(rounds(40, 2000)):
        desk = Desk(views=2, seed=seed)
        desk.settle()
        desk.faults.drop, desk.faults.delay = 0.2, 0.3
        one, other = desk.views
        one.edit(move("a", 1))
        other.edit(move("a", 2))
        other.edit(label("b", "Bea"))
        one.edit(label("a", "Ann"))
        desk.clock.advance(1)
        one.undo()
        desk.settle(15)
        assert desk.differing() == [], f"seed {seed}"
        assert not one.pending
        assert not other.pending
        assert one.refused == other.refused == set()


class OldServer:
    """Answers when told to, with what the session that asked may see."""

    def __init__(self) -> None:
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        token = request.headers["Authorization"]
        gate = self.gates.setdefault(name, asyncio.Event())
        await gate.wait()
        return httpx.Response(200, json={"of": token.removeprefix("Bearer ")})


@pytest.mark.parametrize("order", list(itertools.permutations(["1", "2", "3", "logout"])))
def test_response_of_the_previous_session_is_dropped(order: tuple[str, ...]):
    """In every order of three responses and a sign-out, no data of the previous user reaches the cache."""
    clock = FakeClock()
    loop = VirtualLoop(clock)
    server, tokens = OldServer(), Tokens("anna", "r")
    transport = Transport(
        "https://kaizen.example.com",
        clock=clock,
        tokens=tokens,
        transport=httpx.MockTransport(server),
        retries=0,
    )
    client = QueryClient(loop=loop, clock=clock)

    def fetch(name: str):
        return client.fetch_query(
            query_key=("thing", name), query_fn=lambda: transport.request("GET", f"/{name}")
        )

    asked = [fetch(name) for name in "123"]
    loop.settle()
    for event in order:
        if event == "logout":
            tokens.clear()
            client.clear()
            tokens.set("ben", "r")
        else:
            server.gates[event].set()
        loop.settle()
    held = [client.get_query_data(("thing", name)) for name in "123"]
    assert held == [None, None, None]
    signed_out = order.index("logout")
    for name, pending in zip("123", asked, strict=True):
        if order.index(name) > signed_out:
            with pytest.raises(KaizenError):
                pending.wait(0)
    # The new user's own answers are theirs.
    mine = fetch("1")
    loop.settle()
    assert mine.wait(0) == {"of": "ben"}
    loop.run(transport.aclose())
    loop.close()


def test_auto_save_and_explicit_save_never_overlap(rounds: Rounds):
    """One save at a time, none older after a newer, and the last edit is stored, whoever requested it."""
    for seed in range(rounds(60, 3000)):
        chance = random.Random(seed)
        clock = FakeClock()
        loop = VirtualLoop(clock)
        stored: list[int] = []
        under_way = 0

        async def save(draft, chance=chance, stored=stored, clock=clock):
            nonlocal under_way
            under_way += 1
            assert under_way == 1, "two saves at once"
            try:
                gate = asyncio.get_running_loop().create_future()
                clock.call_later(chance.random() * 4, lambda: gate.done() or gate.set_result(None))
                await gate
                if chance.random() < 0.2:
                    raise ConnectionError("away")
                stored.append(len(draft.graph.nodes))
            finally:
                under_way -= 1

        store = CanvasStore(Graph([Node("a", (0, 0))]), now=clock.now)
        autosave = AutoSave(store, save, clock=clock, spawn=loop.start)
        for _ in range(25):
            match chance.randrange(4):
                case 0 | 1:
                    store.add_node(type="agent")
                case 2:
                    autosave.flush()
                case _:
                    autosave.reconnected()
            loop.advance(chance.random() * 2)
        for _ in range(20):
            autosave.reconnected()
            loop.advance(10)
        assert not store.is_dirty, f"seed {seed}"
        assert stored == sorted(stored), f"seed {seed}: an older state came after a newer"
        assert stored[-1:] in ([], [store.graph.node_count]), f"seed {seed}"
        autosave.close()
        loop.close()
