"""Policies: who may do what under which conditions, beyond their role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import Input, JsonObject, Record, UtcTime, check, path, read
from kaizen_widgets.api.pagination import SearchFilters, every, narrowed
from kaizen_widgets.api.resource import EditableResource
from kaizen_widgets.query import LiveQuery, Mutation

KEYS = query_keys.policies

Name = Annotated[str, Field(min_length=1, max_length=255)]
Description = Annotated[str, Field(max_length=1000)]
Word = Annotated[str, Field(pattern=r"^[a-z_*]+$")]
Priority = Annotated[int, Field(ge=0, le=1000)]
SomeId = Annotated[str, Field(min_length=1)]
Effect = Literal["allow", "deny"]
Status = Literal["active", "inactive"]


class Policy(Record):
    """A policy: an ``effect`` on an ``action`` on a kind of thing, under ``conditions``."""

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


class PolicyAssignment(Record):
    """Whom a policy concerns."""

    id: str
    policy_id: str
    principal_type: str
    principal_id: str
    created_at: UtcTime | None = None


class PolicyDecision(Record):
    """Whether somebody may do something."""

    allowed: bool
    user_id: str = ""
    resource_type: str = ""
    action: str = ""


class CheckedConditions(Record):
    """What is wrong with conditions, and what they ask about."""

    is_valid: bool
    errors: list[Any] = Field(default_factory=list)
    warnings: list[Any] = Field(default_factory=list)
    references: list[Any] = Field(default_factory=list)


class PolicyCreate(Input):
    """A new policy. Conditions are ``{"all": [...]}``, ``{"any": [...]}`` and ``{field, op, value}``."""

    name: Name
    resource_type: Word
    action: Word
    effect: Effect
    description: Description = ""
    conditions: dict[str, Any] = Field(default_factory=dict)
    priority: Priority = 0
    status: Status = "active"


class PolicyUpdate(Input):
    """What to change; what is not given stays."""

    name: Name | None = None
    resource_type: Word | None = None
    action: Word | None = None
    effect: Effect | None = None
    description: Description | None = None
    conditions: dict[str, Any] | None = None
    priority: Priority | None = None
    status: Status | None = None


class PolicyFilters(SearchFilters):
    """Which policies to list."""

    status: Status | None = None
    resource_type: str | None = None


class PolicyPrincipal(Input):
    """Whom a policy is to concern."""

    principal_type: Literal["user", "team", "role"]
    principal_id: SomeId


class PolicyQuestion(Input):
    """What somebody wants to do."""

    user_id: SomeId
    resource_type: SomeId
    action: SomeId
    resource: dict[str, Any] = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)


class PolicyEndpoints(Endpoints):
    """The requests."""

    async def list(self, filters: PolicyFilters) -> list[Policy]:
        """Return all policies that fit, however many pages."""
        found = await every(self._transport, "/policies", filters.model_dump(), "policies")
        policies = [read(Policy, row, "policy") for row in found]
        return narrowed(policies, filters.search, filters.sort)

    async def get(self, id: str) -> Policy:
        """Return one policy."""
        return await self._one(Policy, "policy", "GET", "policies", id)

    async def create(self, policy: PolicyCreate) -> Policy:
        """Make a policy."""
        return await self._one(Policy, "policy", "POST", "policies", json=policy.model_dump())

    async def update(self, id: str, change: PolicyUpdate) -> Policy:
        """Change a policy."""
        body = change.model_dump(exclude_none=True)
        return await self._one(Policy, "policy", "PUT", "policies", id, json=body)

    async def delete(self, id: str) -> None:
        """Delete a policy."""
        await self._gone("policies", id)

    async def assign(self, id: str, principal: PolicyPrincipal) -> PolicyAssignment:
        """Let a policy concern somebody."""
        return await self._one(
            PolicyAssignment,
            "assignment",
            "POST",
            "policies",
            id,
            "assign",
            json=principal.model_dump(),
        )

    async def unassign(self, assignment_id: str) -> None:
        """Take an assignment back."""
        await self._gone("policies", "assignments", assignment_id)

    async def of_user(self, user_id: str) -> list[Policy]:
        """Return the policies that concern a user."""
        return await self._many(Policy, "policy", "policies", "user", user_id)

    async def evaluate(self, question: PolicyQuestion) -> PolicyDecision:
        """Ask whether somebody may do something."""
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
        """Ask what is wrong with conditions."""
        return await self._one(
            CheckedConditions,
            "check of conditions",
            "POST",
            "policies",
            "validate-conditions",
            json={"conditions": conditions},
            idempotent=True,
        )


class Policies(EditableResource):
    """Policies through the cache; see `PolicyFilters`, `PolicyCreate` and `PolicyUpdate`."""

    keys = KEYS
    filters = PolicyFilters
    input = PolicyCreate
    change = PolicyUpdate
    endpoints: PolicyEndpoints

    def assign(self, id: str, principal_type: str, principal_id: str) -> Mutation:
        """Let a policy concern a ``user``, ``team`` or ``role``. Never sent twice."""
        path("policies", id)
        fields = {"principal_type": principal_type, "principal_id": principal_id}
        principal = check(PolicyPrincipal, fields)
        return self._mutate(
            "assign", lambda one: self.endpoints.assign(id, one), principal, KEYS.all
        )

    def unassign(self, assignment_id: str) -> Mutation:
        """Take an assignment back."""
        path("policies", assignment_id)
        return self._mutate("unassign", self.endpoints.unassign, assignment_id, KEYS.all)

    def of_user(self, user_id: str) -> LiveQuery:
        """Return the query of the policies that concern a user."""
        path("policies", user_id)
        return self._query(KEYS.of_user(user_id), lambda: self.endpoints.of_user(user_id))

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
        question = check(
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
        """Return the query of what is wrong with conditions, as `CheckedConditions`."""
        return self._query(
            KEYS.checked(conditions), lambda: self.endpoints.check_conditions(conditions)
        )
