"""Versions of pipelines: named states that never change. The public server has none."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import RequestModel, ResponseModel, UtcTime, url_path, validate
from kaizen_widgets.api.pipeline_graph import from_server
from kaizen_widgets.api.query_defaults import retry_idempotent
from kaizen_widgets.graph import Graph
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient, QueryKey

KEYS = query_keys.pipelines


class PipelineVersion(ResponseModel):
    """A version of a pipeline, without its graph.

    Automatic ones were stored before something that may have to be taken back, see `SavePoints`.
    """

    id: str
    pipeline_id: str
    version_number: int
    name: str
    node_count: int = 0
    is_automatic: bool = False
    created_by: str = ""
    created_at: UtcTime | None = None


class PipelineVersionDetail(PipelineVersion):
    """A version with its nodes and connections, as the server's rows."""

    nodes: list[dict[str, Any]]
    connections: list[dict[str, Any]]

    @property
    def graph(self) -> Graph:
        """The graph."""
        return from_server(self.nodes, self.connections)


class PipelineVersionName(RequestModel):
    """The name of a version."""

    name: str = Field(min_length=1, max_length=200)


class PipelineVersionCreate(PipelineVersionName):
    """A new version; servers keep only the newest 20 automatic ones of a pipeline."""

    is_automatic: bool = False


class PipelineVersionEndpoints(Endpoints):
    """The requests about versions of pipelines."""

    async def list(self, pipeline_id: str) -> list[PipelineVersion]:
        """Return a pipeline's versions, newest first."""
        return await self._many(PipelineVersion, "version", "pipelines", pipeline_id, "versions")

    async def get(self, pipeline_id: str, id: str) -> PipelineVersionDetail:
        """Return a version with its graph."""
        parts = ("pipelines", pipeline_id, "versions", id)
        return await self._one(PipelineVersionDetail, "version", "GET", *parts)

    async def create(self, pipeline_id: str, new: PipelineVersionCreate) -> PipelineVersion:
        """Store the pipeline as it is stored now as a version."""
        parts = ("pipelines", pipeline_id, "versions")
        return await self._one(PipelineVersion, "version", "POST", *parts, json=new.model_dump())

    async def rename(self, pipeline_id: str, id: str, new: PipelineVersionName) -> PipelineVersion:
        """Change the name of a version."""
        parts = ("pipelines", pipeline_id, "versions", id)
        return await self._one(PipelineVersion, "version", "PUT", *parts, json=new.model_dump())

    async def delete(self, pipeline_id: str, id: str) -> None:
        """Delete a version."""
        await self._delete("pipelines", pipeline_id, "versions", id)


class PipelineVersions:
    """Versions of pipelines through the cache.

    Args:
        endpoints: Requests of the resource.
        client: Query client whose cache holds the answers.
    """

    def __init__(self, endpoints: PipelineVersionEndpoints, client: QueryClient) -> None:
        self.endpoints = endpoints
        self._client = client

    def list(self, pipeline_id: str) -> LiveQuery:
        """Return the query of a pipeline's `PipelineVersion`s, newest first."""
        url_path(pipeline_id)
        return self._query(KEYS.versions(pipeline_id), lambda: self.endpoints.list(pipeline_id))

    def detail(self, pipeline_id: str, id: str) -> LiveQuery:
        """Return the query of a `PipelineVersionDetail`, which never becomes stale."""
        url_path(pipeline_id, id)
        return self._query(
            KEYS.version(pipeline_id, id),
            lambda: self.endpoints.get(pipeline_id, id),
            stale_time=float("inf"),
        )

    def create(self, pipeline_id: str, name: str) -> Mutation:
        """Store the pipeline as it is stored now as a version; never sent twice.

        Raises:
            InvalidInputError: The name is empty or too long; nothing was sent.
        """
        return self._mutate(
            "create",
            pipeline_id,
            lambda new: self.endpoints.create(pipeline_id, new),
            validate(PipelineVersionCreate, {"name": name}),
        )

    def made_elsewhere(self, pipeline_id: str) -> None:
        """Mark the cached list of a pipeline's versions as stale because one was stored past the cache."""
        self._client.invalidate_queries(KEYS.versions(pipeline_id))

    def rename(self, pipeline_id: str, id: str, name: str) -> Mutation:
        """Change the name of a version."""
        return self._mutate(
            "rename",
            pipeline_id,
            lambda new: self.endpoints.rename(pipeline_id, id, new),
            validate(PipelineVersionName, {"name": name}),
            is_idempotent=True,
        )

    def delete(self, pipeline_id: str, id: str) -> Mutation:
        """Delete a version."""
        return self._mutate(
            "delete",
            pipeline_id,
            lambda id: self.endpoints.delete(pipeline_id, id),
            id,
            is_idempotent=True,
        )

    def __repr__(self) -> str:
        return "PipelineVersions()"

    def _query(self, key: QueryKey, function: Any, **options: Any) -> LiveQuery:
        return self._client.live(query_key=key, query_fn=function, **options).start()

    def _mutate(
        self,
        name: str,
        pipeline_id: str,
        function: Any,
        variables: Any,
        *,
        is_idempotent: bool = False,
    ) -> Mutation:
        url_path(pipeline_id)
        return self._client.mutate(
            MutationOptions(
                function,
                mutation_key=(*KEYS.all, "versions", name),
                invalidates=[KEYS.versions(pipeline_id)],
                retry=retry_idempotent if is_idempotent else False,
            ),
            variables,
        )
