"""What another notebook saved is loaded once by a notebook that has the pipeline open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kaizen_widgets.errors import ConnectError, NotFoundError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import SaveNotices
from kaizen_widgets.saving.remote_saves import RemoteSaves
from kaizen_widgets.stores import CanvasStore, SqliteStorage
from kaizen_widgets.testing import FakeClock
from kaizen_widgets.testing.fake_clock import VirtualLoop

THEIRS = Graph([Node("a", (0, 0))])


def failing(error: Exception) -> Callable[[], Graph]:
    def answer() -> Graph:
        raise error

    return answer


class Detail(NamedTuple):
    """The part of a `PipelineDetail` that is used."""

    graph: Graph
    etag: str = ""


class Desk:
    """A notebook with an open pipeline, and the notices of another one."""

    def __init__(self, folder: Path) -> None:
        self.loop = VirtualLoop(FakeClock())
        self.storages = [SqliteStorage(folder / "stores.db") for _ in range(2)]
        ours, theirs = (SaveNotices(storage, "here") for storage in self.storages)
        self.others = theirs
        self.answers: list[Callable[[], Graph]] = [lambda: THEIRS] * 3
        self.asked: list[str] = []
        self.adopted: list[Graph] = []
        self.version: object = object()
        self.endpoints = self
        store = CanvasStore()
        store.load_pipeline(Graph(), id="p1", name="P")
        loop: Any = self.loop
        pipelines: Any = self
        self.remote_saves = RemoteSaves(
            store,
            pipelines,
            ours,
            loop=loop,
            version=lambda: self.version,
            adopt=lambda version: self.adopted.append(version.graph),
        )

    def changed_elsewhere(self, pipeline_id: str) -> None:
        """Nothing is cached here."""

    async def get(self, pipeline_id: str) -> Detail:
        self.asked.append(pipeline_id)
        return Detail(self.answers.pop(0)())

    def check(self) -> None:
        self.remote_saves.check()
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


def test_save_elsewhere_is_loaded_once(desk: Desk):
    desk.others.publish("p1")
    desk.check()
    desk.check()
    assert (desk.asked, desk.adopted) == (["p1"], [THEIRS])


def test_own_saves_and_saves_of_other_pipelines_are_not_loaded(desk: Desk):
    desk.others.publish("p2")
    desk.check()
    desk.remote_saves.publish("p1")
    desk.check()
    assert desk.asked == []


def test_unreachable_server_is_asked_again_at_the_next_check(desk: Desk):
    desk.answers.insert(0, failing(ConnectError("The server is away.")))
    desk.others.publish("p1")
    desk.check()
    assert desk.adopted == []
    desk.check()
    assert desk.adopted == [THEIRS]


def test_deleted_pipeline_is_not_asked_for_again(desk: Desk):
    desk.answers.insert(0, failing(NotFoundError("There is none.", status=404)))
    desk.others.publish("p1")
    desk.check()
    desk.check()
    assert (desk.asked, desk.adopted) == (["p1"], [])


def test_response_older_than_an_own_save_is_not_adopted(desk: Desk):
    def saved_meanwhile() -> Graph:
        desk.version = object()
        return Graph()

    desk.answers.insert(0, saved_meanwhile)
    desk.others.publish("p1")
    desk.check()
    assert desk.adopted == [THEIRS]


def test_notices_are_bounded_and_purged(desk: Desk):
    for number in range(120):
        desk.others.publish(f"p{number}")
    assert desk.others.get("p0") == ""
    assert desk.others.get("p119") != ""
    desk.remote_saves.purge()
    assert desk.others.get("p119") == ""
