"""``/pipelines/{id}``: the graph, as a whole or one node or connection at a time.

``PUT graph`` replaces all of it in one transaction or nothing; of two at the same moment one wins whole.
Answers are made without a second validation: a graph of 10,000 nodes is sent as it was read.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp, stamp_after
from kaizen_widgets.server.errors import ApiError, FieldError, invalid, not_found
from kaizen_widgets.server.etags import etag_of
from kaizen_widgets.server.fields import MessageResponse, changes_of, to_text
from kaizen_widgets.server.pipeline_models import (
    ConnectionBody,
    ConnectionCreate,
    ConnectionListBody,
    GraphSave,
    NodeBody,
    NodeCreate,
    NodeListBody,
    NodeUpdate,
    PipelineWithGraphBody,
)
from kaizen_widgets.server.pipeline_rows import (
    JSON_COLUMNS,
    add_connections,
    add_nodes,
    check_element,
    check_graph,
    check_texts,
    connections_of,
    next_place,
    nodes_of,
    pipeline_of,
    pipeline_to_change,
    replace_graph,
    with_graph,
)
from kaizen_widgets.server.pipelines import Editor, Reader
from kaizen_widgets.server.rows import change

router = APIRouter(prefix="/pipelines/{pipeline_id}", tags=["pipelines"])


@router.get("", response_model=PipelineWithGraphBody)
def get_pipeline(pipeline_id: str, caller: Reader, studio: WithServices) -> Any:
    """Get a pipeline with its nodes and connections, in the order they were sent."""
    with studio.database.read() as db:
        pipeline = with_graph(db, pipeline_of(db, caller, pipeline_id))
    return JSONResponse({"data": pipeline}, headers={"ETag": etag_of(pipeline)})


@router.put("/graph", response_model=PipelineWithGraphBody)
def save_graph(
    pipeline_id: str,
    body: GraphSave,
    caller: Editor,
    studio: WithServices,
) -> Any:
    """Replace the graph, whole or not at all."""
    check_graph(body)
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        replace_graph(db, studio, pipeline_id, body)
        change(db, studio, "pipelines", pipeline)
        saved = with_graph(db, pipeline_of(db, caller, pipeline_id))
    return JSONResponse({"data": saved}, headers={"ETag": etag_of(saved)})


@router.get("/nodes", response_model=NodeListBody)
def list_nodes(pipeline_id: str, caller: Reader, studio: WithServices) -> Any:
    """List all nodes."""
    with studio.database.read() as db:
        pipeline_of(db, caller, pipeline_id)
        nodes = nodes_of(db, pipeline_id)
    return JSONResponse({"data": nodes})


@router.post("/nodes", response_model=NodeBody)
def add_node(pipeline_id: str, body: NodeCreate, caller: Editor, studio: WithServices) -> Any:
    """Add a node at the end."""
    if errors := check_element(body, "body"):
        raise invalid(errors)
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        place = next_place(db, "pipeline_nodes", pipeline_id)
        try:
            add_nodes(db, studio, pipeline_id, [body], stamp(studio.clock), place, {})
        except sqlite3.IntegrityError:
            raise ApiError(409, f"There is a node {body.id!r:.200} already") from None
        change(db, studio, "pipelines", pipeline)
        return JSONResponse({"data": _node(db, pipeline_id, str(body.id))})


# An id may hold a slash: whatever follows is part of it.
@router.put("/nodes/{node_id:path}", response_model=NodeBody)
def update_node(
    pipeline_id: str, node_id: str, body: NodeUpdate, caller: Editor, studio: WithServices
) -> Any:
    """Change a node; its config and extra are replaced, not merged."""
    if errors := check_texts(body, f"Node {node_id!r:.200}", "body"):
        raise invalid(errors)
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        node = _node(db, pipeline_id, node_id)
        changes = changes_of(body)
        for column in JSON_COLUMNS:
            if column in changes:
                changes[column] = to_text(changes[column])
        changes["updated_at"] = stamp_after(studio.clock, node["updated_at"])
        sets = ", ".join(f"{name} = :{name}" for name in changes)
        db.execute(
            f"UPDATE pipeline_nodes SET {sets} WHERE pipeline_id = :pipeline AND id = :node",  # noqa: S608
            changes | {"pipeline": pipeline_id, "node": node_id},
        )
        change(db, studio, "pipelines", pipeline)
        return JSONResponse({"data": _node(db, pipeline_id, node_id)})


@router.delete("/nodes/{node_id:path}", response_model=MessageResponse)
def delete_node(pipeline_id: str, node_id: str, caller: Editor, studio: WithServices) -> Any:
    """Remove a node and the connections it had."""
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        _node(db, pipeline_id, node_id)
        # Its connections go with it: the tables say so (ON DELETE CASCADE).
        db.execute(
            "DELETE FROM pipeline_nodes WHERE pipeline_id = ? AND id = ?", (pipeline_id, node_id)
        )
        change(db, studio, "pipelines", pipeline)
    return {"message": "Node deleted successfully"}


@router.get("/connections", response_model=ConnectionListBody)
def list_connections(pipeline_id: str, caller: Reader, studio: WithServices) -> Any:
    """List all connections."""
    with studio.database.read() as db:
        pipeline_of(db, caller, pipeline_id)
        connections = connections_of(db, pipeline_id)
    return JSONResponse({"data": connections})


@router.post("/connections", response_model=ConnectionBody)
def add_connection(
    pipeline_id: str, body: ConnectionCreate, caller: Editor, studio: WithServices
) -> Any:
    """Connect two nodes of the pipeline."""
    if errors := check_element(body, "body"):
        raise invalid(errors)
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        if errors := _unknown_ends(db, pipeline_id, body):
            raise invalid(errors)
        place = next_place(db, "pipeline_connections", pipeline_id)
        try:
            add_connections(db, studio, pipeline_id, [body], stamp(studio.clock), place, {})
        except sqlite3.IntegrityError:
            raise ApiError(409, f"There is a connection {body.id!r:.200} already") from None
        change(db, studio, "pipelines", pipeline)
        return JSONResponse({"data": _connection(db, pipeline_id, str(body.id))})


@router.delete("/connections/{connection_id:path}", response_model=MessageResponse)
def delete_connection(
    pipeline_id: str, connection_id: str, caller: Editor, studio: WithServices
) -> Any:
    """Remove a connection."""
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        _connection(db, pipeline_id, connection_id)
        db.execute(
            "DELETE FROM pipeline_connections WHERE pipeline_id = ? AND id = ?",
            (pipeline_id, connection_id),
        )
        change(db, studio, "pipelines", pipeline)
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
) -> list[FieldError]:
    ends = {
        "body.source_node_id": connection.source_node_id,
        "body.target_node_id": connection.target_node_id,
    }
    return [
        FieldError(
            field=field,
            message=f"There is no node {node_id!r:.200} in this pipeline",
            type="unknown_node",
        )
        for field, node_id in ends.items()
        if not nodes_of(db, pipeline_id, node_id)
    ]
