"""Pipelines: models, requests, queries and mutations.

A graph is saved as a whole, one save at a time for each pipeline, because two simultaneous saves would be
mixed on the public server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal
from weakref import WeakValueDictionary

from pydantic import Field

from kaizen_widgets.api.auth import CurrentUser
from kaizen_widgets.api.endpoints import CrudEndpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import RequestModel, ResponseModel, UtcTime, parse, url_path
from kaizen_widgets.api.pagination import SearchFilters
from kaizen_widgets.api.pipeline_graph import ServerIds, from_server, to_server
from kaizen_widgets.api.resource import Resource
from kaizen_widgets.errors import DecodeError, TransportError
from kaizen_widgets.graph import Graph
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions
from kaizen_widgets.transport import Answer, Transport

KEYS = query_keys.pipelines

PipelineStatus = Literal["draft", "active", "archived"]


class PipelineActivity(ResponseModel):
    """The size of a pipeline and its executions on the server; the duration is in milliseconds."""

    node_count: int = 0
    execution_count: int = 0
    last_status: str = ""
    last_executed_at: UtcTime | None = None
    last_duration_ms: float | None = None


class Pipeline(ResponseModel):
    """A pipeline without its graph; a deleted one is ``archived``.

    ``activity`` is in lists with ``include="activity"``, of servers that know it; the public server does not.
    """

    id: str
    name: str
    organization_id: str = ""
    workspace_id: str = ""
    description: str = ""
    pattern: str = "sequential"
    status: str = "draft"
    created_by: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    activity: PipelineActivity | None = None


class PipelineDetail(Pipeline):
    """A pipeline with its nodes and connections, as the server's rows, and its ETag if it has one."""

    nodes: list[dict[str, Any]]
    connections: list[dict[str, Any]]
    etag: str = ""

    @property
    def graph(self) -> Graph:
        """The graph."""
        return from_server(self.nodes, self.connections)


class Validation(ResponseModel):
    """The problems the server finds in a saved graph."""

    valid: bool
    errors: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class PipelineCreate(RequestModel):
    """A new pipeline without nodes; the default workspace is the client's."""

    name: str = Field(min_length=1, max_length=1000)
    pattern: str = Field("sequential", min_length=1)
    description: str = ""
    status: PipelineStatus = "draft"
    workspace_id: str = ""


class PipelineUpdate(RequestModel):
    """Changes to a pipeline; fields that are not given are not changed."""

    name: str | None = Field(None, min_length=1, max_length=1000)
    pattern: str | None = Field(None, min_length=1)
    description: str | None = None
    status: PipelineStatus | None = None


class PipelineFilters(SearchFilters):
    """Filters of a list of pipelines; ``include="activity"`` adds size and executions of each."""

    status: PipelineStatus | None = None
    include: Literal["activity"] | None = None
    workspace_id: str | None = None


class PipelineEndpoints(CrudEndpoints[Pipeline, PipelineDetail]):
    """The requests about pipelines.

    Args:
        transport: HTTP client that sends the requests.
        user: The signed-in user, whose organization the pipelines belong to.
        workspace_id: Workspace of new pipelines; empty for the server's default.
    """

    resource, noun = "pipelines", "pipeline"
    row, detail_model = Pipeline, PipelineDetail

    def __init__(self, transport: Transport, user: CurrentUser, workspace_id: str = "") -> None:
        super().__init__(transport)
        self._user = user
        self._workspace_id = workspace_id
        self._ids: dict[str, ServerIds] = {}
        self._saving: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def _params(self, filters: SearchFilters) -> dict[str, Any]:
        return {**filters.model_dump(), "organization_id": await self._organization_id()}

    async def get(self, id: str) -> PipelineDetail:
        """Return one pipeline with its nodes and connections."""
        answer = await self._transport.ask("GET", url_path("pipelines", id))
        return _detail(answer, "pipeline")

    async def create(self, new: PipelineCreate) -> Pipeline:
        """Create a pipeline without nodes."""
        body = new.model_dump() | {"organization_id": await self._organization_id()}
        body["workspace_id"] = new.workspace_id or self._workspace_id
        return await self._one(Pipeline, "pipeline", "POST", "pipelines", json=body)

    async def load_graph(self, id: str) -> Graph:
        """Return a pipeline's graph."""
        return (await self.get(id)).graph

    async def save_graph(self, id: str, graph: Graph, *, etag: str = "") -> PipelineDetail:
        """Replace a pipeline's graph, after any running save of it.

        Args:
            id: Id of the pipeline.
            graph: The new graph.
            etag: ETag that the pipeline must still have, if given and if the server has ETags.

        Raises:
            ConflictError: It was changed in the meantime; nothing was saved.
            TransportError: The server did not store all of it; the message names what is missing.
        """
        # In a variable, because the weak dictionary drops a lock without other references.
        lock = self._saving.setdefault(id, asyncio.Lock())
        async with lock:
            ids = self._server_ids(id)
            sent, saved = await self._put(id, graph, ids, etag)
            lost = _lost(sent, saved)
            if ids.replace_taken([*lost["nodes"], *lost["connections"]]):
                # Another pipeline uses these ids, so this server dropped our rows: send other ids.
                sent, saved = await self._put(id, graph, ids, "")
            _check_complete(id, graph, ids, sent, saved)
            return saved

    async def _put(
        self, id: str, graph: Graph, ids: ServerIds, etag: str
    ) -> tuple[dict[str, list[dict[str, Any]]], PipelineDetail]:
        sent = to_server(graph, ids)
        answer = await self._transport.ask(
            "PUT", url_path("pipelines", id, "graph"), json=sent, if_match=etag
        )
        return sent, _detail(answer, "saved pipeline")

    def row_id(self, id: str, node_id: str) -> str:
        """Return the server's id for a node of a pipeline."""
        return self._server_ids(id).row_id(node_id)

    def _server_ids(self, id: str) -> ServerIds:
        return self._ids.setdefault(id, ServerIds(id))

    async def validate(self, id: str) -> Validation:
        """Return the problems the server finds in the saved graph."""
        return await self._one(
            Validation, "validation", "POST", "pipelines", id, "validate", idempotent=True
        )

    async def patterns(self) -> dict[str, str]:
        """Return the descriptions of the server's patterns, by name."""
        answer = await self._transport.request("GET", "/pipelines/patterns")
        found = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(found, Mapping):
            raise DecodeError("The server's answer is not a list of patterns.")
        return {str(name): str(description) for name, description in found.items()}

    async def _organization_id(self) -> str:
        return (await self._user.get()).organization_id


class Pipelines(Resource[PipelineEndpoints]):
    """Pipelines through the cache; see `PipelineFilters`, `PipelineCreate` and `PipelineUpdate`."""

    keys = KEYS
    filter_model = PipelineFilters
    create_model = PipelineCreate
    update_model = PipelineUpdate

    def load_graph(self, id: str) -> LiveQuery:
        """Return the query of a pipeline's `Graph`."""
        return self._query_of(id, KEYS.graph(id), self.endpoints.load_graph)

    def validate(self, id: str) -> LiveQuery:
        """Return the query of a `Validation` of the saved graph."""
        return self._query_of(id, KEYS.validation(id), self.endpoints.validate)

    def patterns(self) -> LiveQuery:
        """Return the query of the server's patterns: descriptions by name."""
        return self._query(KEYS.patterns, self.endpoints.patterns)

    def changed_elsewhere(self, id: str) -> None:
        """Mark a pipeline's cached data, and the lists, as stale because it was saved elsewhere."""
        self._client.invalidate_queries(KEYS.detail(id))
        self._client.invalidate_queries(KEYS.lists)

    def cache_saved(self, detail: PipelineDetail, graph: Graph) -> None:
        """Write the result of a save into the cache.

        Args:
            detail: The server's response.
            graph: The graph that was sent.
        """
        client = self._client
        client.cancel_queries(KEYS.detail(detail.id))
        client.set_query_data(KEYS.detail(detail.id), detail)
        client.set_query_data(KEYS.graph(detail.id), graph)
        client.invalidate_queries(KEYS.validation(detail.id))
        client.invalidate_queries(KEYS.lists)

    def save_graph(self, id: str, graph: Graph, *, etag: str = "") -> Mutation:
        """Replace a pipeline's graph; afterwards the cache holds the graph that was sent.

        It is not retried, because there may be a newer graph by then.

        Args:
            id: Id of the pipeline.
            graph: The new graph.
            etag: ETag of a `PipelineDetail`: save only if the pipeline is unchanged (`ConflictError`).
        """
        url_path("pipelines", id)
        return self._client.mutate(
            MutationOptions(
                lambda graph: self.endpoints.save_graph(id, graph, etag=etag),
                mutation_key=(*KEYS.all, "save_graph"),
                on_success=lambda detail, graph, _: self.cache_saved(detail, graph),
                # The graph may have been saved although the response was lost.
                on_error=lambda *_: self._client.invalidate_queries(KEYS.detail(id)),
                invalidates=[KEYS.lists],
            ),
            graph,
        )


def _detail(answer: Answer, noun: str) -> PipelineDetail:
    return parse(PipelineDetail, answer.data, noun).model_copy(update={"etag": answer.etag})


def _lost(sent: Mapping[str, list[dict[str, Any]]], saved: PipelineDetail) -> dict[str, list[str]]:
    """Return the ids of the nodes and connections that were sent but not stored."""
    stored = {
        kind: {row.get("id") for row in rows}
        for kind, rows in (("nodes", saved.nodes), ("connections", saved.connections))
    }
    return {
        kind: [row["id"] for row in sent[kind] if row["id"] not in ids]
        for kind, ids in stored.items()
    }


def _check_complete(
    id: str,
    graph: Graph,
    ids: ServerIds,
    sent: Mapping[str, list[dict[str, Any]]],
    saved: PipelineDetail,
) -> None:
    lost, problems = _lost(sent, saved), []
    for kind, stored, own in (
        ("nodes", saved.nodes, graph.nodes),
        ("connections", saved.connections, graph.edges),
    ):
        if lost[kind] or len(stored) != len(sent[kind]):
            missing = [element.id for element in own if ids.row_id(element.id) in lost[kind]]
            named = ", ".join(map(repr, missing[:5])) or "none"
            problems.append(f"{len(stored)} of {len(sent[kind])} {kind} (missing: {named})")
    if problems:
        raise TransportError(
            f"The server stored {' and '.join(problems)} of pipeline {id!r}: "
            f"load it again, then save it again.",
            method="PUT",
            url=url_path("pipelines", id, "graph"),
        )
