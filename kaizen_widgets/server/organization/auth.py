"""``/auth``: register, sign in, refresh, sign out, and the signed-in user."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.field_types import Email, EmailText, MessageResponse, Name
from kaizen_widgets.server.base.permissions import ROLES
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.organization import accounts, session_tokens
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller
from kaizen_widgets.server.organization.passwords import (
    MAX_LENGTH,
    hash_password,
    verify_password,
)
from kaizen_widgets.server.organization.session_tokens import TokenHolder

router = GuardedRouter(prefix="/auth", tags=["auth"])


class RegisterRequest(BaseModel):
    """A new user, who will own a new organization."""

    email: Email
    password: SecretStr = Field(min_length=8, max_length=MAX_LENGTH)
    name: Name
    organization_name: Name


class LoginRequest(BaseModel):
    """The credentials of a user."""

    email: EmailText
    password: SecretStr = Field(max_length=MAX_LENGTH)


class RefreshRequest(BaseModel):
    """The refresh token to use up."""

    refresh_token: str


class LogoutRequest(BaseModel):
    """A refresh token whose session ends as well, if it is another one."""

    refresh_token: str | None = None


class SwitchOrganizationRequest(BaseModel):
    """The organization to switch to."""

    organization_id: str


class SignedInUser(BaseModel):
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
    """The new user, signed in."""

    user: SignedInUser
    tokens: TokenResponse


class LoginResponse(TokenResponse):
    """The user who signed in, and their tokens."""

    user: SignedInUser


class OrganizationMembership(BaseModel):
    """An organization, and the user's role in it."""

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
    """Tokens for the organization the user switched to."""

    active_organization: OrganizationMembership


class PermissionsResponse(BaseModel):
    """A user's permissions; ``agents:*`` is every action on agents."""

    permissions: list[str]


def _limited(route: Literal["login", "register", "refresh"]) -> Any:
    """Return the dependency that answers too many attempts from one address with 429."""

    async def count(request: Request, response: Response, services: WithServices) -> None:
        limit: int = getattr(services.limits, route)
        address = services.proxies.client_address(request.scope)
        made = services.attempts.count(route, address, services.clock)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - made.count, 0)),
            "X-RateLimit-Reset": str(made.wait),
        }
        if made.count > limit:
            raise ApiError(
                429,
                f"Too many attempts: wait {made.wait} seconds and try again",
                headers=headers | {"Retry-After": str(made.wait)},
            )
        response.headers.update(headers)

    return Depends(count)


@router.post("/register", status_code=201, response_model=RegisterResponse)
def register(
    body: RegisterRequest, services: WithServices, _: Annotated[None, _limited("register")]
) -> Any:
    """Create a user and their organization, and sign them in."""
    hashed = hash_password(body.password.get_secret_value())
    with services.database.write() as db:
        try:
            user_id = accounts.create_user(
                db, services, email=body.email, name=body.name, password_hash=hashed
            )
        except sqlite3.IntegrityError:
            raise ApiError(409, "A user with this email exists already: sign in.") from None
        home = accounts.create_organization(
            db, services, name=body.organization_name, owner=user_id
        )
        session = accounts.sign_in(db, services, user_id, home)
    user = session.pop("user")
    return {"user": user, "tokens": session}


@router.post("/login", response_model=LoginResponse)
def login(body: LoginRequest, services: WithServices, _: Annotated[None, _limited("login")]) -> Any:
    """Sign in with email and password."""
    with services.database.read() as db:
        user = accounts.find_user(db, body.email)
    stored = user["password_hash"] if user is not None else None
    is_right = verify_password(body.password.get_secret_value(), stored)
    if user is None or not is_right:
        raise ApiError(401, "Invalid email or password")
    if user["status"] != "active":
        raise ApiError(403, f"This account is {user['status']}")
    with services.database.write() as db:
        home = accounts.home_organization(db, user["id"])
        if home is None:
            raise ApiError(403, "This account belongs to no organization")
        return accounts.sign_in(db, services, user["id"], home)


@router.post("/refresh", response_model=TokenResponse)
def refresh(
    body: RefreshRequest, services: WithServices, _: Annotated[None, _limited("refresh")]
) -> Any:
    """Exchange a refresh token, once, for a new pair of tokens."""
    tokens = None
    with services.database.write() as db:
        holder = session_tokens.spend(db, services.clock, body.refresh_token)
        if holder is not None and accounts.role_of(db, holder) is not None:
            tokens = session_tokens.issue(db, services.clock, holder)
    # Raised outside the transaction: the session that a stolen token ended must stay ended.
    if tokens is None:
        raise ApiError(401, "Invalid or expired refresh token")
    return tokens


@router.post("/logout", response_model=MessageResponse)
def logout(caller: WithCaller, services: WithServices, body: LogoutRequest | None = None) -> Any:
    """End the caller's session: its access and refresh tokens stop working."""
    with services.database.write() as db:
        if body is not None and body.refresh_token:
            other = session_tokens.find(db, services.clock, body.refresh_token)
            if other is not None and other[1].user_id == caller.user_id:
                session_tokens.end_session(db, other[1].session_id)
        session_tokens.end_session(db, caller.session_id)
    return {"message": "Successfully logged out"}


@router.get("/me", response_model=SignedInUser)
def me(caller: WithCaller, services: WithServices) -> Any:
    """Get the signed-in user."""
    holder = TokenHolder(caller.user_id, caller.organization_id, caller.session_id)
    with services.database.read() as db:
        return accounts.signed_in_user(db, holder)


@router.get("/permissions", response_model=PermissionsResponse)
async def permissions(caller: WithCaller) -> Any:
    """List the caller's permissions."""
    return {"permissions": sorted(ROLES.get(caller.role, ()))}


@router.get("/me/organizations", response_model=OrganizationsResponse)
def my_organizations(caller: WithCaller, services: WithServices) -> Any:
    """List the organizations the caller may switch to."""
    with services.database.read() as db:
        return {"organizations": accounts.memberships(db, caller.user_id)}


@router.post("/me/switch-org", response_model=SwitchOrganizationResponse)
def switch_organization(
    body: SwitchOrganizationRequest, caller: WithCaller, services: WithServices
) -> Any:
    """Get tokens for another organization of the caller's; their session ends when it would have ended."""
    with services.database.write() as db:
        organization = _membership(db, caller.user_id, body.organization_id)
        holder = TokenHolder(caller.user_id, organization["id"], caller.session_id)
        until = session_tokens.session_end(db, caller.session_id)
        tokens = session_tokens.issue(db, services.clock, holder, until=until)
        return tokens | {"active_organization": organization}


def _membership(db: sqlite3.Connection, user_id: str, organization_id: str) -> dict[str, Any]:
    for organization in accounts.memberships(db, user_id):
        if organization["id"] == organization_id:
            return organization
    raise ApiError(403, "Not a member of this organization")
