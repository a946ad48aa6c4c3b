"""Notices of saves, by which the user's studios learn that another one saved a pipeline.

After each save of a pipeline its notice becomes a new random text in the file all studios share. A
studio that finds a notice it has not seen asks the server for the pipeline. Only pipeline ids are
stored, and only the newest notices: a studio that misses one still compares versions before it saves.
"""

from __future__ import annotations

import json

from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.stores.sqlite_storage import SqliteStorage

NAME = "kaizen-saves"
MAX_NOTICES = 100
"""Number of pipelines whose newest notice is stored."""


class SaveNotices:
    """The notices of saves of one server's pipelines.

    Args:
        storage: SQLite file shared by all of the user's studios.
        scope: Server the pipelines belong to.
        new_id: Generates notices.
    """

    def __init__(self, storage: SqliteStorage, scope: str, *, new_id: NewId = random_id) -> None:
        self._storage = storage
        self._name = f"{NAME}:{scope}"
        self._new_id = new_id

    def get(self, pipeline_id: str) -> str:
        """Return the notice of the last known save of a pipeline; empty when there is none."""
        return _read(self._storage.get(self._name)).get(pipeline_id, "")

    def publish(self, pipeline_id: str) -> str:
        """Publish that a pipeline was saved; return the new notice."""
        notice = self._new_id()

        def change(text: str | None) -> str:
            notices = _read(text)
            notices.pop(pipeline_id, None)
            notices[pipeline_id] = notice
            return json.dumps(dict(list(notices.items())[-MAX_NOTICES:]))

        self._storage.update_text(self._name, change)
        return notice

    def purge(self) -> None:
        """Delete all notices."""
        self._storage.remove(self._name)

    def __repr__(self) -> str:
        return f"SaveNotices({len(_read(self._storage.get(self._name)))})"


def _read(text: str | None) -> dict[str, str]:
    """Return the notices by pipeline; a text that cannot be read counts as empty."""
    try:
        found = json.loads(text or "{}")
        return {str(key): notice for key, notice in found.items() if isinstance(notice, str)}
    except (ValueError, AttributeError):
        return {}
