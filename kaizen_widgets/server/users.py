"""``/users``: who belongs to the caller's organization.

Everybody may look; owners and admins add, change and remove. A user may change their own name and email.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.server import accounts
from kaizen_widgets.server.access import Caller, SignedIn, allow
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.errors import ApiError, not_found
from kaizen_widgets.server.etags import IfMatch, check, tagged
from kaizen_widgets.server.fields import Email, MessageResponse, Name, changes_of
from kaizen_widgets.server.organization.passwords import LONGEST, hash_password
from kaizen_widgets.server.rows import Limit, Offset, Search, Sort, change, page

router = APIRouter(prefix="/users", tags=["users"])

GivenRole = Literal["org_admin", "developer", "viewer"]
Role = Literal["org_owner", "org_admin", "developer", "viewer"]
MEMBERS = """(SELECT users.rowid AS seq, users.id AS id, organization_id, email, name, status, role,
    mfa_enabled, last_login_at, created_at, updated_at FROM users
    JOIN memberships ON users.id = memberships.user_id WHERE status != 'deleted')"""
LEVELS = {"org_owner": 3, "org_admin": 2}
POWERS = {
    "canRun": 1,
    "canConfigure": 2,
    "canDelegate": 2,
    "canCreateWorkUnits": 2,
    "canManageWorkspaces": 2,
    "canViewValueChains": 3,
    "canAccessCompliance": 3,
    "canEstablishTrust": 3,
    "canDelete": 3,
}
"""From which level on somebody can do what, by the public server's names."""


class CreateUserRequest(BaseModel):
    """A new user of the organization."""

    email: Email
    name: Name
    password: SecretStr = Field(min_length=8, max_length=LONGEST)
    role: GivenRole


class UpdateUserRequest(BaseModel):
    """What to change."""

    name: Name | None = None
    email: Email | None = None
    role: Role | None = None
    status: Literal["active", "suspended"] | None = None
    mfa_enabled: bool | None = None


class UserResponse(BaseModel):
    """A user, in the caller's organization."""

    id: str
    organization_id: str
    email: str
    name: str
    status: str
    role: str
    mfa_enabled: bool
    last_login_at: str | None = None
    created_at: str
    updated_at: str


class UserListResponse(BaseModel):
    """A page of users; ``total`` counts all that fit."""

    records: list[UserResponse]
    total: int


class UserLevelResponse(BaseModel):
    """How far a user's powers go, from 1 to 3."""

    level: int
    permissions: dict[str, bool]


class DelegateeResponse(BaseModel):
    """Somebody work can be handed to."""

    id: str
    name: str
    level: int


@router.get("/me", response_model=UserResponse)
def get_me(caller: SignedIn, studio: WithServices, response: Response) -> Any:
    """Get who is signed in."""
    with studio.database.read() as db:
        return tagged(response, _user(db, caller, caller.user_id))


@router.get("/delegatees", response_model=list[DelegateeResponse])
def list_delegatees(caller: SignedIn, studio: WithServices) -> Any:
    """List the active users of the organization but the caller."""
    with studio.database.read() as db:
        rows, _ = page(db, MEMBERS, caller.organization_id, {"status": "active"}, -1, 0)
    return [
        {"id": row["id"], "name": row["name"], "level": LEVELS.get(row["role"], 1)}
        for row in rows
        if row["id"] != caller.user_id
    ]


@router.post("", status_code=201, response_model=UserResponse)
def create_user(
    body: CreateUserRequest, caller: Annotated[Caller, allow("users:create")], studio: WithServices
) -> Any:
    """Add a user who can sign in at once."""
    hashed = hash_password(body.password.get_secret_value())
    with studio.database.write() as db:
        try:
            user_id = accounts.create_user(
                db, studio, email=body.email, name=body.name, password_hash=hashed
            )
        except sqlite3.IntegrityError:
            raise ApiError(409, "A user with this email exists already") from None
        accounts.join(db, studio, user_id, caller.organization_id, body.role)
        return _user(db, caller, user_id)


@router.get("", response_model=UserListResponse)
def list_users(
    caller: SignedIn,
    studio: WithServices,
    status: str | None = None,
    role: str | None = None,
    search: Search = None,
    sort: Sort = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Any:
    """List users, newest first unless sorted; a search looks at names and emails."""
    wanted = {"status": status, "role": role}
    with studio.database.read() as db:
        rows, total = page(
            db,
            MEMBERS,
            caller.organization_id,
            wanted,
            limit,
            offset,
            search=search,
            searched=("name", "email"),
            sort=sort,
        )
    return {"records": rows, "total": total}


@router.get("/{user_id}", response_model=UserResponse)
def get_user(user_id: str, caller: SignedIn, studio: WithServices, response: Response) -> Any:
    """Get a user."""
    with studio.database.read() as db:
        return tagged(response, _user(db, caller, user_id))


@router.put("/{user_id}", response_model=UserResponse)
def update_user(
    user_id: str,
    body: UpdateUserRequest,
    caller: SignedIn,
    studio: WithServices,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Change a user; the role and status only by owners and admins."""
    is_admin = caller.may("users:update")
    if not is_admin and user_id != caller.user_id:
        raise ApiError(403, "Permission denied: users:update")
    if not is_admin and (body.role is not None or body.status is not None):
        raise ApiError(403, "Only owners and admins change a role or status")
    changes = changes_of(body)
    with studio.database.write() as db:
        user = _user(db, caller, user_id)
        check(if_match, user, "user")
        role = changes.pop("role", None)
        if role is not None and role != user["role"]:
            _check_owner(db, caller, user, role)
            db.execute(
                "UPDATE memberships SET role = ? WHERE user_id = ? AND organization_id = ?",
                (role, user_id, caller.organization_id),
            )
        if changes.get("status") == "suspended":
            _check_owner(db, caller, user, "")
        try:
            change(db, studio, "users", user, changes)
        except sqlite3.IntegrityError:
            raise ApiError(409, "A user with this email exists already") from None
        return tagged(response, _user(db, caller, user_id))


@router.delete("/{user_id}", response_model=MessageResponse)
def delete_user(
    user_id: str, caller: Annotated[Caller, allow("users:delete")], studio: WithServices
) -> Any:
    """Take a user out of the organization; their sign-ins to it end."""
    with studio.database.write() as db:
        user = _user(db, caller, user_id)
        check(caller.if_match, user, "user")
        _check_owner(db, caller, user, "")
        both = (user_id, caller.organization_id)
        db.execute("DELETE FROM tokens WHERE user_id = ? AND organization_id = ?", both)
        db.execute("DELETE FROM memberships WHERE user_id = ? AND organization_id = ?", both)
        teams = db.execute(
            "SELECT teams.* FROM teams JOIN team_members ON team_id = teams.id"
            " WHERE user_id = ? AND organization_id = ?",
            both,
        )
        for team in teams.fetchall():
            db.execute(
                "DELETE FROM team_members WHERE team_id = ? AND user_id = ?", (team["id"], user_id)
            )
            change(db, studio, "teams", team)
        # Their email is free again once they belong nowhere.
        db.execute(
            "DELETE FROM users WHERE id = ? AND NOT EXISTS"
            " (SELECT 1 FROM memberships WHERE user_id = ?)",
            (user_id, user_id),
        )
    return {"message": "User deleted successfully"}


@router.get("/{user_id}/level", response_model=UserLevelResponse)
def get_level(user_id: str, caller: SignedIn, studio: WithServices) -> Any:
    """Say how far a user's powers go."""
    with studio.database.read() as db:
        level = LEVELS.get(_user(db, caller, user_id)["role"], 1)
    return {
        "level": level,
        "permissions": {name: level >= needed for name, needed in POWERS.items()},
    }


def _user(db: sqlite3.Connection, caller: Caller, user_id: str) -> dict[str, Any]:
    row = db.execute(
        f"SELECT * FROM {MEMBERS} WHERE id = ? AND organization_id = ?",  # noqa: S608
        (user_id, caller.organization_id),
    ).fetchone()
    if row is None:
        raise not_found("user", user_id)
    return dict(row)


def _check_owner(
    db: sqlite3.Connection, caller: Caller, user: dict[str, Any], new_role: str
) -> None:
    """Refuse what would leave the organization without an owner, or make owners by others."""
    if "org_owner" in (user["role"], new_role) and caller.role != "org_owner":
        raise ApiError(403, "Only an owner changes owners")
    if user["role"] != "org_owner":
        return
    owners = db.execute(
        f"SELECT count(*) FROM {MEMBERS} WHERE organization_id = ? AND role = 'org_owner'"  # noqa: S608
        " AND status = 'active'",
        (caller.organization_id,),
    ).fetchone()[0]
    if owners <= 1:
        raise ApiError(409, "The organization would be left without an owner")
