"""What the server calls the nodes and edges of one pipeline.

Ids are the pipeline's own in a graph, and one for all pipelines on the public server. A uuid is taken for
unique and stays; anything else, and a uuid that turned out to be taken, is sent as a uuid made of the
pipeline's id and its own, the same each time.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAMESPACE = uuid.UUID("8c7a0d5e-6f0b-5e5e-9d0e-6b1f1f6f4b5a")


class ServerIds:
    """The server's ids of one pipeline.

    Args:
        pipeline_id: Which.
    """

    def __init__(self, pipeline_id: str) -> None:
        self._pipeline_id = pipeline_id
        self._taken = set[str]()
        self._made: dict[str, str] = {}

    def row_id(self, id: str) -> str:
        """Return what the server calls a node or edge."""
        if UUID.fullmatch(id) and id not in self._taken:
            return id
        made = self._made.get(id)
        if made is None:
            made = self._made[id] = str(uuid.uuid5(NAMESPACE, f"{self._pipeline_id}/{id}"))
        return made

    def take_other(self, ids: Iterable[str]) -> bool:
        """Learn that some ids are taken elsewhere; return whether any could be sent as another."""
        new = {id for id in ids if UUID.fullmatch(id)} - self._taken
        self._taken |= new
        return bool(new)
