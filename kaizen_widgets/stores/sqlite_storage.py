"""Texts by name in one SQLite file that all of a user's kernels share; a `persist` storage.

Nothing here raises because of the disk. What cannot be written (full, read-only, a folder that is none,
another program's file) is kept in memory, `problem` says so in a sentence until a later write gets
through, and that write takes along all that waited. A corrupt file is moved aside, never deleted, and
the sentence names it. On network disks the journal is a rollback journal, see `sqlite.py`.

No secret belongs here: the file is its owner's alone, but plain.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import platformdirs

from kaizen_widgets.errors import PersistError
from kaizen_widgets.sqlite import BUSY_TIMEOUT, Schema, SqliteFile

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
SCHEMA = Schema(0x4B5A5753, (_FIRST, _JOURNAL))
"""Times are ISO 8601 in UTC. The id spells "KZWS"."""

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def default_state_path() -> Path:
    """Return where this user's store states belong on this system."""
    return Path(platformdirs.user_state_dir("kaizen-widgets", appauthor=False)) / "stores.db"


@functools.cache
def shared_storage() -> SqliteStorage:
    """Return this process's storage in the user's own file."""
    return SqliteStorage()


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
        if found != "ok":
            error = sqlite3.DatabaseError(str(found))
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error


class SqliteStorage:
    """A storage for `persist`: safe from any thread, shared with other processes.

    Args:
        path: The file; by default the user's own.
        busy_timeout: Seconds to wait for another process that is writing.
        now: Gives the time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        busy_timeout: float = BUSY_TIMEOUT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        chosen = default_state_path() if path is None else Path(path).expanduser()
        self.path = chosen.absolute()
        self._busy_timeout = busy_timeout
        self._now = now
        self._lock = threading.RLock()
        self._file: StateFile | None = None
        self._waiting: dict[str, str | None] = {}
        self._problem = ""
        self._notice = ""
        self._inode: int | None = None
        self._process = os.getpid()
        self._inherited: list[StateFile] = []
        with self._lock, contextlib.suppress(PersistError):
            self._reading(lambda _db: None)

    @property
    def problem(self) -> str:
        """Why states live in memory only, or what happened to the file; empty when all is well."""
        return self._problem or self._notice

    @property
    def is_durable(self) -> bool:
        """Whether what was set outlives this process."""
        return not self._problem

    def get(self, name: str) -> str | None:
        """Return the text, or None."""
        with self._lock:
            if name in self._waiting:
                return self._waiting[name]
            try:
                return self._reading(lambda db: _text(db, name))
            except PersistError:
                return None  # said in `problem`

    def set(self, name: str, text: str) -> None:
        """Keep a text in the place of the one before."""
        self._put(name, text)

    def remove(self, name: str) -> None:
        """Forget a text; harmless when there is none."""
        self._put(name, None)

    def update_text(self, name: str, change: Callable[[str | None], str]) -> None:
        """Replace a text by what ``change`` makes of it; other processes wait meanwhile.

        Raises:
            Exception: What ``change`` raised; nothing is replaced.
        """
        made: list[str] = []

        def work(db: sqlite3.Connection) -> None:
            waiting = self._waiting
            if not made:  # at the second attempt, in a new file, it is there
                made.append(change(waiting[name] if name in waiting else _text(db, name)))
            self._write_down(db, {**waiting, name: made[0]})

        with self._lock:
            try:
                self._writing(work)
            except _DiskError:
                # It may have been made already, when only the commit failed: made once is enough.
                self._waiting[name] = made[0] if made else change(self._waiting.get(name))
            else:
                self._waiting.clear()

    def keep_aside(self, name: str, reason: str) -> None:
        """Copy a text to where no set overwrites it, with the reason."""

        def work(db: sqlite3.Connection) -> None:
            text = _text(db, name)
            if text is not None:
                db.execute(
                    "INSERT INTO kept_aside (name, text, reason, kept_at) VALUES (?, ?, ?, ?)",
                    (name, text, reason, self._now().isoformat()),
                )

        with self._lock, contextlib.suppress(PersistError):
            self._writing(work)

    def kept_aside(self, name: str) -> list[tuple[str, str]]:
        """Return what was kept aside under a name, oldest first: texts and reasons."""

        def work(db: sqlite3.Connection) -> list[tuple[str, str]]:
            rows = db.execute(
                "SELECT text, reason FROM kept_aside WHERE name = ? ORDER BY seq", (name,)
            )
            return [(row["text"], row["reason"]) for row in rows]

        with self._lock:
            try:
                return self._reading(work)
            except PersistError:
                return []

    def revision(self) -> int:
        """Return a number that changes when another process (or storage) wrote."""
        with self._lock:
            try:
                return self._reading(lambda db: db.execute("PRAGMA data_version").fetchone()[0])
            except PersistError:
                return 0

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` reads from one moment of the file; for tables beside the texts.

        Raises:
            PersistError: The file cannot be used.
        """
        with self._lock:
            return self._reading(work)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let ``work`` change the file, whole or not at all; it may be called twice.

        Raises:
            PersistError: The file cannot be used; nothing was kept.
            Exception: What ``work`` raised.
        """
        with self._lock:
            return self._writing(work)

    def scrub(self) -> None:
        """Overwrite what was deleted, in the file and in its log, as far as other readers allow.

        Raises:
            PersistError: The file cannot be used.
        """
        with self._lock:
            self._mended(lambda: self._opened().scrub())

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    # -------------------------------------------------------------- within

    def _put(self, name: str, text: str | None) -> None:
        with self._lock:
            self._waiting[name] = text
            try:
                self._writing(lambda db: self._write_down(db, self._waiting))
            except PersistError:
                return  # said in `problem`; it waits for the next write
            self._waiting.clear()

    def _write_down(self, db: sqlite3.Connection, texts: dict[str, str | None]) -> None:
        for name, text in texts.items():
            if text is None:
                db.execute("DELETE FROM states WHERE name = ?", (name,))
            else:
                db.execute(
                    "INSERT OR REPLACE INTO states VALUES (?, ?, ?)",
                    (name, text, self._now().isoformat()),
                )

    def _reading(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def read() -> T:
            with self._opened().read() as db:
                return work(db)

        result = self._mended(read)
        if not self._waiting:
            self._problem = ""
        return result

    def _writing(self, work: Callable[[sqlite3.Connection], T]) -> T:
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

        try:
            result = self._mended(write)
        except _CallersError as error:
            raise error.original from error.original.__cause__
        self._problem = ""
        return result

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

    def _said(self, error: Exception) -> _DiskError:
        cause = str(error.__cause__ or error)
        problem = (
            f"The state of the stores is not saved, it lives in memory only: {self.path.name} "
            f"cannot be used ({cause})."
        )
        if problem != self._problem:
            self._problem = problem
            logger.warning(problem)
        return _DiskError(problem, store="persist")

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
        self._notice = (
            f"The file {self.path.name} was damaged: it is kept as {target.name}, "
            f"and a new one was begun."
        )
        logger.warning(self._notice)
        return True

    def __repr__(self) -> str:
        return f"SqliteStorage({self.path.name!r})"


class _DiskError(PersistError):
    """The file could not be read or written."""


class _CallersError(Exception):
    """What the caller's function raised: no fault of the file's."""

    def __init__(self, original: Exception) -> None:
        super().__init__(str(original))
        self.original = original


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _text(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT text FROM states WHERE name = ?", (name,)).fetchone()
    return None if row is None else row["text"]


def _is_corrupt(error: BaseException | None) -> bool:
    while error is not None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT:
            return True
        if isinstance(error, UnicodeDecodeError):
            return True
        error = error.__cause__
    return False
