"""Auto-save under a virtual clock."""

import asyncio
from itertools import pairwise

import pytest

from kaizen_widgets.errors import SaveConflictError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import AutoSave
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop


class Server:
    """A server that a test can make slow or unreachable."""

    def __init__(self):
        self.saved = []
        self.away = False
        self.gate: asyncio.Event | None = None

    async def save(self, draft):
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise ConnectionError("The server is away.")
        self.saved.append(len(draft.graph.nodes))


class Desk:
    """A store, a server and an auto-save on one virtual loop."""

    def __init__(self):
        self.clock = FakeClock()
        self.loop = VirtualLoop(self.clock)
        self.server = Server()
        self.store = CanvasStore(Graph([Node("a", (0, 0))]), now=self.clock.now)
        self.autosave = AutoSave(
            self.store, self.server.save, clock=self.clock, spawn=self.loop.start
        )

    def edit(self):
        self.store.add_node(type="agent")


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.autosave.close()
    desk.loop.close()


def test_autosave_saves_two_seconds_after_the_last_edit(desk):
    desk.edit()
    desk.loop.advance(1.5)
    desk.edit()
    desk.loop.advance(1.9)
    assert (desk.server.saved, desk.autosave.status) == ([], "dirty")
    desk.loop.advance(0.1)
    assert desk.server.saved == [3]
    assert (desk.autosave.status, desk.store.is_dirty) == ("saved", False)
    assert desk.autosave.last_saved == desk.clock.now()


def test_autosave_does_nothing_without_edits(desk):
    desk.loop.advance(60)
    desk.autosave.flush()
    desk.loop.settle()
    assert desk.server.saved == []


def test_edit_during_a_save_stays_dirty_and_is_saved_next(desk):
    desk.server.gate = asyncio.Event()
    desk.edit()
    desk.loop.advance(2)
    assert desk.autosave.status == "saving"
    desk.edit()
    desk.server.gate.set()
    desk.loop.settle()
    assert desk.server.saved == [2]
    assert (desk.autosave.status, desk.store.is_dirty) == ("dirty", True)
    desk.loop.advance(2)
    assert desk.server.saved == [2, 3]
    assert not desk.store.is_dirty


def test_autosave_runs_one_save_at_a_time_with_the_newest_state(desk):
    desk.server.gate = asyncio.Event()
    desk.edit()
    desk.loop.advance(2)
    for _ in range(3):
        desk.edit()
        desk.loop.advance(5)
    assert desk.server.saved == []
    desk.server.gate.set()
    desk.loop.settle()
    assert desk.server.saved == [2, 5]
    assert not desk.store.is_dirty


def test_failed_save_says_why_and_is_retried(desk):
    desk.server.away = True
    desk.edit()
    desk.loop.advance(2)
    assert (desk.autosave.status, desk.autosave.message) == ("failed", "The server is away.")
    assert desk.store.is_dirty
    desk.loop.advance(20)
    desk.server.away = False
    desk.loop.advance(30)
    assert desk.server.saved == [2]
    assert (desk.autosave.status, desk.autosave.message) == ("saved", "")


def test_retry_pauses_grow_to_thirty_seconds(desk):
    tries = []

    async def fail(draft):
        tries.append(desk.clock.monotonic())
        raise ConnectionError("away")

    desk.autosave.close()
    autosave = AutoSave(desk.store, fail, clock=desk.clock, spawn=desk.loop.start)
    desk.edit()
    desk.loop.advance(130)
    pauses = [round(after - before) for before, after in pairwise(tries)]
    assert pauses == [2, 4, 8, 16, 30, 30, 30]
    autosave.close()


def test_flush_saves_without_waiting(desk):
    desk.edit()
    desk.autosave.flush()
    desk.loop.settle()
    assert desk.server.saved == [2]


def test_save_of_the_previous_pipeline_does_not_mark_the_next_one_clean(desk):
    desk.server.gate = asyncio.Event()
    desk.edit()
    desk.loop.advance(2)
    desk.store.load_pipeline(Graph(), id="other")
    desk.edit()
    desk.server.gate.set()
    desk.loop.settle()
    assert desk.store.is_dirty
    desk.loop.advance(2)
    assert desk.server.saved == [2, 1]


def test_close_ends_autosave(desk):
    desk.edit()
    desk.autosave.close()
    desk.loop.advance(60)
    assert desk.server.saved == []


def test_constant_editing_is_saved_within_thirty_seconds(desk):
    for _ in range(62):
        desk.edit()
        desk.loop.advance(0.5)
    assert desk.server.saved == [61]
    assert desk.store.is_dirty


def test_failed_since_is_the_first_failure_until_a_save_succeeds(desk):
    desk.server.away = True
    desk.edit()
    desk.loop.advance(2)
    since = desk.autosave.failed_since
    assert since == desk.clock.now()
    desk.edit()
    desk.loop.advance(10)
    assert (desk.autosave.status, desk.autosave.failed_since) == ("failed", since)
    desk.server.away = False
    desk.loop.advance(30)
    assert (desk.autosave.status, desk.autosave.failed_since) == ("saved", None)


def test_reconnected_retries_immediately(desk):
    desk.server.away = True
    desk.edit()
    desk.loop.advance(40)
    desk.server.away = False
    desk.autosave.reconnected()
    desk.loop.settle()
    assert (desk.server.saved, desk.autosave.status) == ([2], "saved")


def test_edits_do_not_shorten_retry_pauses(desk):
    tries = []

    async def fail(draft):
        tries.append(desk.clock.monotonic())
        raise ConnectionError("away")

    desk.autosave.close()
    autosave = AutoSave(desk.store, fail, clock=desk.clock, spawn=desk.loop.start)
    for _ in range(120):
        desk.edit()
        desk.loop.advance(1)
    assert len(tries) <= 8
    autosave.close()


def test_conflict_is_retried_only_after_resume(desk):
    conflicts = [True]
    saved = []

    async def save(draft):
        if conflicts:
            raise SaveConflictError("Changed elsewhere.", base=Graph(), theirs=Graph())
        saved.append(draft.rev)

    desk.autosave.close()
    autosave = AutoSave(desk.store, save, clock=desk.clock, spawn=desk.loop.start)
    desk.edit()
    desk.loop.advance(2)
    desk.edit()
    autosave.flush()
    desk.loop.advance(100)
    assert (autosave.status, autosave.message, saved) == ("conflict", "Changed elsewhere.", [])
    conflicts.clear()
    autosave.resume()
    desk.loop.settle()
    assert (autosave.status, saved) == ("saved", [2])
    autosave.close()
