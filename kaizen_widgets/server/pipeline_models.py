"""What ``/pipelines`` takes and gives.

Names and defaults are the public server's. Two things are more than it has: ``config`` and ``condition``
come back as the objects they were sent as, and nodes and connections may carry ``extra``, an object for
whatever else a React Flow element holds (size, parent, style, keys of other tools).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kaizen_widgets.server.fields import JsonObject, WorkspaceId

Status = Literal["draft", "active", "archived"]
PipelineName = Annotated[str, Field(min_length=1, max_length=1000)]
Description = Annotated[str, Field(max_length=10_000)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]


class PipelineCreate(BaseModel):
    """A new pipeline, without nodes."""

    organization_id: str
    workspace_id: WorkspaceId
    name: PipelineName
    pattern: str
    description: Description = ""
    status: Status = "draft"


class PipelineUpdate(BaseModel):
    """What to change."""

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
    """What to change."""

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
    """Everything a pipeline consists of from now on, in this order."""

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


class Node(BaseModel):
    """A node of a pipeline; ``extra`` is there when it was sent."""

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


class Connection(BaseModel):
    """A connection of a pipeline; ``extra`` is there when it was sent."""

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

    nodes: list[Node]
    connections: list[Connection]


class Validation(BaseModel):
    """Whether a pipeline can run, and why not."""

    valid: bool
    errors: list[str]
    warnings: list[str]


class PipelineBody(BaseModel):
    """One pipeline."""

    data: Pipeline


class PipelineListBody(BaseModel):
    """A page of pipelines, newest first; ``total`` counts all that fit the filters."""

    data: list[Pipeline]
    total: int


class PipelineWithGraphBody(BaseModel):
    """One pipeline with its graph."""

    data: PipelineWithGraph


class PatternsBody(BaseModel):
    """Each pattern's name and what it does."""

    data: dict[str, str]


class NodeBody(BaseModel):
    """One node."""

    data: Node


class NodeListBody(BaseModel):
    """A pipeline's nodes."""

    data: list[Node]


class ConnectionBody(BaseModel):
    """One connection."""

    data: Connection


class ConnectionListBody(BaseModel):
    """A pipeline's connections."""

    data: list[Connection]


class ValidationBody(BaseModel):
    """What a check found."""

    data: Validation
