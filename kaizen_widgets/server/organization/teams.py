"""``/teams``: the teams of the caller's organization and their members.

Every member of the organization may read them; owners and admins may change them.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from kaizen_widgets.server.base.api_errors import ApiError, not_found
from kaizen_widgets.server.base.crud import Page, PartTable, Table, page_query
from kaizen_widgets.server.base.etags import tagged
from kaizen_widgets.server.base.field_types import MessageResponse, Name, changes_of
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor

router = GuardedRouter(prefix="/teams", tags=["teams"])

Description = Annotated[str, Field(max_length=500)]
TeamRole = Literal["team_lead", "member"]
TEAMS = Table("teams", "team")
MEMBERS = PartTable("team_members", "member", "team_id")


class CreateTeamRequest(BaseModel):
    """A new team."""

    name: Name
    description: Description | None = ""


class UpdateTeamRequest(BaseModel):
    """The fields to change."""

    name: Name | None = None
    description: Description | None = None


class AddMemberRequest(BaseModel):
    """The user to add to a team."""

    user_id: str
    role: TeamRole = "member"


class UpdateMemberRoleRequest(BaseModel):
    """A member's new role."""

    role: TeamRole


class TeamResponse(BaseModel):
    """A team."""

    id: str
    organization_id: str
    name: str
    description: str
    created_at: str
    updated_at: str


class TeamMemberResponse(BaseModel):
    """A member of a team and their role in it."""

    id: str
    team_id: str
    user_id: str
    role: str
    created_at: str


class TeamWithMembersResponse(TeamResponse):
    """A team with all its members, oldest first, and their number."""

    members: list[TeamMemberResponse]
    member_count: int


class TeamListResponse(BaseModel):
    """A page of teams; ``total`` counts all that fit the search."""

    records: list[TeamResponse]
    total: int


@router.get("", response_model=TeamListResponse)
def list_teams(
    caller: WithCaller, services: WithServices, page: Annotated[Page, page_query()]
) -> Any:
    """List teams, newest first unless sorted."""
    if page.sort is not None and page.sort.endswith("status"):
        raise ApiError(400, "Teams have no status to sort by")
    with services.database.read() as db:
        rows, total = TEAMS.page(db, caller.organization_id, page=page)
    return {"records": rows, "total": total}


@router.post("", status_code=201, response_model=TeamResponse)
def create_team(body: CreateTeamRequest, caller: WithCaller, services: WithServices) -> Any:
    """Create a team without members."""
    values = {"name": body.name, "description": body.description or ""}
    with services.database.write() as db:
        team_id = TEAMS.create(db, services, caller.organization_id, values)
        return TEAMS.get(db, caller, team_id)


@router.get("/{team_id}", response_model=TeamWithMembersResponse)
def get_team(team_id: str, caller: WithCaller, services: WithServices, response: Response) -> Any:
    """Get a team with its members."""
    with services.database.read() as db:
        team = tagged(response, TEAMS.get(db, caller, team_id))
        members = MEMBERS.of(db, team_id)
    return team | {"members": members, "member_count": len(members)}


@router.put("/{team_id}", response_model=TeamResponse)
def update_team(
    team_id: str,
    body: UpdateTeamRequest,
    caller: WithEditor,
    services: WithServices,
    response: Response,
) -> Any:
    """Change a team."""
    with services.database.write() as db:
        team = TEAMS.get_for_change(db, caller, team_id)
        TEAMS.update(db, services, team, changes_of(body))
        return tagged(response, TEAMS.get(db, caller, team_id))


@router.delete("/{team_id}", response_model=MessageResponse)
def delete_team(team_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Delete a team; its members stay users."""
    with services.database.write() as db:
        TEAMS.get_for_change(db, caller, team_id)
        TEAMS.delete(db, team_id)
    return {"message": "Team deleted successfully"}


@router.post("/{team_id}/members", status_code=201, response_model=TeamMemberResponse)
def add_member(
    team_id: str, body: AddMemberRequest, caller: WithEditor, services: WithServices
) -> Any:
    """Add a user of the organization to a team."""
    with services.database.write() as db:
        team = TEAMS.get_for_change(db, caller, team_id)
        known = db.execute(
            "SELECT 1 FROM memberships WHERE user_id = ? AND organization_id = ?",
            (body.user_id, caller.organization_id),
        ).fetchone()
        if known is None:
            raise not_found("user", body.user_id)
        try:
            member = MEMBERS.create(db, services, team_id, body.model_dump())
        except sqlite3.IntegrityError:
            raise ApiError(409, "The user is a member of this team already") from None
        TEAMS.update(db, services, team)
        return member


@router.patch("/{team_id}/members/{user_id}", response_model=TeamMemberResponse)
def change_member(
    team_id: str,
    user_id: str,
    body: UpdateMemberRoleRequest,
    caller: WithEditor,
    services: WithServices,
) -> Any:
    """Change a member's role."""
    with services.database.write() as db:
        team = TEAMS.get_for_change(db, caller, team_id)
        member = MEMBERS.get(db, team_id, user_id, by="user_id")
        MEMBERS.update(db, member["id"], {"role": body.role})
        TEAMS.update(db, services, team)
        return MEMBERS.get(db, team_id, user_id, by="user_id")


@router.delete("/{team_id}/members/{user_id}", response_model=MessageResponse)
def remove_member(team_id: str, user_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Remove a user from a team."""
    with services.database.write() as db:
        team = TEAMS.get_for_change(db, caller, team_id)
        member = MEMBERS.get(db, team_id, user_id, by="user_id")
        MEMBERS.delete(db, member["id"])
        TEAMS.update(db, services, team)
    return {"message": "Member removed successfully"}


def leave_teams(
    db: sqlite3.Connection, services: Services, user_id: str, organization_id: str
) -> None:
    """Remove a user from all teams of an organization."""
    teams = db.execute(
        "SELECT teams.* FROM teams JOIN team_members ON team_id = teams.id"
        " WHERE user_id = ? AND organization_id = ?",
        (user_id, organization_id),
    ).fetchall()
    for team in teams:
        member = MEMBERS.get(db, team["id"], user_id, by="user_id")
        MEMBERS.delete(db, member["id"])
        TEAMS.update(db, services, team)
