"""``/users``: the users of the caller's organization.

Every member may read them; owners and admins may add, change and remove them. A user may change their own
name and email. An owner can be changed by owners only, and a user who belongs to other organizations too only
by themselves.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.server.base.api_errors import ApiError, not_found
from kaizen_widgets.server.base.crud import Page, Table, page_query
from kaizen_widgets.server.base.etags import check_unchanged, tagged
from kaizen_widgets.server.base.field_types import Email, MessageResponse, Name, changes_of
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.organization import accounts
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor
from kaizen_widgets.server.organization.passwords import MAX_LENGTH, hash_password
from kaizen_widgets.server.organization.teams import leave_teams

router = GuardedRouter(prefix="/users", tags=["users"])

AssignableRole = Literal["org_admin", "developer", "viewer"]
Role = Literal["org_owner", "org_admin", "developer", "viewer"]
USERS = Table("users", "user")
MEMBERS = Table(
    """(SELECT users.rowid AS seq, users.id AS id, organization_id, email, name, status, role,
    mfa_enabled, last_login_at, created_at, updated_at FROM users
    JOIN memberships ON users.id = memberships.user_id WHERE status != 'deleted')""",
    "user",
    searched=("name", "email"),
)
LEVELS = {"org_owner": 3, "org_admin": 2}
LEVEL_PERMISSIONS = {
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
"""The level each permission needs, by the public server's names."""


class CreateUserRequest(BaseModel):
    """A new user of the organization."""

    email: Email
    name: Name
    password: SecretStr = Field(min_length=8, max_length=MAX_LENGTH)
    role: AssignableRole


class UpdateUserRequest(BaseModel):
    """The fields to change."""

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
    """A page of users; ``total`` counts all that fit the filters."""

    records: list[UserResponse]
    total: int


class UserLevelResponse(BaseModel):
    """A user's level, from 1 to 3, and what it permits."""

    level: int
    permissions: dict[str, bool]


class DelegateeResponse(BaseModel):
    """A user to whom work can be delegated."""

    id: str
    name: str
    level: int


@router.get("/me", response_model=UserResponse)
def get_me(caller: WithCaller, services: WithServices, response: Response) -> Any:
    """Get the signed-in user."""
    with services.database.read() as db:
        return tagged(response, _member(db, caller, caller.user_id))


@router.get("/delegatees", response_model=list[DelegateeResponse])
def list_delegatees(caller: WithCaller, services: WithServices) -> Any:
    """List the active users of the organization, without the caller."""
    with services.database.read() as db:
        rows, _ = MEMBERS.page(db, caller.organization_id, {"status": "active"})
    return [
        {"id": row["id"], "name": row["name"], "level": LEVELS.get(row["role"], 1)}
        for row in rows
        if row["id"] != caller.user_id
    ]


@router.post("", status_code=201, response_model=UserResponse)
def create_user(body: CreateUserRequest, caller: WithCaller, services: WithServices) -> Any:
    """Add a user, who can sign in from now on."""
    hashed = hash_password(body.password.get_secret_value())
    with services.database.write() as db:
        try:
            user_id = accounts.create_user(
                db, services, email=body.email, name=body.name, password_hash=hashed
            )
        except sqlite3.IntegrityError:
            raise ApiError(409, "A user with this email exists already") from None
        accounts.add_membership(db, services, user_id, caller.organization_id, body.role)
        return _member(db, caller, user_id)


@router.get("", response_model=UserListResponse)
def list_users(
    caller: WithCaller,
    services: WithServices,
    page: Annotated[Page, page_query()],
    status: str | None = None,
    role: str | None = None,
) -> Any:
    """List users, newest first unless sorted; a search looks at names and emails."""
    filters = {"status": status, "role": role}
    with services.database.read() as db:
        rows, total = MEMBERS.page(db, caller.organization_id, filters, page)
    return {"records": rows, "total": total}


@router.get("/{user_id}", response_model=UserResponse)
def get_user(user_id: str, caller: WithCaller, services: WithServices, response: Response) -> Any:
    """Get a user."""
    with services.database.read() as db:
        return tagged(response, _member(db, caller, user_id))


@router.put("/{user_id}", response_model=UserResponse)
def update_user(
    user_id: str,
    body: UpdateUserRequest,
    caller: WithEditor,
    services: WithServices,
    response: Response,
) -> Any:
    """Change a user; only owners and admins change a role or status."""
    is_admin = caller.may("users:update")
    if not is_admin and user_id != caller.user_id:
        raise ApiError(403, "Permission denied: users:update")
    if not is_admin and (body.role is not None or body.status is not None):
        raise ApiError(403, "Only owners and admins change a role or status")
    changes = changes_of(body)
    with services.database.write() as db:
        user = _member(db, caller, user_id)
        check_unchanged(caller.if_match, user, "user")
        role = changes.pop("role", None)
        _check_may_change(db, caller, user, changes)
        if role is not None and role != user["role"]:
            _check_owners(db, caller, user, role)
            db.execute(
                "UPDATE memberships SET role = ? WHERE user_id = ? AND organization_id = ?",
                (role, user_id, caller.organization_id),
            )
        if changes.get("status") == "suspended":
            _check_owners(db, caller, user)
        if "email" in changes:
            changes |= accounts.email_columns(changes["email"])
        try:
            USERS.update(db, services, user, changes)
        except sqlite3.IntegrityError:
            raise ApiError(409, "A user with this email exists already") from None
        return tagged(response, _member(db, caller, user_id))


@router.delete("/{user_id}", response_model=MessageResponse)
def delete_user(user_id: str, caller: WithEditor, services: WithServices) -> Any:
    """Remove a user from the organization; their sessions in it end."""
    with services.database.write() as db:
        user = _member(db, caller, user_id)
        check_unchanged(caller.if_match, user, "user")
        _check_owners(db, caller, user)
        both = (user_id, caller.organization_id)
        db.execute("DELETE FROM tokens WHERE user_id = ? AND organization_id = ?", both)
        db.execute("DELETE FROM memberships WHERE user_id = ? AND organization_id = ?", both)
        leave_teams(db, services, user_id, caller.organization_id)
        # Their email is free again once they belong to no organization.
        db.execute(
            "DELETE FROM users WHERE id = ? AND NOT EXISTS"
            " (SELECT 1 FROM memberships WHERE user_id = ?)",
            (user_id, user_id),
        )
    return {"message": "User deleted successfully"}


@router.get("/{user_id}/level", response_model=UserLevelResponse)
def get_level(user_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Get a user's level and what it permits."""
    with services.database.read() as db:
        level = LEVELS.get(_member(db, caller, user_id)["role"], 1)
    return {
        "level": level,
        "permissions": {name: level >= needed for name, needed in LEVEL_PERMISSIONS.items()},
    }


def _member(db: sqlite3.Connection, caller: Caller, user_id: str) -> dict[str, Any]:
    row = db.execute(
        f"SELECT * FROM {MEMBERS.name} WHERE id = ? AND organization_id = ?",  # noqa: S608
        (user_id, caller.organization_id),
    ).fetchone()
    if row is None:
        raise not_found("user", user_id)
    return dict(row)


def _check_may_change(
    db: sqlite3.Connection, caller: Caller, user: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Refuse to change an account that is not the caller's to change."""
    if user["id"] == caller.user_id or not changes:
        return
    if user["role"] == "org_owner" and caller.role != "org_owner":
        raise ApiError(403, "Only an owner changes an owner")
    # Name, email and status are the account's, in every organization it belongs to.
    elsewhere = db.execute(
        "SELECT 1 FROM memberships WHERE user_id = ? AND organization_id != ?",
        (user["id"], caller.organization_id),
    ).fetchone()
    if elsewhere is not None:
        raise ApiError(
            403, "The user belongs to other organizations too: only they can change this"
        )


def _check_owners(
    db: sqlite3.Connection, caller: Caller, user: dict[str, Any], new_role: str = ""
) -> None:
    """Refuse to leave the organization without an owner, and to let others make an owner."""
    if "org_owner" in (user["role"], new_role) and caller.role != "org_owner":
        raise ApiError(403, "Only an owner changes owners")
    if user["role"] != "org_owner":
        return
    owners = db.execute(
        f"SELECT count(*) FROM {MEMBERS.name} WHERE organization_id = ? AND role = 'org_owner'"  # noqa: S608
        " AND status = 'active'",
        (caller.organization_id,),
    ).fetchone()[0]
    if owners <= 1:
        raise ApiError(409, "The organization would be left without an owner")
