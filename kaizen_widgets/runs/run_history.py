"""The last runs, with their values, and summaries of those of earlier kernels."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from kaizen_widgets.core.text import replace_lone_surrogates
from kaizen_widgets.engines import Run
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.runs.kept_result import KeptResults
from kaizen_widgets.runs.value_bytes import ValueBytes, bytes_of
from kaizen_widgets.stores import SqliteStorage

MAX_RUNS = 20
"""Runs that are kept."""
MAX_BYTES = 1_000_000_000
"""About how many bytes the values of these may take together."""
MAX_NODES = 500
"""Nodes of a run that its summary names."""
MAX_TEXT = 300
OLD_REPORTS = 1_000
"""Log lines and other reports that a run keeps once another one has begun."""


class RunHistory(Sequence[Run]):
    """The last 20 runs, newest first: ``studio.runs[0].result``.

    Where their values together take more than ``max_bytes``, those of the oldest are dropped, and say so when
    they are asked for. The newest run that has ended keeps its values however large they are.

    Args:
        storage: File in which summaries are kept; None for none.
        name: Name of the summaries in it.

    Attributes:
        max_bytes: About how many bytes the values of these runs may take together.
    """

    def __init__(self, storage: SqliteStorage | None = None, name: str = "runs") -> None:
        self._storage = storage
        self._name = name
        self._runs: tuple[Run, ...] = ()
        self.max_bytes = MAX_BYTES
        self._kept: dict[str, KeptResults | None] = {}
        """What the runs keep beside their values, by their ids."""
        self._bytes: dict[str, ValueBytes] = {}
        """How large the values are of those that have ended, by their ids."""
        self._pipelines: dict[str, str | None] = {}
        self._counts: Counter[str | None] = Counter()
        self._listeners: tuple[Callable[[], object], ...] = ()
        self._lock = threading.Lock()

    def add(
        self, run: Run, pipeline_id: str | None = None, kept: KeptResults | None = None
    ) -> None:
        """Put a run in front; its summary is written when it has ended.

        Args:
            run: The run.
            pipeline_id: Id of its pipeline.
            kept: Results that are kept with it, and dropped with its values.
        """
        with self._lock:
            if self._runs:
                self._runs[0]._log.trim(OLD_REPORTS)
            self._runs = (run, *self._runs)[:MAX_RUNS]
            self._pipelines[run.id] = pipeline_id
            self._kept[run.id] = kept
            self._counts[pipeline_id] += 1
            ids = {one.id for one in self._runs}
            self._pipelines = {key: one for key, one in self._pipelines.items() if key in ids}
            self._kept = {key: one for key, one in self._kept.items() if key in ids}
            self._bytes = {key: one for key, one in self._bytes.items() if key in ids}
        self._notify()
        run.on_end(lambda: self._ended(run, pipeline_id))

    def last_of(self, pipeline_id: str | None) -> Run | None:
        """Return the newest run of a pipeline, or None."""
        return next((run for run in self._runs if self._pipelines.get(run.id) == pipeline_id), None)

    def pipeline_of(self, run: Run) -> str | None:
        """Return the id of the pipeline that a run is of, or None."""
        return self._pipelines.get(run.id)

    def count_of(self, pipeline_id: str | None) -> int:
        """Return how many runs of a pipeline this kernel has started, those no longer kept among them."""
        return self._counts[pipeline_id]

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` when a run begins or ends, on any thread; return the unsubscribe function."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    @property
    def summaries(self) -> tuple[dict[str, Any], ...]:
        """Summaries of the last 20 runs, newest first, those of earlier kernels among them.

        Each has ``id``, ``pipeline_id``, ``status``, ``started``, ``seconds``, ``cost``, ``reason`` and
        ``nodes``: a list with ``id``, ``label``, ``status``, ``origin``, ``seconds``, ``cost`` and ``error``.
        No values: they may be large, or secret.
        """
        if self._storage is None:
            return tuple(
                summary_of(run, self.pipeline_of(run)) for run in self._runs if run.has_ended
            )
        return tuple(_read(self._storage.get(self._name)))

    def clear(self) -> None:
        """Forget all runs and their summaries."""
        with self._lock:
            self._runs, self._pipelines = (), {}
            self._kept, self._bytes = {}, {}
            self._counts.clear()
            if self._storage is not None:
                self._storage.remove(self._name)
        self._notify()

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Run]: ...

    def __getitem__(self, index: int | slice) -> Run | Sequence[Run]:
        return self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def __repr__(self) -> str:
        return f"RunHistory({', '.join(run.status for run in self._runs[:5])})"

    def _measure(self, run: Run) -> None:
        """Note how large the values of a run are that has ended, and drop those that are too much."""
        kept = self._kept.get(run.id)
        size = bytes_of(run._values() + (kept.outputs() if kept else []))
        with self._lock:
            if run.id in self._kept:
                self._bytes[run.id] = size
                self._limit()

    def _limit(self) -> None:
        counted: set[int] = set()
        total, is_first = 0, True
        for run in self._runs:
            size = self._bytes.get(run.id)
            if size is None:
                continue  # It has not ended, or has no values any more.
            new = {key: count for key, count in size.large.items() if key not in counted}
            counted |= new.keys()
            total += size.small + sum(new.values())
            if total > self.max_bytes and not is_first:
                self._drop(run)
            is_first = False

    def _drop(self, run: Run) -> None:
        run._drop_values()
        kept = self._kept.get(run.id)
        if kept is not None:
            kept.clear()
        self._bytes.pop(run.id, None)

    def _ended(self, run: Run, pipeline_id: str | None) -> None:
        try:
            self._write(run, pipeline_id)
            self._measure(run)
        finally:
            self._notify()

    def _notify(self) -> None:
        for listener in self._listeners:
            try:
                listener()
            except Exception:
                _logger.exception("A listener of the history raised.")

    def _write(self, run: Run, pipeline_id: str | None) -> None:
        if self._storage is None:
            return
        made = summary_of(run, pipeline_id)

        def change(text: str | None) -> str:
            others = [one for one in _read(text) if one.get("id") != made["id"]]
            return json.dumps([made, *others][:MAX_RUNS])

        try:
            self._storage.update_text(self._name, change)
        except KaizenError:
            _logger.exception("The summary of run %s could not be written.", run.id)


def summary_of(run: Run, pipeline_id: str | None = None) -> dict[str, Any]:
    """Return a run as JSON, without its values."""
    events = run.events(0, 1)
    cost = run.usage.cost
    return {
        "id": run.id,
        "pipeline_id": pipeline_id,
        "status": run.status,
        "started": events[0].ts.isoformat() if events else None,
        "seconds": run.seconds,
        "cost": None if cost is None else float(cost),
        "reason": _short(run.reason),
        "nodes": [
            {
                "id": node.id,
                "label": _short(node.label),
                "status": node.status,
                "origin": node.origin,
                "seconds": node.seconds,
                "cost": None if node.usage.cost is None else float(node.usage.cost),
                "error": type(node.error).__name__ if node.error is not None else "",
            }
            for node in list(run.nodes.values())[:MAX_NODES]
        ],
    }


def _read(text: str | None) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _short(text: str) -> str:
    return replace_lone_surrogates(text[:MAX_TEXT])


_logger = logging.getLogger("kaizen_widgets.runs")
