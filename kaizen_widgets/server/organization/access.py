"""The check each request passes: its token, its caller's role, the organization's policies.

Routes are defined on a `GuardedRouter`, which applies the rule that `permissions.ROUTES` has for them, and
get their caller with ``caller: WithCaller``. `Table.get` checks whether a *row* belongs to the caller's
organization.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.permissions import ROUTES, Caller, Rule
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.organization import accounts, session_tokens
from kaizen_widgets.server.organization.policy_rules import is_allowed

_bearer = HTTPBearer(auto_error=False, description="The access token of a sign-in.")


def authenticate(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    services: WithServices,
) -> Caller:
    """Return the user an access token was issued to.

    Raises:
        ApiError: 401: there is no token, or it is not valid (any more).
    """
    if credentials is None:
        raise ApiError(401, "Not authenticated")
    with services.database.read() as db:
        found = session_tokens.find(db, services.clock, credentials.credentials)
        if found is None:
            raise ApiError(401, "Invalid or expired token")
        kind, holder = found
        if kind != "access":
            raise ApiError(401, "Invalid token type")
        role = accounts.role_of(db, holder)
    if role is None:
        raise ApiError(401, "Invalid or expired token")
    return Caller(
        user_id=holder.user_id,
        organization_id=holder.organization_id,
        role=role,
        session_id=holder.session_id,
    )


WithCaller = Annotated[Caller, Depends(authenticate)]
"""``caller: WithCaller`` gives a route its caller."""


async def _with_if_match(
    caller: WithCaller,
    if_match: Annotated[
        str | None, Header(description="Change it only if its ETag is still this one (else 412).")
    ] = None,
) -> Caller:
    return replace(caller, if_match=if_match)


WithEditor = Annotated[Caller, Depends(_with_if_match)]
"""As `WithCaller`, for routes that change a resource: includes the request's ``If-Match`` header."""


def _require(rule: Rule) -> Any:
    """Return the dependency that refuses callers to whom a rule does not apply."""

    async def by_role(caller: WithCaller) -> Caller:
        if rule.permission and not caller.may(rule.permission):
            raise ApiError(403, f"Permission denied: {rule.permission}")
        return caller

    # A default rather than an annotation: FastAPI cannot resolve annotations that name a local.
    permitted: Any = Depends(by_role)

    def by_policy(services: WithServices, caller: Caller = permitted) -> None:
        resource_type, _, action = rule.policy.partition(":")
        with services.database.read() as db:
            if not is_allowed(db, caller, resource_type, action):
                raise ApiError(403, f"Access denied by policy: {rule.policy}")

    return Depends(by_policy) if rule.policy else permitted


class GuardedRouter(APIRouter):
    """A router whose routes each require what `permissions.ROUTES` says.

    Defining a route that the table does not name raises KeyError.
    """

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Define a route, guarded by its rule."""
        (method,) = options["methods"]
        rule = ROUTES[f"{method} {self.prefix}{path}"]
        guards = [_require(rule)] if rule.needs_token else []
        options["dependencies"] = [*(options.get("dependencies") or ()), *guards]
        super().add_api_route(path, endpoint, **options)
