"""The one SQLite file of a user's store states: shared by all kernels, and mended when it is damaged.

It is opened when it is needed, and opened again after a fork, or when another process moved it aside. A
corrupt file is renamed, never deleted, a new one is begun, and `notice` names it. What fails for any
other reason (full, read-only, another program's file) raises `DiskError`, and `problem` says so until a
write gets through. On network disks the journal is a rollback journal, see `sqlite.py`.
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
"""Times are ISO 8601 in UTC. The id spells "KZWS"."""

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def default_state_path() -> Path:
    """Return where this user's store states belong on this system."""
    return Path(platformdirs.user_state_dir("kaizen-widgets", appauthor=False)) / "stores.db"


class StateFile(SqliteFile):
    """The file; of its content only `SqliteStorage` knows."""

    schema = SCHEMA
    what = "The state of the stores"
    store = "persist"

    def __init__(self, connection: sqlite3.Connection, location: Path | None) -> None:
        super().__init__(connection, location)
        # SQLite's own complaint about a damaged text would quote it.
        connection.text_factory = lambda raw: raw.decode("utf-8")

    def scrub(self) -> None:
        """Take deleted texts out of the file and its log.

        ``secure_delete`` overwrites what is deleted with zeros; the checkpoint empties the log, which holds
        older copies of pages, unless another process is reading from it just now.
        """
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def check(self) -> None:
        """Look the whole file over.

        Raises:
            sqlite3.DatabaseError: It is damaged.
        """
        with self.read() as db:
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            # A letter of a column's name is no damage to SQLite, but what is written is never found again.
            tables = _tables(db)
        if found != "ok" or tables != _tables_wanted():
            error = sqlite3.DatabaseError(str(found) if found != "ok" else "other tables than ours")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error


class DiskError(PersistError):
    """The file could not be read or written."""


class RecoveringFile:
    """A `StateFile` that is there when it can be.

    Args:
        path: The file.
        busy_timeout: Seconds to wait for another process that is writing.
        now: Gives the time.

    Attributes:
        lock: Held while the file is used; take it around what belongs together.
        problem: Why the last use failed; empty after a write that got through.
        notice: What happened to a damaged file, if one was met.
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
        """Return what ``work`` reads from one moment of the file.

        Raises:
            DiskError: The file cannot be used.
        """

        def read() -> T:
            with self._opened().read() as db:
                return work(db)

        with self.lock:
            return self._mended(read)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let ``work`` change the file, whole or not at all; it may be called twice.

        Raises:
            DiskError: The file cannot be used; nothing was kept.
            Exception: What ``work`` raised.
        """

        def noting(db: sqlite3.Connection) -> T:
            try:
                return work(db)
            except (sqlite3.Error, UnicodeDecodeError):
                raise
            except Exception as error:
                raise _CallersError(error) from error

        def write() -> T:
            with self._opened().write() as db:
                return noting(db)

        with self.lock:
            try:
                result = self._mended(write)
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
            self._mended(lambda: self._opened().scrub())

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self.lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    # -------------------------------------------------------------- within

    def _mended(self, attempt: Callable[[], T]) -> T:
        """Attempt; after a damaged file was moved aside, once more."""
        seen = _inode(self.path)
        try:
            return attempt()
        except (PersistError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not _is_corrupt(error) or not self._move_aside(seen):
                raise self._said(error) from error
        try:
            return attempt()
        except (PersistError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self._said(error) from error

    def _said(self, error: Exception) -> DiskError:
        cause = str(error.__cause__ or error)
        problem = (
            f"The state of the stores is not saved, it lives in memory only: {self.path.name} "
            f"cannot be used ({cause})."
        )
        if problem != self.problem:
            self.problem = problem
            logger.warning(problem)
        return DiskError(problem, store="persist")

    def _opened(self) -> StateFile:
        if self._file is not None and self._process != os.getpid():
            self._inherited.append(
                self._file
            )  # SQLite: a connection is not used, or closed, after a fork
            self._file = None
        if self._file is not None and self._inode != _inode(self.path):
            self.close()  # moved aside by another process, or removed
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
        """Rename the damaged file and what belongs to it; False when that cannot be."""
        self.close()
        if _inode(self.path) != damaged:
            return True  # another process was quicker
        stamp = self._now().strftime("%Y%m%dT%H%M%S%f")
        target = self.path.with_name(f"{self.path.stem}.damaged-{stamp}{self.path.suffix}")
        try:
            os.replace(self.path, target)
            for ending in ("-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self.path}{ending}", f"{target}{ending}")
        except OSError:
            return False
        self.notice = (
            f"The file {self.path.name} was damaged: it is kept as {target.name}, "
            f"and a new one was begun."
        )
        logger.warning(self.notice)
        return True


class _CallersError(Exception):
    """What the caller's function raised: no fault of the file's."""

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
    # Written by several versions, the same statement may be wrapped in other ways.
    return [(row[0], "".join(row[1].split())) for row in rows]


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _is_corrupt(error: BaseException | None) -> bool:
    while error is not None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT:
            return True
        if isinstance(error, UnicodeDecodeError):
            return True
        error = error.__cause__
    return False
