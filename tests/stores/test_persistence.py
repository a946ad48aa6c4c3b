"""Keeping a typed store: what the recorded traces, over plain stores, cannot say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from traitlets import Any as AnyTrait
from traitlets import Bool, Int, TraitError, Unicode

from kaizen_widgets.errors import PersistError, StoreError
from kaizen_widgets.stores import PlainStore, SqliteStorage, Store, persist
from kaizen_widgets.testing import FakeClock


class Lamp(Store):
    name = "lamp"
    on = Bool(False)
    color = Unicode("white")
    uses = Int(0)


class Cells(dict[str, str]):
    """A storage in memory."""

    def set(self, name: str, text: str) -> None:
        self[name] = text

    def remove(self, name: str) -> None:
        self.pop(name, None)

    def state(self, name: str = "lamp") -> Any:
        return json.loads(self[name])["state"]


def kept(state: dict[str, Any], version: int = 0) -> Cells:
    return Cells(lamp=json.dumps({"state": state, "version": version}))


@pytest.fixture
def file(tmp_path: Path):
    storage = SqliteStorage(tmp_path / "stores.db")
    yield storage
    storage.close()


def test_sets_and_assignments_are_written_and_come_back():
    lamp, cells = Lamp(), Cells()
    persist(lamp, "lamp", storage=cells, partialize=["on", "color"])
    lamp.set({"on": True})
    lamp.color = "red"
    assert cells.state() == {"on": True, "color": "red"}
    fresh = Lamp()
    persist(fresh, "lamp", storage=cells)
    assert fresh.get() == {"on": True, "color": "red", "uses": 0}
    fresh.reset()
    assert fresh.color == "white"


def test_it_is_written_after_the_listeners_heard():
    lamp, cells, seen = Lamp(), Cells(), []
    persist(lamp, "lamp", storage=cells)
    lamp.subscribe(lambda *_: seen.append(dict(cells)))
    lamp.set({"on": True})
    assert seen == [{}]
    assert cells.state()["on"]


def test_a_stored_key_the_store_no_longer_has_is_dropped():
    lamp = Lamp()
    assert persist(lamp, "lamp", storage=kept({"on": True, "size": 3})).has_hydrated
    assert lamp.on


def test_a_stored_value_of_the_wrong_type_changes_nothing_and_is_said():
    lamp, errors = Lamp(), []
    persistence = persist(
        lamp,
        "lamp",
        storage=kept({"on": True, "color": 3}),
        on_rehydrate_storage=lambda _state: lambda _after, error: errors.append(error),
    )
    assert lamp.get() == Lamp().get()
    assert isinstance(errors[0], TraitError)
    assert not persistence.has_hydrated
    assert "'lamp' was not used" in persistence.problem


def test_what_a_failing_migration_could_not_use_is_kept_aside(file: SqliteStorage):
    def migrate(_stored: Any, _version: Any) -> Any:
        raise RuntimeError("no way")

    old = '{"state": {"on": 1}, "version": 7}'
    file.set("lamp", old)
    lamp = Lamp()
    persistence = persist(lamp, "lamp", storage=file, version=8, migrate=migrate)
    lamp.set({"on": True})
    assert file.kept_aside("lamp") == [(old, "no way")]
    assert "no way" in persistence.problem


def test_a_migrated_state_is_read_and_written_in_its_new_shape():
    lamp, cells = Lamp(), kept({"colour": "red"}, version=1)
    persist(
        lamp,
        "lamp",
        storage=cells,
        version=2,
        migrate=lambda stored, version: {"color": f"{stored['colour']} {version}"},
    )
    assert lamp.color == "red 1"
    assert json.loads(cells["lamp"]) == {"state": lamp.get(), "version": 2}


def test_what_is_no_json_is_refused_with_a_way_out():
    class Odd(Store):
        name = "odd"
        thing = AnyTrait()

    odd = Odd()
    persist(odd, "odd", storage=Cells())
    with pytest.raises(PersistError, match=r"'odd' cannot be kept.*partialize"):
        odd.set({"thing": object()})


def test_a_storage_that_answers_later_is_awaited():
    class Later:
        def __init__(self) -> None:
            self.cells = kept({"color": "red"})

        async def get(self, name: str) -> str | None:
            return self.cells.get(name)

        async def set(self, name: str, text: str) -> None:
            self.cells.set(name, text)

        async def remove(self, name: str) -> None:
            self.cells.remove(name)

    async def use() -> None:
        lamp, storage, tasks = Lamp(), Later(), []
        spawn = lambda coroutine: tasks.append(asyncio.ensure_future(coroutine))  # noqa: E731
        persistence = persist(lamp, "lamp", storage=storage, spawn=spawn)
        assert lamp.color == "white"
        await asyncio.gather(*tasks)
        assert (lamp.color, persistence.has_hydrated) == ("red", True)
        lamp.set({"on": True})
        await asyncio.gather(*tasks)
        assert storage.cells.state()["on"]

    asyncio.run(use())


def test_counting_together_starts_from_what_is_stored(file: SqliteStorage):
    one, other = Lamp(), Lamp()
    first, second = (persist(lamp, "lamp", storage=file) for lamp in (one, other))
    heard: list[int] = []
    other.subscribe(lambda state, _previous: heard.append(state["uses"]))
    first.update(lambda state: {"uses": state["uses"] + 1})
    second.update(lambda state: {"uses": state["uses"] + 1})
    assert (other.uses, heard) == (2, [2])


def test_an_update_of_the_wrong_type_changes_neither_store_nor_storage(file: SqliteStorage):
    lamp = Lamp()
    persistence = persist(lamp, "lamp", storage=file)
    with pytest.raises(TraitError):
        persistence.update({"uses": "many"})
    assert (lamp.uses, file.get("lamp"), file.problem) == (0, None, "")


def test_a_storage_without_updates_says_so():
    with pytest.raises(PersistError, match="no atomic update"):
        persist(Lamp(), "lamp", storage=Cells()).update({"uses": 1})


def test_an_update_cannot_wait_for_a_migration(file: SqliteStorage):
    async def migrate(stored: Any, _version: Any) -> Any:
        return stored

    file.set("lamp", '{"state": {}, "version": 1}')
    persistence = persist(
        Lamp(), "lamp", storage=file, version=2, migrate=migrate, skip_hydration=True
    )
    with pytest.raises(StoreError, match="awaitables"):
        persistence.update({"uses": 1})


def test_the_change_of_another_process_is_seen_while_following(tmp_path: Path):
    clock, lamp, other = FakeClock(), Lamp(), Lamp()
    storages = [SqliteStorage(tmp_path / "stores.db") for _ in range(2)]
    persistence = persist(lamp, "lamp", storage=storages[0])
    persist(other, "lamp", storage=storages[1])
    stop = persistence.follow(clock, every=1.0)
    other.set({"color": "red"})
    assert lamp.color == "white"
    clock.advance(1.0)
    assert lamp.color == "red"
    stop()
    other.set({"color": "blue"})
    clock.advance(5.0)
    assert lamp.color == "red"
    for storage in storages:
        storage.close()


def test_a_closed_persistence_writes_no_more():
    lamp, cells = Lamp(), Cells()
    persist(lamp, "lamp", storage=cells).close()
    lamp.set({"on": True})
    assert cells == {}


def test_an_unusable_disk_is_said_and_breaks_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    lamp = Lamp()
    persistence = persist(lamp, "lamp", storage=SqliteStorage(tmp_path / "file" / "stores.db"))
    lamp.set({"on": True})
    assert lamp.on
    assert "lives in memory only" in persistence.problem


def test_a_plain_store_is_kept_the_same_way(file: SqliteStorage):
    store = PlainStore({"count": 0})
    persist(store, "counter", storage=file)
    store.set({"count": 3})
    again = PlainStore({"count": 0})
    persist(again, "counter", storage=file)
    assert again.get() == {"count": 3}
