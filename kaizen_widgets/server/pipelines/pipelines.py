"""``/pipelines``: the pipelines of the caller's organization, their patterns and their graphs.

Permissions are those of agents, as on the public server. Deleting a pipeline archives it. A null in an
update leaves its field; an empty text clears it. ``PUT graph`` replaces the whole graph in one
transaction; of two at the same moment, the later one wins as a whole. Graphs are sent without a second
validation, because it would be slow for 10,000 nodes.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import Response
from fastapi.responses import JSONResponse

from kaizen_widgets.server.agents.agent_rows import AGENTS
from kaizen_widgets.server.base.api_errors import ApiError, InvalidField, invalid, not_found
from kaizen_widgets.server.base.crud import Page, page_query, to_json
from kaizen_widgets.server.base.etags import etag_of, tagged
from kaizen_widgets.server.base.field_types import MessageResponse, changes_of
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import timestamp, timestamp_after
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor
from kaizen_widgets.server.organization.accounts import default_workspace
from kaizen_widgets.server.pipelines.pipeline_activity import activity_of_pipelines
from kaizen_widgets.server.pipelines.pipeline_checks import AgentDirectory, check_pipeline
from kaizen_widgets.server.pipelines.pipeline_models import (
    PATTERNS,
    ConnectionBody,
    ConnectionCreate,
    ConnectionListBody,
    GraphSave,
    NodeBody,
    NodeCreate,
    NodeListBody,
    NodeUpdate,
    PatternsBody,
    PipelineBody,
    PipelineCreate,
    PipelineListBody,
    PipelineUpdate,
    PipelineWithGraphBody,
    ValidationBody,
    pattern_name,
)
from kaizen_widgets.server.pipelines.pipeline_rows import (
    JSON_COLUMNS,
    PIPELINES,
    add_connections,
    add_nodes,
    check_element,
    check_graph,
    check_texts,
    connections_of,
    next_place,
    nodes_of,
    replace_graph,
    with_graph,
)

router = GuardedRouter(prefix="/pipelines", tags=["pipelines"])


@router.get("/patterns", response_model=PatternsBody)
async def list_patterns() -> Any:
    """List the patterns; no sign-in is needed."""
    return {"data": PATTERNS}


@router.get("", response_model=PipelineListBody, response_model_exclude_unset=True)
def list_pipelines(
    caller: WithCaller,
    services: WithServices,
    page: Annotated[Page, page_query()],
    organization_id: str | None = None,
    workspace_id: str | None = None,
    status: str | None = None,
    include: Literal["activity"] | None = None,
) -> Any:
    """List pipelines, newest first unless sorted; the organization can only be the caller's own.

    With ``include=activity`` also the size and the executions of each one.
    """
    _check_organization(caller, organization_id)
    filters = {"workspace_id": workspace_id, "status": status}
    with services.database.read() as db:
        rows, total = PIPELINES.page(db, caller.organization_id, filters, page)
        if include == "activity":
            found = activity_of_pipelines(db, [row["id"] for row in rows])
            rows = [row | {"activity": found[row["id"]]} for row in rows]
    return {"data": rows, "total": total}


@router.post("", response_model=PipelineBody)
def create_pipeline(body: PipelineCreate, caller: WithCaller, services: WithServices) -> Any:
    """Create a pipeline without nodes."""
    _check_organization(caller, body.organization_id)
    own = {
        "organization_id": caller.organization_id,
        "pattern": _pattern(body.pattern),
        "created_by": caller.user_id,
    }
    with services.database.write() as db:
        if not body.workspace_id:
            own["workspace_id"] = default_workspace(db, caller.organization_id)
        values = body.model_dump() | own
        pipeline_id = PIPELINES.create(db, services, caller.organization_id, values)
        return {"data": PIPELINES.get(db, caller, pipeline_id)}


@router.put("/{pipeline_id}", response_model=PipelineBody)
def update_pipeline(
    pipeline_id: str,
    body: PipelineUpdate,
    caller: WithEditor,
    services: WithServices,
    response: Response,
) -> Any:
    """Change a pipeline; ``PUT graph`` changes its graph."""
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        changes = changes_of(body)
        if "pattern" in changes:
            changes["pattern"] = _pattern(changes["pattern"])
        PIPELINES.update(db, services, pipeline, changes)
        return {"data": tagged(response, PIPELINES.get(db, caller, pipeline_id))}


@router.delete("/{pipeline_id}", response_model=MessageResponse)
def delete_pipeline(pipeline_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Archive a pipeline."""
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        PIPELINES.update(db, services, pipeline, {"status": "archived"})
    return {"message": "Pipeline archived successfully"}


@router.post("/{pipeline_id}/validate", response_model=ValidationBody)
def validate_pipeline(pipeline_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Check whether the saved pipeline can run, and list every reason why not."""
    with services.database.read() as db:
        PIPELINES.get(db, caller, pipeline_id)
        agents, _ = AGENTS.page(db, caller.organization_id)
        nodes, connections = nodes_of(db, pipeline_id), connections_of(db, pipeline_id)
    return {"data": check_pipeline(nodes, connections, AgentDirectory(agents))}


@router.get("/{pipeline_id}", response_model=PipelineWithGraphBody)
def get_pipeline(pipeline_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Get a pipeline with its nodes and connections, in the order they were sent."""
    with services.database.read() as db:
        pipeline = with_graph(db, PIPELINES.get(db, caller, pipeline_id))
    return JSONResponse({"data": pipeline}, headers={"ETag": etag_of(pipeline)})


@router.put("/{pipeline_id}/graph", response_model=PipelineWithGraphBody)
def save_graph(
    pipeline_id: str,
    body: GraphSave,
    caller: WithEditor,
    services: WithServices,
) -> Any:
    """Replace the whole graph."""
    check_graph(body)
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        replace_graph(db, services, pipeline_id, body)
        PIPELINES.update(db, services, pipeline)
        saved = with_graph(db, PIPELINES.get(db, caller, pipeline_id))
    return JSONResponse({"data": saved}, headers={"ETag": etag_of(saved)})


@router.get("/{pipeline_id}/nodes", response_model=NodeListBody)
def list_nodes(pipeline_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List all nodes."""
    with services.database.read() as db:
        PIPELINES.get(db, caller, pipeline_id)
        nodes = nodes_of(db, pipeline_id)
    return JSONResponse({"data": nodes})


@router.post("/{pipeline_id}/nodes", response_model=NodeBody)
def add_node(pipeline_id: str, body: NodeCreate, caller: WithEditor, services: WithServices) -> Any:
    """Add a node at the end."""
    if errors := check_element(body, "body"):
        raise invalid(errors)
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        place = next_place(db, "pipeline_nodes", pipeline_id)
        try:
            add_nodes(db, services, pipeline_id, [body], timestamp(services.clock), place, {})
        except sqlite3.IntegrityError:
            raise ApiError(409, f"There is a node {body.id!r:.200} already") from None
        PIPELINES.update(db, services, pipeline)
        return JSONResponse({"data": _node(db, pipeline_id, str(body.id))})


# An id may contain slashes.
@router.put("/{pipeline_id}/nodes/{node_id:path}", response_model=NodeBody)
def update_node(
    pipeline_id: str, node_id: str, body: NodeUpdate, caller: WithEditor, services: WithServices
) -> Any:
    """Change a node; its config and extra are replaced, not merged."""
    if errors := check_texts(body, f"Node {node_id!r:.200}", "body"):
        raise invalid(errors)
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        node = _node(db, pipeline_id, node_id)
        changes = changes_of(body)
        for column in JSON_COLUMNS:
            if column in changes:
                changes[column] = to_json(changes[column])
        changes["updated_at"] = timestamp_after(services.clock, node["updated_at"])
        sets = ", ".join(f"{name} = :{name}" for name in changes)
        db.execute(
            f"UPDATE pipeline_nodes SET {sets} WHERE pipeline_id = :pipeline AND id = :node",  # noqa: S608
            changes | {"pipeline": pipeline_id, "node": node_id},
        )
        PIPELINES.update(db, services, pipeline)
        return JSONResponse({"data": _node(db, pipeline_id, node_id)})


@router.delete("/{pipeline_id}/nodes/{node_id:path}", response_model=MessageResponse)
def delete_node(pipeline_id: str, node_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Remove a node and its connections."""
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        _node(db, pipeline_id, node_id)
        # The schema deletes its connections (ON DELETE CASCADE).
        db.execute(
            "DELETE FROM pipeline_nodes WHERE pipeline_id = ? AND id = ?", (pipeline_id, node_id)
        )
        PIPELINES.update(db, services, pipeline)
    return {"message": "Node deleted successfully"}


@router.get("/{pipeline_id}/connections", response_model=ConnectionListBody)
def list_connections(pipeline_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List all connections."""
    with services.database.read() as db:
        PIPELINES.get(db, caller, pipeline_id)
        connections = connections_of(db, pipeline_id)
    return JSONResponse({"data": connections})


@router.post("/{pipeline_id}/connections", response_model=ConnectionBody)
def add_connection(
    pipeline_id: str, body: ConnectionCreate, caller: WithEditor, services: WithServices
) -> Any:
    """Connect two nodes of the pipeline."""
    if errors := check_element(body, "body"):
        raise invalid(errors)
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        if errors := _unknown_ends(db, pipeline_id, body):
            raise invalid(errors)
        place = next_place(db, "pipeline_connections", pipeline_id)
        try:
            add_connections(db, services, pipeline_id, [body], timestamp(services.clock), place, {})
        except sqlite3.IntegrityError:
            raise ApiError(409, f"There is a connection {body.id!r:.200} already") from None
        PIPELINES.update(db, services, pipeline)
        return JSONResponse({"data": _connection(db, pipeline_id, str(body.id))})


@router.delete("/{pipeline_id}/connections/{connection_id:path}", response_model=MessageResponse)
def delete_connection(
    pipeline_id: str, connection_id: str, caller: WithEditor, services: WithServices
) -> Any:
    """Remove a connection."""
    with services.database.write() as db:
        pipeline = PIPELINES.get_for_change(db, caller, pipeline_id)
        _connection(db, pipeline_id, connection_id)
        db.execute(
            "DELETE FROM pipeline_connections WHERE pipeline_id = ? AND id = ?",
            (pipeline_id, connection_id),
        )
        PIPELINES.update(db, services, pipeline)
    return {"message": "Connection deleted successfully"}


def _node(db: sqlite3.Connection, pipeline_id: str, node_id: str) -> dict[str, Any]:
    found = nodes_of(db, pipeline_id, node_id)
    if not found:
        raise not_found("node", node_id)
    return found[0]


def _connection(db: sqlite3.Connection, pipeline_id: str, connection_id: str) -> dict[str, Any]:
    found = connections_of(db, pipeline_id, connection_id)
    if not found:
        raise not_found("connection", connection_id)
    return found[0]


def _unknown_ends(
    db: sqlite3.Connection, pipeline_id: str, connection: ConnectionCreate
) -> list[InvalidField]:
    ends = {
        "body.source_node_id": connection.source_node_id,
        "body.target_node_id": connection.target_node_id,
    }
    return [
        InvalidField(
            field=field,
            message=f"There is no node {node_id!r:.200} in this pipeline",
            type="unknown_node",
        )
        for field, node_id in ends.items()
        if not nodes_of(db, pipeline_id, node_id)
    ]


def _check_organization(caller: Caller, organization_id: str | None) -> None:
    if organization_id and organization_id != caller.organization_id:
        raise ApiError(403, "Not authorized to access this organization")


def _pattern(given: str) -> str:
    name = pattern_name(given)
    if name is None:
        raise ApiError(400, f"Invalid pattern: it must be one of {', '.join(PATTERNS)}")
    return name
