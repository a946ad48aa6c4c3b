"""What another notebook saved is asked for once, by the one who has it open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.errors import ConnectError, NotFoundError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import SaveNotices
from kaizen_widgets.saving.remote_saves import Following
from kaizen_widgets.stores import CanvasStore, SqliteStorage
from kaizen_widgets.testing import FakeClock
from kaizen_widgets.testing.fake_clock import VirtualLoop

THEIRS = Graph([Node("a", (0, 0))])


def failing(error: Exception) -> Callable[[], Graph]:
    def answer() -> Graph:
        raise error

    return answer


class Desk:
    """One notebook with a pipeline open; the other is only its marks."""

    def __init__(self, folder: Path) -> None:
        self.loop = VirtualLoop(FakeClock())
        self.storages = [SqliteStorage(folder / "stores.db") for _ in range(2)]
        ours, theirs = (SaveNotices(storage, "here") for storage in self.storages)
        self.others = theirs
        self.answers: list[Callable[[], Graph]] = [lambda: THEIRS] * 3
        self.asked: list[str] = []
        self.adopted: list[Graph] = []
        self.moment: object = object()
        self.endpoints = self
        store = CanvasStore()
        store.load_pipeline(Graph(), id="p1", name="P")
        loop: Any = self.loop
        pipelines: Any = self
        self.following = Following(
            store,
            pipelines,
            ours,
            loop=loop,
            moment=lambda: self.moment,
            adopt=self.adopted.append,
        )

    def changed_elsewhere(self, pipeline_id: str) -> None:
        """What is kept of it is stale."""

    async def load_graph(self, pipeline_id: str) -> Graph:
        self.asked.append(pipeline_id)
        return self.answers.pop(0)()

    def look(self) -> None:
        self.following.look()
        self.loop.settle()

    def close(self) -> None:
        self.loop.close()
        for storage in self.storages:
            storage.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def test_a_save_elsewhere_is_asked_for_once(desk: Desk):
    desk.others.put("p1")
    desk.look()
    desk.look()
    assert (desk.asked, desk.adopted) == (["p1"], [THEIRS])


def test_a_save_of_another_pipeline_or_of_one_s_own_is_not_asked_for(desk: Desk):
    desk.others.put("p2")
    desk.look()
    desk.following.told("p1")
    desk.look()
    assert desk.asked == []


def test_a_server_that_is_away_is_asked_again_at_the_next_look(desk: Desk):
    desk.answers.insert(0, failing(ConnectError("The server is away.")))
    desk.others.put("p1")
    desk.look()
    assert desk.adopted == []
    desk.look()
    assert desk.adopted == [THEIRS]


def test_a_pipeline_that_is_gone_is_not_asked_for_again(desk: Desk):
    desk.answers.insert(0, failing(NotFoundError("There is none.", status=404)))
    desk.others.put("p1")
    desk.look()
    desk.look()
    assert (desk.asked, desk.adopted) == (["p1"], [])


def test_an_answer_older_than_a_save_of_our_own_is_not_taken(desk: Desk):
    def saved_meanwhile() -> Graph:
        desk.moment = object()
        return Graph()

    desk.answers.insert(0, saved_meanwhile)
    desk.others.put("p1")
    desk.look()
    assert desk.adopted == [THEIRS]


def test_marks_are_bounded_and_leave_with_the_user(desk: Desk):
    for number in range(120):
        desk.others.put(f"p{number}")
    assert desk.others.of("p0") == ""
    assert desk.others.of("p119") != ""
    desk.following.purge()
    assert desk.others.of("p119") == ""
