"""Executions on the server: of saved pipelines, and tries of agents, pipelines and single nodes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, Field

from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import Input, JsonObject, Record, UtcTime, path, read
from kaizen_widgets.api.pagination import every
from kaizen_widgets.api.pipelines import PipelineEndpoints
from kaizen_widgets.api.resource import ReadOnlyResource
from kaizen_widgets.errors import DecodeError
from kaizen_widgets.query import LiveQuery, Mutation
from kaizen_widgets.transport import Transport

log = logging.getLogger(__name__)

KEYS = query_keys.executions


class NodeExecution(Record):
    """What one node did."""

    node_id: str = Field(validation_alias="nodeId")
    status: str
    error: str = ""
    output: Any = None
    started_at: UtcTime | None = Field(None, validation_alias="startTime")
    ended_at: UtcTime | None = Field(None, validation_alias="endTime")


class ExecutionLog(Record):
    """What was said meanwhile."""

    message: str
    level: str = "info"
    node_id: str = Field("", validation_alias="nodeId")
    timestamp: UtcTime | None = None


class Execution(Record):
    """An execution; ``nodes`` and ``logs`` where the server kept them.

    ``status`` is ``running``, ``completed``, ``failed`` or ``stopped``.
    """

    id: str
    status: str
    pipeline_id: str = Field("", validation_alias=AliasChoices("pipelineId", "pipeline_id"))
    agent_id: str = ""
    inputs: JsonObject = Field(
        default_factory=dict, validation_alias=AliasChoices("inputs", "input_data")
    )
    outputs: JsonObject = Field(
        default_factory=dict, validation_alias=AliasChoices("outputs", "output_data", "output")
    )
    error: str = Field("", validation_alias=AliasChoices("error", "error_message"))
    nodes: list[NodeExecution] = Field(default_factory=list, validation_alias="nodeExecutions")
    logs: list[ExecutionLog] = Field(default_factory=list)
    token_usage: JsonObject = Field(default_factory=dict)
    execution_time_ms: int = 0
    started_at: UtcTime | None = Field(
        None, validation_alias=AliasChoices("startTime", "created_at")
    )
    ended_at: UtcTime | None = Field(None, validation_alias="endTime")

    @property
    def is_empty(self) -> bool:
        """Whether it completed without a word.

        The public server says so, and nothing else, where no language model is configured: see
        ``agents.readiness(id)``.
        """
        said = (value for name, value in self.outputs.items() if not name.startswith("_"))
        return self.status == "completed" and not any(said)


class ExecutionFilters(Input):
    """Whose executions to list."""

    pipeline_id: str = Field(min_length=1)


class ExecutionEndpoints(Endpoints):
    """The requests."""

    def __init__(self, transport: Transport, pipelines: PipelineEndpoints) -> None:
        super().__init__(transport)
        self._pipelines = pipelines

    async def list(self, filters: ExecutionFilters) -> list[Execution]:
        """Return a pipeline's executions, newest first."""
        return await self.history("pipelines", filters.pipeline_id)

    async def history(self, kind: str, id: str) -> list[Execution]:
        """Return all executions of one of the ``agents`` or ``pipelines``, newest first."""
        # /executions/history fails on the public server as soon as there is one; this does not.
        found = await every(self._transport, path("test", kind, id, "history"), {}, "executions")
        executions = [read(Execution, row, "execution") for row in found]
        return sorted(executions, key=lambda one: str(one.started_at), reverse=True)

    async def get(self, id: str) -> Execution:
        """Return one execution of a pipeline."""
        return await self._one(Execution, "execution", "GET", "executions", id)

    async def start(self, pipeline_id: str, inputs: Mapping[str, Any]) -> Execution:
        """Execute a saved pipeline; return how it ended."""
        body = {"pipelineId": pipeline_id, "inputs": dict(inputs)}
        answer = await self._transport.request("POST", "/executions/start", json=body)
        id = answer.get("executionId") if isinstance(answer, Mapping) else None
        if not isinstance(id, str) or not id:
            raise DecodeError("The server started an execution but sent no executionId.")
        return await self.get(id)

    async def stop(self, id: str) -> None:
        """Stop an execution that goes on."""
        await self._transport.request("POST", path("executions", id, "stop"))

    async def try_agent(self, id: str, given: Mapping[str, Any]) -> Execution:
        """Try an agent."""
        return await self._try(given, "agents", id)

    async def try_pipeline(self, id: str, given: Mapping[str, Any]) -> Execution:
        """Try a saved pipeline."""
        return await self._try(given, "pipelines", id)

    async def try_node(self, id: str, node_id: str, given: Mapping[str, Any]) -> Execution:
        """Try one node of a saved pipeline."""
        row_id = self._pipelines.row_id(id, node_id)
        return await self._try(given, "pipelines", id, "nodes", row_id)

    async def _try(self, given: Mapping[str, Any], *parts: str) -> Execution:
        body = {"input": dict(given)}
        tried = await self._one(Execution, "execution", "POST", "test", *parts, json=body)
        if tried.is_empty:
            log.warning(
                "The try of %s completed without a word; is a language model configured on the server?",
                path(*parts),
            )
        return tried


class Executions(ReadOnlyResource):
    """Executions through the cache: ``list(pipeline_id=...)``, ``detail(id)``, and starting them."""

    keys = KEYS
    filters = ExecutionFilters
    endpoints: ExecutionEndpoints

    def start(self, pipeline_id: str, inputs: Mapping[str, Any] | None = None) -> Mutation:
        """Execute a saved pipeline on the server; gives the `Execution`. Never sent twice."""
        path("pipelines", pipeline_id)
        return self._mutate(
            "start",
            lambda given: self.endpoints.start(pipeline_id, given),
            dict(inputs or {}),
            KEYS.lists,
        )

    def stop(self, id: str) -> Mutation:
        """Stop an execution that goes on."""
        path("executions", id)
        return self._mutate("stop", self.endpoints.stop, id, KEYS.all)

    def of_agent(self, id: str) -> LiveQuery:
        """Return the query of an agent's executions, newest first."""
        path("agents", id)
        return self._query(KEYS.history("agent", id), lambda: self.endpoints.history("agents", id))

    def try_agent(self, id: str, input: Mapping[str, Any]) -> Mutation:
        """Try an agent; gives the `Execution`. Never sent twice."""
        path("agents", id)
        return self._mutate(
            "try", lambda given: self.endpoints.try_agent(id, given), dict(input), KEYS.lists
        )

    def try_pipeline(self, id: str, input: Mapping[str, Any]) -> Mutation:
        """Try a saved pipeline; gives the `Execution`. Never sent twice."""
        path("pipelines", id)
        return self._mutate(
            "try", lambda given: self.endpoints.try_pipeline(id, given), dict(input), KEYS.lists
        )

    def try_node(self, id: str, node_id: str, input: Mapping[str, Any]) -> Mutation:
        """Try one node of a saved pipeline; gives the `Execution`. Never sent twice."""
        path("pipelines", id, node_id)
        return self._mutate(
            "try",
            lambda given: self.endpoints.try_node(id, node_id, given),
            dict(input),
            KEYS.lists,
        )
