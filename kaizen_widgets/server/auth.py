"""``/auth``: register, sign in, refresh, sign out, and who am I."""

from __future__ import annotations

import sqlite3
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.server import accounts, tokens
from kaizen_widgets.server.access import PERMISSIONS, SignedIn
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.fields import Email, MessageResponse, Name
from kaizen_widgets.server.limits import LoginTries, RefreshTries, RegisterTries
from kaizen_widgets.server.organization.passwords import LONGEST, hash_password, verify_password
from kaizen_widgets.server.tokens import Holder

router = APIRouter(prefix="/auth", tags=["auth"])


class RegisterRequest(BaseModel):
    """A new user, who will own a new organization."""

    email: Email
    password: SecretStr = Field(min_length=8, max_length=LONGEST)
    name: Name
    organization_name: Name


class LoginRequest(BaseModel):
    """Who signs in."""

    email: Email
    password: SecretStr = Field(max_length=LONGEST)


class RefreshRequest(BaseModel):
    """The refresh token to use up."""

    refresh_token: str


class LogoutRequest(BaseModel):
    """The refresh token to end as well, if it is of another sign-in."""

    refresh_token: str | None = None


class SwitchOrganizationRequest(BaseModel):
    """Where to go."""

    organization_id: str


class UserResponse(BaseModel):
    """A user, in the organization they are signed in to."""

    id: str
    email: str
    name: str
    organization_id: str
    role: str
    status: str | None = None
    mfa_enabled: bool | None = None
    last_login_at: str | None = None
    created_at: str | None = None


class TokenResponse(BaseModel):
    """A pair of tokens; ``expires_in`` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 (a kind, not a token)
    expires_in: int


class RegisterResponse(BaseModel):
    """Who was made, signed in."""

    user: UserResponse
    tokens: TokenResponse


class LoginResponse(TokenResponse):
    """Who signed in."""

    user: UserResponse


class OrganizationMembership(BaseModel):
    """An organization, and what the user is in it."""

    id: str
    name: str
    slug: str
    role: str
    is_primary: bool
    joined_at: str
    joined_via: str


class OrganizationsResponse(BaseModel):
    """The organizations of a user."""

    organizations: list[OrganizationMembership]


class SwitchOrganizationResponse(TokenResponse):
    """Tokens for the organization the user went to."""

    active_organization: OrganizationMembership


class PermissionsResponse(BaseModel):
    """What a user may; ``agents:*`` is every action on agents."""

    permissions: list[str]


@router.post("/register", status_code=201, response_model=RegisterResponse)
def register(body: RegisterRequest, studio: WithServices, _: RegisterTries) -> Any:
    """Create a user and their organization, and sign them in."""
    hashed = hash_password(body.password.get_secret_value())
    with studio.database.write() as db:
        try:
            user_id = accounts.create_user(
                db, studio, email=body.email, name=body.name, password_hash=hashed
            )
        except sqlite3.IntegrityError:
            raise ApiError(409, "A user with this email exists already: sign in.") from None
        home = accounts.create_organization(db, studio, name=body.organization_name, owner=user_id)
        made = sign_in(db, studio, user_id, home)
    user = made.pop("user")
    return {"user": user, "tokens": made}


@router.post("/login", response_model=LoginResponse)
def login(body: LoginRequest, studio: WithServices, _: LoginTries) -> Any:
    """Sign in with email and password."""
    with studio.database.read() as db:
        user = db.execute("SELECT * FROM users WHERE email = ?", (body.email,)).fetchone()
    kept = user["password_hash"] if user is not None else None
    is_right = verify_password(body.password.get_secret_value(), kept)
    if user is None or not is_right:
        raise ApiError(401, "Invalid email or password")
    if user["status"] != "active":
        raise ApiError(403, f"This account is {user['status']}")
    with studio.database.write() as db:
        home = accounts.home(db, user["id"])
        if home is None:
            raise ApiError(403, "This account belongs to no organization")
        return sign_in(db, studio, user["id"], home)


@router.post("/refresh", response_model=TokenResponse)
def refresh(body: RefreshRequest, studio: WithServices, _: RefreshTries) -> Any:
    """Exchange a refresh token, once, for a new pair."""
    made = None
    with studio.database.write() as db:
        holder = tokens.spend(db, studio.clock, body.refresh_token)
        if holder is not None and accounts.role_of(db, holder) is not None:
            made = tokens.issue(db, studio.clock, holder)
    # Raised only here: what a stolen token ends must stay ended.
    if made is None:
        raise ApiError(401, "Invalid or expired refresh token")
    return made


@router.post("/logout", response_model=MessageResponse)
def logout(caller: SignedIn, studio: WithServices, body: LogoutRequest | None = None) -> Any:
    """End this sign-in: its access and refresh tokens stop working."""
    with studio.database.write() as db:
        if body is not None and body.refresh_token:
            other = tokens.find(db, studio.clock, body.refresh_token)
            if other is not None and other[1].user_id == caller.user_id:
                tokens.end_session(db, other[1].session_id)
        tokens.end_session(db, caller.session_id)
    return {"message": "Successfully logged out"}


@router.get("/me", response_model=UserResponse)
def me(caller: SignedIn, studio: WithServices) -> Any:
    """Who the token speaks for."""
    with studio.database.read() as db:
        return accounts.user_response(
            db, Holder(caller.user_id, caller.organization_id, caller.session_id)
        )


@router.get("/permissions", response_model=PermissionsResponse)
async def permissions(caller: SignedIn) -> Any:
    """What the caller may."""
    return {"permissions": sorted(PERMISSIONS.get(caller.role, ()))}


@router.get("/me/organizations", response_model=OrganizationsResponse)
def my_organizations(caller: SignedIn, studio: WithServices) -> Any:
    """The organizations the caller may switch to."""
    with studio.database.read() as db:
        return {"organizations": accounts.memberships(db, caller.user_id)}


@router.post("/me/switch-org", response_model=SwitchOrganizationResponse)
def switch_organization(
    body: SwitchOrganizationRequest, caller: SignedIn, studio: WithServices
) -> Any:
    """Get tokens for another organization of the caller's."""
    with studio.database.write() as db:
        for organization in accounts.memberships(db, caller.user_id):
            if organization["id"] == body.organization_id:
                holder = Holder(caller.user_id, organization["id"], caller.session_id)
                made = tokens.issue(db, studio.clock, holder)
                return made | {"active_organization": organization}
    raise ApiError(403, "Not a member of this organization")


def sign_in(
    db: sqlite3.Connection, studio: Services, user_id: str, organization_id: str
) -> dict[str, Any]:
    """Begin a session; return the API's ``LoginResponse``."""
    db.execute("UPDATE users SET last_login_at = ? WHERE id = ?", (stamp(studio.clock), user_id))
    holder = Holder(user_id, organization_id, studio.new_id())
    made = tokens.issue(db, studio.clock, holder)
    return made | {"user": accounts.user_response(db, holder)}
