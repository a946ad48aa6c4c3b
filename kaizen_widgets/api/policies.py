"""Policies: what users may do under which conditions, beyond their role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.endpoints import CrudEndpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import (
    JsonObject,
    RequestModel,
    ResponseModel,
    UtcTime,
    url_path,
    validate,
)
from kaizen_widgets.api.optimistic_updates import set_status
from kaizen_widgets.api.pagination import SearchFilters
from kaizen_widgets.api.resource import EditableResource
from kaizen_widgets.errors import NotFoundError
from kaizen_widgets.query import LiveQuery, Mutation, QueryClient

KEYS = query_keys.policies

Name = Annotated[str, Field(min_length=1, max_length=255)]
Description = Annotated[str, Field(max_length=1000)]
Word = Annotated[str, Field(pattern=r"^[a-z_*]+$")]
Priority = Annotated[int, Field(ge=0, le=1000)]
SomeId = Annotated[str, Field(min_length=1)]
Effect = Literal["allow", "deny"]
Status = Literal["active", "inactive"]


class Policy(ResponseModel):
    """A policy: allows or denies an ``action`` on a ``resource_type`` under ``conditions``."""

    id: str
    name: str
    organization_id: str = ""
    description: str = ""
    resource_type: str = ""
    action: str = ""
    effect: str = "allow"
    conditions: JsonObject = Field(default_factory=dict)
    priority: int = 0
    status: str = "active"
    created_by: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class PolicyAssignment(ResponseModel):
    """The assignment of a policy to a user, team or role."""

    id: str
    policy_id: str
    principal_type: str
    principal_id: str
    created_at: UtcTime | None = None


class PolicyDecision(ResponseModel):
    """Whether a user may do something."""

    allowed: bool
    user_id: str = ""
    resource_type: str = ""
    action: str = ""


class CheckedConditions(ResponseModel):
    """Errors and warnings about conditions, and the fields they refer to."""

    is_valid: bool
    errors: list[Any] = Field(default_factory=list)
    warnings: list[Any] = Field(default_factory=list)
    references: list[Any] = Field(default_factory=list)


class PolicyCreate(RequestModel):
    """A new policy. Conditions are ``{"all": [...]}``, ``{"any": [...]}`` and ``{field, op, value}``."""

    name: Name
    resource_type: Word
    action: Word
    effect: Effect
    description: Description = ""
    conditions: dict[str, Any] = Field(default_factory=dict)
    priority: Priority = 0
    status: Status = "active"


class PolicyUpdate(RequestModel):
    """Changes to a policy; fields that are not given are not changed."""

    name: Name | None = None
    resource_type: Word | None = None
    action: Word | None = None
    effect: Effect | None = None
    description: Description | None = None
    conditions: dict[str, Any] | None = None
    priority: Priority | None = None
    status: Status | None = None


class PolicyFilters(SearchFilters):
    """Filters of a list of policies."""

    status: Status | None = None
    resource_type: str | None = None


class PolicyPrincipal(RequestModel):
    """A user, team or role to assign a policy to."""

    principal_type: Literal["user", "team", "role"]
    principal_id: SomeId


class PolicyQuestion(RequestModel):
    """A user's action to evaluate."""

    user_id: SomeId
    resource_type: SomeId
    action: SomeId
    resource: dict[str, Any] = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)


class PolicyEndpoints(CrudEndpoints[Policy, Policy]):
    """The requests about policies."""

    resource, noun = "policies", "policy"
    row = detail_model = Policy

    async def assign(self, id: str, principal: PolicyPrincipal) -> PolicyAssignment:
        """Assign a policy to a user, team or role."""
        return await self._one(
            PolicyAssignment,
            "assignment",
            "POST",
            "policies",
            id,
            "assign",
            json=principal.model_dump(),
        )

    async def assignments(self, id: str) -> list[PolicyAssignment]:
        """Return to whom a policy is assigned.

        Raises:
            NotFoundError: There is no such policy, or the server does not tell, as the public one does not.
        """
        try:
            return await self._many(PolicyAssignment, "assignment", "policies", id, "assignments")
        except NotFoundError as error:
            raise NotFoundError(
                "This server does not tell to whom the policy is assigned.",
                status=error.status,
                code=error.code,
                method=error.method,
                url=error.url,
            ) from error

    async def unassign(self, assignment_id: str) -> None:
        """Remove an assignment."""
        await self._delete("policies", "assignments", assignment_id)

    async def of_user(self, user_id: str) -> list[Policy]:
        """Return the policies that apply to a user."""
        return await self._many(Policy, "policy", "policies", "user", user_id)

    async def evaluate(self, question: PolicyQuestion) -> PolicyDecision:
        """Return whether a user may do something."""
        return await self._one(
            PolicyDecision,
            "decision",
            "POST",
            "policies",
            "evaluate",
            json=question.model_dump(),
            idempotent=True,
        )

    async def check_conditions(self, conditions: Any) -> CheckedConditions:
        """Ask the server to check conditions."""
        return await self._one(
            CheckedConditions,
            "check of conditions",
            "POST",
            "policies",
            "validate-conditions",
            json={"conditions": conditions},
            idempotent=True,
        )


class Policies(EditableResource[PolicyEndpoints]):
    """Policies through the cache; see `PolicyFilters`, `PolicyCreate` and `PolicyUpdate`."""

    keys = KEYS
    filter_model = PolicyFilters
    create_model = PolicyCreate
    update_model = PolicyUpdate

    def __init__(self, endpoints: PolicyEndpoints, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._define("set_active", set_status(client, self.keys, self._send_update))

    def set_active(self, id: str, active: bool = True) -> Mutation:
        """Switch a policy on or off; shown immediately, and undone on an error."""
        return self._change("set_active", id, status="active" if active else "inactive")

    def assign(self, id: str, principal_type: str, principal_id: str) -> Mutation:
        """Assign a policy to a ``user``, ``team`` or ``role``. Never sent twice."""
        url_path("policies", id)
        fields = {"principal_type": principal_type, "principal_id": principal_id}
        principal = validate(PolicyPrincipal, fields)
        return self._mutate(
            "assign", lambda principal: self.endpoints.assign(id, principal), principal, KEYS.all
        )

    def assignments(self, id: str) -> LiveQuery:
        """Return the query of the `PolicyAssignment`s of a policy; the public server does not tell them."""
        return self._query_of(id, KEYS.assignments(id), self.endpoints.assignments)

    def unassign(self, assignment_id: str) -> Mutation:
        """Remove an assignment."""
        url_path("policies", assignment_id)
        return self._mutate("unassign", self.endpoints.unassign, assignment_id, KEYS.all)

    def of_user(self, user_id: str) -> LiveQuery:
        """Return the query of the policies that apply to a user."""
        return self._query_of(user_id, KEYS.of_user(user_id), self.endpoints.of_user)

    def evaluate(
        self,
        user_id: str,
        resource_type: str,
        action: str,
        *,
        resource: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> LiveQuery:
        """Return the query of a `PolicyDecision`: whether a user may do something."""
        question = validate(
            PolicyQuestion,
            {
                "user_id": user_id,
                "resource_type": resource_type,
                "action": action,
                "resource": dict(resource or {}),
                "context": dict(context or {}),
            },
        )
        return self._query(
            KEYS.evaluation(question.model_dump()), lambda: self.endpoints.evaluate(question)
        )

    def check_conditions(self, conditions: Any) -> LiveQuery:
        """Return the query of the errors and warnings about conditions, as `CheckedConditions`."""
        return self._query(
            KEYS.checked(conditions), lambda: self.endpoints.check_conditions(conditions)
        )
