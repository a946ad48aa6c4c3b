"""``/pipelines``: the pipelines of the caller's organization, and their patterns.

Permissions are those of agents, as on the public server. Deleting one archives it. A null in an update
leaves its field; an empty text clears it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from kaizen_widgets.server import accounts
from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.etags import tagged
from kaizen_widgets.server.fields import MessageResponse, changes_of
from kaizen_widgets.server.patterns import PATTERNS, pattern_name
from kaizen_widgets.server.pipeline_checks import check_pipeline
from kaizen_widgets.server.pipeline_models import (
    PatternsBody,
    PipelineBody,
    PipelineCreate,
    PipelineListBody,
    PipelineUpdate,
    ValidationBody,
)
from kaizen_widgets.server.pipeline_rows import (
    connections_of,
    nodes_of,
    pipeline_of,
    pipeline_to_change,
)
from kaizen_widgets.server.rows import Limit, Offset, Search, Sort, change, insert, page

router = APIRouter(prefix="/pipelines", tags=["pipelines"])

Reader = Annotated[Caller, allow("agents:read")]
Creator = Annotated[Caller, allow("agents:create")]
Editor = Annotated[Caller, allow("agents:update")]
Remover = Annotated[Caller, allow("agents:delete")]


@router.get("/patterns", response_model=PatternsBody)
async def list_patterns() -> Any:
    """List the patterns; nobody needs to be signed in."""
    return {"data": PATTERNS}


@router.get("", response_model=PipelineListBody)
def list_pipelines(
    caller: Reader,
    studio: WithServices,
    organization_id: str | None = None,
    workspace_id: str | None = None,
    status: str | None = None,
    search: Search = None,
    sort: Sort = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Any:
    """List pipelines, newest first unless sorted; the organization can only be the caller's own."""
    _check_organization(caller, organization_id)
    wanted = {"workspace_id": workspace_id, "status": status}
    with studio.database.read() as db:
        rows, total = page(
            db, "pipelines", caller.organization_id, wanted, limit, offset, search=search, sort=sort
        )
    return {"data": rows, "total": total}


@router.post("", response_model=PipelineBody)
def create_pipeline(body: PipelineCreate, caller: Creator, studio: WithServices) -> Any:
    """Create a pipeline without nodes."""
    _check_organization(caller, body.organization_id)
    pipeline_id, now = studio.new_id(), stamp(studio.clock)
    own = {
        "id": pipeline_id,
        "organization_id": caller.organization_id,
        "pattern": _pattern(body.pattern),
        "created_by": caller.user_id,
        "created_at": now,
        "updated_at": now,
    }
    with studio.database.write() as db:
        if not body.workspace_id:
            own["workspace_id"] = accounts.default_workspace(db, caller.organization_id)
        insert(db, "pipelines", body.model_dump() | own)
        return {"data": pipeline_of(db, caller, pipeline_id)}


@router.put("/{pipeline_id}", response_model=PipelineBody)
def update_pipeline(
    pipeline_id: str,
    body: PipelineUpdate,
    caller: Editor,
    studio: WithServices,
    response: Response,
) -> Any:
    """Change a pipeline; its graph has a route of its own."""
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        changes = changes_of(body)
        if "pattern" in changes:
            changes["pattern"] = _pattern(changes["pattern"])
        change(db, studio, "pipelines", pipeline, changes)
        return {"data": tagged(response, pipeline_of(db, caller, pipeline_id))}


@router.delete("/{pipeline_id}", response_model=MessageResponse)
def delete_pipeline(pipeline_id: str, caller: Remover, studio: WithServices) -> Any:
    """Archive a pipeline."""
    with studio.database.write() as db:
        pipeline = pipeline_to_change(db, caller, pipeline_id)
        change(db, studio, "pipelines", pipeline, {"status": "archived"})
    return {"message": "Pipeline archived successfully"}


@router.post("/{pipeline_id}/validate", response_model=ValidationBody)
def validate_pipeline(pipeline_id: str, caller: Reader, studio: WithServices) -> Any:
    """Say whether the saved pipeline could run, and what stands in the way."""
    with studio.database.read() as db:
        pipeline_of(db, caller, pipeline_id)
        agents = db.execute(
            "SELECT id, status FROM agents WHERE organization_id = ?", (caller.organization_id,)
        )
        statuses = {row["id"]: row["status"] for row in agents}
        nodes, connections = nodes_of(db, pipeline_id), connections_of(db, pipeline_id)
    return {"data": check_pipeline(nodes, connections, statuses)}


def _check_organization(caller: Caller, organization_id: str | None) -> None:
    if organization_id and organization_id != caller.organization_id:
        raise ApiError(403, "Not authorized to access this organization")


def _pattern(given: str) -> str:
    name = pattern_name(given)
    if name is None:
        raise ApiError(400, f"Invalid pattern: it must be one of {', '.join(PATTERNS)}")
    return name
