"""``/pipelines/{id}/versions``: named states of a pipeline, which never change.

The public server has no such routes. A version holds the graph that is stored when it is made; to go back to
one, a client saves its graph like any other.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.crud import PartTable
from kaizen_widgets.server.base.field_types import MessageResponse
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor
from kaizen_widgets.server.pipelines.pipeline_models import PipelineConnection, PipelineNode
from kaizen_widgets.server.pipelines.pipeline_rows import PIPELINES, connections_of, nodes_of

MOST = 500
"""Most versions of one pipeline."""
MOST_AUTOMATIC = 20
"""Most automatic versions among them."""
SAVED = PartTable(
    "pipeline_versions", "version", "pipeline_id", json_columns=("nodes", "connections")
)

router = GuardedRouter(prefix="/pipelines", tags=["pipelines"])


class SavedVersionInput(BaseModel):
    """The name of a version."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class NewSavedVersion(SavedVersionInput):
    """A new version; an automatic one makes room by deleting the oldest automatic ones."""

    is_automatic: bool = False


class SavedVersion(BaseModel):
    """A version without its graph."""

    id: str
    pipeline_id: str
    version_number: int
    name: str
    node_count: int
    is_automatic: bool
    created_by: str
    created_at: str


class SavedVersionWithGraph(SavedVersion):
    """A version with its nodes and connections."""

    nodes: list[PipelineNode]
    connections: list[PipelineConnection]


class SavedVersionBody(BaseModel):
    """One version."""

    data: SavedVersion


class SavedVersionListBody(BaseModel):
    """A pipeline's versions, newest first."""

    data: list[SavedVersion]
    total: int = Field(ge=0)


class SavedVersionWithGraphBody(BaseModel):
    """One version with its graph."""

    data: SavedVersionWithGraph


@router.get("/{pipeline_id}/versions", response_model=SavedVersionListBody)
def list_saved_versions(pipeline_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List a pipeline's versions, newest first, without their graphs."""
    with services.database.read() as db:
        PIPELINES.get(db, caller, pipeline_id)
        query = f"SELECT {_COLUMNS} FROM pipeline_versions WHERE pipeline_id = ? ORDER BY seq DESC"  # noqa: S608
        rows = [dict(row) for row in db.execute(query, (pipeline_id,))]
    return {"data": rows, "total": len(rows)}


@router.post("/{pipeline_id}/versions", status_code=201, response_model=SavedVersionBody)
def save_version(
    pipeline_id: str, body: NewSavedVersion, caller: WithEditor, services: WithServices
) -> Any:
    """Store the graph as it is stored now as a version."""
    with services.database.write() as db:
        PIPELINES.get_for_change(db, caller, pipeline_id)
        if body.is_automatic:
            db.execute(
                "DELETE FROM pipeline_versions WHERE pipeline_id = :id AND is_automatic AND seq NOT IN"
                " (SELECT seq FROM pipeline_versions WHERE pipeline_id = :id AND is_automatic"
                " ORDER BY seq DESC LIMIT :rest)",
                {"id": pipeline_id, "rest": MOST_AUTOMATIC - 1},
            )
        count, last = db.execute(
            "SELECT count(*), max(version_number) FROM pipeline_versions WHERE pipeline_id = ?",
            (pipeline_id,),
        ).fetchone()
        if count >= MOST:
            raise ApiError(409, f"A pipeline has at most {MOST} versions: delete some first")
        nodes = nodes_of(db, pipeline_id)
        values = {
            "version_number": (last or 0) + 1,
            "name": body.name,
            "is_automatic": body.is_automatic,
            "nodes": nodes,
            "connections": connections_of(db, pipeline_id),
            "node_count": len(nodes),
            "created_by": caller.user_id,
        }
        return {"data": SAVED.create(db, services, pipeline_id, values)}


@router.get("/{pipeline_id}/versions/{saved_id}", response_model=SavedVersionWithGraphBody)
def get_saved_version(
    pipeline_id: str, saved_id: str, caller: WithCaller, services: WithServices
) -> Any:
    """Get a version with its graph."""
    with services.database.read() as db:
        PIPELINES.get(db, caller, pipeline_id)
        row = SAVED.get(db, pipeline_id, saved_id)
    # Sent without a second validation, as graphs of pipelines are; SQLite has no booleans.
    del row["seq"]
    row["is_automatic"] = bool(row["is_automatic"])
    return JSONResponse({"data": row})


@router.put("/{pipeline_id}/versions/{saved_id}", response_model=SavedVersionBody)
def rename_saved_version(
    pipeline_id: str,
    saved_id: str,
    body: SavedVersionInput,
    caller: WithEditor,
    services: WithServices,
) -> Any:
    """Change the name of a version."""
    with services.database.write() as db:
        PIPELINES.get_for_change(db, caller, pipeline_id)
        SAVED.get(db, pipeline_id, saved_id)
        SAVED.update(db, saved_id, {"name": body.name})
        return {"data": SAVED.get(db, pipeline_id, saved_id)}


@router.delete("/{pipeline_id}/versions/{saved_id}", response_model=MessageResponse)
def delete_saved_version(
    pipeline_id: str, saved_id: str, caller: WithEditor, services: WithServices
) -> Any:
    """Delete a version."""
    with services.database.write() as db:
        PIPELINES.get_for_change(db, caller, pipeline_id)
        SAVED.get(db, pipeline_id, saved_id)
        SAVED.delete(db, saved_id)
    return {"message": "Version deleted successfully"}


_COLUMNS = "id, pipeline_id, version_number, name, node_count, is_automatic, created_by, created_at"
