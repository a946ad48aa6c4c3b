"""persist with a typed store; the recorded traces cover plain stores."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Int, TraitError, Unicode

from kaizen_widgets.errors import PersistError, StoreError
from kaizen_widgets.stores import PlainStore, SqliteStorage, Store, persist
from kaizen_widgets.stores.equality import same_content
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


def test_persist_writes_sets_and_assignments_and_restores_them():
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


def test_state_is_written_after_the_listeners_were_called():
    lamp, cells, seen = Lamp(), Cells(), []
    persist(lamp, "lamp", storage=cells)
    lamp.subscribe(lambda *_: seen.append(dict(cells)))
    lamp.set({"on": True})
    assert seen == [{}]
    assert cells.state()["on"]


def test_stored_key_the_store_no_longer_has_is_dropped():
    lamp = Lamp()
    assert persist(lamp, "lamp", storage=kept({"on": True, "size": 3})).has_hydrated
    assert lamp.on


def test_stored_value_of_the_wrong_type_is_left_out_alone(file: SqliteStorage):
    text = kept({"on": True, "color": 3})["lamp"]
    file.set("lamp", text)
    lamp, errors = Lamp(color="red"), []
    persistence = persist(
        lamp,
        "lamp",
        storage=file,
        on_rehydrate_storage=lambda _state: lambda _after, error: errors.append(error),
    )
    assert lamp.get() == {"on": True, "color": "red", "uses": 0}
    assert (errors, persistence.has_hydrated) == ([None], True)
    assert "stored as 'lamp' was not used: 'color'" in persistence.problem
    assert [kept_text for kept_text, _reason in file.kept_aside("lamp")] == [text]


def test_text_a_failing_migration_could_not_use_is_set_aside(file: SqliteStorage):
    def migrate(_stored: Any, _version: Any) -> Any:
        raise RuntimeError("no way")

    old = '{"state": {"on": 1}, "version": 7}'
    file.set("lamp", old)
    lamp = Lamp()
    persistence = persist(lamp, "lamp", storage=file, version=8, migrate=migrate)
    lamp.set({"on": True})
    assert file.kept_aside("lamp") == [(old, "no way")]
    assert "no way" in persistence.problem


def test_migrated_state_is_restored_and_written_in_its_new_shape():
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


class Odd(Store):
    name = "odd"
    thing = AnyTrait()
    theme = Unicode("light")


def test_value_json_cannot_give_back_is_left_out_alone():
    odd, cells = Odd(), Cells()
    persistence = persist(odd, "odd", storage=cells)
    odd.set({"thing": object(), "theme": "dark"})
    assert cells.state("odd") == {"theme": "dark"}
    assert "Not saved with 'odd': 'thing'" in persistence.problem
    assert "partialize" in persistence.problem
    odd.set({"thing": 1})
    assert persistence.problem == ""
    assert cells.state("odd") == {"theme": "dark", "thing": 1}


@pytest.mark.parametrize(
    "thing",
    [
        {1: "a", "1": "b"},
        (1, [2, (3,)]),
        {"$tuple": [1]},
        {("a", 1): {2}},
        b"bytes",
        -0.0,
        10**5000,
        Decimal("1.10"),
        datetime(2026, 1, 1, tzinfo=UTC),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_restored_value_is_exactly_the_saved_one(thing: object):
    odd, cells, again = Odd(), Cells(), Odd()
    persist(odd, "odd", storage=cells)
    odd.set({"thing": thing})
    persist(again, "odd", storage=cells)
    assert same_content(again.thing, thing) or (type(again.thing), again.thing) == (
        type(thing),
        thing,
    )


def test_dict_with_number_keys_does_not_cost_the_rest_of_the_state():
    class Counts(Store):
        counts = Dict(key_trait=Int())
        theme = Unicode("light")

    store, cells, again = Counts(), Cells(), Counts()
    persist(store, "counts", storage=cells)
    store.set({"theme": "dark", "counts": {1: 2}})
    persist(again, "counts", storage=cells)
    assert (again.theme, again.counts) == ("dark", {1: 2})
    # As an earlier version wrote it: the odd entry alone is not restored.
    cells["counts"] = '{"state": {"theme": "blue", "counts": {"1": 2}}, "version": 0}'
    older = Counts()
    persist(older, "counts", storage=cells)
    assert (older.theme, older.counts) == ("blue", {})


def test_storage_that_answers_with_awaitables():
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


def test_update_starts_from_what_is_stored(file: SqliteStorage):
    one, other = Lamp(), Lamp()
    first, second = (persist(lamp, "lamp", storage=file) for lamp in (one, other))
    heard: list[int] = []
    other.subscribe(lambda state, _previous: heard.append(state["uses"]))
    first.update(lambda state: {"uses": state["uses"] + 1})
    second.update(lambda state: {"uses": state["uses"] + 1})
    assert (other.uses, heard) == (2, [2])


def test_update_leaves_out_a_stored_value_of_the_wrong_type(file: SqliteStorage):
    file.set("lamp", kept({"uses": 2, "color": 3})["lamp"])
    lamp = Lamp()
    persist(lamp, "lamp", storage=file, skip_hydration=True).update(
        lambda state: {"uses": state["uses"] + 1}
    )
    assert lamp.get() == {"on": False, "color": "white", "uses": 3}


def test_update_of_the_wrong_type_changes_neither_store_nor_storage(file: SqliteStorage):
    lamp = Lamp()
    persistence = persist(lamp, "lamp", storage=file)
    with pytest.raises(TraitError):
        persistence.update({"uses": "many"})
    assert (lamp.uses, file.get("lamp"), file.problem) == (0, None, "")


def test_update_refuses_a_storage_without_atomic_updates():
    with pytest.raises(PersistError, match="no atomic update"):
        persist(Lamp(), "lamp", storage=Cells()).update({"uses": 1})


def test_update_refuses_an_async_migration(file: SqliteStorage):
    async def migrate(stored: Any, _version: Any) -> Any:
        return stored

    file.set("lamp", '{"state": {}, "version": 1}')
    persistence = persist(
        Lamp(), "lamp", storage=file, version=2, migrate=migrate, skip_hydration=True
    )
    with pytest.raises(StoreError, match="awaitable"):
        persistence.update({"uses": 1})


def test_follow_restores_the_changes_of_another_process(tmp_path: Path):
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


def test_closed_persistence_does_not_write():
    lamp, cells = Lamp(), Cells()
    persist(lamp, "lamp", storage=cells).close()
    lamp.set({"on": True})
    assert cells == {}


def test_unusable_disk_is_reported_and_breaks_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    lamp = Lamp()
    persistence = persist(lamp, "lamp", storage=SqliteStorage(tmp_path / "file" / "stores.db"))
    lamp.set({"on": True})
    assert lamp.on
    assert "held in memory only" in persistence.problem


def test_plain_store_is_persisted_the_same_way(file: SqliteStorage):
    store = PlainStore({"count": 0})
    persist(store, "counter", storage=file)
    store.set({"count": 3})
    again = PlainStore({"count": 0})
    persist(again, "counter", storage=file)
    assert again.get() == {"count": 3}
