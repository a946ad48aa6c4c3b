"""Executions on the server: runs of saved pipelines, and trial runs of agents, pipelines and single nodes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import AliasChoices, Field

from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import (
    JsonObject,
    RequestModel,
    ResponseModel,
    UtcTime,
    parse,
    url_path,
)
from kaizen_widgets.api.pagination import fetch_all, fetch_page
from kaizen_widgets.api.pipelines import PipelineEndpoints
from kaizen_widgets.api.resource import ReadOnlyResource
from kaizen_widgets.errors import DecodeError
from kaizen_widgets.query import LiveQuery, Mutation
from kaizen_widgets.transport import Transport

KEYS = query_keys.executions


class NodeExecution(ResponseModel):
    """The execution of one node."""

    node_id: str = Field(validation_alias="nodeId")
    status: str
    error: str = ""
    output: Any = None
    started_at: UtcTime | None = Field(None, validation_alias="startTime")
    ended_at: UtcTime | None = Field(None, validation_alias="endTime")


class ExecutionLog(ResponseModel):
    """A log line of an execution."""

    message: str
    level: str = "info"
    node_id: str = Field("", validation_alias="nodeId")
    timestamp: UtcTime | None = None


class Execution(ResponseModel):
    """An execution; ``nodes`` and ``logs`` are empty if the server did not store them.

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
        """Whether it completed without any output.

        The public server answers like this when no language model is configured: see
        ``agents.readiness(id)``.
        """
        outputs = (value for name, value in self.outputs.items() if not name.startswith("_"))
        return self.status == "completed" and not any(outputs)


class ExecutionFilters(RequestModel):
    """Filters of a list of executions."""

    pipeline_id: str = Field(min_length=1)


class ExecutionEndpoints(Endpoints):
    """The requests about executions."""

    def __init__(self, transport: Transport, pipelines: PipelineEndpoints) -> None:
        super().__init__(transport)
        self._pipelines = pipelines

    async def list(self, filters: ExecutionFilters) -> list[Execution]:
        """Return a pipeline's executions, newest first."""
        return await self.history("pipelines", filters.pipeline_id)

    async def page(self, filters: ExecutionFilters, offset: int) -> dict[str, Any]:
        """Return a pipeline's executions from an offset on, newest first."""
        return await fetch_page(
            self._transport,
            url_path("test", "pipelines", filters.pipeline_id, "history"),
            {},
            "executions",
            offset,
            lambda rows: [parse(Execution, row, "execution") for row in rows],
        )

    async def history(self, kind: str, id: str) -> list[Execution]:
        """Return all executions of one of the ``agents`` or ``pipelines``, newest first."""
        # On the public server /executions/history fails once there is an execution; this route does not.
        found = await fetch_all(
            self._transport, url_path("test", kind, id, "history"), {}, "executions"
        )
        executions = [parse(Execution, row, "execution") for row in found]
        return sorted(executions, key=lambda execution: str(execution.started_at), reverse=True)

    async def get(self, id: str) -> Execution:
        """Return one execution of a pipeline."""
        return await self._one(Execution, "execution", "GET", "executions", id)

    async def start(self, pipeline_id: str, inputs: Mapping[str, Any]) -> Execution:
        """Execute a saved pipeline, and return the ended execution."""
        body = {"pipelineId": pipeline_id, "inputs": dict(inputs)}
        answer = await self._transport.request("POST", "/executions/start", json=body)
        id = answer.get("executionId") if isinstance(answer, Mapping) else None
        if not isinstance(id, str) or not id:
            raise DecodeError("The server started an execution but sent no executionId.")
        return await self.get(id)

    async def stop(self, id: str) -> None:
        """Stop an execution that is running."""
        await self._transport.request("POST", url_path("executions", id, "stop"))

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
            _log.warning(
                "The trial of %s completed without output; is a language model configured on the server?",
                url_path(*parts),
            )
        return tried


class Executions(ReadOnlyResource[ExecutionEndpoints]):
    """Executions through the cache: ``list(pipeline_id=...)``, ``detail(id)``, and starting them.

    Attributes:
        default_pipeline_id: Returns the id of the pipeline whose executions are listed by default, such as
            the open pipeline of a studio, or None.
    """

    keys = KEYS
    filter_model = ExecutionFilters
    default_pipeline_id: Callable[[], str | None] = staticmethod(lambda: None)

    def list(self, pipeline_id: str | None = None, **filters: Any) -> LiveQuery:
        """Return the query of a pipeline's executions, newest first.

        Args:
            pipeline_id: Id of the pipeline; in a studio, the open one by default.
            filters: Further filters.

        Raises:
            InvalidInputError: No pipeline is given and none is open, or there is no such filter.
        """
        chosen = pipeline_id or self.default_pipeline_id()
        return super().list(**({"pipeline_id": chosen} if chosen else {}), **filters)

    def start(self, pipeline_id: str, inputs: Mapping[str, Any] | None = None) -> Mutation:
        """Execute a saved pipeline on the server; returns the `Execution`. Never sent twice."""
        url_path("pipelines", pipeline_id)
        return self._mutate(
            "start",
            lambda given: self.endpoints.start(pipeline_id, given),
            dict(inputs or {}),
            KEYS.lists,
        )

    def stop(self, id: str) -> Mutation:
        """Stop an execution that is running."""
        url_path("executions", id)
        return self._mutate("stop", self.endpoints.stop, id, KEYS.all)

    def of_agent(self, id: str) -> LiveQuery:
        """Return the query of an agent's executions, newest first."""
        return self._query_of(
            id, KEYS.history("agent", id), lambda id: self.endpoints.history("agents", id)
        )

    def try_agent(self, id: str, input: Mapping[str, Any]) -> Mutation:
        """Try an agent; returns the `Execution`. Never sent twice."""
        url_path("agents", id)
        return self._mutate(
            "try", lambda given: self.endpoints.try_agent(id, given), dict(input), KEYS.lists
        )

    def try_pipeline(self, id: str, input: Mapping[str, Any]) -> Mutation:
        """Try a saved pipeline; returns the `Execution`. Never sent twice."""
        url_path("pipelines", id)
        return self._mutate(
            "try", lambda given: self.endpoints.try_pipeline(id, given), dict(input), KEYS.lists
        )

    def try_node(self, id: str, node_id: str, input: Mapping[str, Any]) -> Mutation:
        """Try one node of a saved pipeline; returns the `Execution`. Never sent twice."""
        url_path("pipelines", id, node_id)
        return self._mutate(
            "try",
            lambda given: self.endpoints.try_node(id, node_id, given),
            dict(input),
            KEYS.lists,
        )


_log = logging.getLogger(__name__)
