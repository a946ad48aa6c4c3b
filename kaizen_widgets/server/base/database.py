"""The server's SQLite file: see `sqlite.py` for how it is shared, `schema.py` for what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

import platformdirs

from kaizen_widgets.core.sqlite import BUSY_TIMEOUT, MEMORY, SqliteFile
from kaizen_widgets.server.base.migrations import SCHEMA


def default_path() -> Path:
    """Return where this user's studio data belongs on this system."""
    return Path(platformdirs.user_data_dir("kaizen-widgets", appauthor=False)) / "studio.db"


class Database(SqliteFile):
    """An open database of the server; made by `Database.open`, ended by `close` or ``with``."""

    schema = SCHEMA
    what = "The studio's data"
    store = "server"

    @classmethod
    def open(
        cls, path: str | os.PathLike[str] = MEMORY, *, busy_timeout: float = BUSY_TIMEOUT
    ) -> Self:
        """Open it as any `SqliteFile`, with a `casefold` that knows more than ASCII for searching."""
        made = super().open(path, busy_timeout=busy_timeout)
        made._connection.create_function("casefold", 1, _casefold, deterministic=True)
        return made


def _casefold(text: str | None) -> str:
    return (text or "").casefold()
