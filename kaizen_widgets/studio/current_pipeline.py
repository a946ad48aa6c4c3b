"""The pipeline on a studio's canvas: open, create, rename, duplicate, archive, import and export it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kaizen_widgets.api import Api, Pipeline
from kaizen_widgets.errors import KaizenError, NotFoundError, StoreError
from kaizen_widgets.graph import Graph
from kaizen_widgets.graph.without_secrets import without_secrets
from kaizen_widgets.patterns import pattern_of
from kaizen_widgets.saving import PipelineSaver
from kaizen_widgets.saving.conflicts import ServerVersion
from kaizen_widgets.saving.last_opened import LastOpened
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.widgets import NodeCalls

logger = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds to wait for the server."""
MAX_NAME = 1000
_NEVER = datetime.min.replace(tzinfo=UTC)


class CurrentPipeline:
    """The open pipeline; the methods are those of `Studio`, which documents them.

    Args:
        api: The server's pipelines and agents.
        saver: Saver of the document on the canvas.
        node_calls: What the nodes call, which follows the agents.
        execution: The last run, forgotten when another pipeline is opened.
        last_opened: Remembers the open pipeline, or None.
        check_signed_in: Raises `UnauthorizedError` while no user is signed in.
    """

    def __init__(
        self,
        api: Api,
        saver: PipelineSaver,
        node_calls: NodeCalls,
        execution: ExecutionStore,
        *,
        last_opened: LastOpened | None,
        check_signed_in: Callable[[], object],
    ) -> None:
        self._pipelines = api.pipelines
        self._agents = api.agents
        self._saver = saver
        self._store = saver.canvas
        self._node_calls = node_calls
        self._execution = execution
        self._last_opened = last_opened
        self._check_signed_in = check_signed_in

    def open(self, pipeline: str, *, create: bool, discard: bool) -> None:
        """Open the pipeline with a name or an id."""
        self._check_signed_in()
        found = self.listed()
        match = next((one for one in found if one.id == pipeline), None)
        if match is None:
            named = [one for one in found if one.name == pipeline]
            match = max(named, key=_updated_at, default=None)
        if match is None and not create:
            names = ", ".join(repr(one.name) for one in found[:8]) or "none yet"
            raise NotFoundError(
                f"There is no pipeline {pipeline!r}; there are: {names}. "
                f"studio.open({pipeline!r}, create=True) creates it.",
                status=404,
            )
        self._leave(discard)
        if match is None:
            self._create(pipeline, Graph())
        else:
            self._show(match.id, match.name)

    def new(self, name: str, graph: Graph | Mapping[str, Any] | None, *, discard: bool) -> None:
        """Create a pipeline and open it."""
        self._check_signed_in()
        made = Graph() if graph is None else graph
        made = made if isinstance(made, Graph) else Graph.from_json(made)
        if any(one.name == name for one in self.listed()):
            raise StoreError(
                f"There is already a pipeline {name!r}: open it with studio.open({name!r}), or choose "
                "another name.",
                store="canvas",
            )
        self._leave(discard)
        self._create(name, made)

    def rename(self, name: str) -> None:
        """Give the open pipeline another name."""
        self._store.pipeline_name = self.checked_name(name)

    def duplicate(self, name: str | None) -> None:
        """Create a copy of the open pipeline and open it."""
        self._check_signed_in()
        if name is None:
            name = self._free_name(f"{self._store.pipeline_name} copy")
        self.new(self.checked_name(name), self._store.graph, discard=False)

    def archive(self) -> None:
        """Archive the open pipeline and open the one worked on last."""
        self._check_signed_in()
        pipeline_id = self._store.pipeline_id
        if pipeline_id is None:
            raise StoreError("This pipeline is not on the server.", store="canvas")
        self._leave(discard=False)
        self._pipelines.update(pipeline_id, status="archived").wait(TIMEOUT)
        self._execution.reset()
        if not self.open_last():
            self._saver.open(Graph(), id=None, name="")

    def import_graph(self, name: str, graph: Graph | Mapping[str, Any]) -> None:
        """Create a pipeline from a graph and open it."""
        self._check_signed_in()
        self.new(self._free_name(name.strip() or "Imported"), graph, discard=False)

    def export_text(self) -> tuple[str, str]:
        """Return a file name and the open pipeline as React Flow JSON."""
        name = re.sub(r"[^\w.-]+", "-", self._store.pipeline_name).strip("-.")[:80] or "pipeline"
        graph, _left_out = without_secrets(self._store.graph)
        return f"{name}.json", json.dumps(graph.to_json(), indent=2, ensure_ascii=False)

    def checked_name(self, name: str) -> str:
        """Return a name that the open pipeline or a new one can have, without the spaces around it."""
        self._check_signed_in()
        name = name.strip()
        if not name:
            raise StoreError("A pipeline needs a name.", store="canvas")
        if len(name) > MAX_NAME:
            raise StoreError(
                f"A name has at most {MAX_NAME} characters, not {len(name)}.", store="canvas"
            )
        if any(one.name == name and one.id != self._store.pipeline_id for one in self.listed()):
            raise StoreError(
                f"There is already a pipeline {name!r}: choose another name.", store="canvas"
            )
        return name

    def open_last(self) -> bool:
        """Open the pipeline that was worked on last, here or elsewhere; False when there is none."""
        opened_id, opened_at = (self._last_opened and self._last_opened.get()) or ("", _NEVER)

        def worked_on(one: Pipeline) -> datetime:
            return max(_updated_at(one), opened_at if one.id == opened_id else _NEVER)

        newest = max(self.listed(), key=worked_on, default=None)
        if newest is not None:
            self._show(newest.id, newest.name)
        return newest is not None

    def begin_session(self) -> None:
        """Open the pipeline worked on last, as far as the signed-in user may read it."""
        try:
            if self.open_last():
                return
        except (KaizenError, TimeoutError) as error:
            logger.info("No pipeline was opened when the session began: %s", error)
        self._node_calls.follow_agents()

    def listed(self) -> list[Pipeline]:
        """Return the server's pipelines as they are now, without archived ones."""
        found: list[Pipeline] = self._pipelines.list().refetch().wait(TIMEOUT)
        return [one for one in found if one.status != "archived"]

    # ------------------------------------------------------------ private

    def _free_name(self, name: str) -> str:
        """Return a name like this that no pipeline has: ``name``, ``name 2``, ``name 3``, ..."""
        # Archived ones count too: they may come back.
        taken = {one.name for one in self._pipelines.list().refetch().wait(TIMEOUT)}
        number, wanted = 2, name
        while wanted in taken:
            wanted, number = f"{name} {number}", number + 1
        return wanted

    def _leave(self, discard: bool) -> None:
        if not discard:
            self._saver.save(TIMEOUT)

    def _create(self, name: str, graph: Graph) -> None:
        pattern = pattern_of(graph)
        facts = {} if pattern is None else {"pattern": pattern}
        created = self._pipelines.create(name=name, **facts).wait(TIMEOUT)
        version = ServerVersion(graph)
        if graph.node_count:
            detail = self._pipelines.save_graph(created.id, graph).wait(TIMEOUT)
            version = ServerVersion(detail.graph, detail.etag)
        self._opened(graph, created.id, created.name, version)

    def _show(self, pipeline_id: str, name: str) -> None:
        self._pipelines.changed_elsewhere(pipeline_id)  # So that the cached version is not shown.
        detail = self._pipelines.detail(pipeline_id).wait(TIMEOUT)
        # So that cards name their agents when they are first drawn; a user may read pipelines but not agents.
        with suppress(KaizenError, TimeoutError):
            self._agents.list().wait(TIMEOUT)
        graph = detail.graph
        self._opened(graph, pipeline_id, name, ServerVersion(graph, detail.etag))

    def _opened(self, graph: Graph, pipeline_id: str, name: str, version: ServerVersion) -> None:
        self._node_calls.follow_agents()
        self._saver.open(graph, id=pipeline_id, name=name, server=version)
        self._execution.reset()  # The last run is another pipeline's.
        if self._last_opened is not None:
            self._last_opened.put(pipeline_id)

    def __repr__(self) -> str:
        return f"CurrentPipeline({self._store.pipeline_name!r})"


def _updated_at(pipeline: Pipeline) -> datetime:
    return pipeline.updated_at or pipeline.created_at or _NEVER
