"""The permissions of each role, and the permission each route requires.

Both tables are complete: a route without a line in `ROUTES` cannot be defined (see
`organization.access.GuardedRouter`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kaizen_widgets.server.base.api_errors import ApiError

_RESOURCES = (
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
_ADMIN = (*(f"{resource}:*" for resource in _RESOURCES), "users:*")

ROLES: dict[str, tuple[str, ...]] = {
    "org_owner": (*_ADMIN, "billing:*", "organizations:*"),
    "org_admin": _ADMIN,
    "developer": (
        *(f"{resource}:read" for resource in _RESOURCES),
        "agents:create",
        "agents:update",
        "agents:delete",
        "deployments:create",
        "deployments:update",
        "connectors:execute",
        "metrics:create",
    ),
    "viewer": tuple(f"{resource}:read" for resource in _RESOURCES),
}
"""The permissions of each role; ``agents:*`` is every action on agents."""


@dataclass(frozen=True)
class Rule:
    """What a route requires of its caller.

    Attributes:
        needs_token: Whether the caller must be signed in.
        permission: What their role must include, such as ``deployments:read``; empty for any role.
        policy: An action that no policy of the organization may deny, such as ``deployment:read``;
            empty where policies do not apply.
    """

    needs_token: bool = True
    permission: str = ""
    policy: str = ""


PUBLIC = Rule(needs_token=False)
SIGNED_IN = Rule()


def _role(permission: str, policy: str = "") -> Rule:
    return Rule(permission=permission, policy=policy)


# Pipelines have the permissions of agents, as on the public server. Deployments and gateways, and
# executions and trials, can be denied by policies as well.
_DEPLOYMENT = {
    action: _role(f"deployments:{action}", f"deployment:{action}")
    for action in ("read", "create", "update", "delete")
}
_EXECUTION = _role("agents:read", "agent:read")

ROUTES: dict[str, Rule] = {
    "POST /auth/register": PUBLIC,
    "POST /auth/login": PUBLIC,
    "POST /auth/refresh": PUBLIC,
    "POST /auth/logout": SIGNED_IN,
    "GET /auth/me": SIGNED_IN,
    "GET /auth/permissions": SIGNED_IN,
    "GET /auth/me/organizations": SIGNED_IN,
    "POST /auth/me/switch-org": SIGNED_IN,
    # Users may change their own name and email; `users.update_user` checks the rest.
    "GET /users": SIGNED_IN,
    "POST /users": _role("users:create"),
    "GET /users/me": SIGNED_IN,
    "GET /users/delegatees": SIGNED_IN,
    "GET /users/{user_id}": SIGNED_IN,
    "PUT /users/{user_id}": SIGNED_IN,
    "DELETE /users/{user_id}": _role("users:delete"),
    "GET /users/{user_id}/level": SIGNED_IN,
    "GET /teams": SIGNED_IN,
    "POST /teams": _role("teams:create"),
    "GET /teams/{team_id}": SIGNED_IN,
    "PUT /teams/{team_id}": _role("teams:update"),
    "DELETE /teams/{team_id}": _role("teams:delete"),
    "POST /teams/{team_id}/members": _role("teams:update"),
    "PATCH /teams/{team_id}/members/{user_id}": _role("teams:update"),
    "DELETE /teams/{team_id}/members/{user_id}": _role("teams:update"),
    "GET /policies": _role("policies:read"),
    "POST /policies": _role("policies:create"),
    "POST /policies/evaluate": _role("policies:evaluate"),
    "POST /policies/validate-conditions": _role("policies:read"),
    "GET /policies/user/{user_id}": _role("policies:read"),
    "DELETE /policies/assignments/{assignment_id}": _role("policies:assign"),
    "GET /policies/{policy_id}": _role("policies:read"),
    "PUT /policies/{policy_id}": _role("policies:update"),
    "DELETE /policies/{policy_id}": _role("policies:delete"),
    "POST /policies/{policy_id}/assign": _role("policies:assign"),
    "GET /policies/{policy_id}/assignments": _role("policies:read"),
    "GET /policies/{policy_id}/references": _role("policies:read"),
    "GET /agents": _role("agents:read"),
    "POST /agents": _role("agents:create"),
    "GET /agents/{agent_id}": _role("agents:read"),
    "PUT /agents/{agent_id}": _role("agents:update"),
    "DELETE /agents/{agent_id}": _role("agents:delete"),
    "GET /agents/{agent_id}/connectors": _role("agents:read"),
    "GET /agents/{agent_id}/versions": _role("agents:read"),
    "POST /agents/{agent_id}/versions": _role("agents:update"),
    "POST /agents/{agent_id}/versions/{version_id}/rollback": _role("agents:update"),
    "GET /agents/{agent_id}/contexts": _role("agents:read"),
    "POST /agents/{agent_id}/contexts": _role("agents:update"),
    "PUT /agents/{agent_id}/contexts/{context_id}": _role("agents:update"),
    "DELETE /agents/{agent_id}/contexts/{context_id}": _role("agents:update"),
    "GET /agents/{agent_id}/tools": _role("agents:read"),
    "POST /agents/{agent_id}/tools": _role("agents:update"),
    "PUT /agents/{agent_id}/tools/{tool_id}": _role("agents:update"),
    "DELETE /agents/{agent_id}/tools/{tool_id}": _role("agents:update"),
    "POST /agents/{agent_id}/execute": _role("agents:read"),
    "POST /agents/{agent_id}/execute/stream": _role("agents:read"),
    "GET /agents/{agent_id}/execute/status": _role("agents:read"),
    "GET /pipelines/patterns": PUBLIC,
    "GET /pipelines": _role("agents:read"),
    "POST /pipelines": _role("agents:create"),
    "GET /pipelines/{pipeline_id}": _role("agents:read"),
    "PUT /pipelines/{pipeline_id}": _role("agents:update"),
    "DELETE /pipelines/{pipeline_id}": _role("agents:delete"),
    "POST /pipelines/{pipeline_id}/validate": _role("agents:read"),
    "PUT /pipelines/{pipeline_id}/graph": _role("agents:update"),
    "GET /pipelines/{pipeline_id}/versions": _role("agents:read"),
    "POST /pipelines/{pipeline_id}/versions": _role("agents:update"),
    "GET /pipelines/{pipeline_id}/versions/{saved_id}": _role("agents:read"),
    "PUT /pipelines/{pipeline_id}/versions/{saved_id}": _role("agents:update"),
    "DELETE /pipelines/{pipeline_id}/versions/{saved_id}": _role("agents:update"),
    "GET /pipelines/{pipeline_id}/nodes": _role("agents:read"),
    "POST /pipelines/{pipeline_id}/nodes": _role("agents:update"),
    "PUT /pipelines/{pipeline_id}/nodes/{node_id:path}": _role("agents:update"),
    "DELETE /pipelines/{pipeline_id}/nodes/{node_id:path}": _role("agents:update"),
    "GET /pipelines/{pipeline_id}/connections": _role("agents:read"),
    "POST /pipelines/{pipeline_id}/connections": _role("agents:update"),
    "DELETE /pipelines/{pipeline_id}/connections/{connection_id:path}": _role("agents:update"),
    "POST /executions/start": _EXECUTION,
    "GET /executions/history/{pipeline_id}": _EXECUTION,
    "GET /executions/{execution_id}": _EXECUTION,
    "POST /executions/{execution_id}/stop": _EXECUTION,
    # A trial can be deleted by the user who made it, and by users who may delete agents.
    "POST /test/agents/{agent_id}": _EXECUTION,
    "GET /test/agents/{agent_id}/history": _EXECUTION,
    "POST /test/pipelines/{pipeline_id}": _EXECUTION,
    "GET /test/pipelines/{pipeline_id}/history": _EXECUTION,
    "POST /test/pipelines/{pipeline_id}/nodes/{node_id:path}": _EXECUTION,
    "GET /test/executions/{execution_id}": _EXECUTION,
    "DELETE /test/executions/{execution_id}": _EXECUTION,
    "GET /metrics/summary": SIGNED_IN,
    "GET /metrics/timeseries": SIGNED_IN,
    "GET /metrics/executions": SIGNED_IN,
    "GET /metrics/errors": SIGNED_IN,
    "GET /metrics/dashboard": SIGNED_IN,
    "GET /metrics/deployments/{deployment_id}": SIGNED_IN,
    "GET /metrics/agents/{agent_id}": SIGNED_IN,
    "POST /metrics/record": _role("metrics:create"),
    "GET /gateways": _DEPLOYMENT["read"],
    "POST /gateways": _DEPLOYMENT["create"],
    "GET /gateways/{gateway_id}": _DEPLOYMENT["read"],
    "PUT /gateways/{gateway_id}": _DEPLOYMENT["update"],
    "DELETE /gateways/{gateway_id}": _DEPLOYMENT["delete"],
    "POST /gateways/{gateway_id}/health": _DEPLOYMENT["read"],
    "GET /deployments": _DEPLOYMENT["read"],
    "POST /deployments": _DEPLOYMENT["create"],
    "GET /deployments/{deployment_id}": _DEPLOYMENT["read"],
    "POST /deployments/{deployment_id}/stop": _DEPLOYMENT["delete"],
    "POST /deployments/{deployment_id}/redeploy": _DEPLOYMENT["update"],
    "GET /deployments/{deployment_id}/logs": _DEPLOYMENT["read"],
}
"""What each route requires, by method and path below ``/api/v1``."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A user as a member of an organization."""

    user_id: str
    organization_id: str
    role: str

    def may(self, permission: str) -> bool:
        """Return whether their role includes a permission such as ``agents:read``."""
        granted = ROLES.get(self.role, ())
        return permission in granted or f"{permission.partition(':')[0]}:*" in granted


@dataclass(frozen=True, kw_only=True)
class Caller(Subject):
    """The signed-in user who sent a request, in the organization their token is for.

    Attributes:
        session_id: The session of their token.
        if_match: The ETag that the thing they want to change must still have, or None for any.
    """

    session_id: str = ""
    if_match: str | None = None

    def check_owns(self, row: Any, noun: str) -> None:
        """Refuse a row of another organization.

        Raises:
            ApiError: 403.
        """
        if row["organization_id"] != self.organization_id:
            raise ApiError(403, f"Not authorized to access this {noun}")
