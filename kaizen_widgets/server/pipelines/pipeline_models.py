"""Request and response models of ``/pipelines``, and the pipeline patterns.

Names and defaults are the public server's. Two things go beyond it: ``config`` and ``condition`` are returned
as the objects that were sent, and nodes and connections may carry ``extra``, an object for everything else a
React Flow element holds (size, parent, style, keys of other tools).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kaizen_widgets.server.base.field_types import JsonObject, WorkspaceId

Status = Literal["draft", "active", "archived"]
PipelineName = Annotated[str, Field(min_length=1, max_length=1000)]
Description = Annotated[str, Field(max_length=10_000)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]


PATTERNS: dict[str, str] = {
    "sequential": "Agents work one after another; each gets the result of the one before.",
    "parallel": "Agents work on the same input at the same time; their results are combined.",
    "router": "A router sends the input to the agent that fits it.",
    "supervisor": "A supervisor deals out items to workers and collects their results in order.",
    "ensemble": "Several agents answer the same question; one answer is made of theirs.",
    "hierarchical": "Tiers of agents: each tier answers, or hands its result over to the next.",
    "pipeline": "An assembly line: items go through all stages, each stage works on another.",
    "blackboard": "Agents read a shared board and add to it, round by round, until it is done.",
    "reactive": "Agents react to events with further events, until all is quiet or enough.",
}
"""The nine pipeline patterns, each with its description."""

_PATTERN_SPELLINGS = {"supervisor-worker": "supervisor", "supervisor_worker": "supervisor"}
"""Other names for a pattern, as the studio's palette and plans use them."""


def pattern_name(given: str) -> str | None:
    """Return the name a pattern is stored under; None when there is no such pattern."""
    name = _PATTERN_SPELLINGS.get(given, given)
    return name if name in PATTERNS else None


class PipelineCreate(BaseModel):
    """A new pipeline, without nodes."""

    organization_id: str
    workspace_id: WorkspaceId
    name: PipelineName
    pattern: str
    description: Description = ""
    status: Status = "draft"


class PipelineUpdate(BaseModel):
    """The fields to change."""

    name: PipelineName | None = None
    description: Description | None = None
    pattern: str | None = None
    status: Status | None = None


class NodeCreate(BaseModel):
    """A node; without an id it gets one. Positions are React Flow's flow units."""

    id: str | None = None
    node_type: str
    agent_id: str | None = ""
    label: str
    position_x: Coordinate = 0.0
    position_y: Coordinate = 0.0
    config: JsonObject | None = Field(default_factory=dict)
    extra: JsonObject | None = None


class NodeUpdate(BaseModel):
    """The fields to change."""

    node_type: str | None = None
    agent_id: str | None = None
    label: str | None = None
    position_x: Coordinate | None = None
    position_y: Coordinate | None = None
    config: JsonObject | None = None
    extra: JsonObject | None = None


class ConnectionCreate(BaseModel):
    """A connection between two nodes of the pipeline; without an id it gets one."""

    id: str | None = None
    source_node_id: str
    target_node_id: str
    source_handle: str = "output"
    target_handle: str = "input"
    condition: JsonObject | None = None
    extra: JsonObject | None = None


class GraphSave(BaseModel):
    """All nodes and connections of a pipeline, in this order; they replace the old ones."""

    nodes: list[NodeCreate]
    connections: list[ConnectionCreate]


class Pipeline(BaseModel):
    """A pipeline."""

    id: str
    organization_id: str
    workspace_id: str
    name: str
    description: str
    pattern: str
    status: str
    created_by: str
    created_at: str
    updated_at: str


class PipelineNode(BaseModel):
    """A node of a pipeline; ``extra`` is present if it was sent."""

    id: str
    pipeline_id: str
    node_type: str
    agent_id: str | None
    label: str
    position_x: float
    position_y: float
    config: dict[str, Any] | None
    extra: dict[str, Any] = {}
    created_at: str
    updated_at: str


class PipelineConnection(BaseModel):
    """A connection of a pipeline; ``extra`` is present if it was sent."""

    id: str
    pipeline_id: str
    source_node_id: str
    target_node_id: str
    source_handle: str
    target_handle: str
    condition: dict[str, Any] | None
    extra: dict[str, Any] = {}
    created_at: str


class PipelineWithGraph(Pipeline):
    """A pipeline with its nodes and connections, in the order they were sent."""

    nodes: list[PipelineNode]
    connections: list[PipelineConnection]


class Validation(BaseModel):
    """Whether a pipeline can run, and why not."""

    valid: bool
    errors: list[str]
    warnings: list[str]


class PipelineBody(BaseModel):
    """One pipeline."""

    data: Pipeline


class PipelineActivityBody(BaseModel):
    """The size of a pipeline and its executions on this server; the duration is in milliseconds."""

    node_count: int
    execution_count: int
    last_status: str | None
    last_executed_at: str | None
    last_duration_ms: int | None


class ListedPipeline(Pipeline):
    """A pipeline in a list, with its activity if that was asked for."""

    activity: PipelineActivityBody | None = None


class PipelineListBody(BaseModel):
    """A page of pipelines, newest first; ``total`` counts all that fit the filters."""

    data: list[ListedPipeline]
    total: int


class PipelineWithGraphBody(BaseModel):
    """One pipeline with its graph."""

    data: PipelineWithGraph


class PatternsBody(BaseModel):
    """The patterns: each name and its description."""

    data: dict[str, str]


class NodeBody(BaseModel):
    """One node."""

    data: PipelineNode


class NodeListBody(BaseModel):
    """A pipeline's nodes."""

    data: list[PipelineNode]


class ConnectionBody(BaseModel):
    """One connection."""

    data: PipelineConnection


class ConnectionListBody(BaseModel):
    """A pipeline's connections."""

    data: list[PipelineConnection]


class ValidationBody(BaseModel):
    """The result of a check."""

    data: Validation
