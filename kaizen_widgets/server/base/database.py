"""The server's SQLite file: `core.sqlite` shares it safely, `migrations` defines its tables."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import platformdirs

from kaizen_widgets.core.sqlite import SqliteFile
from kaizen_widgets.server.base.email_identity import email_identity
from kaizen_widgets.server.base.migrations import SCHEMA


def default_path() -> Path:
    """Return where this user's studio data belongs on this system."""
    return Path(platformdirs.user_data_dir("kaizen-widgets", appauthor=False)) / "studio.db"


def _casefold(text: str | None) -> str:
    return (text or "").casefold()


class Database(SqliteFile):
    """An open server database; made by `Database.open`, closed by `close` or ``with``.

    Its SQL function ``casefold`` knows more than ASCII, for searching.
    """

    schema = SCHEMA
    what = "The studio's data"
    store = "server"
    functions: ClassVar = {"casefold": _casefold, "email_identity": email_identity}
