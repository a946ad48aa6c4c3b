"""Who is asking, and whether they may: bearer token, role, organization.

A route declares ``caller: Annotated[Caller, allow("agents:read")]`` and gets a caller who has that
permission. Whether a *thing* is theirs, each resource asks with `Caller.owns`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from kaizen_widgets.server import accounts, policy_rows, tokens
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.etags import IfMatch

_READABLE = (
    "agents",
    "connectors",
    "deployments",
    "gateways",
    "metrics",
    "panels",
    "pipelines",
    "policies",
    "teams",
    "workspaces",
)
_ADMIN = (*(f"{resource}:*" for resource in _READABLE), "users:*")

PERMISSIONS: dict[str, tuple[str, ...]] = {
    "org_owner": (*_ADMIN, "billing:*", "organizations:*"),
    "org_admin": _ADMIN,
    "developer": (
        *(f"{resource}:read" for resource in _READABLE),
        "agents:create",
        "agents:update",
        "agents:delete",
        "deployments:create",
        "deployments:update",
        "connectors:execute",
    ),
    "viewer": tuple(f"{resource}:read" for resource in _READABLE),
}
"""What each role may; ``agents:*`` is every action on agents."""


@dataclass(frozen=True)
class Caller:
    """Who sent the request, in the organization their token is for.

    Attributes:
        if_match: The ETag that what they want to change must still have; None where any will do.
    """

    user_id: str
    organization_id: str
    session_id: str
    role: str
    if_match: str | None = None

    def may(self, permission: str) -> bool:
        """Whether their role has this permission, such as ``agents:read``."""
        granted = PERMISSIONS.get(self.role, ())
        return permission in granted or f"{permission.partition(':')[0]}:*" in granted

    def owns(self, row: Any, what: str) -> None:
        """Refuse a row of another organization.

        Raises:
            ApiError: 403.
        """
        if row["organization_id"] != self.organization_id:
            raise ApiError(403, f"Not authorized to access this {what}")


CHANGING = (":update", ":delete", ":assign")
"""Permissions to change what is there: whoever has one may say with ``If-Match`` what they saw."""

_bearer = HTTPBearer(auto_error=False, description="The access token of a sign-in.")


def authenticate(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    studio: WithServices,
) -> Caller:
    """Return who holds the access token.

    Raises:
        ApiError: 401: there is none, or it is not valid (any more).
    """
    if credentials is None:
        raise ApiError(401, "Not authenticated")
    with studio.database.read() as db:
        found = tokens.find(db, studio.clock, credentials.credentials)
        if found is None:
            raise ApiError(401, "Invalid or expired token")
        kind, holder = found
        if kind != "access":
            raise ApiError(401, "Invalid token type")
        role = accounts.role_of(db, holder)
    if role is None:
        raise ApiError(401, "Invalid or expired token")
    return Caller(holder.user_id, holder.organization_id, holder.session_id, role)


SignedIn = Annotated[Caller, Depends(authenticate)]


def allow(permission: str, policy: str = "") -> Any:
    """Return the dependency that gives a caller with this permission, and refuses others with 403.

    Args:
        permission: What their role must have, such as ``deployments:read``.
        policy: What no policy of the organization may deny, such as ``deployment:read``; empty where
            policies are not asked.
    """

    async def by_role(caller: SignedIn) -> Caller:
        if not caller.may(permission):
            raise ApiError(403, f"Permission denied: {permission}")
        return caller

    # As defaults: FastAPI reads annotations without the names of this function.
    granted: Any = Depends(by_role)

    def by_policy(studio: WithServices, caller: Caller = granted) -> Caller:
        resource_type, _, action = policy.partition(":")
        with studio.database.read() as db:
            if not policy_rows.is_allowed(db, caller, resource_type, action):
                raise ApiError(403, f"Access denied by policy: {policy}")
        return caller

    allowed: Any = Depends(by_policy) if policy else granted

    async def changing(if_match: IfMatch = None, caller: Caller = allowed) -> Caller:
        return replace(caller, if_match=if_match)

    return Depends(changing) if permission.endswith(CHANGING) else allowed


# What concerns deployments, and the gateways they go to, policies may deny as well.
DeploymentReader = Annotated[Caller, allow("deployments:read", "deployment:read")]
Deployer = Annotated[Caller, allow("deployments:create", "deployment:create")]
DeploymentEditor = Annotated[Caller, allow("deployments:update", "deployment:update")]
DeploymentRemover = Annotated[Caller, allow("deployments:delete", "deployment:delete")]
