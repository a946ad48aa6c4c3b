"""RecordNames looks up the names of records by id, for tables whose rows only have the ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from kaizen_widgets.api.resource import ReadOnlyResource
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.query import LiveQuery, QueryResult

MAX_LOOKED_UP: Final = 100
"""Records that are fetched one by one; the names of further ones are not looked up."""


class RecordNames:
    """The names of records, from the cached lists or fetched one by one.

    Args:
        resource: The resource, such as ``studio.agents``.
        on_change: Called when names have arrived.
        label: Returns what stands for a record; by default its name.
    """

    def __init__(
        self,
        resource: ReadOnlyResource[Any],
        on_change: Callable[[], object],
        label: Callable[[Any], str] = lambda record: record.name,
    ) -> None:
        self._label = label
        self._resource = resource
        self._on_change = on_change
        self._names: dict[str, str] = {}
        self._queries: dict[str, LiveQuery] = {}
        self._unsubscribes: list[Callable[[], None]] = []

    def want(self, ids: Iterable[str]) -> None:
        """Look up the names of these records, unless they are known or being looked up."""
        missing = [id for id in dict.fromkeys(ids) if id and id not in self._names]
        if not missing:
            return
        for _key, data in self._resource.client.get_queries_data(self._resource.keys.lists):
            self._learn(data)
        for id in missing:
            if id in self._names or id in self._queries or len(self._queries) >= MAX_LOOKED_UP:
                continue
            try:
                query = self._resource.detail(id)
            except KaizenError:  # an id that cannot be part of a request
                continue
            self._queries[id] = query
            self._unsubscribes.append(query.subscribe(self._arrived))
            if query.data is not None:
                self._learn(query.data)

    def name(self, id: str) -> str:
        """Return the name of a record, or the beginning of its id."""
        return self._names.get(id) or id[:8]

    def close(self) -> None:
        """Stop observing the records."""
        unsubscribes, self._unsubscribes = self._unsubscribes, []
        for unsubscribe in unsubscribes:
            unsubscribe()

    # ------------------------------------------------------------ internal

    def _arrived(self, result: QueryResult) -> None:
        if result.data is not None and self._learn(result.data):
            self._on_change()

    def _learn(self, data: Any) -> bool:
        """Remember the names in an answer; return whether any of them is new."""
        if isinstance(data, list | tuple):
            return sum(map(self._learn, data)) > 0
        if isinstance(data, dict):  # pages
            return sum(map(self._learn, data.values())) > 0
        id = getattr(data, "id", None)
        if not isinstance(id, str) or not hasattr(data, "name"):
            return False
        label = self._label(data)
        if self._names.get(id) == label:
            return False
        self._names[id] = label
        return True

    def __repr__(self) -> str:
        return f"RecordNames({len(self._names)} known)"
