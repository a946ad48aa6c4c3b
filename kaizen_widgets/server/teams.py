"""``/teams``: teams of the caller's organization, and who belongs to them.

Everybody in the organization may look; owners and admins change.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from kaizen_widgets.server.access import Caller, SignedIn, allow
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError, not_found
from kaizen_widgets.server.etags import tagged
from kaizen_widgets.server.fields import MessageResponse, Name, changes_of
from kaizen_widgets.server.rows import (
    Limit,
    Offset,
    Search,
    Sort,
    change,
    insert,
    owned,
    page,
    to_change,
    update,
)

router = APIRouter(prefix="/teams", tags=["teams"])

Description = Annotated[str, Field(max_length=500)]
Role = Literal["team_lead", "member"]
Editor = Annotated[Caller, allow("teams:update")]


class CreateTeamRequest(BaseModel):
    """A new team."""

    name: Name
    description: Description | None = ""


class UpdateTeamRequest(BaseModel):
    """What to change."""

    name: Name | None = None
    description: Description | None = None


class AddMemberRequest(BaseModel):
    """Who is to belong to a team."""

    user_id: str
    role: Role = "member"


class UpdateMemberRoleRequest(BaseModel):
    """What a member is to be."""

    role: Role


class TeamResponse(BaseModel):
    """A team."""

    id: str
    organization_id: str
    name: str
    description: str
    created_at: str
    updated_at: str


class TeamMemberResponse(BaseModel):
    """Who belongs to a team, and as what."""

    id: str
    team_id: str
    user_id: str
    role: str
    created_at: str


class TeamWithMembersResponse(TeamResponse):
    """A team with all its members, oldest first, and how many they are."""

    members: list[TeamMemberResponse]
    member_count: int


class TeamListResponse(BaseModel):
    """A page of teams; ``total`` counts all that fit."""

    records: list[TeamResponse]
    total: int


@router.get("", response_model=TeamListResponse)
def list_teams(
    caller: SignedIn,
    studio: WithServices,
    search: Search = None,
    sort: Sort = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Any:
    """List teams, newest first unless sorted."""
    if sort is not None and sort.endswith("status"):
        raise ApiError(400, "Teams have no status to sort by")
    with studio.database.read() as db:
        rows, total = page(
            db, "teams", caller.organization_id, {}, limit, offset, search=search, sort=sort
        )
    return {"records": rows, "total": total}


@router.post("", status_code=201, response_model=TeamResponse)
def create_team(
    body: CreateTeamRequest,
    caller: Annotated[Caller, allow("teams:create")],
    studio: WithServices,
) -> Any:
    """Create a team without members."""
    team_id, now = studio.new_id(), stamp(studio.clock)
    with studio.database.write() as db:
        insert(
            db,
            "teams",
            {
                "id": team_id,
                "organization_id": caller.organization_id,
                "name": body.name,
                "description": body.description or "",
                "created_at": now,
                "updated_at": now,
            },
        )
        return _team(db, caller, team_id)


@router.get("/{team_id}", response_model=TeamWithMembersResponse)
def get_team(team_id: str, caller: SignedIn, studio: WithServices, response: Response) -> Any:
    """Get a team with its members."""
    with studio.database.read() as db:
        team = tagged(response, _team(db, caller, team_id))
        rows = db.execute("SELECT * FROM team_members WHERE team_id = ? ORDER BY seq", (team_id,))
        members = [dict(row) for row in rows]
    return team | {"members": members, "member_count": len(members)}


@router.put("/{team_id}", response_model=TeamResponse)
def update_team(
    team_id: str,
    body: UpdateTeamRequest,
    caller: Editor,
    studio: WithServices,
    response: Response,
) -> Any:
    """Change a team."""
    with studio.database.write() as db:
        team = _to_change(db, caller, team_id)
        change(db, studio, "teams", team, changes_of(body))
        return tagged(response, _team(db, caller, team_id))


@router.delete("/{team_id}", response_model=MessageResponse)
def delete_team(
    team_id: str, caller: Annotated[Caller, allow("teams:delete")], studio: WithServices
) -> Any:
    """Delete a team; its members stay users."""
    with studio.database.write() as db:
        _to_change(db, caller, team_id)
        db.execute("DELETE FROM teams WHERE id = ?", (team_id,))
    return {"message": "Team deleted successfully"}


@router.post("/{team_id}/members", status_code=201, response_model=TeamMemberResponse)
def add_member(team_id: str, body: AddMemberRequest, caller: Editor, studio: WithServices) -> Any:
    """Let a user of the organization belong to a team."""
    made = {
        "id": studio.new_id(),
        "team_id": team_id,
        "user_id": body.user_id,
        "role": body.role,
        "created_at": stamp(studio.clock),
    }
    with studio.database.write() as db:
        team = _to_change(db, caller, team_id)
        known = db.execute(
            "SELECT 1 FROM memberships WHERE user_id = ? AND organization_id = ?",
            (body.user_id, caller.organization_id),
        ).fetchone()
        if known is None:
            raise not_found("user", body.user_id)
        try:
            insert(db, "team_members", made)
        except sqlite3.IntegrityError:
            raise ApiError(409, "The user is a member of this team already") from None
        change(db, studio, "teams", team)
    return made


@router.patch("/{team_id}/members/{user_id}", response_model=TeamMemberResponse)
def change_member(
    team_id: str,
    user_id: str,
    body: UpdateMemberRoleRequest,
    caller: Editor,
    studio: WithServices,
) -> Any:
    """Change what a member is."""
    with studio.database.write() as db:
        team = _to_change(db, caller, team_id)
        member = _member(db, team_id, user_id)
        update(db, "team_members", member["id"], {"role": body.role})
        change(db, studio, "teams", team)
        return _member(db, team_id, user_id)


@router.delete("/{team_id}/members/{user_id}", response_model=MessageResponse)
def remove_member(team_id: str, user_id: str, caller: Editor, studio: WithServices) -> Any:
    """Let a user leave a team."""
    with studio.database.write() as db:
        team = _to_change(db, caller, team_id)
        member = _member(db, team_id, user_id)
        db.execute("DELETE FROM team_members WHERE id = ?", (member["id"],))
        change(db, studio, "teams", team)
    return {"message": "Member removed successfully"}


def _team(db: sqlite3.Connection, caller: Caller, team_id: str) -> dict[str, Any]:
    return owned(db, caller, "teams", "team", team_id)


def _to_change(db: sqlite3.Connection, caller: Caller, team_id: str) -> dict[str, Any]:
    return to_change(db, caller, "teams", "team", team_id)


def _member(db: sqlite3.Connection, team_id: str, user_id: str) -> dict[str, Any]:
    row = db.execute(
        "SELECT * FROM team_members WHERE team_id = ? AND user_id = ?", (team_id, user_id)
    ).fetchone()
    if row is None:
        raise not_found("member", user_id)
    return dict(row)
