"""An SQLite file that is used by many threads of this process and by other processes at the same time.

There is one connection behind one lock. `SqliteFile.read` and `SqliteFile.write` are transactions: a block
reads one state of the file, and writes all or nothing (``BEGIN IMMEDIATE``). Neither may be used inside the
other. This module does not know the tables: a subclass names its `SqliteSchema`.

A file that cannot be used raises `PersistError` with SQLite's reason. It never falls back to memory by
itself: use ``open(":memory:")`` for that.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from kaizen_widgets.errors import PersistError

MEMORY = ":memory:"
BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process that is writing."""


@dataclass(frozen=True)
class SqliteSchema:
    """The tables of a kind of file, as a list of migrations; ``PRAGMA user_version`` counts those done.

    A released migration is never changed: a later change is a new migration at the end.

    Attributes:
        application_id: Identifies the files, so that another program's file is never used.
        migrations: Statements to run, oldest first.
    """

    application_id: int
    migrations: tuple[tuple[str, ...], ...]


class SqliteFile:
    """An open database; made by `open`, ended by `close` or ``with``."""

    schema: ClassVar[SqliteSchema]
    what: ClassVar[str] = "The data"
    """The content's name in error messages."""
    store: ClassVar[str] = ""
    """The store it belongs to, for `PersistError.store`."""
    functions: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """SQL functions of one argument, by name; migrations and queries may call them."""

    def __init__(self, connection: sqlite3.Connection, location: Path | None) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._is_open = True
        self.location = location
        """The file, or None when the data is held in memory only."""

    @classmethod
    def open(
        cls, path: str | os.PathLike[str] = MEMORY, *, busy_timeout: float = BUSY_TIMEOUT
    ) -> Self:
        """Open a file (made if missing, readable by its owner only) or ``":memory:"``.

        Args:
            path: The file; ``~`` is the home folder. Missing folders are made, mode 0700.
            busy_timeout: Seconds to wait for another process that is writing.

        Raises:
            PersistError: It cannot be opened, is no database, or is another program's.
        """
        in_memory = os.fspath(path) == MEMORY
        location = None if in_memory else Path(path).expanduser().absolute()
        name = MEMORY if location is None else location.name
        connection = None
        try:
            if location is not None:
                _make_private(location)
            connection = sqlite3.connect(
                str(location or MEMORY),
                timeout=busy_timeout,
                isolation_level=None,  # transactions are begun here, never by the sqlite3 module
                check_same_thread=False,  # the lock serializes access
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")  # overwrites deleted data
            if location is not None:
                choose_journal(connection)
            for function_name, function in cls.functions.items():
                connection.create_function(function_name, 1, function, deterministic=True)
            _migrate(connection, name, cls.schema, cls.store)
        except (OSError, sqlite3.Error, PersistError, UnicodeDecodeError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, PersistError):
                raise
            raise PersistError(
                f"{cls.what} in {name} cannot be opened ({_reason(error)}): choose another "
                f'path, or ":memory:" to work without saving.',
                store=cls.store,
            ) from error
        return cls(connection, location)

    @property
    def journal(self) -> str:
        """SQLite's journal mode: ``wal``, ``delete`` (network disks) or ``memory``."""
        with self._lock:
            return _journal_of(self._connection)

    @property
    def is_durable(self) -> bool:
        """Whether the data outlives this process."""
        return self.location is not None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Read in one transaction.

        Raises:
            PersistError: The file cannot be read, or the database was closed.
        """
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Read and write in one transaction; if the block raises, nothing is changed.

        Raises:
            PersistError: Another process has locked the file for too long, the disk is full, ...
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if not self._is_open:
                raise PersistError(f"{self!r} is closed: open it again.", store=self.store)
            try:
                self._connection.execute(begin)
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                finally:
                    # Still open: the block raised or COMMIT failed. SQLite has ended it itself
                    # after some errors (a full disk).
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
                raise
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # damaged text, not UTF-8
                raise PersistError(
                    f"{self.what} in {self._name} cannot be used right now "
                    f"({_reason(error)}): nothing was changed; try again.",
                    store=self.store,
                ) from error

    def close(self) -> None:
        """Close it; harmless when already closed."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _name(self) -> str:
        return MEMORY if self.location is None else self.location.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"


def _make_private(location: Path) -> None:
    """Create the file and its folders for their owner alone; existing ones keep their permissions."""
    # Path.mkdir creates parents with the default mode, so each missing one is created by itself.
    for folder in reversed(location.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    # SQLite gives its -wal and -shm files the permissions of the file itself.
    os.close(os.open(location, os.O_RDWR | os.O_CREAT, 0o600))


def choose_journal(connection: sqlite3.Connection) -> None:
    """Use a write-ahead log where the disk supports shared memory, else a rollback journal.

    https://www.sqlite.org/wal.html: "WAL does not work over a network filesystem."
    """
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        # Busy says nothing about the disk: another process is opening the same file.
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return
        # A file in WAL mode on such a disk can only be converted by its sole user.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if _journal_of(connection) == "wal":
        # Safe against a crash of the process; a power cut may lose the last commits, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")


def _journal_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "database disk image is malformed"
    return str(getattr(error, "strerror", None) or error)


def _migrate(connection: sqlite3.Connection, name: str, schema: SqliteSchema, store: str) -> None:
    """Migrate a database to the newest schema, completely or not at all.

    Args:
        connection: In autocommit mode.
        name: The file's name in error messages.
        schema: The schema to migrate to.
        store: The store it belongs to.

    Raises:
        PersistError: It is another program's, or a newer version's.
    """
    newest = len(schema.migrations)
    if _version(connection) == newest and _owner(connection) == schema.application_id:
        return
    # Checked again inside the transaction: another process may be doing the same.
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = _version(connection)
        is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if not is_empty and _owner(connection) != schema.application_id:
            raise PersistError(
                f"{name} is another program's database: choose another path.", store=store
            )
        if done > newest:
            raise PersistError(
                f"{name} was written by a newer kaizen-widgets: upgrade, or choose another path.",
                store=store,
            )
        for migration in schema.migrations[done:]:
            for statement in migration:
                connection.execute(statement)
        # PRAGMA takes no parameters; both are our own integers.
        connection.execute(f"PRAGMA application_id = {schema.application_id:d}")
        connection.execute(f"PRAGMA user_version = {newest:d}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _owner(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])
