"""SqliteStorage: shared by processes, versioned, and harmless when the disk fails."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from kaizen_widgets.errors import PersistError
from kaizen_widgets.stores import PlainStore, SqliteStorage, persist
from kaizen_widgets.stores.state_file import SCHEMA, default_state_path

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("v*.sql"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "stores.db"


@pytest.fixture
def storage(path: Path):
    storage = SqliteStorage(path)
    yield storage
    storage.close()


def execute(storage: SqliteStorage, sql: str) -> None:
    assert storage._file._file is not None
    storage._file._file._connection.execute(sql).fetchall()


def damaged(path: Path) -> list[Path]:
    return [file for file in path.parent.glob("*.damaged-*") if file.suffix == ".db"]


def test_saved_text_is_there_for_the_next_storage(path: Path, storage: SqliteStorage):
    storage.set("a", "1")
    storage.set("b", "2")
    storage.remove("b")
    other = SqliteStorage(path)
    assert (other.get("a"), other.get("b")) == ("1", None)
    assert (storage.problem, storage.is_durable) == ("", True)
    other.close()


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")
def test_file_is_readable_by_its_owner_only(path: Path, storage: SqliteStorage):
    storage.set("a", "1")
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def count(path: Path, times: int) -> None:
    storage = SqliteStorage(path, busy_timeout=60)
    store = PlainStore({"count": 0})
    kept = persist(store, "counter", storage=storage)
    for _ in range(times):
        kept.update(lambda state: {"count": state["count"] + 1})
    assert not storage.problem
    storage.close()


def test_four_processes_with_300_increments_each_count_to_1200(path: Path, storage: SqliteStorage):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count, args=(path, 300)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    store = PlainStore({"count": 0})
    persist(store, "counter", storage=storage)
    assert store.get() == {"count": 1200}


def test_revision_changes_with_the_writes_of_others_only(path: Path, storage: SqliteStorage):
    before = storage.revision()
    storage.set("a", "1")
    assert storage.revision() == before
    other = SqliteStorage(path)
    other.set("a", "2")
    other.close()
    assert storage.revision() != before


def test_update_that_raises_replaces_nothing(storage: SqliteStorage):
    def change(_text: str | None) -> str:
        raise PersistError("no way", store="x")

    storage.set("a", "1")
    with pytest.raises(PersistError, match="no way"):
        storage.update_text("a", change)
    assert (storage.get("a"), storage.problem) == ("1", "")


def test_file_that_is_no_database_is_renamed_and_reported(path: Path):
    path.parent.mkdir()
    path.write_text("not a database" * 100)
    storage = SqliteStorage(path)
    [kept] = damaged(path)
    assert kept.read_text() == "not a database" * 100
    assert kept.name in storage.problem
    assert storage.is_durable
    storage.set("a", "1")
    assert storage.get("a") == "1"
    storage.close()


def test_file_damaged_in_its_middle_is_renamed(path: Path):
    storage = SqliteStorage(path)
    for number in range(50):
        storage.set(f"n{number}", "x" * 1000)
    storage.close()
    content = bytearray(path.read_bytes())
    content[4096:-100] = b"\xff" * (len(content) - 4196)
    path.write_bytes(content)
    storage = SqliteStorage(path)
    assert len(damaged(path)) == 1
    assert "damaged" in storage.problem
    storage.close()


def test_file_damaged_while_open_does_not_lose_what_is_set(path: Path, storage: SqliteStorage):
    for number in range(50):
        storage.set(f"n{number}", "x" * 1000)
    execute(storage, "PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(b"\xff" * path.stat().st_size)
    execute(storage, "PRAGMA shrink_memory")
    storage.set("a", "1")
    storage.close()
    again = SqliteStorage(path)
    assert again.get("a") == "1"
    again.close()


def test_full_disk_holds_the_state_in_memory_until_there_is_room(
    path: Path, storage: SqliteStorage
):
    execute(storage, "PRAGMA max_page_count = 1")
    storage.set("a", "x" * 100_000)
    assert storage.get("a") == "x" * 100_000
    assert "not saved" in storage.problem
    assert "full" in storage.problem
    assert not storage.is_durable
    execute(storage, "PRAGMA max_page_count = 1000")
    storage.set("b", "2")
    assert (storage.problem, storage.is_durable) == ("", True)
    other = SqliteStorage(path)
    assert (other.get("a"), other.get("b")) == ("x" * 100_000, "2")
    other.close()


def test_read_only_file_holds_the_state_in_memory(storage: SqliteStorage):
    storage.set("a", "1")
    execute(storage, "PRAGMA query_only = ON")
    storage.set("a", "2")
    storage.update_text("a", lambda text: f"{text}3")
    assert storage.get("a") == "23"
    assert "readonly" in storage.problem


def test_impossible_path_holds_the_state_in_memory(tmp_path: Path):
    (tmp_path / "file").write_text("")
    storage = SqliteStorage(tmp_path / "file" / "stores.db")
    storage.set("a", "1")
    storage.update_text("a", lambda text: f"{text}2")
    storage.set_aside("a", "because")
    assert (storage.get("a"), storage.get("b")) == ("12", None)
    assert "held in memory only: stores.db cannot be used" in storage.problem
    storage.remove("a")
    assert storage.get("a") is None


def test_locked_file_is_reported_and_written_later(path: Path):
    storage = SqliteStorage(path, busy_timeout=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    storage.set("a", "1")
    assert "locked" in storage.problem
    other.execute("ROLLBACK")
    other.close()
    storage.set("b", "2")
    assert storage.problem == ""
    storage.close()
    again = SqliteStorage(path)
    assert again.get("a") == "1"
    again.close()


@pytest.mark.parametrize("sql", ["CREATE TABLE history (line)", "PRAGMA user_version = 0"])
def test_file_of_another_program_is_left_alone(tmp_path: Path, sql: str):
    path = tmp_path / "history.db"
    other = sqlite3.connect(path)
    other.execute(sql)
    other.execute("CREATE TABLE IF NOT EXISTS more (line)")
    other.close()
    storage = SqliteStorage(path)
    storage.set("a", "1")
    assert "another program's" in storage.problem
    assert damaged(path) == []


def test_file_of_a_newer_version_is_left_alone(path: Path):
    SqliteStorage(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 999")
    other.close()
    storage = SqliteStorage(path)
    storage.set("a", "1")
    assert "newer kaizen-widgets" in storage.problem
    assert damaged(path) == []


@pytest.mark.parametrize("released", SCHEMAS, ids=lambda file: file.stem)
def test_file_of_every_released_schema_can_be_read(path: Path, released: Path):
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript(released.read_text("utf-8"))
    old.close()
    storage = SqliteStorage(path)
    assert storage.problem == ""
    assert storage.get("kaizen-ui") == '{"state": {"theme": "dark"}, "version": 0}'
    assert storage.kept_aside("kaizen-auth") == [("{", "it was no JSON")]
    storage.close()


def test_every_schema_has_its_fixture():
    assert [file.stem for file in SCHEMAS] == [f"v{n + 1}" for n in range(len(SCHEMA.migrations))]


def test_default_path_is_the_users_own():
    assert default_state_path().name == "stores.db"
    assert "kaizen-widgets" in default_state_path().parts
