"""Remembers which pipeline the user opened last, across kernels."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from kaizen_widgets.stores.sqlite_storage import SqliteStorage

NAME = "kaizen-last-opened"


class LastOpened:
    """The pipeline that was opened last on one server, in the file all of the user's kernels share.

    Args:
        storage: SQLite file shared by the kernels.
        scope: Server the pipeline belongs to.
        now: Returns the time.
    """

    def __init__(
        self,
        storage: SqliteStorage,
        scope: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._name = f"{NAME}:{scope}"
        self._now = now

    def put(self, pipeline_id: str) -> None:
        """Remember that a pipeline was opened now."""
        record = {"pipeline_id": pipeline_id, "opened_at": self._now().isoformat()}
        self._storage.set(self._name, json.dumps(record))

    def get(self) -> tuple[str, datetime] | None:
        """Return the pipeline's id and when it was opened; None if that is not known."""
        try:
            record = json.loads(self._storage.get(self._name) or "")
            return str(record["pipeline_id"]), datetime.fromisoformat(record["opened_at"])
        except (ValueError, TypeError, KeyError):
            return None

    def purge(self) -> None:
        """Delete the record."""
        self._storage.remove(self._name)

    def __repr__(self) -> str:
        return f"LastOpened({self.get()})"
