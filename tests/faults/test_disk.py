"""Faults of files: failing writes, files of other versions, damaged bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import Journal
from kaizen_widgets.stores import CanvasStore, Leases, SqliteStorage, UIStore
from kaizen_widgets.testing import FakeClock

Rounds = Callable[[int, int], int]
SCHEMAS = sorted((Path(__file__).parents[1] / "stores" / "schemas").glob("v*.sql"))
BASE = Graph([Node("a", (0, 0), data={"label": "Ann"})])


class Failing:
    """A connection whose ``n``-th statement from now on fails once, as on a full disk."""

    def __init__(self, connection: sqlite3.Connection, n: int) -> None:
        self._connection = connection
        self.left = n

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        self.left -= 1
        if self.left == 0:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self._connection.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def open_all(path: Path) -> tuple[SqliteStorage, Journal]:
    storage = SqliteStorage(path)
    return storage, Journal(storage, Leases(None), scope="s")


def test_full_disk_loses_no_edit_whichever_write_fails(tmp_path: Path):
    """Whichever write fails: edit and state stay, it is reported, and the next write stores everything."""
    n = 0
    while True:
        n += 1
        path = tmp_path / f"{n}.db"
        storage, journal = open_all(path)
        store = CanvasStore(BASE)
        journal.follow(store)
        store.load_pipeline(BASE, id="p1", name="P")
        store.update_node_data("a", {"label": "Anna"})
        ui = UIStore()
        kept = ui.persist(storage)
        file = storage._file._file
        assert file is not None
        failing = Failing(file._connection, n)
        file._connection = failing  # type: ignore[assignment]
        said = ""
        for work in (
            partial(store.update_node_data, "a", {"label": "Annabel"}),
            partial(ui.set_theme, "dark"),
            partial(journal.saved, store.epoch, store.rev, store.graph),
        ):
            work()
            said += journal.problem + kept.problem
        hit = failing.left <= 0
        assert ("full" in said) is hit
        failing.left = 0
        assert (store.graph.node("a").label, ui.theme) == ("Annabel", "dark")
        # The disk has room again.
        store.update_node_data("a", {"label": "Bella"})
        ui.set_theme("light")
        assert (journal.problem, storage.problem) == ("", "")
        journal.close()
        storage.close()
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
        again, found = open_all(path)
        theirs = UIStore()
        theirs.persist(again)
        assert theirs.theme == "light"
        [draft] = found.drafts("p1")
        assert draft.graph.node("a").label == "Bella"
        again.close()
        if not hit:
            break
    assert n > 8, "no write failed"


def test_unwritable_folder_is_reported_and_loses_nothing(tmp_path: Path):
    """Where nothing can be written the studio works in memory and reports it."""
    (tmp_path / "file").write_text("")
    storage, journal = open_all(tmp_path / "file" / "stores.db")
    store = CanvasStore(BASE)
    journal.follow(store)
    store.update_node_data("a", {"label": "Anna"})
    assert store.graph.node("a").label == "Anna"
    assert "would not survive a crash" in journal.problem
    assert journal.drafts("p1") == []
    ui = UIStore()
    kept = ui.persist(storage)
    ui.set_theme("dark")
    assert "memory only" in kept.problem


@pytest.mark.parametrize("released", SCHEMAS, ids=lambda file: file.stem)
def test_files_of_released_versions_are_read(tmp_path: Path, released: Path):
    """A file of any released version opens, with its drafts; one of a newer version is left alone."""
    path = tmp_path / "stores.db"
    old = sqlite3.connect(path)
    old.executescript(released.read_text("utf-8"))
    old.close()
    storage, journal = open_all(path)
    ui = UIStore()
    ui.persist(storage)
    assert (ui.theme, storage.problem) == ("dark", "")
    storage.close()
    # Each connection is closed: the last one writes the log into the file, which is compared below.
    with closing(SqliteStorage(path)) as again:
        drafts = again.read(lambda db: db.execute("SELECT count(*) FROM journals").fetchone()[0])
        assert drafts == (0 if released.stem == "v1" else 1)
        if drafts:
            found = Journal(again, Leases(None), scope="scope").drafts("p1")
            assert [draft.graph.node("a").label for draft in found] == ["Anna"]
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    before = path.read_bytes()
    with closing(SqliteStorage(path)) as theirs:
        theirs.set("a", "1")
        assert "newer kaizen-widgets" in theirs.problem
    assert path.read_bytes() == before
    assert journal.problem == ""


def test_damaged_byte_is_never_read_as_a_state(tmp_path: Path, rounds: Rounds):
    """Whichever byte is damaged, the studio starts: with the stored state, or empty and reporting it."""
    path = tmp_path / "stores.db"
    storage, journal = open_all(path)
    store = CanvasStore(BASE)
    journal.follow(store)
    store.load_pipeline(BASE, id="p1", name="P")
    store.update_node_data("a", {"label": "Anna"})
    UIStore().persist(storage)
    ui = UIStore(clock=FakeClock())
    ui.persist(storage)
    ui.set_theme("dark")
    journal.close()
    storage.close()
    content = path.read_bytes()
    assert not path.with_name("stores.db-wal").exists()
    step = max(1, len(content) // rounds(150, len(content)))
    for place in range(0, len(content), step):
        damaged = tmp_path / f"{place}.db"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        storage, journal = open_all(damaged)
        ui = UIStore()
        kept = ui.persist(storage)
        drafts = journal.drafts("p1")
        if ui.theme != "dark":
            said = kept.problem + storage.problem
            where = content[place - 20 : place + 20]
            gone = storage.get("kaizen-ui") is None  # the damaged byte was in its name
            assert ui.theme == "system", place
            assert said or gone, f"byte {place}, {where!r}, was damaged and nobody was told"
        assert all(draft.graph.node("a").id == "a" for draft in drafts if draft.pipeline_id)
        # And it works on.
        ui.set_theme("light")
        assert storage.get("kaizen-ui") is not None
        storage.close()
        for file in tmp_path.glob(f"{place}.*"):
            file.unlink()
