"""The SQLite file with a user's store states: shared by all kernels, replaced when it is damaged.

It is opened when it is needed, and again after a fork or when another process has moved it. A corrupt file is
renamed, never deleted; a new one is started, and `RecoveringFile.notice` names the old one. Any other
failure (full disk, read-only, another program's file) raises `DiskError`, and `RecoveringFile.problem` says
so until a write succeeds. On network disks the journal is a rollback journal, see `core/sqlite.py`.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import platformdirs

from kaizen_widgets.core.damaged_files import (
    DAMAGED,
    NOT_A_DATABASE,
    check_pages,
    is_damage,
    set_aside,
)
from kaizen_widgets.core.sqlite import SqliteFile, SqliteSchema
from kaizen_widgets.errors import PersistError

T = TypeVar("T")
logger = logging.getLogger(__name__)

_FIRST = (
    "CREATE TABLE states (name TEXT PRIMARY KEY, text TEXT NOT NULL, written_at TEXT NOT NULL)",
    """CREATE TABLE kept_aside (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, text TEXT NOT NULL,
        reason TEXT NOT NULL, kept_at TEXT NOT NULL
    )""",
)
_JOURNAL = (
    """CREATE TABLE journals (
        id TEXT PRIMARY KEY, scope TEXT NOT NULL, lease INTEGER NOT NULL, pipeline_id TEXT,
        pipeline_name TEXT NOT NULL, base TEXT NOT NULL, server TEXT, written_at TEXT NOT NULL
    )""",
    """CREATE TABLE journal_batches (
        journal_id TEXT NOT NULL REFERENCES journals ON DELETE CASCADE,
        rev INTEGER NOT NULL, batch TEXT NOT NULL, PRIMARY KEY (journal_id, rev)
    )""",
)
SCHEMA = SqliteSchema(0x4B5A5753, (_FIRST, _JOURNAL))
"""Times are ISO 8601 in UTC. The id spells "KZWS" in ASCII."""

_DAMAGE = DAMAGED | NOT_A_DATABASE


def default_state_path() -> Path:
    """Return the path of this user's store states on this system."""
    return Path(platformdirs.user_state_dir("kaizen-widgets", appauthor=False)) / "stores.db"


class StateFile(SqliteFile):
    """The open file; `SqliteStorage` and the journal read and write its tables."""

    schema = SCHEMA
    what = "The state of the stores"
    store = "persist"

    def __init__(self, connection: sqlite3.Connection, location: Path | None) -> None:
        super().__init__(connection, location)
        # SQLite's own error about a damaged text would quote it.
        connection.text_factory = lambda raw: raw.decode("utf-8")

    def scrub(self) -> None:
        """Remove deleted texts from the file and its log.

        ``secure_delete`` overwrites what is deleted with zeros; the checkpoint empties the log, which holds
        older copies of pages, unless another process is reading from it.
        """
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def check(self) -> None:
        """Check the whole file.

        Raises:
            sqlite3.DatabaseError: It is damaged.
        """
        with self.read() as db:
            check_pages(db)
            # SQLite does not notice a changed letter in a column's name, but no query would find the column.
            tables = _tables(db)
        if tables != _tables_wanted():
            error = sqlite3.DatabaseError("unexpected tables")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error


class DiskError(PersistError):
    """The file could not be read or written."""


class RecoveringFile:
    """A `StateFile` that is opened when needed, and replaced when it is damaged.

    Args:
        path: The file.
        busy_timeout: Seconds to wait for another process that is writing.
        now: Returns the time.

    Attributes:
        lock: Held while the file is used; hold it around calls that belong together.
        problem: Why the last use failed; empty after a write that succeeded.
        notice: What happened to a damaged file, if there was one.
    """

    def __init__(self, path: Path, *, busy_timeout: float, now: Callable[[], datetime]) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.problem = ""
        self.notice = ""
        self._busy_timeout = busy_timeout
        self._now = now
        self._file: StateFile | None = None
        self._inode: int | None = None
        self._process = os.getpid()
        self._inherited: list[StateFile] = []

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` reads in one transaction.

        Raises:
            DiskError: The file cannot be used.
        """

        def read() -> T:
            with self._opened().read() as db:
                return work(db)

        with self.lock:
            return self._with_recovery(read)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let ``work`` change the file in one transaction; it may be called twice.

        Raises:
            DiskError: The file cannot be used; nothing was written.
            Exception: What ``work`` raised.
        """

        def call(db: sqlite3.Connection) -> T:
            try:
                return work(db)
            except (sqlite3.Error, UnicodeDecodeError):
                raise
            except Exception as error:
                raise _CallersError(error) from error

        def write() -> T:
            with self._opened().write() as db:
                return call(db)

        with self.lock:
            try:
                result = self._with_recovery(write)
            except _CallersError as error:
                raise error.original from error.original.__cause__
            self.problem = ""
            return result

    def scrub(self) -> None:
        """Overwrite what was deleted, in the file and in its log, as far as other readers allow.

        Raises:
            DiskError: The file cannot be used.
        """
        with self.lock:
            self._with_recovery(lambda: self._opened().scrub())

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self.lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    # ------------------------------------------------------------ internal

    def _with_recovery(self, attempt: Callable[[], T]) -> T:
        """Call ``attempt``, and once more if a damaged file was moved aside."""
        seen = _inode(self.path)
        try:
            return attempt()
        except (PersistError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_damage(error, _DAMAGE) or not self._move_aside(seen):
                raise self._disk_error(error) from error
        try:
            return attempt()
        except (PersistError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self._disk_error(error) from error

    def _disk_error(self, error: Exception) -> DiskError:
        cause = str(error.__cause__ or error)
        problem = (
            f"The state of the stores is not saved but held in memory only: {self.path.name} "
            f"cannot be used ({cause})."
        )
        if problem != self.problem:
            self.problem = problem
            logger.warning(problem)
        return DiskError(problem, store="persist")

    def _opened(self) -> StateFile:
        if self._file is not None and self._process != os.getpid():
            # SQLite forbids using or closing a connection after a fork.
            self._inherited.append(self._file)
            self._file = None
        if self._file is not None and self._inode != _inode(self.path):
            self.close()  # another process has moved or removed it
        if self._file is None:
            file = StateFile.open(self.path, busy_timeout=self._busy_timeout)
            try:
                file.check()
            except BaseException:
                file.close()
                raise
            self._file, self._inode, self._process = file, _inode(self.path), os.getpid()
        return self._file

    def _move_aside(self, damaged: int | None) -> bool:
        """Rename the damaged file and its log files; False when that is not possible."""
        self.close()
        if _inode(self.path) != damaged:
            return True  # another process has done it
        try:
            target = set_aside(self.path, self._now())
        except OSError:
            return False
        self.notice = (
            f"The file {self.path.name} was damaged: it was renamed to {target.name}, "
            f"and a new one was started."
        )
        logger.warning(self.notice)
        return True


class _CallersError(Exception):
    """An exception of the caller's function, not of the file."""

    def __init__(self, original: Exception) -> None:
        super().__init__(str(original))
        self.original = original


@functools.cache
def _tables_wanted() -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        for migration in SCHEMA.migrations:
            for statement in migration:
                db.execute(statement)
        return _tables(db)


def _tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = db.execute(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    # Several versions may wrap the same statement in different ways.
    return [(row[0], "".join(row[1].split())) for row in rows]


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
