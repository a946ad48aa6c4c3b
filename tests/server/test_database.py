"""The file: who may read it, what survives, what is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.core.sqlite import choose_journal
from kaizen_widgets.errors import PersistError
from kaizen_widgets.server import Database, default_path
from kaizen_widgets.server.base.migrations import MIGRATIONS


def settings(database: Database) -> dict[str, str]:
    with database.read() as db:
        return {row["key"]: row["value"] for row in db.execute("SELECT * FROM settings")}


def put(database: Database, key: str, value: str = "") -> None:
    with database.write() as db:
        db.execute("INSERT INTO settings VALUES (?, ?)", (key, value))


def test_written_data_is_there_after_reopening(tmp_path: Path):
    with Database.open(tmp_path / "studio.db") as database:
        put(database, "a", "1")
    with Database.open(tmp_path / "studio.db") as database:
        assert settings(database) == {"a": "1"}


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")
def test_file_and_folders_are_private_to_the_owner(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "studio.db"
    with Database.open(path) as database:
        put(database, "a")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"studio.db": 0o600, "studio.db-wal": 0o600, "studio.db-shm": 0o600}
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_write_that_raises_changes_nothing(database: Database):
    def write_and_raise() -> None:
        with database.write() as db:
            db.execute("INSERT INTO settings VALUES ('a', '')")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_raise()
    assert settings(database) == {}
    put(database, "b")
    assert settings(database) == {"b": ""}


def test_concurrent_writers_lose_no_update(tmp_path: Path):
    path = tmp_path / "studio.db"
    databases = [Database.open(path), Database.open(path)]
    put(databases[0], "count", "0")

    def count(database: Database) -> None:
        for _ in range(25):
            with database.write() as db:
                value = int(db.execute("SELECT value FROM settings").fetchone()[0])
                db.execute("UPDATE settings SET value = ?", (value + 1,))

    threads = [threading.Thread(target=count, args=(d,)) for d in databases * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert settings(databases[1]) == {"count": "100"}
    for database in databases:
        database.close()


def test_read_sees_one_snapshot(tmp_path: Path):
    with Database.open(tmp_path / "s.db") as one, Database.open(tmp_path / "s.db") as other:
        with one.read() as db:
            before = db.execute("SELECT count(*) FROM settings").fetchone()[0]
            put(other, "a")
            assert db.execute("SELECT count(*) FROM settings").fetchone()[0] == before
        assert settings(one) == {"a": ""}


def test_locked_file_is_an_error_with_a_way_out(tmp_path: Path):
    with (
        Database.open(tmp_path / "s.db") as one,
        Database.open(tmp_path / "s.db", busy_timeout=0) as other,
        one.write(),
        pytest.raises(PersistError, match=r"s\.db cannot .* locked.*nothing was changed"),
    ):
        put(other, "a")


def test_a_file_on_disk_uses_a_write_ahead_log(tmp_path: Path):
    with Database.open(tmp_path / "s.db") as database:
        assert database.journal == "wal"
        assert database.is_durable
    with Database.open() as database:
        assert database.journal == "memory"
        assert not database.is_durable


class NetworkDisk(sqlite3.Connection):
    """A connection to a disk on which no memory can be shared."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql == "PRAGMA journal_mode = WAL":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return super().execute(sql, *args)


def test_a_disk_without_shared_memory_gets_a_rollback_journal(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "s.db", factory=NetworkDisk, isolation_level=None)
    choose_journal(connection)
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    connection.execute("CREATE TABLE t (a)")
    connection.close()


def test_the_schema_is_versioned(database: Database):
    with database.read() as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_file_of_a_newer_version_is_refused_unchanged(tmp_path: Path):
    with Database.open(tmp_path / "s.db") as database, database.write() as db:
        db.execute("PRAGMA user_version = 999")
    with pytest.raises(PersistError, match=r"s\.db was written by a newer kaizen-widgets"):
        Database.open(tmp_path / "s.db")


def test_database_of_another_program_is_refused_unchanged(tmp_path: Path):
    other = sqlite3.connect(tmp_path / "history.sqlite")
    other.execute("CREATE TABLE history (line)")
    other.close()
    before = (tmp_path / "history.sqlite").read_bytes()
    with pytest.raises(PersistError, match="another program's database"):
        Database.open(tmp_path / "history.sqlite")
    assert (tmp_path / "history.sqlite").read_bytes()[100:] == before[100:]


def test_file_that_is_no_database_is_refused_unchanged(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a database" * 100)
    with pytest.raises(PersistError, match=r"notes\.txt cannot be opened .*:memory:"):
        Database.open(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "not a database" * 100


def test_impossible_path_is_reported_in_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PersistError, match=r"studio\.db cannot be opened"):
        Database.open(tmp_path / "file" / "studio.db")


def test_a_closed_database_says_so(database: Database):
    database.close()
    database.close()
    with pytest.raises(PersistError, match=r"Database\(':memory:'\) is closed"):
        settings(database)


def test_default_path_is_in_the_users_data_folder():
    assert default_path().name == "studio.db"
    assert default_path().is_absolute()
    assert "kaizen-widgets" in default_path().parts
