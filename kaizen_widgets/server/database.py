"""The server's SQLite file: see `sqlite.py` for how it is shared, `schema.py` for what is in it."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from kaizen_widgets.server.schema import SCHEMA
from kaizen_widgets.sqlite import SqliteFile


def default_path() -> Path:
    """Return where this user's studio data belongs on this system."""
    return Path(platformdirs.user_data_dir("kaizen-widgets", appauthor=False)) / "studio.db"


class Database(SqliteFile):
    """An open database of the server; made by `Database.open`, ended by `close` or ``with``."""

    schema = SCHEMA
    what = "The studio's data"
    store = "server"
