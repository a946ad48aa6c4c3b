"""The runs of a studio: starts them, shows the newest on the canvas, and keeps what they gave."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.api.agent_records import record_of
from kaizen_widgets.api.agents import Agents
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import NewId
from kaizen_widgets.engines import Run, follow
from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry
from kaizen_widgets.runs import ResultCache, RunHistory, Runner
from kaizen_widgets.stores import CanvasStore, ExecutionStore, SqliteStorage
from kaizen_widgets.studio.node_marks import NodeMarks
from kaizen_widgets.studio.used_agents import used_agents
from kaizen_widgets.widgets import Canvas, NodeCalls

TIMEOUT = 30.0
"""Seconds to wait for the server."""
RESULTS = "results.db"
"""File of cached results, beside that of the stores."""


class StudioRuns:
    """Runs the pipeline of a studio.

    Args:
        store: The pipeline.
        canvas: Where the newest run is shown.
        execution: Store of the newest run.
        functions: Functions that nodes call.
        kinds: Node kinds.
        agents: Agents of the server.
        node_calls: Shows marks on the canvas.
        loop: Loop on which runs are executed.
        new_id: Generates ids.
        storage: File shared by the user's kernels; None to keep nothing on disk.
        scope: Name of the server in that file.
    """

    def __init__(
        self,
        store: CanvasStore,
        canvas: Canvas,
        execution: ExecutionStore,
        functions: Functions,
        kinds: Registry,
        agents: Agents,
        node_calls: NodeCalls,
        *,
        loop: BackgroundLoop,
        new_id: NewId,
        storage: SqliteStorage | None,
        scope: str,
    ) -> None:
        self._store = store
        self._execution = execution
        self._functions = functions
        self._kinds = kinds
        self._agents = agents
        self._loop = loop
        self.last: Run | None = None
        """The run that was started last, or None."""
        open_results: Callable[[], SqliteStorage] | None = None
        if storage is not None:
            path = storage.path.with_name(RESULTS)
            open_results = lambda: SqliteStorage(path)  # noqa: E731
        self.runner = Runner(
            functions,
            kinds,
            loop=loop,
            cache=ResultCache(open_results),
            history=RunHistory(storage, f"runs:{scope}"),
            new_id=new_id,
            is_attended=is_attended,
        )
        self.runner.graph = lambda: (store.graph, store.pipeline_id)
        self.runner.before = self._read_agents
        self.runner.on_start = self._started
        self.marks = NodeMarks(
            store,
            functions,
            self.runner,
            clock=loop,
            in_background=lambda work: loop.start(asyncio.to_thread(work)),
            show=node_calls.set_marks,
        )
        canvas.show_values(self.runner.edge)

    def forget(self) -> None:
        """Cancel the last run, and forget all runs and what they gave: another user signs in."""
        self.cancel()
        self.last = None
        self.runner.history.clear()
        self.runner.cache.clear()
        self.marks.forget()

    def cancel(self) -> None:
        """Cancel the last run if it is still running."""
        if self.last is not None:
            self.last.cancel()

    def close(self) -> None:
        """Stop marking nodes, and close files."""
        self.marks.close()
        self.runner.cache.close()

    def _read_agents(self, graph: Graph) -> None:
        for agent_id in used_agents(graph, self._kinds, self._functions):
            # The list of agents does not have their tools.
            record = record_of(self._agents.detail(agent_id).wait(TIMEOUT))
            self._functions.models.update(record)

    def _started(self, run: Run) -> None:
        self.last = run
        follow(run, self._execution, self._loop)
        self.marks.follow(run)


def inputs_of(inputs: Any, named: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the inputs of a run from those given as one value and those given by name; None for none.

    Raises:
        RunError: The one value is neither a mapping nor a text.
    """
    if isinstance(inputs, str):
        inputs = {"text": inputs}
    elif inputs is not None and not isinstance(inputs, Mapping):
        raise RunError(
            f'Give the inputs by name, as in studio.run(text="..."), not {inputs!r:.80}.'
        )
    return None if inputs is None and not named else {**(inputs or {}), **named}


def is_attended() -> bool:
    """Return whether a person may answer: nbconvert, papermill and tests run notebooks without one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", True))
