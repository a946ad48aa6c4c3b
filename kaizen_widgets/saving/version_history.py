"""The versions of the open pipeline: make one, look at it, compare it, go back to it, export it.

    studio.versions.create("before the router").wait()
    studio.versions.restore("before the router").wait()     # one step: undo takes it back

A version is made of what is saved, so unsaved edits are saved first. Looking at one changes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from kaizen_widgets.api.pipeline_versions import PipelineVersion, PipelineVersions
from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.errors import NotFoundError, StoreError
from kaizen_widgets.graph import Comparison, Edge, Graph, Node, compare, diff
from kaizen_widgets.graph.without_secrets import without_secrets
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.saving.locking import run_locked
from kaizen_widgets.saving.node_version import NodeVersion, node_versions
from kaizen_widgets.saving.pipeline_saver import PipelineSaver
from kaizen_widgets.saving.save_points import SavePoints
from kaizen_widgets.stores import CanvasStore

T = TypeVar("T")
VersionName: TypeAlias = PipelineVersion | str | int
"""A version, or its name, id or number."""
What: TypeAlias = Literal["added", "removed", "changed", "moved"]
MOST_OF_NODE = 20
"""Newest versions in which the versions of one node are looked for."""
TIMEOUT = 30.0
"""Seconds to wait until unsaved edits are saved."""


class VersionHistory:
    """The versions of the pipeline that is open.

    Methods that ask the server return a handle: ``.wait()`` in a cell, or ``await``.

    Args:
        saver: Saver of the open pipeline.
        versions: Versions of the server's pipelines.
        loop: Loop on which the requests run.

    Attributes:
        save_points: The versions that are stored by themselves.
    """

    def __init__(
        self, saver: PipelineSaver, versions: PipelineVersions, loop: BackgroundLoop
    ) -> None:
        self.saver = saver
        self._versions = versions
        self._loop = loop
        self.save_points = SavePoints(saver, versions, loop)
        saver.before_save = self.save_points.before_edits

    @property
    def canvas(self) -> CanvasStore:
        """The store of the open pipeline."""
        return self.saver.canvas

    def list(self) -> LiveQuery:
        """Return the query of the open pipeline's `PipelineVersion`s, newest first.

        Raises:
            StoreError: No pipeline is open.
        """
        return self._versions.list(self._pipeline_id())

    def create(self, name: str) -> Pending[PipelineVersion]:
        """Save, and store what is saved as a version; ends with the `PipelineVersion`.

        Raises:
            StoreError: No pipeline is open. The handle raises it if the edits could not be saved.
        """
        pipeline_id = self._pipeline_id()

        async def create() -> PipelineVersion:
            await asyncio.to_thread(self.saver.save, TIMEOUT)
            return await self._versions.create(pipeline_id, name)

        return self._loop.start(create())

    def graph(self, version: VersionName) -> Pending[Graph]:
        """Return a handle on the graph of a version.

        Raises:
            StoreError: No pipeline is open. The handle raises `NotFoundError` if there is no such version.
        """
        pipeline_id = self._pipeline_id()

        async def graph() -> Graph:
            found = await self._find(pipeline_id, version)
            detail = await self._versions.detail(pipeline_id, found.id)
            return detail.graph

        return self._loop.start(graph())

    def compare(self, version: VersionName) -> Pending[Comparison]:
        """Return a handle on what differs from a version to the pipeline as it is on the canvas."""
        pipeline_id = self._pipeline_id()

        async def compared() -> Comparison:
            found = await self._find(pipeline_id, version)
            detail = await self._versions.detail(pipeline_id, found.id)
            return compare(detail.graph, self.canvas.committed_graph, repr(found.name), "now")

        return self._loop.start(compared())

    def restore(self, version: VersionName) -> Pending[None]:
        """Put a version on the canvas as one step that can be undone; then it is saved like any edit.

        What is on the canvas is stored as an automatic version before, unless the newest one is the same.

        Raises:
            StoreError: No pipeline is open. The handle raises it if another one was opened meanwhile.
        """
        pipeline_id = self._pipeline_id()

        async def restore() -> None:
            found = await self._find(pipeline_id, version)
            detail = await self._versions.detail(pipeline_id, found.id)
            try:
                await asyncio.to_thread(self.saver.save, TIMEOUT)
            except StoreError:
                pass  # Undo takes the restored version back in any case.
            else:
                before = f"Before going back to {found.name}"[:200]
                await self.save_points.store(pipeline_id, self.saver.server, before)

            def put() -> None:
                if self.canvas.pipeline_id != pipeline_id:
                    raise StoreError("Another pipeline was opened meanwhile.", store="canvas")
                batch = diff(self.canvas.committed_graph, detail.graph)
                self.canvas.commit(batch, label=f"restore {found.name}")

            await run_locked(self.canvas, put)

        return self._loop.start(restore())

    def of_node(self, node_id: str) -> Pending[Sequence[NodeVersion]]:
        """Return a handle on how one node was in the newest 20 versions, newest first.

        Raises:
            StoreError: No pipeline is open. The handle raises `NotFoundError` if the server has no versions.
        """
        pipeline_id = self._pipeline_id()

        async def of_node() -> Sequence[NodeVersion]:
            found = (await self._versions.list(pipeline_id).refetch())[:MOST_OF_NODE]
            # A version never changes, so all but new ones are in the cache.
            details = [await self._versions.detail(pipeline_id, each.id) for each in found]
            graphs = [detail.graph for detail in details]
            return node_versions(node_id, zip(found, graphs, strict=True))

        return self._loop.start(of_node())

    def restore_node(self, earlier: NodeVersion) -> Pending[None]:
        """Give one node the kind and config it had, as one step that can be undone; it stays where it is.

        Raises:
            StoreError: The handle raises it if the node is not on the canvas, or was not in the version.
        """
        node, name = earlier.node, earlier.version.name

        async def restore() -> None:
            def put() -> None:
                graph = self.canvas.committed_graph
                if node is None or not graph.has_node(node.id):
                    raise StoreError("There is no such node to go back with.", store="canvas")
                now = graph.node(node.id)
                wanted = now.evolve(type=node.type, data=node.data)
                nodes = [wanted if each.id == node.id else each for each in graph.nodes]
                batch = diff(graph, Graph(nodes, graph.edges))
                self.canvas.commit(batch, label=f"restore {now.label or now.id} of {name}")

            await run_locked(self.canvas, put)

        return self._loop.start(restore())

    def export(
        self, version: VersionName, path: str | os.PathLike[str] | None = None
    ) -> Pending[dict[str, Any]]:
        """Return a handle on a version as React Flow JSON without secrets, and write it to a file.

        Args:
            version: The version.
            path: The file; by default none is written.
        """
        handle = self.graph(version)

        async def export() -> dict[str, Any]:
            graph, _left_out = without_secrets(await handle)
            if path is not None:
                await asyncio.to_thread(graph.write, path)
            return graph.to_json()

        return self._loop.start(export())

    def rename(self, version: VersionName, name: str) -> Pending[PipelineVersion]:
        """Change the name of a version."""
        return self._change(version, lambda id, found: self._versions.rename(id, found.id, name))

    def delete(self, version: VersionName) -> Pending[None]:
        """Delete a version; this cannot be undone."""
        return self._change(version, lambda id, found: self._versions.delete(id, found.id))

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Pending[T]:
        """Run a coroutine on the loop of the requests."""
        return self._loop.start(coroutine)

    # ------------------------------------------------------------ internal

    def _change(
        self, version: VersionName, change: Callable[[str, PipelineVersion], Any]
    ) -> Pending[Any]:
        pipeline_id = self._pipeline_id()

        async def make() -> Any:
            return await change(pipeline_id, await self._find(pipeline_id, version))

        return self._loop.start(make())

    async def _find(self, pipeline_id: str, version: VersionName) -> PipelineVersion:
        if isinstance(version, PipelineVersion):
            return version
        found = await self._versions.list(pipeline_id).refetch()
        for one in found:
            if version in (one.id, one.name, one.version_number):
                return one
        names = ", ".join(repr(one.name) for one in found[:8]) or "none yet"
        raise NotFoundError(
            f"There is no version {version!r} of this pipeline; there are: {names}.", status=404
        )

    def _pipeline_id(self) -> str:
        pipeline_id = self.canvas.pipeline_id
        if pipeline_id is None:
            raise StoreError(
                "No pipeline is open: versions are those of a stored pipeline.", store="canvas"
            )
        return pipeline_id

    def __repr__(self) -> str:
        return f"VersionHistory({self.canvas.pipeline_name!r})"


def combined(version: Graph, now: Graph) -> tuple[Graph, Mapping[str, What], Mapping[str, What]]:
    """Return a version and what was added since in one graph, and what became of nodes and edges since.

    Args:
        version: The version; what it has is where it was then.
        now: The pipeline as it is now.

    Returns:
        The graph, and by id what differs from the version to now, for nodes and for edges.
    """
    nodes: list[Node] = [*version.nodes]
    nodes += [node for node in now.nodes if not version.has_node(node.id)]
    edges: list[Edge] = [*version.edges]
    edges += [edge for edge in now.edges if not version.has_edge(edge.id)]
    differences: dict[str, dict[str, What]] = {"node": {}, "edge": {}}
    for one in compare(version, now):
        differences[one.kind][one.id] = "moved" if one.is_move else one.what
    return Graph(nodes, edges), differences["node"], differences["edge"]
