"""A storage for `persist`: texts by name in the SQLite file that all of a user's kernels share.

Texts are read and set without raising for disk errors. A text that cannot be written is held in memory, and
`problem` says so until a later write succeeds, which also writes all texts held back.

No secret belongs in this file: only its owner can read it, but it is not encrypted.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from kaizen_widgets.core.sqlite import BUSY_TIMEOUT
from kaizen_widgets.errors import PersistError
from kaizen_widgets.stores.state_file import DiskError, RecoveringFile, default_state_path

T = TypeVar("T")


@functools.cache
def shared_storage() -> SqliteStorage:
    """Return the storage of this process in the user's own file."""
    return SqliteStorage()


class SqliteStorage:
    """A storage for `persist`: safe from any thread, shared with other processes.

    Args:
        path: The file; by default the user's own.
        busy_timeout: Seconds to wait for another process that is writing.
        now: Returns the time.
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
        self._now = now
        self._waiting: dict[str, str | None] = {}
        self._file = RecoveringFile(self.path, busy_timeout=busy_timeout, now=now)
        self._lock = self._file.lock
        with self._lock, contextlib.suppress(PersistError):
            self._reading(lambda _db: None)

    @property
    def problem(self) -> str:
        """Why states are held in memory only, or what happened to the file; empty if there is no problem."""
        return self._file.problem or self._file.notice

    @property
    def is_durable(self) -> bool:
        """Whether texts that are set outlive this process."""
        return not self._file.problem

    def get(self, name: str) -> str | None:
        """Return the text, or None."""
        with self._lock:
            if name in self._waiting:
                return self._waiting[name]
            try:
                return self._reading(lambda db: _text(db, name))
            except PersistError:
                return None  # `problem` has the reason

    def set(self, name: str, text: str) -> None:
        """Save a text, which replaces the saved one."""
        self._put(name, text)

    def remove(self, name: str) -> None:
        """Remove a text; does nothing if there is none."""
        self._put(name, None)

    def names(self, prefix: str) -> list[str]:
        """Return the names that begin with ``prefix``, in order."""

        def work(db: sqlite3.Connection) -> set[str]:
            rows = db.execute(
                "SELECT name FROM states WHERE substr(name, 1, ?) = ?", (len(prefix), prefix)
            )
            return {row["name"] for row in rows}

        with self._lock:
            found: set[str] = set()
            with contextlib.suppress(PersistError):  # `problem` has the reason
                found = self._reading(work)
            for name, text in self._waiting.items():
                if name.startswith(prefix):
                    (found.discard if text is None else found.add)(name)
            return sorted(found)

    def update_text(self, name: str, change: Callable[[str | None], str]) -> None:
        """Replace a text with what ``change`` returns for it; other processes wait until it is done.

        Raises:
            Exception: What ``change`` raised; nothing is replaced.
        """
        made: list[str] = []

        def work(db: sqlite3.Connection) -> None:
            waiting = self._waiting
            if not made:  # the second attempt, in a new file, has it already
                made.append(change(waiting[name] if name in waiting else _text(db, name)))
            self._write_down(db, {**waiting, name: made[0]})

        with self._lock:
            try:
                self._file.write(work)
            except DiskError:
                # If only the commit failed, the text was made already: `change` is called once.
                self._waiting[name] = made[0] if made else change(self._waiting.get(name))
            else:
                self._waiting.clear()

    def set_aside(self, name: str, reason: str) -> None:
        """Copy a text and the reason to a table that no set overwrites."""

        def work(db: sqlite3.Connection) -> None:
            text = _text(db, name)
            if text is not None:
                db.execute(
                    "INSERT INTO kept_aside (name, text, reason, kept_at) VALUES (?, ?, ?, ?)",
                    (name, text, reason, self._now().isoformat()),
                )

        with self._lock, contextlib.suppress(PersistError):
            self._file.write(work)

    def kept_aside(self, name: str) -> list[tuple[str, str]]:
        """Return the texts that were set aside under a name, with their reasons, oldest first."""

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
        """Return a number that changes when another process (or storage object) writes."""
        with self._lock:
            try:
                return self._reading(lambda db: db.execute("PRAGMA data_version").fetchone()[0])
            except PersistError:
                return 0

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` reads in one transaction; for tables beside the texts.

        Raises:
            PersistError: The file cannot be used.
        """
        with self._lock:
            return self._reading(work)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let ``work`` change the file in one transaction; it may be called twice.

        Raises:
            PersistError: The file cannot be used; nothing was written.
            Exception: What ``work`` raised.
        """
        return self._file.write(work)

    def scrub(self) -> None:
        """Overwrite what was deleted, in the file and in its log, as far as other readers allow.

        Raises:
            PersistError: The file cannot be used.
        """
        self._file.scrub()

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        self._file.close()

    # ------------------------------------------------------------ internal

    def _put(self, name: str, text: str | None) -> None:
        with self._lock:
            self._waiting[name] = text
            try:
                self._file.write(lambda db: self._write_down(db, self._waiting))
            except PersistError:
                return  # `problem` has the reason; it waits for the next write
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
        result = self._file.read(work)
        if not self._waiting:
            self._file.problem = ""
        return result

    def __repr__(self) -> str:
        return f"SqliteStorage({self.path.name!r})"


def _text(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT text FROM states WHERE name = ?", (name,)).fetchone()
    return None if row is None else row["text"]
