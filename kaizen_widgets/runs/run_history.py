"""The last runs, with their values, and summaries of those of earlier kernels."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any, overload

from kaizen_widgets.core.text import replace_lone_surrogates
from kaizen_widgets.engines import Run
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.stores import SqliteStorage

MAX_RUNS = 20
"""Runs that are kept."""
MAX_NODES = 500
"""Nodes of a run that its summary names."""
MAX_TEXT = 300
OLD_REPORTS = 1_000
"""Log lines and other reports that a run keeps once another one has begun."""


class RunHistory(Sequence[Run]):
    """The last 20 runs, newest first: ``studio.runs[0].result``.

    Args:
        storage: File in which summaries are kept; None for none.
        name: Name of the summaries in it.
    """

    def __init__(self, storage: SqliteStorage | None = None, name: str = "runs") -> None:
        self._storage = storage
        self._name = name
        self._runs: tuple[Run, ...] = ()
        self._pipelines: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def add(self, run: Run, pipeline_id: str | None = None) -> None:
        """Put a run in front; its summary is written when it has ended."""
        with self._lock:
            if self._runs:
                self._runs[0]._log.trim(OLD_REPORTS)
            self._runs = (run, *self._runs)[:MAX_RUNS]
            self._pipelines[run.id] = pipeline_id
            kept = {one.id for one in self._runs}
            self._pipelines = {key: one for key, one in self._pipelines.items() if key in kept}
        run.on_end(lambda: self._write(run, pipeline_id))

    def last_of(self, pipeline_id: str | None) -> Run | None:
        """Return the newest run of a pipeline, or None."""
        return next((run for run in self._runs if self._pipelines.get(run.id) == pipeline_id), None)

    def pipeline_of(self, run: Run) -> str | None:
        """Return the id of the pipeline that a run is of, or None."""
        return self._pipelines.get(run.id)

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
            if self._storage is not None:
                self._storage.remove(self._name)

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
