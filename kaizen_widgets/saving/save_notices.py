"""Which pipelines were saved, for the user's other studios: a mark for each, another one after each save.

Who reads a mark they have not seen asks the server what it has now. A pipeline's id is all that is written;
only the newest are kept, for who has not looked for so long will compare before it saves anyway.
"""

from __future__ import annotations

import json

from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.stores.sqlite_storage import SqliteStorage

NAME = "kaizen-saves"
MOST = 100
"""Of so many pipelines a mark is kept."""


class SaveNotices:
    """The marks of one server's pipelines.

    Args:
        storage: The file all of the user's studios share.
        scope: Which server.
        new_id: Gives marks.
    """

    def __init__(self, storage: SqliteStorage, scope: str, *, new_id: NewId = random_id) -> None:
        self._storage = storage
        self._name = f"{NAME}:{scope}"
        self._new_id = new_id

    def of(self, pipeline_id: str) -> str:
        """Return the mark of the last save anybody made; empty when none is known."""
        return _read(self._storage.get(self._name)).get(pipeline_id, "")

    def put(self, pipeline_id: str) -> str:
        """Let the others see that it was saved; return the new mark."""
        mark = self._new_id()

        def change(text: str | None) -> str:
            marks = _read(text)
            marks.pop(pipeline_id, None)
            marks[pipeline_id] = mark
            return json.dumps(dict(list(marks.items())[-MOST:]))

        self._storage.update_text(self._name, change)
        return mark

    def purge(self) -> None:
        """Forget them all."""
        self._storage.remove(self._name)

    def __repr__(self) -> str:
        return f"SaveNotices({len(_read(self._storage.get(self._name)))})"


def _read(text: str | None) -> dict[str, str]:
    """Return marks by pipeline; what cannot be read counts as none."""
    try:
        found = json.loads(text or "{}")
        return {str(one): mark for one, mark in found.items() if isinstance(mark, str)}
    except (ValueError, AttributeError):
        return {}
