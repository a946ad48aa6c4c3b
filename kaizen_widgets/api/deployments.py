"""Deployments of agents to gateways; deploying a pipeline deploys each of its agents, see `mapping`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.agent_endpoints import AgentEndpoints
from kaizen_widgets.api.agent_models import AgentFilters
from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.gateways import GatewayEndpoints, GatewayFilters
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.mapping import agents_of, gateway_for
from kaizen_widgets.api.models import (
    JsonObject,
    RequestModel,
    ResponseModel,
    UtcTime,
    parse,
    url_path,
    validate,
)
from kaizen_widgets.api.pagination import fetch_capped, fetch_page
from kaizen_widgets.api.pipelines import PipelineEndpoints
from kaizen_widgets.api.resource import ReadOnlyResource
from kaizen_widgets.graph import Graph
from kaizen_widgets.query import LiveQuery, Mutation, QueryClient
from kaizen_widgets.transport import Transport

KEYS = query_keys.deployments

Status = Literal["pending", "deploying", "active", "failed", "stopped"]
STATUSES: tuple[Status, ...] = ("active", "stopped", "failed", "pending", "deploying")
SomeId = Annotated[str, Field(min_length=1)]


class Deployment(ResponseModel):
    """An agent on a gateway; ``error_message`` says why one has ``failed``."""

    id: str
    agent_id: str
    gateway_id: str
    organization_id: str = ""
    agent_version_id: str = ""
    registration_id: str = ""
    status: str = "pending"
    endpoint_url: str = ""
    error_message: str = ""
    deployed_by: str = ""
    deployed_at: UtcTime | None = None
    stopped_at: UtcTime | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class DeploymentLog(ResponseModel):
    """An event of a deployment."""

    id: str
    event_type: str
    message: str = ""
    metadata: JsonObject = Field(default_factory=dict)
    created_at: UtcTime | None = None


class DeploymentCreate(RequestModel):
    """A new deployment of an agent to a gateway."""

    agent_id: SomeId
    gateway_id: SomeId
    agent_version_id: str = ""


class DeploymentFilters(RequestModel):
    """Filters of a list of deployments."""

    agent_id: str | None = None
    gateway_id: str | None = None
    status: Status | None = None


class DeploymentEndpoints(Endpoints):
    """The requests about deployments.

    Attributes:
        before_deploy: Awaited with the id of a pipeline, its graph and the environment, before its agents are
            deployed; None for nothing.
    """

    def __init__(
        self,
        transport: Transport,
        agents: AgentEndpoints,
        gateways: GatewayEndpoints,
        pipelines: PipelineEndpoints,
    ) -> None:
        super().__init__(transport)
        self._agents = agents
        self._gateways = gateways
        self._pipelines = pipelines
        self.before_deploy: Callable[[str, Graph, str], Awaitable[object]] | None = None

    async def list(self, filters: DeploymentFilters) -> list[Deployment]:
        """Return all deployments that match."""

        async def statuses(_: Sequence[Mapping[str, Any]]) -> Sequence[str]:
            return STATUSES

        async def agents(_: Sequence[Mapping[str, Any]]) -> list[str]:
            return [agent.id for agent in await self._agents.list(AgentFilters())]

        async def gateways(_: Sequence[Mapping[str, Any]]) -> list[str]:
            return [gateway.id for gateway in await self._gateways.list(GatewayFilters())]

        found = await fetch_capped(
            self._transport,
            "/deployments",
            filters.model_dump(),
            "deployments",
            {"agent_id": agents, "status": statuses, "gateway_id": gateways},
        )
        return [parse(Deployment, row, "deployment") for row in found]

    async def page(self, filters: DeploymentFilters, offset: int) -> dict[str, Any]:
        """Return the deployments from an offset on; all if it has no pages (`fetch_capped`)."""
        page = await fetch_page(
            self._transport,
            "/deployments",
            filters.model_dump(),
            "deployments",
            offset,
            lambda rows: [parse(Deployment, row, "deployment") for row in rows],
        )
        if page["total"] is not None or offset:
            return page
        return {"rows": await self.list(filters), "next_offset": None, "total": None}

    async def get(self, id: str) -> Deployment:
        """Return one deployment."""
        return await self._one(Deployment, "deployment", "GET", "deployments", id)

    async def create(self, deployment: DeploymentCreate) -> Deployment:
        """Deploy an agent; a failed deployment is returned, not raised."""
        body = deployment.model_dump(exclude={"agent_version_id"})
        if deployment.agent_version_id:
            body["agent_version_id"] = deployment.agent_version_id
        return await self._one(Deployment, "deployment", "POST", "deployments", json=body)

    async def stop(self, id: str) -> Deployment:
        """Stop a deployment."""
        return await self._one(Deployment, "deployment", "POST", "deployments", id, "stop")

    async def redeploy(self, id: str) -> Deployment:
        """Deploy an agent's current state; return the new deployment."""
        return await self._one(Deployment, "deployment", "POST", "deployments", id, "redeploy")

    async def logs(self, id: str) -> list[DeploymentLog]:
        """Return the events of a deployment, oldest first."""
        found = await self._many(DeploymentLog, "log", "deployments", id, "logs")
        return sorted(found, key=lambda log: str(log.created_at))

    async def deploy(self, pipeline_id: str, environment: str) -> list[Deployment]:
        """Deploy every agent of a saved pipeline to the gateway of an environment.

        Raises:
            NotFoundError: The environment has no active gateway, or the pipeline has no agent.
        """
        graph, gateways = await asyncio.gather(
            self._pipelines.load_graph(pipeline_id),
            self._gateways.list(GatewayFilters(environment=environment)),
        )
        gateway, agents = gateway_for(gateways, environment), agents_of(graph, pipeline_id)
        if self.before_deploy is not None:
            await self.before_deploy(pipeline_id, graph, environment)
        return [
            await self.create(DeploymentCreate(agent_id=id, gateway_id=gateway.id)) for id in agents
        ]


class Deployments(ReadOnlyResource[DeploymentEndpoints]):
    """Deployments through the cache; see `DeploymentFilters` and `DeploymentCreate`."""

    keys = KEYS
    filter_model = DeploymentFilters

    def __init__(self, endpoints: DeploymentEndpoints, client: QueryClient) -> None:
        super().__init__(endpoints, client)

    def create(self, **fields: Any) -> Mutation:
        """Deploy an agent to a gateway; returns the `Deployment`. Never sent twice.

        Raises:
            InvalidInputError: A field is invalid; nothing was sent.
        """
        wanted = validate(DeploymentCreate, fields)
        return self._mutate("create", self.endpoints.create, wanted, KEYS.lists)

    def deploy(self, pipeline_id: str, environment: str) -> Mutation:
        """Deploy every agent of a saved pipeline to an environment; returns the `Deployment`s."""
        url_path("pipelines", pipeline_id)
        return self._mutate(
            "deploy",
            lambda wanted: self.endpoints.deploy(*wanted),
            (pipeline_id, environment),
            KEYS.lists,
        )

    def stop(self, id: str) -> Mutation:
        """Stop a deployment."""
        url_path("deployments", id)
        return self._mutate("stop", self.endpoints.stop, id, KEYS.lists, KEYS.detail(id))

    def redeploy(self, id: str) -> Mutation:
        """Deploy an agent's current state; returns the new `Deployment`; the old one is stopped."""
        url_path("deployments", id)
        return self._mutate("redeploy", self.endpoints.redeploy, id, KEYS.lists, KEYS.detail(id))

    def logs(self, id: str, *, every: float | None = None) -> LiveQuery:
        """Return the query of the events of a deployment.

        Args:
            id: Id of the deployment.
            every: Seconds after which they are fetched again, while the query is observed; None for never.
        """
        url_path(id)  # Refuse an invalid id before anything is cached under it.
        return self._client.live(
            query_key=KEYS.logs(id),
            query_fn=lambda: self.endpoints.logs(id),
            refetch_interval=every or False,
        ).start()
