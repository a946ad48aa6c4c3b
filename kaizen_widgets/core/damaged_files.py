"""Detects damaged SQLite files and sets them aside: they are renamed, never deleted."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import datetime
from pathlib import Path

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT})
"""SQLite's result codes for a database with damaged pages."""
NOT_A_DATABASE = frozenset({sqlite3.SQLITE_NOTADB})
"""SQLite's result codes for a file whose header is not a database's."""


def check_pages(connection: sqlite3.Connection) -> None:
    """Check all pages of a database.

    Raises:
        sqlite3.DatabaseError: A page is damaged; its error code is ``SQLITE_CORRUPT``.
    """
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(str(found))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def is_damage(error: BaseException | None, codes: frozenset[int] = DAMAGED) -> bool:
    """Return whether an error, or one of its causes, reports a damaged file.

    Args:
        error: Error raised by the use of a file.
        codes: SQLite result codes that count as damage.
    """
    while error is not None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in codes:
            return True
        if isinstance(error, UnicodeDecodeError):
            return True
        error = error.__cause__
    return False


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file, and the log files that belong to it; return the new path.

    Raises:
        OSError: It cannot be renamed.
    """
    stamp = now.strftime("%Y%m%dT%H%M%S%f")
    target = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    os.replace(path, target)
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{target}{ending}")
    return target
